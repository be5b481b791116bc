/**
 * Where failures of handlers go: to whoever wants to hear of them, or else to the console.
 *
 * @module
 */

import { callSafely } from "../base/callbacks.ts";
import { quoted } from "../base/text.ts";
import { RpcError } from "./errors.ts";
import type { FailedRequest, PeerOptions } from "./options.ts";

/** Failures of one peer that go to the console, so that a guest can't flood it. */
const SHOWN = 10;

/** Tells of failures; never throws, and leaves no rejection. */
export function reporter(onError: PeerOptions["onError"]): (error: unknown, request: FailedRequest) => void {
  const hear = onError ?? toConsole();
  return (error, request) => callSafely(() => hear(error, request), () => {});
}

function toConsole(): (error: unknown, request: FailedRequest) => void {
  let left = SHOWN;
  return (error, { method, id }) => {
    // An error that was thrown for the other side to see is answered, and hides nothing.
    if (left === 0 || (error instanceof RpcError && id !== undefined)) return;
    left--;
    console.error(`the method ${quoted(method, 100)} failed:`, error);
    if (left === 0) console.error("(later failures of this peer's methods are not shown; onError is told of all)");
  };
}
