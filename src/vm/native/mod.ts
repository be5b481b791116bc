/**
 * The native engine: modules are rewritten so that they count their fuel, and run on the host's WebAssembly. It needs a
 * host that may compile and can suspend (JSPI).
 *
 * @module
 */

import type { ModuleRecord } from "../binary/types.ts";
import type { Engine, EngineModule } from "../engine.ts";
import { callNow, NativeCall } from "./call.ts";
import { createInstance } from "./instantiate.ts";
import { FUEL_PER_WORK } from "./meter.ts";
import { STAMP_SECTION } from "./layout.ts";
import { NativeModule } from "./module.ts";
import type { Metered, MeterOptions } from "./rewriter.ts";
import { hidesNamedFrames, noteModule } from "./stack.ts";
import { trial } from "./trial.ts";
import { METER_VERSION, stampOf } from "./stamp.ts";
import { theHost } from "./support.ts";
import type { HostModule } from "./support.ts";
export { ModuleRewriter } from "./rewriter.ts";
export type { Metered, MeterOptions } from "./rewriter.ts";
export { compileSupport, isHostModule, suspendSupport } from "./support.ts";
export type { HostModule as PrecompiledModule } from "./support.ts";
export { isRoomForMemory as isRoomForInstance } from "./memories.ts";

/** The engine. */
export const native: Engine = {
  name: "native",
  fuelPerWork: FUEL_PER_WORK,
  start: (func, args) => new NativeCall(func, args),
  callNow,
};

/** A metered module that the host has compiled. @param reason why it is for this engine */
export function nativeModule(
  record: ModuleRecord,
  compiled: HostModule,
  reason: string,
  metered?: Metered,
): EngineModule {
  const module = new NativeModule(record, compiled, metered);
  noteModule(module);
  return {
    engine: Object.freeze({ name: native.name, reason }),
    record,
    makeInstance: (imports, limits, wrap) => createInstance(native, module, imports, limits, wrap),
  };
}

/** How to rewrite modules that this host compiles. */
export function meterOptions(): MeterOptions {
  return { omitNames: isJavaScriptCore() };
}

/**
 * Whether each memory that grows makes the host collect garbage soon: several milliseconds a guest, on JavaScriptCore.
 */
export function areMemoriesDear(): boolean {
  return isJavaScriptCore();
}

let hidesFrames: boolean | undefined;

/** JavaScriptCore alone shows the names of functions in the place of indices. */
function isJavaScriptCore(): boolean {
  const { named } = trial();
  return hidesFrames ??= named !== undefined && hidesNamedFrames(named);
}

/** Bytes of a metered module that is compiled at once: in half a millisecond, where another thread may take ten. */
const MAX_SYNC_BYTES = 1 << 16;

/** Compiles a metered module, off the thread if it is not small. @throws what the host throws */
export async function hostCompile(bytes: Uint8Array<ArrayBuffer>): Promise<HostModule> {
  if (bytes.length <= MAX_SYNC_BYTES) {
    try {
      return compileNow(bytes);
    } catch {
      // Some browsers refuse it here. Else the error is the same.
    }
  }
  return await theHost().compile(bytes);
}

/** Compiles a metered module. @throws what the host throws */
export function compileNow(bytes: Uint8Array<ArrayBuffer>): HostModule {
  return new (theHost().Module)(bytes);
}

/** Why a precompiled module does not belong to the bytes of a guest, if it does not. */
export function stampFault(compiled: HostModule, bytes: Uint8Array): string | undefined {
  const [section] = theHost().Module.customSections(compiled, STAMP_SECTION);
  if (section === undefined) return "the precompiled module is not the work of `meter`";
  const given = new Uint8Array(section);
  const wanted = stampOf(bytes);
  const version = new DataView(section).getInt32(0, true);
  if (version !== METER_VERSION) {
    return `the precompiled module was metered by another version of this library: ${version}, not ${METER_VERSION}`;
  }
  const isSame = given.length === wanted.length && given.every((byte, index) => byte === wanted[index]);
  return isSame ? undefined : "the precompiled module was made from other bytes";
}
