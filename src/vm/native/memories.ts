/**
 * The host's memories: how many live, and those that are kept for reuse. Hosts limit their number and make them slowly;
 * one that was released, and has not grown, is zeroed and kept.
 *
 * @module
 */

import { LimitError } from "../../base/limits.ts";
import {
  MAX_NATIVE_MEMORIES,
  MAX_SPARE_MEMORY_BYTES,
  MAX_SPARE_NATIVE_BYTES,
  MAX_SPARE_NATIVE_MEMORIES,
  PAGE_BYTES,
} from "../limits.ts";
import type { HostMemory, MemoryMaker } from "../objects/memory.ts";
import { theHost } from "./support.ts";
import type { RawMemory } from "./support.ts";

interface Spare {
  readonly memory: RawMemory;
  readonly initial: number;
  readonly maximum: number;
}

const SPARE: Spare[] = [];
/** Pages with which a memory is small: if the host has no room for it, there are too many. */
const SMALL_PAGES = 256;
let spareBytes = 0;
let live = 0;
/** Less than the limit where the host has shown that it has room for fewer: Chromium's pages have it for about 100. */
let most = MAX_NATIVE_MEMORIES;
const DROPPED = new FinalizationRegistry<undefined>(() => void live--);

/** Whether there may be one more. */
export function isRoomForMemory(): boolean {
  return live < most;
}

/** Makes memories, or takes spare ones. */
export const MEMORIES: MemoryMaker = {
  make(initial: number, maximum: number): HostMemory {
    const fits = SPARE.findIndex((spare) => spare.initial === initial && spare.maximum === maximum);
    if (fits >= 0) {
      spareBytes -= initial * PAGE_BYTES;
      return SPARE.splice(fits, 1)[0]!.memory;
    }
    if (!isRoomForMemory()) {
      const text = `there are ${most} memories of native instances already`;
      throw new LimitError("nativeMemories", most, text);
    }
    let memory: RawMemory;
    try {
      memory = new (theHost().Memory)({ initial, maximum });
    } catch (error) {
      if (initial <= SMALL_PAGES) most = Math.max(live, 1);
      throw error;
    }
    live++;
    DROPPED.register(memory, undefined);
    return memory;
  },
  release(memory: HostMemory, initial: number, maximum: number): void {
    const { buffer } = memory;
    if (buffer.byteLength !== initial * PAGE_BYTES || buffer.byteLength > MAX_SPARE_MEMORY_BYTES) return;
    new Uint8Array(buffer).fill(0);
    SPARE.push({ memory: memory as RawMemory, initial, maximum });
    spareBytes += buffer.byteLength;
    while (SPARE.length > MAX_SPARE_NATIVE_MEMORIES || spareBytes > MAX_SPARE_NATIVE_BYTES) {
      spareBytes -= SPARE.shift()!.initial * PAGE_BYTES;
    }
  },
};
