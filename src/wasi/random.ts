/**
 * The `random_get` function, which asks the process's random source for a bounded number of bytes at a time.
 *
 * @module
 */

import { isPromiseLike } from "../base/callbacks.ts";
import { spend } from "../base/schedule.ts";
import { ECANCELED, SUCCESS } from "./abi.ts";
import type { Answer, Errno } from "./abi.ts";
import type { Context } from "./context.ts";

/** The most bytes that `crypto.getRandomValues` fills. */
const CHUNK_BYTES = 65_536;

/** `random_get`: fills a buffer. A large one takes several turns of the event loop. */
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

/** Fills at most a chunk, by way of a buffer of the host's own. The random source may keep that buffer. */
function fill(context: Context, at: number, length: number): Promise<void> | undefined {
  const bytes = new Uint8Array(length);
  const filled = context.random(bytes);
  const copy = () => {
    // The process may have ended during the wait, and another guest may use its memory now.
    if (!context.signal.aborted) context.memory.bytes.set(bytes, at);
  };
  if (isPromiseLike(filled)) return Promise.resolve(filled).then(copy);
  copy();
  return undefined;
}
