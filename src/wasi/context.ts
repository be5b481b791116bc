/**
 * What the handlers of one process share. Handlers are plain functions of it and of the guest's arguments: integers come
 * unsigned, and pointers whose extent the table in preview1.ts knows have been checked.
 *
 * @module
 */

import type { Errno, GuestMemory } from "./abi.ts";
import type { Clock } from "./clock.ts";
import type { StreamFd } from "./stream_fd.ts";

/** What a handler gives; the guest waits for a promise. */
export type Answer = Errno | Promise<Errno>;

/** The state of a process, and its way to the world. */
export interface Context {
  readonly memory: GuestMemory;
  /** Each in UTF-8, with the NUL that ends it. */
  readonly args: readonly Uint8Array[];
  /** As `name=value`, each in UTF-8, with the NUL that ends it. */
  readonly environ: readonly Uint8Array[];
  readonly clock: Clock;
  /** Fills an array of at most 65,536 bytes, which is never the guest's memory; the guest waits for a promise. */
  readonly random: (bytes: Uint8Array<ArrayBuffer>) => void | PromiseLike<void>;
  readonly fds: Map<number, StreamFd>;
  /** Aborts when the process ends, whatever the reason. */
  readonly signal: AbortSignal;
  /** Adds the cost of a handler's work to the guest's fuel, one unit a byte moved. */
  charge(fuel: number): void;
  /** Whether the process has ended, or will because its fuel is used up: long work stops then. */
  isOver(): boolean;
}
