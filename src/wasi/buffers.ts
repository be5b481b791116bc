/**
 * The buffers that a guest passes to a read or a write, checked when the call begins.
 *
 * @module
 */

import { EFAULT, EINVAL, isInside, SIZES } from "./abi.ts";
import type { Errno } from "./abi.ts";
import type { Context } from "./context.ts";
import type { Buffers } from "./descriptors/descriptor.ts";

/** The number of buffers of one call at most, as on Linux. */
export const MAX_BUFFERS = 1024;

/** Fuel for reading one buffer's place from memory: about 40 ns. */
const BUFFER_FUEL = 4;

/**
 * Reads an array of (pointer, length) that lies in the memory, and charges for it.
 *
 * @returns `EINVAL` if there are too many buffers or their total is not a u32, `EFAULT` if a buffer leaves the memory
 */
export function readBuffers(context: Context, pointer: number, count: number): Buffers | Errno {
  // Before they are read: the last of them may be bad.
  context.charge(Math.min(count, MAX_BUFFERS) * BUFFER_FUEL);
  if (count > MAX_BUFFERS) return EINVAL;
  const { memory } = context;
  const ranges: { pointer: number; length: number }[] = [];
  let total = 0;
  for (let at = pointer; at < pointer + count * SIZES.iovec; at += SIZES.iovec) {
    const range = { pointer: memory.view.getUint32(at, true), length: memory.view.getUint32(at + 4, true) };
    if (!isInside(memory, range.pointer, range.length)) return EFAULT;
    total += range.length;
    ranges.push(range);
  }
  if (total > 0xffff_ffff) return EINVAL;
  const buffers = {
    total,
    moved: 0,
    transfer(move: (buffer: Uint8Array<ArrayBuffer>) => number): void {
      // Read anew: the guest's memory may have grown while the call waited, or be gone with the guest.
      const { bytes } = context.memory;
      for (const { pointer, length } of ranges) {
        const moved = move(bytes.subarray(pointer, pointer + length));
        buffers.moved += moved;
        if (moved < length) break;
      }
    },
  };
  return buffers;
}
