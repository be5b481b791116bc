/**
 * Reports of failed handlers: they go to `onError`, or else to the console.
 *
 * @module
 */

import { callSafely } from "../base/callbacks.ts";
import { quoted } from "../base/text.ts";
import { RpcError } from "./errors.ts";
import type { FailedRequest, PeerOptions } from "./options.ts";

/** Failures of one peer that the console shows, so that a guest can't flood it. */
const SHOWN = 10;

/** A function that reports a failure. It never throws, and leaves no unhandled rejection. */
export function reporter(onError: PeerOptions["onError"]): (error: unknown, request: FailedRequest) => void {
  const report = onError ?? toConsole();
  return (error, request) => callSafely(() => report(error, request), () => {});
}

function toConsole(): (error: unknown, request: FailedRequest) => void {
  let left = SHOWN;
  return (error, { method, id }) => {
    // An `RpcError` that is an answer is shown to the caller, so it is not lost.
    if (left === 0 || (error instanceof RpcError && id !== undefined)) return;
    left--;
    console.error(`method ${quoted(method, 100)} failed:`, error);
    if (left === 0) console.error("(further failures are not shown; onError receives all)");
  };
}
