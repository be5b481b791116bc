/**
 * Converts the text format in a script to bits: modules to binaries and numbers to words. wabt does all of this, so
 * that no code here has to round a decimal.
 *
 * @module
 */

import wabtFactory from "wabt";
import { Cursor } from "../../src/vm/binary/cursor.ts";
import { decodeModule } from "../../src/vm/binary/decode.ts";
import type { Command, Constant } from "./script.ts";
import { vectorOf } from "./_vectors.ts";

const wabt = await wabtFactory();

/** All features that wabt writes as specified. The virtual machine must refuse those that it does not support. */
const FEATURES = {
  exceptions: true,
  threads: true,
  tail_call: true,
  memory64: true,
  multi_memory: true,
  extended_const: true,
  relaxed_simd: true,
};

/**
 * Returns the binary of a module in the text format.
 *
 * @throws {Error} if wabt refuses it
 */
export function toBinary(text: string): Uint8Array<ArrayBuffer> {
  const module = wabt.parseWat("script.wat", new TextEncoder().encode(text), FEATURES);
  try {
    return Uint8Array.from(module.toBinary({ write_debug_names: false }).buffer);
  } finally {
    module.destroy();
  }
}

/** The types of number constants. */
export const NUMBER_TYPES: ReadonlySet<string> = new Set(["i32", "i64", "f32", "f64"]);

/** Whether a constant means one pattern of bits. */
export function isNumber({ type, text }: Constant): boolean {
  return NUMBER_TYPES.has(type) && text !== "nan:canonical" && text !== "nan:arithmetic";
}

/** The key of a constant in the map of numbers. */
export function keyOf({ type, text }: Constant): string {
  return `(${type}.const ${text})`;
}

/** The unsigned bits of every number in a script's commands, by {@linkcode keyOf}. */
export function numbersOf(commands: readonly Command[]): ReadonlyMap<string, bigint> {
  const constants = commands.flatMap((command) => {
    const { args = [] } = "action" in command ? command.action : {};
    return "expected" in command ? [...args, ...command.expected] : [...args];
  }).flatMap(({ alternatives, ...constant }) => alternatives ?? [constant]).flatMap((constant) =>
    constant.type === "v128" ? vectorOf(constant).lanes : [constant]
  ).filter(isNumber);
  const types = new Map(constants.map((constant) => [keyOf(constant), constant.type]));
  const keys = [...types.keys()];
  const globals = keys.map((key) => `(global ${types.get(key)} ${key})`);
  const { bytes, globalInits } = decodeModule(toBinary(`(module ${globals.join("\n")})`));
  return new Map(globalInits.map(({ start, end }, index) => {
    return [keys[index], readNumber(types.get(keys[index])!, new Cursor(bytes, start + 1, end))];
  }));
}

function readNumber(type: string, cursor: Cursor): bigint {
  if (type === "i64") cursor.i64();
  else {
    cursor.low = type === "i32" ? cursor.i32() : cursor.word();
    cursor.high = type === "f64" ? cursor.word() : 0;
  }
  return BigInt.asUintN(32, BigInt(cursor.high)) << 32n | BigInt.asUintN(32, BigInt(cursor.low));
}
