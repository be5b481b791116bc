/**
 * Makes code count its own instructions. Before every instruction that costs fuel, it inserts code that adds 1 to a
 * global. So the fuel that the translator charges at branches can be compared with the executed instructions.
 *
 * @module
 */

import { u32 } from "../../tools/binary.ts";
import { Cursor } from "../../src/vm/binary/cursor.ts";
import { opcodeRow } from "../../src/vm/binary/opcodes.ts";
import type { Immediates } from "../../src/vm/binary/opcodes.ts";

/** `nop`, `block`, `loop`, `else`, `end`. */
const FREE: ReadonlySet<number> = new Set([0x01, 0x02, 0x03, 0x05, 0x0b]);

/** The code, which counts its instructions in the i64 global with this index. */
export function counted(code: readonly number[], global: number): number[] {
  const cursor = new Cursor(Uint8Array.from(code), 0, code.length);
  const result: number[] = [];
  while (cursor.offset < code.length) {
    const start = cursor.offset;
    let opcode = cursor.u8();
    if (opcode === 0xfc) opcode = 0xfc00 | cursor.u32();
    skip(cursor, opcodeRow(opcode)![2]);
    if (!FREE.has(opcode)) result.push(0x23, ...u32(global), 0x42, 1, 0x7c, 0x24, ...u32(global));
    result.push(...code.slice(start, cursor.offset));
  }
  return result;
}

function skip(cursor: Cursor, immediates: Immediates): void {
  if (immediates === "") return;
  if (immediates === "f32") return cursor.skip(4);
  if (immediates === "f64") return cursor.skip(8);
  if (immediates === "i64") return void cursor.i64();
  if (immediates === "i32") return void cursor.i32();
  if (immediates === "block") return void cursor.s33();
  if (immediates === "ref_type") return cursor.skip(1);
  const indices = immediates === "br_table"
    ? cursor.u32() + 1
    : immediates === "select_types"
    ? cursor.u32()
    : /^memarg|_/.test(immediates)
    ? 2
    : 1;
  for (let count = indices; count > 0; count--) cursor.u32();
}
