/**
 * The guest's frames of an error, from the texts in which hosts write stacks. traps.ts makes traps of errors.
 *
 * @module
 */

import type { StackFrame } from "../errors.ts";
import type { NativeModule } from "./module.ts";

/** Frames of a stack, the innermost: as many as an interpreted trap shows. */
const MAX_FRAMES = 64;
/** Frames that a host keeps of a stack. Some are the engine's own. */
const HOST_FRAMES = 80;

interface StackSettings {
  stackTraceLimit?: number;
  prepareStackTrace?: unknown;
}

const SETTINGS: StackSettings = Error;
let limitBefore: number | undefined;

/** Lets the host keep enough frames of errors, while guests run. It keeps 10 by default. */
export function raiseStackLimit(): void {
  try {
    limitBefore = SETTINGS.stackTraceLimit;
    if (limitBefore !== undefined && limitBefore < HOST_FRAMES) SETTINGS.stackTraceLimit = HOST_FRAMES;
  } catch {
    // `Error` is frozen.
  }
}

/** What `raiseStackLimit` changed is as before, unless others have changed it. */
export function lowerStackLimit(): void {
  try {
    if (SETTINGS.stackTraceLimit === HOST_FRAMES) SETTINGS.stackTraceLimit = limitBefore;
  } catch {
    // `Error` is frozen.
  }
}

/** A frame of WebAssembly: the index of the function, which some hosts do not tell, and the place in the module's bytes. */
interface HostFrame {
  readonly index: number;
  readonly offset: number | undefined;
}

/** A call site of JavaScriptCore and V8. */
interface CallSite {
  getFunctionName(): string | null;
}

/** The innermost guest frames of an error, and where in the metered module the innermost one is. */
export function guestFrames(
  error: unknown,
  module: NativeModule,
): { readonly frames: readonly StackFrame[]; readonly offset: number | undefined } {
  const found = hostFrames(error);
  const frames: StackFrame[] = [];
  for (const { index, offset } of found) {
    const functionIndex = module.guestFunction(index, offset);
    if (functionIndex >= 0 && frames.length < MAX_FRAMES) frames.push(module.frame(functionIndex));
  }
  return { frames, offset: found[0]?.offset };
}

/** `wasm-function[12]:0x3f`, as V8 and SpiderMonkey write places. */
const PLACE = /wasm-function\[(\d+)\](?::0x([0-9a-f]+))?/;
/** `.wasm-function[12]`, as JavaScriptCore names functions. */
const NAMED = /wasm-function\[(\d+)\]/;

function hostFrames(error: unknown): HostFrame[] {
  if (typeof error !== "object" || error === null) return [];
  let text: unknown;
  let sites: readonly CallSite[] | undefined;
  const { prepareStackTrace } = SETTINGS;
  try {
    // JavaScriptCore tells names of functions here only. Where the stack was formatted before, it is not called.
    SETTINGS.prepareStackTrace = (_: unknown, given: readonly CallSite[]) => {
      sites = given;
      return given.map(String).join("\n");
    };
    text = (error as { readonly stack?: unknown }).stack;
  } catch {
    text = (error as { readonly stack?: unknown }).stack;
  } finally {
    try {
      SETTINGS.prepareStackTrace = prepareStackTrace;
    } catch {
      // `Error` is frozen.
    }
  }
  const frames = typeof text === "string" ? text.split("\n").flatMap((line) => frameOf(PLACE, line)) : [];
  if (frames.length > 0 || sites === undefined) return frames;
  return sites.flatMap((site) => frameOf(NAMED, site.getFunctionName() ?? ""));
}

function frameOf(pattern: RegExp, text: string): HostFrame | [] {
  const [, index, offset] = pattern.exec(text) ?? [];
  if (index === undefined) return [];
  return { index: Number(index), offset: offset === undefined ? undefined : Number.parseInt(offset, 16) };
}
