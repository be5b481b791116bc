/**
 * The opcodes of instructions that metered modules have beyond the guest's, from the table of instructions.
 *
 * @module
 */

import { opcodeOf } from "../binary/opcodes.ts";

export const BLOCK: number = opcodeOf("block");
export const LOOP: number = opcodeOf("loop");
export const IF: number = opcodeOf("if");
export const ELSE: number = opcodeOf("else");
export const END: number = opcodeOf("end");
export const BR: number = opcodeOf("br");
export const BR_IF: number = opcodeOf("br_if");
export const BR_TABLE: number = opcodeOf("br_table");
export const RETURN: number = opcodeOf("return");
export const CALL: number = opcodeOf("call");
export const RETURN_CALL: number = opcodeOf("return_call");
export const DROP: number = opcodeOf("drop");
export const LOCAL_GET: number = opcodeOf("local.get");
export const LOCAL_SET: number = opcodeOf("local.set");
export const LOCAL_TEE: number = opcodeOf("local.tee");
export const GLOBAL_GET: number = opcodeOf("global.get");
export const GLOBAL_SET: number = opcodeOf("global.set");
export const I32_CONST: number = opcodeOf("i32.const");
export const I32_EQZ: number = opcodeOf("i32.eqz");
export const I32_NE: number = opcodeOf("i32.ne");
export const I32_LT_S: number = opcodeOf("i32.lt_s");
export const I32_LT_U: number = opcodeOf("i32.lt_u");
export const I32_GT_U: number = opcodeOf("i32.gt_u");
export const I32_ADD: number = opcodeOf("i32.add");
export const I32_SUB: number = opcodeOf("i32.sub");
export const I32_MUL: number = opcodeOf("i32.mul");
export const UNREACHABLE: number = opcodeOf("unreachable");
export const MEMORY_GROW: number = opcodeOf("memory.grow");
export const REF_NULL: number = opcodeOf("ref.null");
export const REF_FUNC: number = opcodeOf("ref.func");

/** The type of a block that takes and returns nothing. */
export const EMPTY_BLOCK = 0x40;
