/**
 * The guest's frames of an error, from the texts in which hosts write stacks. traps.ts makes traps of errors.
 *
 * @module
 */

import type { StackFrame } from "../errors.ts";
import type { NativeModule } from "./module.ts";
import { markOf } from "./names.ts";

/** Frames of a stack, the innermost: as many as an interpreted trap shows. */
export const MAX_FRAMES = 64;
/** Frames that a host keeps of a stack. Some are the engine's own. */
const HOST_FRAMES = 80;

interface StackSettings {
  stackTraceLimit?: number;
  prepareStackTrace?: unknown;
}

const SETTINGS = Error as object as StackSettings;
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

/** A frame of WebAssembly. */
interface HostFrame {
  /** The index of the function, which some hosts do not tell. */
  readonly index: number;
  /** The place in the module's bytes, if the host tells it. */
  readonly offset: number | undefined;
  /** The mark of the module, if the host tells its name. */
  readonly mark: string | undefined;
}

/** A call site of JavaScriptCore and V8. */
interface CallSite {
  getFunctionName(): string | null;
}

/** The modules that have been compiled, by their marks. */
const MODULES = new Map<string, WeakRef<NativeModule>>();
const DROPPED = new FinalizationRegistry<string>((mark) => {
  if (MODULES.get(mark)?.deref() === undefined) MODULES.delete(mark);
});

/** Notes a module, so that frames of its functions are found. */
export function noteModule(module: NativeModule): void {
  const mark = markOf(module.record);
  MODULES.set(mark, new WeakRef(module));
  DROPPED.register(module, mark);
}

/** Where a trap was: in the metered module of the innermost frame. */
export interface TrapSite {
  readonly module: NativeModule;
  readonly offset: number | undefined;
}

/**
 * The innermost guest frames of an error, and where the innermost one is.
 *
 * @param home the module of frames that do not tell theirs
 */
export function guestFrames(
  error: unknown,
  home: NativeModule,
): { readonly frames: readonly StackFrame[]; readonly site: TrapSite } {
  const found = hostFrames(error);
  const moduleOf = ({ mark }: HostFrame): NativeModule =>
    mark === undefined || mark === markOf(home.record) ? home : MODULES.get(mark)?.deref() ?? home;
  const frames: StackFrame[] = [];
  for (const frame of found) {
    const module = moduleOf(frame);
    const functionIndex = module.guestFunction(frame.index, frame.offset);
    if (functionIndex >= 0 && frames.length < MAX_FRAMES) frames.push(module.frame(functionIndex));
  }
  const [first] = found;
  return { frames, site: { module: first === undefined ? home : moduleOf(first), offset: first?.offset } };
}

/** `wasm://wasm/name#9.2-1f3a:wasm-function[12]:0x3f` in V8. SpiderMonkey writes the page in the place of the name. */
const PLACE = /(?:wasm:\/\/\S*(#\d+\.\d+)\S*)?\bwasm-function\[(\d+)\](?::0x([0-9a-f]+))?/;
/** `.wasm-function[12]`, as JavaScriptCore names functions. */
const NAMED = /()wasm-function\[(\d+)\]/;

/** Whether a host shows the names of functions, if there are any, and then neither index nor place. */
export function hidesNamedFrames(named: unknown): boolean {
  return hostFrames(named).length === 0;
}

function hostFrames(error: unknown): HostFrame[] {
  if (typeof error !== "object" || error === null) return [];
  const { text, sites } = stackOf(error);
  const frames = typeof text === "string" ? text.split("\n").flatMap((line) => frameOf(PLACE, line)) : [];
  if (frames.length > 0 || sites === undefined) return frames;
  return sites.flatMap((site) => frameOf(NAMED, site.getFunctionName() ?? ""));
}

/** The stack of an error. JavaScriptCore tells names of functions only to who formats it. */
function stackOf(
  error: { readonly stack?: unknown },
): { readonly text: unknown; readonly sites?: readonly CallSite[] } {
  let sites: readonly CallSite[] | undefined;
  const { prepareStackTrace } = SETTINGS;
  try {
    SETTINGS.prepareStackTrace = (_: unknown, given: readonly CallSite[]) => {
      sites = given;
      return given.map(String).join("\n");
    };
  } catch {
    // `Error` is frozen.
    return { text: error.stack };
  }
  try {
    const text = error.stack;
    return { text, sites };
  } finally {
    SETTINGS.prepareStackTrace = prepareStackTrace;
  }
}

function frameOf(pattern: RegExp, text: string): HostFrame | [] {
  const [, mark, index, offset] = pattern.exec(text) ?? [];
  if (index === undefined) return [];
  return {
    index: Number(index),
    offset: offset === undefined ? undefined : Number.parseInt(offset, 16),
    mark: mark === "" ? undefined : mark,
  };
}
