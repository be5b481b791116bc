/**
 * Skips the immediates of instructions in validated code.
 *
 * @module
 */

import type { Cursor } from "./cursor.ts";
import type { Immediates } from "./opcodes.ts";

/** Moves the cursor past the immediates of an instruction. They have been validated. */
export function skipImmediates(cursor: Cursor, immediates: Immediates): void {
  switch (immediates) {
    case "":
      return;
    case "br_table":
      for (let count = cursor.u32(); count >= 0; count--) cursor.u32();
      return;
    case "select_types":
      for (let count = cursor.u32(); count > 0; count--) cursor.u8();
      return;
    case "block":
      cursor.s33();
      return;
    case "i32":
      cursor.i32();
      return;
    case "i64":
      cursor.i64();
      return;
    case "f32":
      return cursor.skip(4);
    case "f64":
      return cursor.skip(8);
    case "ref_type":
    case "lane16":
    case "lane8":
    case "lane4":
    case "lane2":
      return cursor.skip(1);
    case "v128":
    case "shuffle":
      return cursor.skip(16);
    case "memarg0_lane":
    case "memarg1_lane":
    case "memarg2_lane":
    case "memarg3_lane":
      cursor.u32();
      cursor.u32();
      return cursor.skip(1);
    case "call_indirect":
    case "data_memory":
    case "memory_memory":
    case "elem_table":
    case "table_table":
    case "memarg0":
    case "memarg1":
    case "memarg2":
    case "memarg3":
    case "memarg4":
      cursor.u32();
      cursor.u32();
      return;
    default:
      cursor.u32();
  }
}
