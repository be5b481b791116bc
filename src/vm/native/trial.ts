/**
 * What a host tells of traps, tried on a small module: whether it names functions or gives their indices, and whether it
 * tells a null from a function of another type. It is tried when somebody asks.
 *
 * @module
 */

import { compileSupport } from "./support.ts";
import type { HostFunc } from "./support.ts";

/**
 * ```wat
 * (module (type $none (func)) (type $one (func (result i32))) (table 2 funcref) (elem (i32.const 1) $named)
 *   (func $named (export "named") unreachable)
 *   (func (export "null") (call_indirect (type $none) (i32.const 0)))
 *   (func (export "other") (drop (call_indirect (type $one) (i32.const 1)))))
 * ```
 */
const MODULE = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...[0x01, 0x08, 0x02, 0x60, 0x00, 0x00, 0x60, 0x00, 0x01, 0x7f],
  ...[0x03, 0x04, 0x03, 0x00, 0x00, 0x00],
  ...[0x04, 0x04, 0x01, 0x70, 0x00, 0x02],
  ...[0x07, 0x18, 0x03],
  ...[0x05, 0x6e, 0x61, 0x6d, 0x65, 0x64, 0x00, 0x00],
  ...[0x04, 0x6e, 0x75, 0x6c, 0x6c, 0x00, 0x01],
  ...[0x05, 0x6f, 0x74, 0x68, 0x65, 0x72, 0x00, 0x02],
  ...[0x09, 0x07, 0x01, 0x00, 0x41, 0x01, 0x0b, 0x01, 0x00],
  ...[0x0a, 0x16, 0x03],
  ...[0x03, 0x00, 0x00, 0x0b],
  ...[0x07, 0x00, 0x41, 0x00, 0x11, 0x00, 0x00, 0x0b],
  ...[0x08, 0x00, 0x41, 0x01, 0x11, 0x01, 0x00, 0x1a, 0x0b],
  ...[0x00, 0x0f, 0x04, 0x6e, 0x61, 0x6d, 0x65, 0x01, 0x08, 0x01, 0x00, 0x05, 0x6e, 0x61, 0x6d, 0x65, 0x64],
);

/** What was found out. A host that runs only modules that were compiled before tells nothing. */
export interface Trial {
  /** The trap of a function with the name `named`. */
  readonly named: unknown;
  /** Whether the text for a null is another one than that for a function of another type. */
  readonly tellsNull: boolean;
}

let found: Trial | undefined;

/** Tries it once. */
export function trial(): Trial {
  return found ??= run();
}

function run(): Trial {
  const { host } = compileSupport();
  if (host === undefined) return { named: undefined, tellsNull: false };
  const { exports } = new host.Instance(new host.Module(MODULE), {});
  const errorOf = (name: string): unknown => {
    try {
      (exports[name] as HostFunc)();
    } catch (error) {
      return error;
    }
    return undefined;
  };
  const textOf = (name: string) => (errorOf(name) as Error | undefined)?.message;
  return { named: errorOf("named"), tellsNull: textOf("null") !== textOf("other") };
}
