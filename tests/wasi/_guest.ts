/**
 * Shared by the tests of WASI: a context without a guest, which calls handlers as a guest would, and a manual clock.
 *
 * @module
 */

import { ByteQueue } from "../../src/base/streams.ts";
import type { GuestMemory } from "../../src/wasi/abi.ts";
import { encodeArgs, encodeEnviron } from "../../src/wasi/args.ts";
import type { Context } from "../../src/wasi/context.ts";
import type { Buffers, Descriptor } from "../../src/wasi/descriptors/descriptor.ts";
import { openQueue } from "../../src/wasi/descriptors/stdio.ts";
import { InputMeter } from "../../src/wasi/input_use.ts";
import { SNAPSHOTS, wantedOf, wasiImports } from "../../src/wasi/preview1.ts";
import type { Clock } from "../../src/wasi/system_clock.ts";

export const MEMORY_BYTES = 65_536;

/** A clock whose time only the test or a sleeper moves. */
export interface ManualClock extends Clock {
  now: bigint;
  /** The requested sleeps, in milliseconds. */
  readonly slept: number[];
}

/** A clock on which sleeping takes no time. */
export function manualClock(now = 1_000_000_000n): ManualClock {
  const clock: ManualClock = {
    now,
    slept: [],
    realtime: () => 1_600_000_000_000_000_000n + clock.now,
    monotonic: () => clock.now,
    sleep: (ms) => {
      clock.slept.push(ms);
      clock.now += BigInt(Math.round(ms * 1e6));
      return Promise.resolve();
    },
    resolution: 1_000n,
  };
  return clock;
}

/** A context with a memory of one page and without a guest. */
export interface FakeContext extends Context {
  readonly memory: GuestMemory;
  readonly clock: ManualClock;
  readonly stdin: ByteQueue;
  readonly stdout: ByteQueue;
  readonly stderr: ByteQueue;
  readonly end: AbortController;
  charged: number;
}

export interface FakeOptions {
  readonly args?: string[];
  readonly env?: Record<string, string>;
  readonly random?: (bytes: Uint8Array) => void | PromiseLike<void>;
  readonly highWaterMark?: number;
  readonly memoryBytes?: number;
}

export function fakeContext(options: FakeOptions = {}): FakeContext {
  const { args = ["name", "één"], env = { LANG: "C" }, highWaterMark = 16, memoryBytes = MEMORY_BYTES } = options;
  const bytes = new Uint8Array(memoryBytes);
  const [stdin, stdout, stderr] = [0, 1, 2].map(() => new ByteQueue(highWaterMark));
  const standard = [openQueue("read", stdin), openQueue("write", stdout), openQueue("write", stderr)];
  const end = new AbortController();
  const context: FakeContext = {
    memory: { bytes, view: new DataView(bytes.buffer) },
    args: encodeArgs(args),
    environ: encodeEnviron(env),
    clock: manualClock(),
    random: options.random ?? ((bytes) => void bytes.fill(0xaa)),
    descriptors: new Map(standard.entries()),
    input: new InputMeter(standard[0]!, stdin),
    signal: end.signal,
    charge: (fuel) => context.charged += fuel,
    isOver: () => end.signal.aborted,
    stdin,
    stdout,
    stderr,
    end,
    charged: 0,
  };
  return context;
}

/** Buffers of the host, to call a descriptor without a guest. */
export function buffersOf(...parts: Uint8Array<ArrayBuffer>[]): Buffers {
  const buffers = {
    total: parts.reduce((total, { length }) => total + length, 0),
    moved: 0,
    transfer(move: (buffer: Uint8Array<ArrayBuffer>) => number): void {
      for (const part of parts) {
        const moved = move(part);
        buffers.moved += moved;
        if (moved < part.length) break;
      }
    },
  };
  return buffers;
}

/** From now on, counts the watches of a descriptor that were set and not stopped. */
export function countWatches(descriptor: Descriptor): { readonly count: number } {
  const watches = { count: 0 };
  const { watch } = descriptor;
  descriptor.watch = (wake) => {
    const stop = watch.call(descriptor, wake);
    watches.count++;
    return () => {
      watches.count--;
      stop();
    };
  };
  return watches;
}

export type WasiFunctions = Record<string, (...args: (number | bigint)[]) => number | Promise<number>>;

/** All functions of a snapshot as a guest sees them, with signed arguments. */
export function functionsOf(context: Context, snapshot = "wasi_snapshot_preview1"): WasiFunctions {
  const imports = [...SNAPSHOTS.get(snapshot)!.keys()].map((name) => ({
    module: snapshot,
    name,
    kind: "function" as const,
  }));
  return wasiImports(wantedOf(imports), context)[snapshot] as WasiFunctions;
}

/** Writes an array of (pointer, length) and returns its address. */
export function putVectors({ memory }: Context, at: number, ...vectors: [pointer: number, length: number][]): number {
  for (const [index, [pointer, length]] of vectors.entries()) {
    memory.view.setUint32(at + index * 8, pointer, true);
    memory.view.setUint32(at + index * 8 + 4, length, true);
  }
  return at;
}

/** Writes text, and returns its length in bytes. */
export function putText({ memory }: Context, at: number, text: string): number {
  const bytes = new TextEncoder().encode(text);
  memory.bytes.set(bytes, at);
  return bytes.length;
}

/** The text in a range of memory. */
export function textAt({ memory }: Context, at: number, length: number): string {
  return new TextDecoder().decode(memory.bytes.subarray(at, at + length));
}

export function u32At({ memory }: Context, at: number): number {
  return memory.view.getUint32(at, true);
}

export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** Waits until everything that can run has run. */
export function turn(ms = 0): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Whether a promise has settled by the next turns of the event loop. */
export async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const settle = () => settled = true;
  promise.then(settle, settle);
  await turn();
  await turn();
  return settled;
}
