/**
 * Makes code count its own instructions. Before every instruction that costs fuel, it inserts code that adds 1 to a
 * global. So the fuel that the translator charges at branches can be compared with the executed instructions.
 *
 * @module
 */

import { u32 } from "../../tools/binary.ts";
import { Cursor } from "../../src/vm/binary/cursor.ts";
import { skipImmediates } from "../../src/vm/binary/immediates.ts";
import { isPrefix, opcodeRow, prefixedCode } from "../../src/vm/binary/opcodes.ts";

/** `nop`, `block`, `loop`, `else`, `end`. */
const FREE: ReadonlySet<number> = new Set([0x01, 0x02, 0x03, 0x05, 0x0b]);

/** The code, which counts its instructions in the i64 global with this index. */
export function counted(code: readonly number[], global: number): number[] {
  const cursor = new Cursor(Uint8Array.from(code), 0, code.length);
  const result: number[] = [];
  while (cursor.offset < code.length) {
    const start = cursor.offset;
    const byte = cursor.u8();
    const opcode = isPrefix(byte) ? prefixedCode(byte, cursor.u32()) : byte;
    skipImmediates(cursor, opcodeRow(opcode)![2]);
    if (!FREE.has(opcode)) result.push(0x23, ...u32(global), 0x42, 1, 0x7c, 0x24, ...u32(global));
    result.push(...code.slice(start, cursor.offset));
  }
  return result;
}
