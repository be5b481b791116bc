/**
 * What the handlers of one process share. A handler is a plain function of the context and of the guest's arguments:
 * integers arrive unsigned, and preview1.ts has checked all pointers whose extent its table knows.
 *
 * @module
 */

import type { GuestMemory } from "./abi.ts";
import type { Descriptor } from "./descriptors/descriptor.ts";
import type { InputMeter } from "./input_use.ts";
import type { Clock } from "./system_clock.ts";

/** Strings as a guest reads them. */
export interface EncodedStrings {
  /** Each in UTF-8, and ended by a NUL. */
  readonly strings: readonly Uint8Array[];
  /** Their bytes together: a guest may ask again and again. */
  readonly size: number;
}

/** The state of a process, and its access to the world. */
export interface Context {
  /**
   * The guest's memory. It has no bytes before the guest starts and after its memory is released. It is a plain field: V8
   * makes a hidden class for each object literal with a getter, which keeps all that the getter sees until a full
   * collection.
   */
  memory: GuestMemory;
  readonly args: EncodedStrings;
  /** The environment, as `name=value`. */
  readonly environ: EncodedStrings;
  readonly clock: Clock;
  /** Fills an array of at most 65,536 bytes, which is never the guest's memory. The guest waits for a promise. */
  readonly random: (bytes: Uint8Array<ArrayBuffer>) => void | PromiseLike<void>;
  /** The open descriptors, by number. */
  readonly descriptors: Map<number, Descriptor>;
  /** Counts waits for standard input. */
  readonly input: InputMeter;
  /** Aborts when the process ends, whatever the reason. */
  readonly signal: AbortSignal;
  /** Adds the cost of a handler's work to the guest's fuel, one unit for each byte moved. */
  charge(fuel: number): void;
  /** Whether the process has ended, or will end because its fuel is used up. Long work stops then. */
  isOver(): boolean;
}
