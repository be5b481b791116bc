/**
 * Randomness, from the source that the process was given, a bounded number of bytes at a time.
 *
 * @module
 */

import { ECANCELED, SUCCESS } from "./abi.ts";
import type { Errno } from "./abi.ts";
import { timeout } from "./clock.ts";
import type { Answer, Context } from "./context.ts";

/** What `crypto.getRandomValues` fills at most. */
const CHUNK_BYTES = 65_536;
/** Bytes after which the event loop turns: about a millisecond's work. */
const TURN_BYTES = 1 << 20;

/** `random_get`: fills a buffer. The event loop turns between megabytes. */
export function randomGet(context: Context, pointer: number, length: number): Answer {
  context.charge(length);
  const end = pointer + length;
  if (length > TURN_BYTES) return fillInTurns(context, pointer, end);
  fill(context, pointer, end);
  return SUCCESS;
}

function fill({ memory, random }: Context, from: number, to: number): void {
  for (let at = from; at < to; at += CHUNK_BYTES) random(memory.bytes.subarray(at, Math.min(at + CHUNK_BYTES, to)));
}

async function fillInTurns(context: Context, from: number, to: number): Promise<Errno> {
  for (let at = from; at < to; at += TURN_BYTES) {
    fill(context, at, Math.min(at + TURN_BYTES, to));
    await timeout(0, context.signal);
    if (context.isOver()) return ECANCELED;
  }
  return SUCCESS;
}
