/**
 * Randomness, from the source that the process was given, a bounded number of bytes at a time.
 *
 * @module
 */

import { isPromiseLike } from "../base/callbacks.ts";
import { spend } from "../base/schedule.ts";
import { ECANCELED, SUCCESS } from "./abi.ts";
import type { Errno } from "./abi.ts";
import type { Answer, Context } from "./context.ts";

/** What `crypto.getRandomValues` fills at most. */
const CHUNK_BYTES = 65_536;

/** `random_get`: fills a buffer, in turns of the event loop if it is large. */
export function randomGet(context: Context, pointer: number, length: number): Answer {
  context.charge(length);
  if (length === 0) return SUCCESS;
  if (length > CHUNK_BYTES) return fillInTurns(context, pointer, pointer + length);
  const filled = fill(context, pointer, length);
  return filled === undefined ? SUCCESS : filled.then(() => SUCCESS);
}

async function fillInTurns(context: Context, from: number, to: number): Promise<Errno> {
  for (let at = from; at < to; at += CHUNK_BYTES) {
    await fill(context, at, Math.min(CHUNK_BYTES, to - at));
    await spend(CHUNK_BYTES);
    if (context.isOver()) return ECANCELED;
  }
  return SUCCESS;
}

/** Fills up to a chunk by way of a buffer of the host's own: whoever fills it may keep it. */
function fill(context: Context, at: number, length: number): Promise<void> | undefined {
  const bytes = new Uint8Array(length);
  const filled = context.random(bytes);
  const copy = () => {
    // While a source was waited for, the process may have ended and given its memory away.
    if (!context.signal.aborted) context.memory.bytes.set(bytes, at);
  };
  if (isPromiseLike(filled)) return Promise.resolve(filled).then(copy);
  copy();
  return undefined;
}
