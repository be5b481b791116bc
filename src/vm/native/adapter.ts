/**
 * A function of the host's WebAssembly for a function that has none: the host's, or one of an interpreted instance. It is
 * the only function of a small module, which imports it and exports it.
 *
 * @module
 */

import { HEADER } from "../binary/header.ts";
import { SECTION_IDS } from "../binary/sections.ts";
import type { FuncType } from "../binary/types.ts";
import { theHost } from "./support.ts";
import type { HostFunc, HostModule } from "./support.ts";
import { writeFuncType } from "./types.ts";
import { Writer } from "./writer.ts";

const MODULES = new Map<string, HostModule>();

/** Makes such a function. */
export function adapterFor(type: FuncType, run: HostFunc): HostFunc {
  const { Module, Instance } = theHost();
  const key = `${type.params.join()}:${type.results.join()}`;
  let module = MODULES.get(key);
  if (module === undefined) MODULES.set(key, module = new Module(bytesFor(type)));
  return new Instance(module, { "": { "": run } }).exports[""] as HostFunc;
}

/** `(module (import "" "" (func (type 0))) (export "" (func 0)))` */
function bytesFor(type: FuncType): Uint8Array<ArrayBuffer> {
  const out = new Writer(256);
  out.all(HEADER);
  out.u8(SECTION_IDS.type);
  const place = out.open();
  out.u8(1);
  writeFuncType(out, type);
  out.close(place);
  out.all([SECTION_IDS.import, 5, 1, 0, 0, 0, 0]);
  out.all([SECTION_IDS.export, 4, 1, 0, 0, 0]);
  return out.bytes.subarray(0, out.at);
}
