/**
 * Traps of errors of the host's WebAssembly. Each host has texts of its own, and some texts stand for several traps: then
 * the instruction at the place of the trap tells which, if the host names the place.
 *
 * @module
 */

import { InternalError, Trap } from "../errors.ts";
import type { TrapReason } from "../errors.ts";
import type { NativeModule } from "./module.ts";
import { guestFrames, MAX_FRAMES } from "./stack.ts";
import type { TrapSite } from "./stack.ts";
import { trial } from "./trial.ts";
import { theHost } from "./support.ts";
import { HostFailure } from "./meter.ts";

/** A call by a table where the host does not tell which of the two it was. */
const NULL_OR_TYPE = "uninitialized element or indirect call type mismatch";
/** Texts of V8, JavaScriptCore and SpiderMonkey, in this order. */
const TEXTS: readonly (readonly [text: RegExp, reason: TrapReason])[] = [
  [/^unreachable|^Unreachable code/, "unreachable"],
  [/^(divide|remainder) by zero|^Division by zero|^integer divide by zero/, "integer divide by zero"],
  [/^divide result unrepresentable|^Integer overflow|^integer overflow/, "integer overflow"],
  [/^float unrepresentable|^Out of bounds Trunc|^invalid conversion to integer/, "invalid conversion to integer"],
  [/^null function$|^call_indirect to a null table entry|^indirect call to null/, "uninitialized element"],
  [/^indirect call signature mismatch/, "indirect call type mismatch"],
  [/function signature mismatch|signature that does not match/, NULL_OR_TYPE],
  [/^Out of bounds call_indirect/, "undefined element"],
  [/^element segment|element segment$|^table index|table/i, "out of bounds table access"],
  [/out of bounds|data segment/i, "out of bounds memory access"],
];

/** Texts of a full stack. Some hosts have classes of their own for it. */
const FULL_STACK = /call stack size|stack overflow|too much recursion/i;

/** Instructions that tell traps of the same text apart. */
const CALL_INDIRECT: ReadonlySet<number> = new Set([0x11, 0x13]);
const TABLE_ACCESS: ReadonlySet<number> = new Set([0x25, 0x26]);
const PREFIX_FC = 0xfc;
/** After that prefix, `table.init` to `table.fill`. */
const TABLE_BULK: ReadonlySet<number> = new Set([12, 13, 14, 15, 16, 17]);

/** The trap, or what else has ended a guest, of what its function threw. */
export function trapOf(error: unknown, module: NativeModule): unknown {
  if (error instanceof HostFailure) {
    const { frames } = guestFrames(error.site, module);
    // A host function may find no room on the guest's stack.
    const isFull = frames.length >= MAX_FRAMES && error.cause instanceof Error && FULL_STACK.test(error.cause.message);
    return new Trap(isFull ? "call stack exhausted" : "host function failed", frames, { cause: error.cause });
  }
  const message = String((error as { readonly message?: unknown } | null)?.message);
  if (error instanceof theHost().RuntimeError) {
    const { frames, site } = guestFrames(error, module);
    const reason = reasonOf(message, site);
    if (reason === undefined) return new InternalError(`a trap of an unknown kind: ${message}`, { cause: error });
    return new Trap(reason, frames);
  }
  if (error instanceof Error && FULL_STACK.test(message)) {
    return new Trap("call stack exhausted", guestFrames(error, module).frames);
  }
  // A result that can't be converted.
  return new Trap("host function failed", guestFrames(error, module).frames, { cause: error });
}

function reasonOf(message: string, { module, offset }: TrapSite): TrapReason | undefined {
  if (FULL_STACK.test(message)) return "call stack exhausted";
  const found = TEXTS.find(([text]) => text.test(message))?.[1];
  if (found === NULL_OR_TYPE && trial().tellsNull) return "indirect call type mismatch";
  const isUnclear = found === "out of bounds table access" || found === "out of bounds memory access";
  if (!isUnclear || offset === undefined) return found;
  const [opcode, next] = module.bytesAt(offset);
  if (CALL_INDIRECT.has(opcode!)) return "undefined element";
  if (TABLE_ACCESS.has(opcode!) || opcode === PREFIX_FC && TABLE_BULK.has(next!)) return "out of bounds table access";
  return found;
}
