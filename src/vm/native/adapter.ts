/**
 * A function of the host's WebAssembly for a function that has none: the host's, or one of an interpreted instance. It is
 * the only function of a small module, which imports it and exports it.
 *
 * @module
 */

import type { FuncType } from "../binary/types.ts";
import { theHost } from "./support.ts";
import type { HostFunc, HostModule } from "./support.ts";

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
function bytesFor({ params, results }: FuncType): Uint8Array<ArrayBuffer> {
  const type = [0x01, 0x60, ...u32(params.length), ...params, ...u32(results.length), ...results];
  return Uint8Array.of(
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...[0x01, ...u32(type.length), ...type],
    ...[0x02, 0x05, 0x01, 0x00, 0x00, 0x00, 0x00],
    ...[0x07, 0x04, 0x01, 0x00, 0x00, 0x00],
  );
}

function u32(value: number): number[] {
  const bytes: number[] = [];
  for (; value >= 0x80; value >>>= 7) bytes.push(value & 0x7f | 0x80);
  return [...bytes, value];
}
