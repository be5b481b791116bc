/**
 * The dispatch loop, and nothing else. It runs register code until something stops it, and returns the reason.
 * `deno task generate` generates this file from ops.ts; do not edit it.
 *
 * A realm has one set of these arrays, of fixed size, and one closure of the loop. The loop uses the arrays through
 * constants of this module that are not exported, and binds them to locals first. V8 folds the addresses and lengths of
 * such constants into the machine code. It reads exported and imported ones from their cells. Measured: 23 times slower
 * than native WebAssembly with the exported ones, 16 with these.
 *
 * @module
 */

import { CODE } from "./arena.ts";

/** Words of the register file, which holds the frames of all active calls (4 MiB). */
export const REGISTER_WORDS: number = 1 << 20;
/** Words of the call stack. A call takes two, so the depth is 32,768 calls. */
export const STACK_WORDS: number = 1 << 16;

/** The register file as int32 words. A register has two words. */
export const REGISTERS: Int32Array<ArrayBuffer> = new Int32Array(REGISTER_WORDS);
/** The register file as f32 words. */
export const REGISTERS_F32: Float32Array = new Float32Array(REGISTERS.buffer);
/** The register file as f64 registers. */
export const REGISTERS_F64: Float64Array = new Float64Array(REGISTERS.buffer);
/** The register file as signed 64-bit registers. The loop does not use it: engines allocate at each access. */
export const REGISTERS_I64: BigInt64Array<ArrayBuffer> = new BigInt64Array(REGISTERS.buffer);
/** The register file as unsigned 64-bit registers. */
export const REGISTERS_U64: BigUint64Array<ArrayBuffer> = new BigUint64Array(REGISTERS.buffer);
/** The call stack: return address and frame pointer of each caller. */
export const STACK: Int32Array = new Int32Array(STACK_WORDS);

/** The loop reads it at its start and writes it at its end: program counter, frame pointer, stack pointer, fuel. */
export const STATE: Int32Array = new Int32Array(4);

/** What the loop uses of the running instance. */
export interface Context {
  view: DataView;
  bytes: Uint8Array;
  /** The instance's globals, two words each. */
  globals: Int32Array;
  /** Table 0: the index of the module's own function plus 1. A smaller number means that call.ts decides. */
  table: Int32Array;
  /** Entry address of each translated function of the module, or 0. */
  entries: Int32Array;
  /** Type of each function of the module. Equal types have equal numbers. */
  types: Int32Array;
}

/** The context of the running instance. call.ts sets it before it enters the loop. */
export const CONTEXT: Context = {
  view: new DataView(new ArrayBuffer(0)),
  bytes: new Uint8Array(0),
  globals: new Int32Array(0),
  table: new Int32Array(0),
  entries: new Int32Array(0),
  types: new Int32Array(0),
};

/** The fuel is used up. The state is the one after the branch or call that used the last of it. */
export const OUT_OF_FUEL = 0;
/** The op at the program counter is rare. */
export const RARE = 1;
/** Traps: the op at the program counter had no effect. */
export const DIVIDE_BY_ZERO = 2;
export const INTEGER_OVERFLOW = 3;
export const INVALID_CONVERSION = 4;
export const OUT_OF_BOUNDS = 5;
export const STACK_EXHAUSTED = 6;

const OWN_CODE = CODE;
const OWN_REGISTERS = REGISTERS;
const OWN_REGISTERS_F32 = REGISTERS_F32;
const OWN_REGISTERS_F64 = REGISTERS_F64;
const OWN_STACK = STACK;
const OWN_STATE = STATE;
const OWN_CONTEXT = CONTEXT;

/**
 * Runs from `STATE` in `CONTEXT` until a stop, and returns the kind of the stop. A `RangeError` comes from the bounds
 * check of `DataView`: the access had no effect. The caller verifies where the error comes from.
 */
export function execute(): number {
  const C = OWN_CODE;
  const R = OWN_REGISTERS;
  const F = OWN_REGISTERS_F32;
  const D = OWN_REGISTERS_F64;
  const S = OWN_STACK;
  const view = OWN_CONTEXT.view;
  const bytes = OWN_CONTEXT.bytes;
  const size = bytes.length;
  const G = OWN_CONTEXT.globals;
  const table = OWN_CONTEXT.table;
  const entries = OWN_CONTEXT.entries;
  const types = OWN_CONTEXT.types;
  let pc = OWN_STATE[0]! | 0;
  let fp = OWN_STATE[1]! | 0;
  let sp = OWN_STATE[2]! | 0;
  let fuel = OWN_STATE[3]! | 0;
  let stop = /* OUT_OF_FUEL */ 0;
  let a = 0;
  let aa = 0;
  let ab = 0;
  let ad = 0;
  let at = 0;
  let b = 0;
  let ba = 0;
  let base = 0;
  let d = 0;
  let e = 0;
  let end = 0;
  let f = 0;
  let m = 0;
  let n = 0;
  let n_a = 0;
  let n_b = 0;
  let vD_a = 0;
  let vD_b = 0;
  let vH_a = 0;
  let vH_b = 0;
  let vI_a = 0;
  let vI_a_a = 0;
  let vI_a_a_a = 0;
  let vI_a_bb = 0;
  let vI_a_x = 0;
  let vI_b = 0;
  let vI_bb = 0;
  let vI_c = 0;
  let x = 0;
  let x0 = 0;
  let x1 = 0;
  let x_a = 0;
  let x_b = 0;
  let x_x = 0;
  let y = 0;
  let y0 = 0;
  let y1 = 0;
  let y_a = 0;
  let y_b = 0;
  let z = 0;
  let z_a = 0;
  let z_b = 0;
  try {
    loop:
    for (;;) {
      switch (C[pc]) {
        case 0: /* jump */ {
          {
            fuel = fuel - C[pc + 2 | 0] | 0;
            pc = C[pc + 1 | 0];
            if (fuel < 0) break loop;
            continue;
          }
        }
        case 1: /* br_if */ {
          {
            if (R[fp + C[pc + 1 | 0] | 0] !== 0) {
              fuel = fuel - C[pc + 3 | 0] | 0;
              pc = C[pc + 2 | 0];
              if (fuel < 0) break loop;
              continue;
            }
            fuel = fuel - C[pc + 4 | 0] | 0;
            pc = pc + 5 | 0;
            continue;
          }
        }
        case 2: /* br_unless */ {
          {
            if (R[fp + C[pc + 1 | 0] | 0] === 0) {
              fuel = fuel - C[pc + 3 | 0] | 0;
              pc = C[pc + 2 | 0];
              if (fuel < 0) break loop;
              continue;
            }
            fuel = fuel - C[pc + 4 | 0] | 0;
            pc = pc + 5 | 0;
            continue;
          }
        }
        case 3: /* br_table */ {
          {
            x = R[fp + C[pc + 1 | 0] | 0] >>> 0;
            y = C[pc + 2 | 0];
            at = pc + 3 + ((x < y ? x : y) << 1) | 0;
            fuel = fuel - C[at + 1 | 0] | 0;
            pc = C[at] | 0;
            if (fuel < 0) break loop;
            continue;
          }
        }
        case 4: /* call */ {
          {
            at = C[pc + 1 | 0];
            base = fp + C[pc + 2 | 0] | 0;
            if (base + C[at] > /* REGISTER_WORDS */ 1 << 20 || sp >= /* STACK_WORDS */ 1 << 16) {
              stop = /* STACK_EXHAUSTED */ 6;
              break loop;
            }
            S[sp] = pc + 4 | 0;
            S[sp + 1 | 0] = fp;
            sp = sp + 2 | 0;
            fuel = fuel - C[at + 3 | 0] | 0;
            end = base + C[at + 2 | 0] | 0;
            for (z = base + C[at + 1 | 0] | 0; z < end; z = z + 1 | 0) R[z] = 0;
            fp = base;
            pc = at + 4 | 0;
            if (fuel < 0) break loop;
            continue;
          }
        }
        case 5: /* call_indirect */ {
          f = table[R[fp + C[pc + 1 | 0] | 0] >>> 0] | 0;
          if (f < 1 || types[f - 1 | 0] !== C[pc + 2 | 0]) {
            stop = /* RARE */ 1;
            break loop;
          }
          e = entries[f - 1 | 0] | 0;
          if (e === 0) {
            stop = /* RARE */ 1;
            break loop;
          }
          {
            at = e;
            base = fp + C[pc + 3 | 0] | 0;
            if (base + C[at] > /* REGISTER_WORDS */ 1 << 20 || sp >= /* STACK_WORDS */ 1 << 16) {
              stop = /* STACK_EXHAUSTED */ 6;
              break loop;
            }
            S[sp] = pc + 5 | 0;
            S[sp + 1 | 0] = fp;
            sp = sp + 2 | 0;
            fuel = fuel - C[at + 3 | 0] | 0;
            end = base + C[at + 2 | 0] | 0;
            for (z = base + C[at + 1 | 0] | 0; z < end; z = z + 1 | 0) R[z] = 0;
            fp = base;
            pc = at + 4 | 0;
            if (fuel < 0) break loop;
            continue;
          }
        }
        case 6: /* return */ {
          {
            sp = sp - 2 | 0;
            pc = S[sp] | 0;
            fp = S[sp + 1 | 0] | 0;
            fuel = fuel - C[pc - 1 | 0] | 0;
            if (fuel < 0) break loop;
            continue;
          }
        }
        case 7: /* return32 */ {
          R[fp] = R[fp + C[pc + 1 | 0] | 0];
          {
            sp = sp - 2 | 0;
            pc = S[sp] | 0;
            fp = S[sp + 1 | 0] | 0;
            fuel = fuel - C[pc - 1 | 0] | 0;
            if (fuel < 0) break loop;
            continue;
          }
        }
        case 8: /* return64 */ {
          a = fp + C[pc + 1 | 0] | 0;
          R[fp] = R[a];
          R[fp + 1 | 0] = R[a + 1 | 0];
          {
            sp = sp - 2 | 0;
            pc = S[sp] | 0;
            fp = S[sp + 1 | 0] | 0;
            fuel = fuel - C[pc - 1 | 0] | 0;
            if (fuel < 0) break loop;
            continue;
          }
        }
        case 9: /* mov32 */ {
          R[fp + C[pc + 1 | 0] | 0] = R[fp + C[pc + 2 | 0] | 0];
          pc = pc + 3 | 0;
          continue;
        }
        case 10: /* mov64 */ {
          d = fp + C[pc + 1 | 0] | 0;
          a = fp + C[pc + 2 | 0] | 0;
          x = R[a + 1 | 0];
          R[d] = R[a];
          R[d + 1 | 0] = x;
          pc = pc + 3 | 0;
          continue;
        }
        case 11: /* const32 */ {
          R[fp + C[pc + 1 | 0] | 0] = C[pc + 2 | 0];
          pc = pc + 3 | 0;
          continue;
        }
        case 12: /* const64 */ {
          d = fp + C[pc + 1 | 0] | 0;
          R[d] = C[pc + 2 | 0];
          R[d + 1 | 0] = C[pc + 3 | 0];
          pc = pc + 4 | 0;
          continue;
        }
        case 13: /* select32 */ {
          R[fp + C[pc + 1 | 0] | 0] = R[fp + C[pc + 4 | 0] | 0] !== 0
            ? R[fp + C[pc + 2 | 0] | 0]
            : R[fp + C[pc + 3 | 0] | 0];
          pc = pc + 5 | 0;
          continue;
        }
        case 14: /* select64 */ {
          d = fp + C[pc + 1 | 0] | 0;
          a = fp + C[pc + 2 | 0] | 0;
          b = fp + C[pc + 3 | 0] | 0;
          if (R[fp + C[pc + 4 | 0] | 0] !== 0) {
            x = R[a + 1 | 0];
            R[d] = R[a];
            R[d + 1 | 0] = x;
          } else {
            x = R[b + 1 | 0];
            R[d] = R[b];
            R[d + 1 | 0] = x;
          }
          pc = pc + 5 | 0;
          continue;
        }
        case 15: /* global_get32 */ {
          R[fp + C[pc + 1 | 0] | 0] = G[C[pc + 2 | 0]];
          pc = pc + 3 | 0;
          continue;
        }
        case 16: /* global_get64 */ {
          d = fp + C[pc + 1 | 0] | 0;
          R[d] = G[C[pc + 2 | 0]];
          R[d + 1 | 0] = G[C[pc + 2 | 0] + 1 | 0];
          pc = pc + 3 | 0;
          continue;
        }
        case 17: /* global_set32 */ {
          G[C[pc + 1 | 0]] = R[fp + C[pc + 2 | 0] | 0];
          pc = pc + 3 | 0;
          continue;
        }
        case 18: /* global_set64 */ {
          a = fp + C[pc + 2 | 0] | 0;
          G[C[pc + 1 | 0]] = R[a];
          G[C[pc + 1 | 0] + 1 | 0] = R[a + 1 | 0];
          pc = pc + 3 | 0;
          continue;
        }
        case 19: /* load32 */ {
          x = R[fp + C[pc + 1 | 0] | 0];
          if (x < 0) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          R[fp + C[pc + 3 | 0] | 0] = view.getInt32(x + C[pc + 2 | 0] | 0, true);
          pc = pc + 4 | 0;
          continue;
        }
        case 20: /* load64 */ {
          d = fp + C[pc + 3 | 0] | 0;
          x = R[fp + C[pc + 1 | 0] | 0];
          if (x < 0) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          y = view.getInt32(x + C[pc + 2 | 0] + 4 | 0, true);
          R[d] = view.getInt32(x + C[pc + 2 | 0] | 0, true);
          R[d + 1 | 0] = y;
          pc = pc + 4 | 0;
          continue;
        }
        case 21: /* i32_load8_s */ {
          x = R[fp + C[pc + 1 | 0] | 0];
          y = x + C[pc + 2 | 0] | 0;
          if (x < 0 || (y >>> 0) >= size) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          R[fp + C[pc + 3 | 0] | 0] = bytes[y] << 24 >> 24;
          pc = pc + 4 | 0;
          continue;
        }
        case 22: /* i32_load8_u */ {
          x = R[fp + C[pc + 1 | 0] | 0];
          y = x + C[pc + 2 | 0] | 0;
          if (x < 0 || (y >>> 0) >= size) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          R[fp + C[pc + 3 | 0] | 0] = bytes[y];
          pc = pc + 4 | 0;
          continue;
        }
        case 23: /* i32_load16_s */ {
          x = R[fp + C[pc + 1 | 0] | 0];
          if (x < 0) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          R[fp + C[pc + 3 | 0] | 0] = view.getInt16(x + C[pc + 2 | 0] | 0, true);
          pc = pc + 4 | 0;
          continue;
        }
        case 24: /* i32_load16_u */ {
          x = R[fp + C[pc + 1 | 0] | 0];
          if (x < 0) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          R[fp + C[pc + 3 | 0] | 0] = view.getUint16(x + C[pc + 2 | 0] | 0, true);
          pc = pc + 4 | 0;
          continue;
        }
        case 25: /* i64_load8_s */ {
          d = fp + C[pc + 3 | 0] | 0;
          x = R[fp + C[pc + 1 | 0] | 0];
          y = x + C[pc + 2 | 0] | 0;
          if (x < 0 || (y >>> 0) >= size) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          z = bytes[y] << 24 >> 24;
          R[d] = z;
          R[d + 1 | 0] = z >> 31;
          pc = pc + 4 | 0;
          continue;
        }
        case 26: /* i64_load8_u */ {
          d = fp + C[pc + 3 | 0] | 0;
          x = R[fp + C[pc + 1 | 0] | 0];
          y = x + C[pc + 2 | 0] | 0;
          if (x < 0 || (y >>> 0) >= size) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          R[d] = bytes[y];
          R[d + 1 | 0] = 0;
          pc = pc + 4 | 0;
          continue;
        }
        case 27: /* i64_load16_s */ {
          d = fp + C[pc + 3 | 0] | 0;
          x = R[fp + C[pc + 1 | 0] | 0];
          if (x < 0) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          y = view.getInt16(x + C[pc + 2 | 0] | 0, true);
          R[d] = y;
          R[d + 1 | 0] = y >> 31;
          pc = pc + 4 | 0;
          continue;
        }
        case 28: /* i64_load16_u */ {
          d = fp + C[pc + 3 | 0] | 0;
          x = R[fp + C[pc + 1 | 0] | 0];
          if (x < 0) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          R[d] = view.getUint16(x + C[pc + 2 | 0] | 0, true);
          R[d + 1 | 0] = 0;
          pc = pc + 4 | 0;
          continue;
        }
        case 29: /* i64_load32_s */ {
          d = fp + C[pc + 3 | 0] | 0;
          x = R[fp + C[pc + 1 | 0] | 0];
          if (x < 0) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          y = view.getInt32(x + C[pc + 2 | 0] | 0, true);
          R[d] = y;
          R[d + 1 | 0] = y >> 31;
          pc = pc + 4 | 0;
          continue;
        }
        case 30: /* i64_load32_u */ {
          d = fp + C[pc + 3 | 0] | 0;
          x = R[fp + C[pc + 1 | 0] | 0];
          if (x < 0) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          R[d] = view.getInt32(x + C[pc + 2 | 0] | 0, true);
          R[d + 1 | 0] = 0;
          pc = pc + 4 | 0;
          continue;
        }
        case 31: /* store8 */ {
          x = R[fp + C[pc + 1 | 0] | 0];
          y = x + C[pc + 2 | 0] | 0;
          if (x < 0 || (y >>> 0) >= size) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          bytes[y] = R[fp + C[pc + 3 | 0] | 0];
          pc = pc + 4 | 0;
          continue;
        }
        case 32: /* store16 */ {
          x = R[fp + C[pc + 1 | 0] | 0];
          if (x < 0) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          view.setInt16(x + C[pc + 2 | 0] | 0, R[fp + C[pc + 3 | 0] | 0], true);
          pc = pc + 4 | 0;
          continue;
        }
        case 33: /* store32 */ {
          x = R[fp + C[pc + 1 | 0] | 0];
          if (x < 0) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          view.setInt32(x + C[pc + 2 | 0] | 0, R[fp + C[pc + 3 | 0] | 0], true);
          pc = pc + 4 | 0;
          continue;
        }
        case 34: /* store64 */ {
          b = fp + C[pc + 3 | 0] | 0;
          x = R[fp + C[pc + 1 | 0] | 0];
          if (x < 0) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          view.setInt32(x + C[pc + 2 | 0] + 4 | 0, R[b + 1 | 0], true);
          view.setInt32(x + C[pc + 2 | 0] | 0, R[b], true);
          pc = pc + 4 | 0;
          continue;
        }
        case 35: /* memory_size */ {
          R[fp + C[pc + 1 | 0] | 0] = size >>> 16;
          pc = pc + 2 | 0;
          continue;
        }
        case 36: /* memory_copy */ {
          x = R[fp + C[pc + 1 | 0] | 0];
          y = R[fp + C[pc + 2 | 0] | 0];
          n = R[fp + C[pc + 3 | 0] | 0];
          if (n < 0 || n > 64 || x < 0 || y < 0 || x > (size - n | 0) || y > (size - n | 0)) {
            stop = /* RARE */ 1;
            break loop;
          }
          if (x <= y) { for (z = 0; z < n; z = z + 1 | 0) bytes[x + z | 0] = bytes[y + z | 0]; }
          else for (z = n - 1 | 0; z >= 0; z = z - 1 | 0) bytes[x + z | 0] = bytes[y + z | 0];
          {
            fuel = fuel - n | 0;
            pc = pc + 4 | 0;
            if (fuel < 0) break loop;
            continue;
          }
        }
        case 37: /* memory_fill */ {
          x = R[fp + C[pc + 1 | 0] | 0];
          y = R[fp + C[pc + 2 | 0] | 0];
          n = R[fp + C[pc + 3 | 0] | 0];
          if (n < 0 || n > 64 || x < 0 || x > (size - n | 0)) {
            stop = /* RARE */ 1;
            break loop;
          }
          for (z = 0; z < n; z = z + 1 | 0) bytes[x + z | 0] = y;
          {
            fuel = fuel - n | 0;
            pc = pc + 4 | 0;
            if (fuel < 0) break loop;
            continue;
          }
        }
        case 38: /* i32_eqz */ {
          R[fp + C[pc + 1 | 0] | 0] = R[fp + C[pc + 2 | 0] | 0] === 0 ? 1 : 0;
          pc = pc + 3 | 0;
          continue;
        }
        case 39: /* i32_add */ {
          R[fp + C[pc + 1 | 0] | 0] = R[fp + C[pc + 2 | 0] | 0] + R[fp + C[pc + 3 | 0] | 0] | 0;
          pc = pc + 4 | 0;
          continue;
        }
        case 40: /* i32_sub */ {
          R[fp + C[pc + 1 | 0] | 0] = R[fp + C[pc + 2 | 0] | 0] - R[fp + C[pc + 3 | 0] | 0] | 0;
          pc = pc + 4 | 0;
          continue;
        }
        case 41: /* i32_mul */ {
          R[fp + C[pc + 1 | 0] | 0] = Math.imul(R[fp + C[pc + 2 | 0] | 0], R[fp + C[pc + 3 | 0] | 0]);
          pc = pc + 4 | 0;
          continue;
        }
        case 42: /* i32_and */ {
          R[fp + C[pc + 1 | 0] | 0] = R[fp + C[pc + 2 | 0] | 0] & R[fp + C[pc + 3 | 0] | 0];
          pc = pc + 4 | 0;
          continue;
        }
        case 43: /* i32_or */ {
          R[fp + C[pc + 1 | 0] | 0] = R[fp + C[pc + 2 | 0] | 0] | R[fp + C[pc + 3 | 0] | 0];
          pc = pc + 4 | 0;
          continue;
        }
        case 44: /* i32_xor */ {
          R[fp + C[pc + 1 | 0] | 0] = R[fp + C[pc + 2 | 0] | 0] ^ R[fp + C[pc + 3 | 0] | 0];
          pc = pc + 4 | 0;
          continue;
        }
        case 45: /* i32_shl */ {
          R[fp + C[pc + 1 | 0] | 0] = R[fp + C[pc + 2 | 0] | 0] << R[fp + C[pc + 3 | 0] | 0];
          pc = pc + 4 | 0;
          continue;
        }
        case 46: /* i32_shr_s */ {
          R[fp + C[pc + 1 | 0] | 0] = R[fp + C[pc + 2 | 0] | 0] >> R[fp + C[pc + 3 | 0] | 0];
          pc = pc + 4 | 0;
          continue;
        }
        case 47: /* i32_shr_u */ {
          R[fp + C[pc + 1 | 0] | 0] = R[fp + C[pc + 2 | 0] | 0] >>> R[fp + C[pc + 3 | 0] | 0];
          pc = pc + 4 | 0;
          continue;
        }
        case 48: /* i32_rotl */ {
          x = R[fp + C[pc + 2 | 0] | 0];
          y = R[fp + C[pc + 3 | 0] | 0];
          R[fp + C[pc + 1 | 0] | 0] = x << y | x >>> (32 - y & 31);
          pc = pc + 4 | 0;
          continue;
        }
        case 49: /* i32_rotr */ {
          x = R[fp + C[pc + 2 | 0] | 0];
          y = R[fp + C[pc + 3 | 0] | 0];
          R[fp + C[pc + 1 | 0] | 0] = x >>> y | x << (32 - y & 31);
          pc = pc + 4 | 0;
          continue;
        }
        case 50: /* i32_div_s */ {
          x = R[fp + C[pc + 2 | 0] | 0];
          y = R[fp + C[pc + 3 | 0] | 0];
          if (y === 0) {
            stop = /* DIVIDE_BY_ZERO */ 2;
            break loop;
          }
          if (y === -1 && x === -2147483648) {
            stop = /* INTEGER_OVERFLOW */ 3;
            break loop;
          }
          R[fp + C[pc + 1 | 0] | 0] = x / y | 0;
          pc = pc + 4 | 0;
          continue;
        }
        case 51: /* i32_div_u */ {
          y = R[fp + C[pc + 3 | 0] | 0] >>> 0;
          if (y === 0) {
            stop = /* DIVIDE_BY_ZERO */ 2;
            break loop;
          }
          R[fp + C[pc + 1 | 0] | 0] = (R[fp + C[pc + 2 | 0] | 0] >>> 0) / y | 0;
          pc = pc + 4 | 0;
          continue;
        }
        case 52: /* i32_rem_s */ {
          y = R[fp + C[pc + 3 | 0] | 0];
          if (y === 0) {
            stop = /* DIVIDE_BY_ZERO */ 2;
            break loop;
          }
          R[fp + C[pc + 1 | 0] | 0] = y === -1 ? 0 : R[fp + C[pc + 2 | 0] | 0] % y | 0;
          pc = pc + 4 | 0;
          continue;
        }
        case 53: /* i32_rem_u */ {
          y = R[fp + C[pc + 3 | 0] | 0] >>> 0;
          if (y === 0) {
            stop = /* DIVIDE_BY_ZERO */ 2;
            break loop;
          }
          R[fp + C[pc + 1 | 0] | 0] = (R[fp + C[pc + 2 | 0] | 0] >>> 0) % y | 0;
          pc = pc + 4 | 0;
          continue;
        }
        case 54: /* i32_clz */ {
          R[fp + C[pc + 1 | 0] | 0] = Math.clz32(R[fp + C[pc + 2 | 0] | 0]);
          pc = pc + 3 | 0;
          continue;
        }
        case 55: /* i32_ctz */ {
          x = R[fp + C[pc + 2 | 0] | 0];
          R[fp + C[pc + 1 | 0] | 0] = x === 0 ? 32 : 31 - Math.clz32(x & -x);
          pc = pc + 3 | 0;
          continue;
        }
        case 56: /* i32_popcnt */ {
          x = R[fp + C[pc + 2 | 0] | 0];
          x = x - (x >>> 1 & 0x55555555) | 0;
          x = (x & 0x33333333) + (x >>> 2 & 0x33333333) | 0;
          R[fp + C[pc + 1 | 0] | 0] = Math.imul(x + (x >>> 4) & 0x0f0f0f0f, 0x01010101) >>> 24;
          pc = pc + 3 | 0;
          continue;
        }
        case 57: /* i32_extend8_s */ {
          R[fp + C[pc + 1 | 0] | 0] = R[fp + C[pc + 2 | 0] | 0] << 24 >> 24;
          pc = pc + 3 | 0;
          continue;
        }
        case 58: /* i32_extend16_s */ {
          R[fp + C[pc + 1 | 0] | 0] = R[fp + C[pc + 2 | 0] | 0] << 16 >> 16;
          pc = pc + 3 | 0;
          continue;
        }
        case 59: /* i64_eqz */ {
          a = fp + C[pc + 2 | 0] | 0;
          R[fp + C[pc + 1 | 0] | 0] = (R[a] | R[a + 1 | 0]) === 0 ? 1 : 0;
          pc = pc + 3 | 0;
          continue;
        }
        case 60: /* i64_add */ {
          d = fp + C[pc + 1 | 0] | 0;
          a = fp + C[pc + 2 | 0] | 0;
          b = fp + C[pc + 3 | 0] | 0;
          x = R[a];
          y = x + R[b] | 0;
          R[d + 1 | 0] = R[a + 1 | 0] + R[b + 1 | 0] + ((y >>> 0) < (x >>> 0) ? 1 : 0) | 0;
          R[d] = y;
          pc = pc + 4 | 0;
          continue;
        }
        case 61: /* i64_sub */ {
          d = fp + C[pc + 1 | 0] | 0;
          a = fp + C[pc + 2 | 0] | 0;
          b = fp + C[pc + 3 | 0] | 0;
          x = R[a];
          y = R[b];
          R[d + 1 | 0] = R[a + 1 | 0] - R[b + 1 | 0] - ((x >>> 0) < (y >>> 0) ? 1 : 0) | 0;
          R[d] = x - y | 0;
          pc = pc + 4 | 0;
          continue;
        }
        case 62: /* i64_and */ {
          d = fp + C[pc + 1 | 0] | 0;
          a = fp + C[pc + 2 | 0] | 0;
          b = fp + C[pc + 3 | 0] | 0;
          R[d] = R[a] & R[b];
          R[d + 1 | 0] = R[a + 1 | 0] & R[b + 1 | 0];
          pc = pc + 4 | 0;
          continue;
        }
        case 63: /* i64_or */ {
          d = fp + C[pc + 1 | 0] | 0;
          a = fp + C[pc + 2 | 0] | 0;
          b = fp + C[pc + 3 | 0] | 0;
          R[d] = R[a] | R[b];
          R[d + 1 | 0] = R[a + 1 | 0] | R[b + 1 | 0];
          pc = pc + 4 | 0;
          continue;
        }
        case 64: /* i64_xor */ {
          d = fp + C[pc + 1 | 0] | 0;
          a = fp + C[pc + 2 | 0] | 0;
          b = fp + C[pc + 3 | 0] | 0;
          R[d] = R[a] ^ R[b];
          R[d + 1 | 0] = R[a + 1 | 0] ^ R[b + 1 | 0];
          pc = pc + 4 | 0;
          continue;
        }
        case 65: /* i64_mul */ {
          d = fp + C[pc + 1 | 0] | 0;
          a = fp + C[pc + 2 | 0] | 0;
          b = fp + C[pc + 3 | 0] | 0;
          x = R[a];
          y = R[b];
          x0 = x & 0xffff;
          x1 = x >>> 16;
          y0 = y & 0xffff;
          y1 = y >>> 16;
          m = Math.imul(x1, y0) + (Math.imul(x0, y0) >>> 16) | 0;
          n = Math.imul(x0, y1) + (m & 0xffff) | 0;
          R[d + 1 | 0] =
            Math.imul(x1, y1) + (m >>> 16) + (n >>> 16) + Math.imul(x, R[b + 1 | 0]) + Math.imul(R[a + 1 | 0], y) | 0;
          R[d] = Math.imul(x, y);
          pc = pc + 4 | 0;
          continue;
        }
        case 66: /* i64_shl */ {
          d = fp + C[pc + 1 | 0] | 0;
          a = fp + C[pc + 2 | 0] | 0;
          n = R[fp + C[pc + 3 | 0] | 0] & 63;
          x = R[a];
          y = R[a + 1 | 0];
          if (n < 32) {
            R[d] = x << n;
            R[d + 1 | 0] = y << n | x >>> 1 >>> 31 - n;
          } else {
            R[d] = 0;
            R[d + 1 | 0] = x << n;
          }
          pc = pc + 4 | 0;
          continue;
        }
        case 67: /* i64_shr_s */ {
          d = fp + C[pc + 1 | 0] | 0;
          a = fp + C[pc + 2 | 0] | 0;
          n = R[fp + C[pc + 3 | 0] | 0] & 63;
          x = R[a];
          y = R[a + 1 | 0];
          if (n < 32) {
            R[d] = x >>> n | y << 1 << 31 - n;
            R[d + 1 | 0] = y >> n;
          } else {
            R[d] = y >> n;
            R[d + 1 | 0] = y >> 31;
          }
          pc = pc + 4 | 0;
          continue;
        }
        case 68: /* i64_shr_u */ {
          d = fp + C[pc + 1 | 0] | 0;
          a = fp + C[pc + 2 | 0] | 0;
          n = R[fp + C[pc + 3 | 0] | 0] & 63;
          x = R[a];
          y = R[a + 1 | 0];
          if (n < 32) {
            R[d] = x >>> n | y << 1 << 31 - n;
            R[d + 1 | 0] = y >>> n;
          } else {
            R[d] = y >>> n;
            R[d + 1 | 0] = 0;
          }
          pc = pc + 4 | 0;
          continue;
        }
        case 69: /* i64_rotl */ {
          d = fp + C[pc + 1 | 0] | 0;
          a = fp + C[pc + 2 | 0] | 0;
          n = R[fp + C[pc + 3 | 0] | 0] & 63;
          z = (R[a] ^ R[a + 1 | 0]) & n << 26 >> 31;
          x = R[a] ^ z;
          y = R[a + 1 | 0] ^ z;
          R[d] = x << n | y >>> 1 >>> (31 - n & 31);
          R[d + 1 | 0] = y << n | x >>> 1 >>> (31 - n & 31);
          pc = pc + 4 | 0;
          continue;
        }
        case 70: /* i64_rotr */ {
          d = fp + C[pc + 1 | 0] | 0;
          a = fp + C[pc + 2 | 0] | 0;
          n = 64 - R[fp + C[pc + 3 | 0] | 0] & 63;
          z = (R[a] ^ R[a + 1 | 0]) & n << 26 >> 31;
          x = R[a] ^ z;
          y = R[a + 1 | 0] ^ z;
          R[d] = x << n | y >>> 1 >>> (31 - n & 31);
          R[d + 1 | 0] = y << n | x >>> 1 >>> (31 - n & 31);
          pc = pc + 4 | 0;
          continue;
        }
        case 71: /* i64_clz */ {
          d = fp + C[pc + 1 | 0] | 0;
          a = fp + C[pc + 2 | 0] | 0;
          x = R[a + 1 | 0];
          R[d] = x === 0 ? 32 + Math.clz32(R[a]) : Math.clz32(x);
          R[d + 1 | 0] = 0;
          pc = pc + 3 | 0;
          continue;
        }
        case 72: /* i64_ctz */ {
          d = fp + C[pc + 1 | 0] | 0;
          a = fp + C[pc + 2 | 0] | 0;
          x = R[a];
          y = R[a + 1 | 0];
          R[d] = x !== 0 ? 31 - Math.clz32(x & -x) : y !== 0 ? 63 - Math.clz32(y & -y) : 64;
          R[d + 1 | 0] = 0;
          pc = pc + 3 | 0;
          continue;
        }
        case 73: /* i64_extend8_s */ {
          d = fp + C[pc + 1 | 0] | 0;
          x = R[fp + C[pc + 2 | 0] | 0] << 24 >> 24;
          R[d] = x;
          R[d + 1 | 0] = x >> 31;
          pc = pc + 3 | 0;
          continue;
        }
        case 74: /* i64_extend16_s */ {
          d = fp + C[pc + 1 | 0] | 0;
          x = R[fp + C[pc + 2 | 0] | 0] << 16 >> 16;
          R[d] = x;
          R[d + 1 | 0] = x >> 31;
          pc = pc + 3 | 0;
          continue;
        }
        case 75: /* i64_extend32_s */ {
          d = fp + C[pc + 1 | 0] | 0;
          x = R[fp + C[pc + 2 | 0] | 0];
          R[d] = x;
          R[d + 1 | 0] = x >> 31;
          pc = pc + 3 | 0;
          continue;
        }
        case 76: /* i64_extend_i32_u */ {
          d = fp + C[pc + 1 | 0] | 0;
          R[d] = R[fp + C[pc + 2 | 0] | 0];
          R[d + 1 | 0] = 0;
          pc = pc + 3 | 0;
          continue;
        }
        case 77: /* f32_add */ {
          F[fp + C[pc + 1 | 0] | 0] = F[fp + C[pc + 2 | 0] | 0] + F[fp + C[pc + 3 | 0] | 0];
          pc = pc + 4 | 0;
          continue;
        }
        case 78: /* f32_sub */ {
          F[fp + C[pc + 1 | 0] | 0] = F[fp + C[pc + 2 | 0] | 0] - F[fp + C[pc + 3 | 0] | 0];
          pc = pc + 4 | 0;
          continue;
        }
        case 79: /* f32_mul */ {
          F[fp + C[pc + 1 | 0] | 0] = F[fp + C[pc + 2 | 0] | 0] * F[fp + C[pc + 3 | 0] | 0];
          pc = pc + 4 | 0;
          continue;
        }
        case 80: /* f32_div */ {
          F[fp + C[pc + 1 | 0] | 0] = F[fp + C[pc + 2 | 0] | 0] / F[fp + C[pc + 3 | 0] | 0];
          pc = pc + 4 | 0;
          continue;
        }
        case 81: /* f32_sqrt */ {
          F[fp + C[pc + 1 | 0] | 0] = Math.sqrt(F[fp + C[pc + 2 | 0] | 0]);
          pc = pc + 3 | 0;
          continue;
        }
        case 82: /* f64_add */ {
          D[fp + C[pc + 1 | 0] >> 1] = D[fp + C[pc + 2 | 0] >> 1] + D[fp + C[pc + 3 | 0] >> 1];
          pc = pc + 4 | 0;
          continue;
        }
        case 83: /* f64_sub */ {
          D[fp + C[pc + 1 | 0] >> 1] = D[fp + C[pc + 2 | 0] >> 1] - D[fp + C[pc + 3 | 0] >> 1];
          pc = pc + 4 | 0;
          continue;
        }
        case 84: /* f64_mul */ {
          D[fp + C[pc + 1 | 0] >> 1] = D[fp + C[pc + 2 | 0] >> 1] * D[fp + C[pc + 3 | 0] >> 1];
          pc = pc + 4 | 0;
          continue;
        }
        case 85: /* f64_div */ {
          D[fp + C[pc + 1 | 0] >> 1] = D[fp + C[pc + 2 | 0] >> 1] / D[fp + C[pc + 3 | 0] >> 1];
          pc = pc + 4 | 0;
          continue;
        }
        case 86: /* f64_sqrt */ {
          D[fp + C[pc + 1 | 0] >> 1] = Math.sqrt(D[fp + C[pc + 2 | 0] >> 1]);
          pc = pc + 3 | 0;
          continue;
        }
        case 87: /* f32_abs */ {
          R[fp + C[pc + 1 | 0] | 0] = R[fp + C[pc + 2 | 0] | 0] & 0x7fffffff;
          pc = pc + 3 | 0;
          continue;
        }
        case 88: /* f32_neg */ {
          R[fp + C[pc + 1 | 0] | 0] = R[fp + C[pc + 2 | 0] | 0] ^ 0x80000000;
          pc = pc + 3 | 0;
          continue;
        }
        case 89: /* f64_abs */ {
          d = fp + C[pc + 1 | 0] | 0;
          a = fp + C[pc + 2 | 0] | 0;
          x = R[a + 1 | 0] & 0x7fffffff;
          R[d] = R[a];
          R[d + 1 | 0] = x;
          pc = pc + 3 | 0;
          continue;
        }
        case 90: /* f64_neg */ {
          d = fp + C[pc + 1 | 0] | 0;
          a = fp + C[pc + 2 | 0] | 0;
          x = R[a + 1 | 0] ^ 0x80000000;
          R[d] = R[a];
          R[d + 1 | 0] = x;
          pc = pc + 3 | 0;
          continue;
        }
        case 91: /* f32_convert_i32_s */ {
          F[fp + C[pc + 1 | 0] | 0] = R[fp + C[pc + 2 | 0] | 0];
          pc = pc + 3 | 0;
          continue;
        }
        case 92: /* f64_convert_i32_s */ {
          D[fp + C[pc + 1 | 0] >> 1] = R[fp + C[pc + 2 | 0] | 0];
          pc = pc + 3 | 0;
          continue;
        }
        case 93: /* f64_convert_i32_u */ {
          D[fp + C[pc + 1 | 0] >> 1] = R[fp + C[pc + 2 | 0] | 0] >>> 0;
          pc = pc + 3 | 0;
          continue;
        }
        case 94: /* f64_promote_f32 */ {
          D[fp + C[pc + 1 | 0] >> 1] = F[fp + C[pc + 2 | 0] | 0];
          pc = pc + 3 | 0;
          continue;
        }
        case 95: /* f32_demote_f64 */ {
          F[fp + C[pc + 1 | 0] | 0] = D[fp + C[pc + 2 | 0] >> 1];
          pc = pc + 3 | 0;
          continue;
        }
        case 96: /* i32_trunc_f64_s */ {
          x = D[fp + C[pc + 2 | 0] >> 1];
          if (x !== x) {
            stop = /* INVALID_CONVERSION */ 4;
            break loop;
          }
          if (x <= -2147483649 || x >= 2147483648) {
            stop = /* INTEGER_OVERFLOW */ 3;
            break loop;
          }
          R[fp + C[pc + 1 | 0] | 0] = x | 0;
          pc = pc + 3 | 0;
          continue;
        }
        case 97: /* i32_eq */ {
          R[fp + C[pc + 1 | 0] | 0] = R[fp + C[pc + 2 | 0] | 0] === R[fp + C[pc + 3 | 0] | 0] ? 1 : 0;
          pc = pc + 4 | 0;
          continue;
        }
        case 98: /* i32_ne */ {
          R[fp + C[pc + 1 | 0] | 0] = R[fp + C[pc + 2 | 0] | 0] !== R[fp + C[pc + 3 | 0] | 0] ? 1 : 0;
          pc = pc + 4 | 0;
          continue;
        }
        case 99: /* i32_lt_s */ {
          R[fp + C[pc + 1 | 0] | 0] = R[fp + C[pc + 2 | 0] | 0] < R[fp + C[pc + 3 | 0] | 0] ? 1 : 0;
          pc = pc + 4 | 0;
          continue;
        }
        case 100: /* i32_lt_u */ {
          R[fp + C[pc + 1 | 0] | 0] = (R[fp + C[pc + 2 | 0] | 0] >>> 0) < (R[fp + C[pc + 3 | 0] | 0] >>> 0) ? 1 : 0;
          pc = pc + 4 | 0;
          continue;
        }
        case 101: /* i32_le_s */ {
          R[fp + C[pc + 1 | 0] | 0] = R[fp + C[pc + 2 | 0] | 0] <= R[fp + C[pc + 3 | 0] | 0] ? 1 : 0;
          pc = pc + 4 | 0;
          continue;
        }
        case 102: /* i32_le_u */ {
          R[fp + C[pc + 1 | 0] | 0] = (R[fp + C[pc + 2 | 0] | 0] >>> 0) <= (R[fp + C[pc + 3 | 0] | 0] >>> 0) ? 1 : 0;
          pc = pc + 4 | 0;
          continue;
        }
        case 103: /* i64_eq */ {
          a = fp + C[pc + 2 | 0] | 0;
          b = fp + C[pc + 3 | 0] | 0;
          R[fp + C[pc + 1 | 0] | 0] = R[a] === R[b] && R[a + 1 | 0] === R[b + 1 | 0] ? 1 : 0;
          pc = pc + 4 | 0;
          continue;
        }
        case 104: /* i64_ne */ {
          a = fp + C[pc + 2 | 0] | 0;
          b = fp + C[pc + 3 | 0] | 0;
          R[fp + C[pc + 1 | 0] | 0] = R[a] !== R[b] || R[a + 1 | 0] !== R[b + 1 | 0] ? 1 : 0;
          pc = pc + 4 | 0;
          continue;
        }
        case 105: /* i64_lt_s */ {
          a = fp + C[pc + 2 | 0] | 0;
          b = fp + C[pc + 3 | 0] | 0;
          R[fp + C[pc + 1 | 0] | 0] =
            R[a + 1 | 0] < R[b + 1 | 0] || R[a + 1 | 0] === R[b + 1 | 0] && (R[a] >>> 0) < (R[b] >>> 0) ? 1 : 0;
          pc = pc + 4 | 0;
          continue;
        }
        case 106: /* i64_lt_u */ {
          a = fp + C[pc + 2 | 0] | 0;
          b = fp + C[pc + 3 | 0] | 0;
          R[fp + C[pc + 1 | 0] | 0] =
            (R[a + 1 | 0] >>> 0) < (R[b + 1 | 0] >>> 0) || R[a + 1 | 0] === R[b + 1 | 0] && (R[a] >>> 0) < (R[b] >>> 0)
              ? 1
              : 0;
          pc = pc + 4 | 0;
          continue;
        }
        case 107: /* i64_le_s */ {
          a = fp + C[pc + 2 | 0] | 0;
          b = fp + C[pc + 3 | 0] | 0;
          R[fp + C[pc + 1 | 0] | 0] =
            R[a + 1 | 0] < R[b + 1 | 0] || R[a + 1 | 0] === R[b + 1 | 0] && (R[a] >>> 0) <= (R[b] >>> 0) ? 1 : 0;
          pc = pc + 4 | 0;
          continue;
        }
        case 108: /* i64_le_u */ {
          a = fp + C[pc + 2 | 0] | 0;
          b = fp + C[pc + 3 | 0] | 0;
          R[fp + C[pc + 1 | 0] | 0] =
            (R[a + 1 | 0] >>> 0) < (R[b + 1 | 0] >>> 0) || R[a + 1 | 0] === R[b + 1 | 0] && (R[a] >>> 0) <= (R[b] >>> 0)
              ? 1
              : 0;
          pc = pc + 4 | 0;
          continue;
        }
        case 109: /* f32_eq */ {
          R[fp + C[pc + 1 | 0] | 0] = F[fp + C[pc + 2 | 0] | 0] === F[fp + C[pc + 3 | 0] | 0] ? 1 : 0;
          pc = pc + 4 | 0;
          continue;
        }
        case 110: /* f32_ne */ {
          R[fp + C[pc + 1 | 0] | 0] = F[fp + C[pc + 2 | 0] | 0] !== F[fp + C[pc + 3 | 0] | 0] ? 1 : 0;
          pc = pc + 4 | 0;
          continue;
        }
        case 111: /* f32_lt */ {
          R[fp + C[pc + 1 | 0] | 0] = F[fp + C[pc + 2 | 0] | 0] < F[fp + C[pc + 3 | 0] | 0] ? 1 : 0;
          pc = pc + 4 | 0;
          continue;
        }
        case 112: /* f32_le */ {
          R[fp + C[pc + 1 | 0] | 0] = F[fp + C[pc + 2 | 0] | 0] <= F[fp + C[pc + 3 | 0] | 0] ? 1 : 0;
          pc = pc + 4 | 0;
          continue;
        }
        case 113: /* f64_eq */ {
          R[fp + C[pc + 1 | 0] | 0] = D[fp + C[pc + 2 | 0] >> 1] === D[fp + C[pc + 3 | 0] >> 1] ? 1 : 0;
          pc = pc + 4 | 0;
          continue;
        }
        case 114: /* f64_ne */ {
          R[fp + C[pc + 1 | 0] | 0] = D[fp + C[pc + 2 | 0] >> 1] !== D[fp + C[pc + 3 | 0] >> 1] ? 1 : 0;
          pc = pc + 4 | 0;
          continue;
        }
        case 115: /* f64_lt */ {
          R[fp + C[pc + 1 | 0] | 0] = D[fp + C[pc + 2 | 0] >> 1] < D[fp + C[pc + 3 | 0] >> 1] ? 1 : 0;
          pc = pc + 4 | 0;
          continue;
        }
        case 116: /* f64_le */ {
          R[fp + C[pc + 1 | 0] | 0] = D[fp + C[pc + 2 | 0] >> 1] <= D[fp + C[pc + 3 | 0] >> 1] ? 1 : 0;
          pc = pc + 4 | 0;
          continue;
        }
        case 117: /* br_if_i32_eq */ {
          {
            if (R[fp + C[pc + 1 | 0] | 0] === R[fp + C[pc + 2 | 0] | 0]) {
              fuel = fuel - C[pc + 4 | 0] | 0;
              pc = C[pc + 3 | 0];
              if (fuel < 0) break loop;
              continue;
            }
            fuel = fuel - C[pc + 5 | 0] | 0;
            pc = pc + 6 | 0;
            continue;
          }
        }
        case 118: /* br_if_i32_ne */ {
          {
            if (R[fp + C[pc + 1 | 0] | 0] !== R[fp + C[pc + 2 | 0] | 0]) {
              fuel = fuel - C[pc + 4 | 0] | 0;
              pc = C[pc + 3 | 0];
              if (fuel < 0) break loop;
              continue;
            }
            fuel = fuel - C[pc + 5 | 0] | 0;
            pc = pc + 6 | 0;
            continue;
          }
        }
        case 119: /* br_if_i32_lt_s */ {
          {
            if (R[fp + C[pc + 1 | 0] | 0] < R[fp + C[pc + 2 | 0] | 0]) {
              fuel = fuel - C[pc + 4 | 0] | 0;
              pc = C[pc + 3 | 0];
              if (fuel < 0) break loop;
              continue;
            }
            fuel = fuel - C[pc + 5 | 0] | 0;
            pc = pc + 6 | 0;
            continue;
          }
        }
        case 120: /* br_if_i32_lt_u */ {
          {
            if ((R[fp + C[pc + 1 | 0] | 0] >>> 0) < (R[fp + C[pc + 2 | 0] | 0] >>> 0)) {
              fuel = fuel - C[pc + 4 | 0] | 0;
              pc = C[pc + 3 | 0];
              if (fuel < 0) break loop;
              continue;
            }
            fuel = fuel - C[pc + 5 | 0] | 0;
            pc = pc + 6 | 0;
            continue;
          }
        }
        case 121: /* br_if_i32_le_s */ {
          {
            if (R[fp + C[pc + 1 | 0] | 0] <= R[fp + C[pc + 2 | 0] | 0]) {
              fuel = fuel - C[pc + 4 | 0] | 0;
              pc = C[pc + 3 | 0];
              if (fuel < 0) break loop;
              continue;
            }
            fuel = fuel - C[pc + 5 | 0] | 0;
            pc = pc + 6 | 0;
            continue;
          }
        }
        case 122: /* br_if_i32_le_u */ {
          {
            if ((R[fp + C[pc + 1 | 0] | 0] >>> 0) <= (R[fp + C[pc + 2 | 0] | 0] >>> 0)) {
              fuel = fuel - C[pc + 4 | 0] | 0;
              pc = C[pc + 3 | 0];
              if (fuel < 0) break loop;
              continue;
            }
            fuel = fuel - C[pc + 5 | 0] | 0;
            pc = pc + 6 | 0;
            continue;
          }
        }
        case 123: /* br_if_i64_eq */ {
          a = fp + C[pc + 1 | 0] | 0;
          b = fp + C[pc + 2 | 0] | 0;
          {
            if (R[a] === R[b] && R[a + 1 | 0] === R[b + 1 | 0]) {
              fuel = fuel - C[pc + 4 | 0] | 0;
              pc = C[pc + 3 | 0];
              if (fuel < 0) break loop;
              continue;
            }
            fuel = fuel - C[pc + 5 | 0] | 0;
            pc = pc + 6 | 0;
            continue;
          }
        }
        case 124: /* br_if_i64_ne */ {
          a = fp + C[pc + 1 | 0] | 0;
          b = fp + C[pc + 2 | 0] | 0;
          {
            if (R[a] !== R[b] || R[a + 1 | 0] !== R[b + 1 | 0]) {
              fuel = fuel - C[pc + 4 | 0] | 0;
              pc = C[pc + 3 | 0];
              if (fuel < 0) break loop;
              continue;
            }
            fuel = fuel - C[pc + 5 | 0] | 0;
            pc = pc + 6 | 0;
            continue;
          }
        }
        case 125: /* br_if_i64_lt_s */ {
          a = fp + C[pc + 1 | 0] | 0;
          b = fp + C[pc + 2 | 0] | 0;
          {
            if (R[a + 1 | 0] < R[b + 1 | 0] || R[a + 1 | 0] === R[b + 1 | 0] && (R[a] >>> 0) < (R[b] >>> 0)) {
              fuel = fuel - C[pc + 4 | 0] | 0;
              pc = C[pc + 3 | 0];
              if (fuel < 0) break loop;
              continue;
            }
            fuel = fuel - C[pc + 5 | 0] | 0;
            pc = pc + 6 | 0;
            continue;
          }
        }
        case 126: /* br_if_i64_lt_u */ {
          a = fp + C[pc + 1 | 0] | 0;
          b = fp + C[pc + 2 | 0] | 0;
          {
            if (
              (R[a + 1 | 0] >>> 0) < (R[b + 1 | 0] >>> 0) ||
              R[a + 1 | 0] === R[b + 1 | 0] && (R[a] >>> 0) < (R[b] >>> 0)
            ) {
              fuel = fuel - C[pc + 4 | 0] | 0;
              pc = C[pc + 3 | 0];
              if (fuel < 0) break loop;
              continue;
            }
            fuel = fuel - C[pc + 5 | 0] | 0;
            pc = pc + 6 | 0;
            continue;
          }
        }
        case 127: /* br_if_i64_le_s */ {
          a = fp + C[pc + 1 | 0] | 0;
          b = fp + C[pc + 2 | 0] | 0;
          {
            if (R[a + 1 | 0] < R[b + 1 | 0] || R[a + 1 | 0] === R[b + 1 | 0] && (R[a] >>> 0) <= (R[b] >>> 0)) {
              fuel = fuel - C[pc + 4 | 0] | 0;
              pc = C[pc + 3 | 0];
              if (fuel < 0) break loop;
              continue;
            }
            fuel = fuel - C[pc + 5 | 0] | 0;
            pc = pc + 6 | 0;
            continue;
          }
        }
        case 128: /* br_if_i64_le_u */ {
          a = fp + C[pc + 1 | 0] | 0;
          b = fp + C[pc + 2 | 0] | 0;
          {
            if (
              (R[a + 1 | 0] >>> 0) < (R[b + 1 | 0] >>> 0) ||
              R[a + 1 | 0] === R[b + 1 | 0] && (R[a] >>> 0) <= (R[b] >>> 0)
            ) {
              fuel = fuel - C[pc + 4 | 0] | 0;
              pc = C[pc + 3 | 0];
              if (fuel < 0) break loop;
              continue;
            }
            fuel = fuel - C[pc + 5 | 0] | 0;
            pc = pc + 6 | 0;
            continue;
          }
        }
        case 129: /* br_if_f64_eq */ {
          {
            if (D[fp + C[pc + 1 | 0] >> 1] === D[fp + C[pc + 2 | 0] >> 1]) {
              fuel = fuel - C[pc + 4 | 0] | 0;
              pc = C[pc + 3 | 0];
              if (fuel < 0) break loop;
              continue;
            }
            fuel = fuel - C[pc + 5 | 0] | 0;
            pc = pc + 6 | 0;
            continue;
          }
        }
        case 130: /* br_if_f64_ne */ {
          {
            if (D[fp + C[pc + 1 | 0] >> 1] !== D[fp + C[pc + 2 | 0] >> 1]) {
              fuel = fuel - C[pc + 4 | 0] | 0;
              pc = C[pc + 3 | 0];
              if (fuel < 0) break loop;
              continue;
            }
            fuel = fuel - C[pc + 5 | 0] | 0;
            pc = pc + 6 | 0;
            continue;
          }
        }
        case 131: /* br_if_f64_lt */ {
          {
            if (D[fp + C[pc + 1 | 0] >> 1] < D[fp + C[pc + 2 | 0] >> 1]) {
              fuel = fuel - C[pc + 4 | 0] | 0;
              pc = C[pc + 3 | 0];
              if (fuel < 0) break loop;
              continue;
            }
            fuel = fuel - C[pc + 5 | 0] | 0;
            pc = pc + 6 | 0;
            continue;
          }
        }
        case 132: /* br_if_f64_le */ {
          {
            if (D[fp + C[pc + 1 | 0] >> 1] <= D[fp + C[pc + 2 | 0] >> 1]) {
              fuel = fuel - C[pc + 4 | 0] | 0;
              pc = C[pc + 3 | 0];
              if (fuel < 0) break loop;
              continue;
            }
            fuel = fuel - C[pc + 5 | 0] | 0;
            pc = pc + 6 | 0;
            continue;
          }
        }
        case 133: /* br_unless_f64_lt */ {
          {
            if (!(D[fp + C[pc + 1 | 0] >> 1] < D[fp + C[pc + 2 | 0] >> 1])) {
              fuel = fuel - C[pc + 4 | 0] | 0;
              pc = C[pc + 3 | 0];
              if (fuel < 0) break loop;
              continue;
            }
            fuel = fuel - C[pc + 5 | 0] | 0;
            pc = pc + 6 | 0;
            continue;
          }
        }
        case 134: /* br_unless_f64_le */ {
          {
            if (!(D[fp + C[pc + 1 | 0] >> 1] <= D[fp + C[pc + 2 | 0] >> 1])) {
              fuel = fuel - C[pc + 4 | 0] | 0;
              pc = C[pc + 3 | 0];
              if (fuel < 0) break loop;
              continue;
            }
            fuel = fuel - C[pc + 5 | 0] | 0;
            pc = pc + 6 | 0;
            continue;
          }
        }
        case 135: /* br_if_i32_eq_k */ {
          {
            if (R[fp + C[pc + 1 | 0] | 0] === C[pc + 2 | 0]) {
              fuel = fuel - C[pc + 4 | 0] | 0;
              pc = C[pc + 3 | 0];
              if (fuel < 0) break loop;
              continue;
            }
            fuel = fuel - C[pc + 5 | 0] | 0;
            pc = pc + 6 | 0;
            continue;
          }
        }
        case 136: /* br_if_i32_ne_k */ {
          {
            if (R[fp + C[pc + 1 | 0] | 0] !== C[pc + 2 | 0]) {
              fuel = fuel - C[pc + 4 | 0] | 0;
              pc = C[pc + 3 | 0];
              if (fuel < 0) break loop;
              continue;
            }
            fuel = fuel - C[pc + 5 | 0] | 0;
            pc = pc + 6 | 0;
            continue;
          }
        }
        case 137: /* br_if_i32_lt_s_k */ {
          {
            if (R[fp + C[pc + 1 | 0] | 0] < C[pc + 2 | 0]) {
              fuel = fuel - C[pc + 4 | 0] | 0;
              pc = C[pc + 3 | 0];
              if (fuel < 0) break loop;
              continue;
            }
            fuel = fuel - C[pc + 5 | 0] | 0;
            pc = pc + 6 | 0;
            continue;
          }
        }
        case 138: /* br_if_i32_lt_u_k */ {
          {
            if ((R[fp + C[pc + 1 | 0] | 0] >>> 0) < (C[pc + 2 | 0] >>> 0)) {
              fuel = fuel - C[pc + 4 | 0] | 0;
              pc = C[pc + 3 | 0];
              if (fuel < 0) break loop;
              continue;
            }
            fuel = fuel - C[pc + 5 | 0] | 0;
            pc = pc + 6 | 0;
            continue;
          }
        }
        case 139: /* br_if_i32_gt_s_k */ {
          {
            if (R[fp + C[pc + 1 | 0] | 0] > C[pc + 2 | 0]) {
              fuel = fuel - C[pc + 4 | 0] | 0;
              pc = C[pc + 3 | 0];
              if (fuel < 0) break loop;
              continue;
            }
            fuel = fuel - C[pc + 5 | 0] | 0;
            pc = pc + 6 | 0;
            continue;
          }
        }
        case 140: /* br_if_i32_gt_u_k */ {
          {
            if ((R[fp + C[pc + 1 | 0] | 0] >>> 0) > (C[pc + 2 | 0] >>> 0)) {
              fuel = fuel - C[pc + 4 | 0] | 0;
              pc = C[pc + 3 | 0];
              if (fuel < 0) break loop;
              continue;
            }
            fuel = fuel - C[pc + 5 | 0] | 0;
            pc = pc + 6 | 0;
            continue;
          }
        }
        case 141: /* br_if_i32_le_s_k */ {
          {
            if (R[fp + C[pc + 1 | 0] | 0] <= C[pc + 2 | 0]) {
              fuel = fuel - C[pc + 4 | 0] | 0;
              pc = C[pc + 3 | 0];
              if (fuel < 0) break loop;
              continue;
            }
            fuel = fuel - C[pc + 5 | 0] | 0;
            pc = pc + 6 | 0;
            continue;
          }
        }
        case 142: /* br_if_i32_le_u_k */ {
          {
            if ((R[fp + C[pc + 1 | 0] | 0] >>> 0) <= (C[pc + 2 | 0] >>> 0)) {
              fuel = fuel - C[pc + 4 | 0] | 0;
              pc = C[pc + 3 | 0];
              if (fuel < 0) break loop;
              continue;
            }
            fuel = fuel - C[pc + 5 | 0] | 0;
            pc = pc + 6 | 0;
            continue;
          }
        }
        case 143: /* br_if_i32_ge_s_k */ {
          {
            if (R[fp + C[pc + 1 | 0] | 0] >= C[pc + 2 | 0]) {
              fuel = fuel - C[pc + 4 | 0] | 0;
              pc = C[pc + 3 | 0];
              if (fuel < 0) break loop;
              continue;
            }
            fuel = fuel - C[pc + 5 | 0] | 0;
            pc = pc + 6 | 0;
            continue;
          }
        }
        case 144: /* br_if_i32_ge_u_k */ {
          {
            if ((R[fp + C[pc + 1 | 0] | 0] >>> 0) >= (C[pc + 2 | 0] >>> 0)) {
              fuel = fuel - C[pc + 4 | 0] | 0;
              pc = C[pc + 3 | 0];
              if (fuel < 0) break loop;
              continue;
            }
            fuel = fuel - C[pc + 5 | 0] | 0;
            pc = pc + 6 | 0;
            continue;
          }
        }
        case 145: /* br_if_i64_eq_k */ {
          a = fp + C[pc + 1 | 0] | 0;
          {
            if (R[a] === C[pc + 2 | 0] && R[a + 1 | 0] === C[pc + 3 | 0]) {
              fuel = fuel - C[pc + 5 | 0] | 0;
              pc = C[pc + 4 | 0];
              if (fuel < 0) break loop;
              continue;
            }
            fuel = fuel - C[pc + 6 | 0] | 0;
            pc = pc + 7 | 0;
            continue;
          }
        }
        case 146: /* br_if_i64_ne_k */ {
          a = fp + C[pc + 1 | 0] | 0;
          {
            if (R[a] !== C[pc + 2 | 0] || R[a + 1 | 0] !== C[pc + 3 | 0]) {
              fuel = fuel - C[pc + 5 | 0] | 0;
              pc = C[pc + 4 | 0];
              if (fuel < 0) break loop;
              continue;
            }
            fuel = fuel - C[pc + 6 | 0] | 0;
            pc = pc + 7 | 0;
            continue;
          }
        }
        case 147: /* i32_eq_k */ {
          R[fp + C[pc + 1 | 0] | 0] = R[fp + C[pc + 2 | 0] | 0] === C[pc + 3 | 0] ? 1 : 0;
          pc = pc + 4 | 0;
          continue;
        }
        case 148: /* i32_ne_k */ {
          R[fp + C[pc + 1 | 0] | 0] = R[fp + C[pc + 2 | 0] | 0] !== C[pc + 3 | 0] ? 1 : 0;
          pc = pc + 4 | 0;
          continue;
        }
        case 149: /* i32_lt_s_k */ {
          R[fp + C[pc + 1 | 0] | 0] = R[fp + C[pc + 2 | 0] | 0] < C[pc + 3 | 0] ? 1 : 0;
          pc = pc + 4 | 0;
          continue;
        }
        case 150: /* i32_lt_u_k */ {
          R[fp + C[pc + 1 | 0] | 0] = (R[fp + C[pc + 2 | 0] | 0] >>> 0) < (C[pc + 3 | 0] >>> 0) ? 1 : 0;
          pc = pc + 4 | 0;
          continue;
        }
        case 151: /* i32_gt_s_k */ {
          R[fp + C[pc + 1 | 0] | 0] = R[fp + C[pc + 2 | 0] | 0] > C[pc + 3 | 0] ? 1 : 0;
          pc = pc + 4 | 0;
          continue;
        }
        case 152: /* i32_gt_u_k */ {
          R[fp + C[pc + 1 | 0] | 0] = (R[fp + C[pc + 2 | 0] | 0] >>> 0) > (C[pc + 3 | 0] >>> 0) ? 1 : 0;
          pc = pc + 4 | 0;
          continue;
        }
        case 153: /* i32_le_s_k */ {
          R[fp + C[pc + 1 | 0] | 0] = R[fp + C[pc + 2 | 0] | 0] <= C[pc + 3 | 0] ? 1 : 0;
          pc = pc + 4 | 0;
          continue;
        }
        case 154: /* i32_le_u_k */ {
          R[fp + C[pc + 1 | 0] | 0] = (R[fp + C[pc + 2 | 0] | 0] >>> 0) <= (C[pc + 3 | 0] >>> 0) ? 1 : 0;
          pc = pc + 4 | 0;
          continue;
        }
        case 155: /* i32_ge_s_k */ {
          R[fp + C[pc + 1 | 0] | 0] = R[fp + C[pc + 2 | 0] | 0] >= C[pc + 3 | 0] ? 1 : 0;
          pc = pc + 4 | 0;
          continue;
        }
        case 156: /* i32_ge_u_k */ {
          R[fp + C[pc + 1 | 0] | 0] = (R[fp + C[pc + 2 | 0] | 0] >>> 0) >= (C[pc + 3 | 0] >>> 0) ? 1 : 0;
          pc = pc + 4 | 0;
          continue;
        }
        case 157: /* i64_eq_k */ {
          a = fp + C[pc + 2 | 0] | 0;
          R[fp + C[pc + 1 | 0] | 0] = R[a] === C[pc + 3 | 0] && R[a + 1 | 0] === C[pc + 4 | 0] ? 1 : 0;
          pc = pc + 5 | 0;
          continue;
        }
        case 158: /* i64_ne_k */ {
          a = fp + C[pc + 2 | 0] | 0;
          R[fp + C[pc + 1 | 0] | 0] = R[a] !== C[pc + 3 | 0] || R[a + 1 | 0] !== C[pc + 4 | 0] ? 1 : 0;
          pc = pc + 5 | 0;
          continue;
        }
        case 159: /* i32_add_k */ {
          R[fp + C[pc + 1 | 0] | 0] = R[fp + C[pc + 2 | 0] | 0] + C[pc + 3 | 0] | 0;
          pc = pc + 4 | 0;
          continue;
        }
        case 160: /* i32_mul_k */ {
          R[fp + C[pc + 1 | 0] | 0] = Math.imul(R[fp + C[pc + 2 | 0] | 0], C[pc + 3 | 0]);
          pc = pc + 4 | 0;
          continue;
        }
        case 161: /* i32_and_k */ {
          R[fp + C[pc + 1 | 0] | 0] = R[fp + C[pc + 2 | 0] | 0] & C[pc + 3 | 0];
          pc = pc + 4 | 0;
          continue;
        }
        case 162: /* i32_or_k */ {
          R[fp + C[pc + 1 | 0] | 0] = R[fp + C[pc + 2 | 0] | 0] | C[pc + 3 | 0];
          pc = pc + 4 | 0;
          continue;
        }
        case 163: /* i32_xor_k */ {
          R[fp + C[pc + 1 | 0] | 0] = R[fp + C[pc + 2 | 0] | 0] ^ C[pc + 3 | 0];
          pc = pc + 4 | 0;
          continue;
        }
        case 164: /* i32_shl_k */ {
          R[fp + C[pc + 1 | 0] | 0] = R[fp + C[pc + 2 | 0] | 0] << C[pc + 3 | 0];
          pc = pc + 4 | 0;
          continue;
        }
        case 165: /* i32_shr_s_k */ {
          R[fp + C[pc + 1 | 0] | 0] = R[fp + C[pc + 2 | 0] | 0] >> C[pc + 3 | 0];
          pc = pc + 4 | 0;
          continue;
        }
        case 166: /* i32_shr_u_k */ {
          R[fp + C[pc + 1 | 0] | 0] = R[fp + C[pc + 2 | 0] | 0] >>> C[pc + 3 | 0];
          pc = pc + 4 | 0;
          continue;
        }
        case 167: /* i32_rotl_k */ {
          x = R[fp + C[pc + 2 | 0] | 0];
          y = C[pc + 3 | 0];
          R[fp + C[pc + 1 | 0] | 0] = x << y | x >>> (32 - y & 31);
          pc = pc + 4 | 0;
          continue;
        }
        case 168: /* i64_add_k */ {
          d = fp + C[pc + 1 | 0] | 0;
          a = fp + C[pc + 2 | 0] | 0;
          x = R[a];
          y = x + C[pc + 3 | 0] | 0;
          R[d + 1 | 0] = R[a + 1 | 0] + C[pc + 4 | 0] + ((y >>> 0) < (x >>> 0) ? 1 : 0) | 0;
          R[d] = y;
          pc = pc + 5 | 0;
          continue;
        }
        case 169: /* i64_and_k */ {
          d = fp + C[pc + 1 | 0] | 0;
          a = fp + C[pc + 2 | 0] | 0;
          R[d] = R[a] & C[pc + 3 | 0];
          R[d + 1 | 0] = R[a + 1 | 0] & C[pc + 4 | 0];
          pc = pc + 5 | 0;
          continue;
        }
        case 170: /* i64_or_k */ {
          d = fp + C[pc + 1 | 0] | 0;
          a = fp + C[pc + 2 | 0] | 0;
          R[d] = R[a] | C[pc + 3 | 0];
          R[d + 1 | 0] = R[a + 1 | 0] | C[pc + 4 | 0];
          pc = pc + 5 | 0;
          continue;
        }
        case 171: /* i64_xor_k */ {
          d = fp + C[pc + 1 | 0] | 0;
          a = fp + C[pc + 2 | 0] | 0;
          R[d] = R[a] ^ C[pc + 3 | 0];
          R[d + 1 | 0] = R[a + 1 | 0] ^ C[pc + 4 | 0];
          pc = pc + 5 | 0;
          continue;
        }
        case 172: /* i64_mul_k */ {
          d = fp + C[pc + 1 | 0] | 0;
          a = fp + C[pc + 2 | 0] | 0;
          x = R[a];
          y = C[pc + 3 | 0];
          x0 = x & 0xffff;
          x1 = x >>> 16;
          y0 = y & 0xffff;
          y1 = y >>> 16;
          m = Math.imul(x1, y0) + (Math.imul(x0, y0) >>> 16) | 0;
          n = Math.imul(x0, y1) + (m & 0xffff) | 0;
          R[d + 1 | 0] =
            Math.imul(x1, y1) + (m >>> 16) + (n >>> 16) + Math.imul(x, C[pc + 4 | 0]) + Math.imul(R[a + 1 | 0], y) | 0;
          R[d] = Math.imul(x, y);
          pc = pc + 5 | 0;
          continue;
        }
        case 173: /* i64_shl_k */ {
          d = fp + C[pc + 1 | 0] | 0;
          a = fp + C[pc + 2 | 0] | 0;
          n = C[pc + 3 | 0] & 63;
          x = R[a];
          y = R[a + 1 | 0];
          if (n < 32) {
            R[d] = x << n;
            R[d + 1 | 0] = y << n | x >>> 1 >>> 31 - n;
          } else {
            R[d] = 0;
            R[d + 1 | 0] = x << n;
          }
          pc = pc + 4 | 0;
          continue;
        }
        case 174: /* i64_shr_s_k */ {
          d = fp + C[pc + 1 | 0] | 0;
          a = fp + C[pc + 2 | 0] | 0;
          n = C[pc + 3 | 0] & 63;
          x = R[a];
          y = R[a + 1 | 0];
          if (n < 32) {
            R[d] = x >>> n | y << 1 << 31 - n;
            R[d + 1 | 0] = y >> n;
          } else {
            R[d] = y >> n;
            R[d + 1 | 0] = y >> 31;
          }
          pc = pc + 4 | 0;
          continue;
        }
        case 175: /* i64_shr_u_k */ {
          d = fp + C[pc + 1 | 0] | 0;
          a = fp + C[pc + 2 | 0] | 0;
          n = C[pc + 3 | 0] & 63;
          x = R[a];
          y = R[a + 1 | 0];
          if (n < 32) {
            R[d] = x >>> n | y << 1 << 31 - n;
            R[d + 1 | 0] = y >>> n;
          } else {
            R[d] = y >>> n;
            R[d + 1 | 0] = 0;
          }
          pc = pc + 4 | 0;
          continue;
        }
        case 176: /* i64_rotl_k */ {
          d = fp + C[pc + 1 | 0] | 0;
          a = fp + C[pc + 2 | 0] | 0;
          n = C[pc + 3 | 0] & 63;
          z = (R[a] ^ R[a + 1 | 0]) & n << 26 >> 31;
          x = R[a] ^ z;
          y = R[a + 1 | 0] ^ z;
          R[d] = x << n | y >>> 1 >>> (31 - n & 31);
          R[d + 1 | 0] = y << n | x >>> 1 >>> (31 - n & 31);
          pc = pc + 4 | 0;
          continue;
        }
        case 177: /* i32_add[a:i32_shl_k] */ {
          vI_a = (R[fp + C[pc + 2 | 0] | 0] << C[pc + 3 | 0]) | 0;
          R[fp + C[pc + 1 | 0] | 0] = vI_a + R[fp + C[pc + 4 | 0] | 0] | 0;
          pc = pc + 5 | 0;
          continue;
        }
        case 178: /* i64_xor[a:i64_rotl_k] */ {
          d = fp + C[pc + 1 | 0] | 0;
          aa = fp + C[pc + 2 | 0] | 0;
          b = fp + C[pc + 4 | 0] | 0;
          n_a = C[pc + 3 | 0] & 63;
          z_a = (R[aa] ^ R[aa + 1 | 0]) & n_a << 26 >> 31;
          x_a = R[aa] ^ z_a;
          y_a = R[aa + 1 | 0] ^ z_a;
          vI_a = (x_a << n_a | y_a >>> 1 >>> (31 - n_a & 31)) | 0;
          vH_a = (y_a << n_a | x_a >>> 1 >>> (31 - n_a & 31)) | 0;
          R[d] = vI_a ^ R[b];
          R[d + 1 | 0] = vH_a ^ R[b + 1 | 0];
          pc = pc + 5 | 0;
          continue;
        }
        case 179: /* i32_add_k[a:global_get32] */ {
          vI_a = (G[C[pc + 2 | 0]]) | 0;
          R[fp + C[pc + 1 | 0] | 0] = vI_a + C[pc + 3 | 0] | 0;
          pc = pc + 4 | 0;
          continue;
        }
        case 180: /* store64[b:load64] */ {
          x_b = R[fp + C[pc + 3 | 0] | 0];
          if (x_b < 0) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          y_b = view.getInt32(x_b + C[pc + 4 | 0] + 4 | 0, true);
          vI_b = (view.getInt32(x_b + C[pc + 4 | 0] | 0, true)) | 0;
          vH_b = y_b | 0;
          x = R[fp + C[pc + 1 | 0] | 0];
          if (x < 0) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          view.setInt32(x + C[pc + 2 | 0] + 4 | 0, vH_b, true);
          view.setInt32(x + C[pc + 2 | 0] | 0, vI_b, true);
          pc = pc + 5 | 0;
          continue;
        }
        case 181: /* i64_xor[a:i64_rotl_k][b:i64_rotl_k] */ {
          d = fp + C[pc + 1 | 0] | 0;
          aa = fp + C[pc + 2 | 0] | 0;
          ba = fp + C[pc + 4 | 0] | 0;
          n_b = C[pc + 5 | 0] & 63;
          z_b = (R[ba] ^ R[ba + 1 | 0]) & n_b << 26 >> 31;
          x_b = R[ba] ^ z_b;
          y_b = R[ba + 1 | 0] ^ z_b;
          vI_b = (x_b << n_b | y_b >>> 1 >>> (31 - n_b & 31)) | 0;
          vH_b = (y_b << n_b | x_b >>> 1 >>> (31 - n_b & 31)) | 0;
          n_a = C[pc + 3 | 0] & 63;
          z_a = (R[aa] ^ R[aa + 1 | 0]) & n_a << 26 >> 31;
          x_a = R[aa] ^ z_a;
          y_a = R[aa + 1 | 0] ^ z_a;
          vI_a = (x_a << n_a | y_a >>> 1 >>> (31 - n_a & 31)) | 0;
          vH_a = (y_a << n_a | x_a >>> 1 >>> (31 - n_a & 31)) | 0;
          R[d] = vI_a ^ vI_b;
          R[d + 1 | 0] = vH_a ^ vH_b;
          pc = pc + 6 | 0;
          continue;
        }
        case 182: /* i32_add_k[;i32_add_k] */ {
          R[fp + C[pc + 1 | 0] | 0] = R[fp + C[pc + 2 | 0] | 0] + C[pc + 3 | 0] | 0;
          R[fp + C[pc + 4 | 0] | 0] = R[fp + C[pc + 5 | 0] | 0] + C[pc + 6 | 0] | 0;
          pc = pc + 7 | 0;
          continue;
        }
        case 183: /* mov32[;mov32] */ {
          R[fp + C[pc + 1 | 0] | 0] = R[fp + C[pc + 2 | 0] | 0];
          R[fp + C[pc + 3 | 0] | 0] = R[fp + C[pc + 4 | 0] | 0];
          pc = pc + 5 | 0;
          continue;
        }
        case 184: /* i64_add[a:i64_xor] */ {
          d = fp + C[pc + 1 | 0] | 0;
          aa = fp + C[pc + 2 | 0] | 0;
          ab = fp + C[pc + 3 | 0] | 0;
          b = fp + C[pc + 4 | 0] | 0;
          vI_a = (R[aa] ^ R[ab]) | 0;
          vH_a = (R[aa + 1 | 0] ^ R[ab + 1 | 0]) | 0;
          x = vI_a;
          y = x + R[b] | 0;
          R[d + 1 | 0] = vH_a + R[b + 1 | 0] + ((y >>> 0) < (x >>> 0) ? 1 : 0) | 0;
          R[d] = y;
          pc = pc + 5 | 0;
          continue;
        }
        case 185: /* br_unless[a:i32_and_k] */ {
          vI_a = (R[fp + C[pc + 1 | 0] | 0] & C[pc + 2 | 0]) | 0;
          {
            if (vI_a === 0) {
              fuel = fuel - C[pc + 4 | 0] | 0;
              pc = C[pc + 3 | 0];
              if (fuel < 0) break loop;
              continue;
            }
            fuel = fuel - C[pc + 5 | 0] | 0;
            pc = pc + 6 | 0;
            continue;
          }
        }
        case 186: /* load32[;load32] */ {
          x_x = R[fp + C[pc + 1 | 0] | 0];
          if (x_x < 0) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          R[fp + C[pc + 3 | 0] | 0] = view.getInt32(x_x + C[pc + 2 | 0] | 0, true);
          x = R[fp + C[pc + 4 | 0] | 0];
          if (x < 0) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          R[fp + C[pc + 6 | 0] | 0] = view.getInt32(x + C[pc + 5 | 0] | 0, true);
          pc = pc + 7 | 0;
          continue;
        }
        case 187: /* i64_and[a:i64_xor] */ {
          d = fp + C[pc + 1 | 0] | 0;
          aa = fp + C[pc + 2 | 0] | 0;
          ab = fp + C[pc + 3 | 0] | 0;
          b = fp + C[pc + 4 | 0] | 0;
          vI_a = (R[aa] ^ R[ab]) | 0;
          vH_a = (R[aa + 1 | 0] ^ R[ab + 1 | 0]) | 0;
          R[d] = vI_a & R[b];
          R[d + 1 | 0] = vH_a & R[b + 1 | 0];
          pc = pc + 5 | 0;
          continue;
        }
        case 188: /* i32_load8_u[a:i32_add] */ {
          vI_a = R[fp + C[pc + 1 | 0] | 0] + R[fp + C[pc + 2 | 0] | 0] | 0;
          x = vI_a;
          y = x + C[pc + 3 | 0] | 0;
          if (x < 0 || (y >>> 0) >= size) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          R[fp + C[pc + 4 | 0] | 0] = bytes[y];
          pc = pc + 5 | 0;
          continue;
        }
        case 189: /* store64[b:const64] */ {
          vI_b = (C[pc + 3 | 0]) | 0;
          vH_b = (C[pc + 4 | 0]) | 0;
          x = R[fp + C[pc + 1 | 0] | 0];
          if (x < 0) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          view.setInt32(x + C[pc + 2 | 0] + 4 | 0, vH_b, true);
          view.setInt32(x + C[pc + 2 | 0] | 0, vI_b, true);
          pc = pc + 5 | 0;
          continue;
        }
        case 190: /* i32_add_k[a:i32_add] */ {
          vI_a = R[fp + C[pc + 2 | 0] | 0] + R[fp + C[pc + 3 | 0] | 0] | 0;
          R[fp + C[pc + 1 | 0] | 0] = vI_a + C[pc + 4 | 0] | 0;
          pc = pc + 5 | 0;
          continue;
        }
        case 191: /* load32[a:const32] */ {
          vI_a = (C[pc + 1 | 0]) | 0;
          x = vI_a;
          if (x < 0) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          R[fp + C[pc + 3 | 0] | 0] = view.getInt32(x + C[pc + 2 | 0] | 0, true);
          pc = pc + 4 | 0;
          continue;
        }
        case 192: /* i32_load16_u[a:i32_add[a:i32_shl_k]] */ {
          vI_a_a = (R[fp + C[pc + 1 | 0] | 0] << C[pc + 2 | 0]) | 0;
          vI_a = vI_a_a + R[fp + C[pc + 3 | 0] | 0] | 0;
          x = vI_a;
          if (x < 0) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          R[fp + C[pc + 5 | 0] | 0] = view.getUint16(x + C[pc + 4 | 0] | 0, true);
          pc = pc + 6 | 0;
          continue;
        }
        case 193: /* global_set32[a:i32_add_k] */ {
          vI_a = R[fp + C[pc + 2 | 0] | 0] + C[pc + 3 | 0] | 0;
          G[C[pc + 1 | 0]] = vI_a;
          pc = pc + 4 | 0;
          continue;
        }
        case 194: /* i32_and_k[a:i32_sub] */ {
          vI_a = R[fp + C[pc + 2 | 0] | 0] - R[fp + C[pc + 3 | 0] | 0] | 0;
          R[fp + C[pc + 1 | 0] | 0] = vI_a & C[pc + 4 | 0];
          pc = pc + 5 | 0;
          continue;
        }
        case 195: /* i32_load16_u[a:i32_add_k[a:i32_add]] */ {
          vI_a_a = R[fp + C[pc + 1 | 0] | 0] + R[fp + C[pc + 2 | 0] | 0] | 0;
          vI_a = vI_a_a + C[pc + 3 | 0] | 0;
          x = vI_a;
          if (x < 0) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          R[fp + C[pc + 5 | 0] | 0] = view.getUint16(x + C[pc + 4 | 0] | 0, true);
          pc = pc + 6 | 0;
          continue;
        }
        case 196: /* i64_add_k[a:i64_extend_i32_u] */ {
          d = fp + C[pc + 1 | 0] | 0;
          vI_a = (R[fp + C[pc + 2 | 0] | 0]) | 0;
          vH_a = (0) | 0;
          x = vI_a;
          y = x + C[pc + 3 | 0] | 0;
          R[d + 1 | 0] = vH_a + C[pc + 4 | 0] + ((y >>> 0) < (x >>> 0) ? 1 : 0) | 0;
          R[d] = y;
          pc = pc + 5 | 0;
          continue;
        }
        case 197: /* i32_load8_u[a:i32_add_k] */ {
          vI_a = R[fp + C[pc + 1 | 0] | 0] + C[pc + 2 | 0] | 0;
          x = vI_a;
          y = x + C[pc + 3 | 0] | 0;
          if (x < 0 || (y >>> 0) >= size) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          R[fp + C[pc + 4 | 0] | 0] = bytes[y];
          pc = pc + 5 | 0;
          continue;
        }
        case 198: /* i32_and_k[a:i32_shr_u_k] */ {
          vI_a = (R[fp + C[pc + 2 | 0] | 0] >>> C[pc + 3 | 0]) | 0;
          R[fp + C[pc + 1 | 0] | 0] = vI_a & C[pc + 4 | 0];
          pc = pc + 5 | 0;
          continue;
        }
        case 199: /* global_set32[a=i32_add_k[a:global_get32]] */ {
          vI_a_a = (G[C[pc + 3 | 0]]) | 0;
          vI_a = vI_a_a + C[pc + 4 | 0] | 0;
          R[fp + C[pc + 2 | 0] | 0] = vI_a;
          G[C[pc + 1 | 0]] = vI_a;
          pc = pc + 5 | 0;
          continue;
        }
        case 200: /* store32[;store32] */ {
          x_x = R[fp + C[pc + 1 | 0] | 0];
          if (x_x < 0) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          view.setInt32(x_x + C[pc + 2 | 0] | 0, R[fp + C[pc + 3 | 0] | 0], true);
          x = R[fp + C[pc + 4 | 0] | 0];
          if (x < 0) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          view.setInt32(x + C[pc + 5 | 0] | 0, R[fp + C[pc + 6 | 0] | 0], true);
          pc = pc + 7 | 0;
          continue;
        }
        case 201: /* store8[b:const32] */ {
          vI_b = (C[pc + 3 | 0]) | 0;
          x = R[fp + C[pc + 1 | 0] | 0];
          y = x + C[pc + 2 | 0] | 0;
          if (x < 0 || (y >>> 0) >= size) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          bytes[y] = vI_b;
          pc = pc + 4 | 0;
          continue;
        }
        case 202: /* store32[b:const32] */ {
          vI_b = (C[pc + 3 | 0]) | 0;
          x = R[fp + C[pc + 1 | 0] | 0];
          if (x < 0) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          view.setInt32(x + C[pc + 2 | 0] | 0, vI_b, true);
          pc = pc + 4 | 0;
          continue;
        }
        case 203: /* br_if[a:i32_and_k] */ {
          vI_a = (R[fp + C[pc + 1 | 0] | 0] & C[pc + 2 | 0]) | 0;
          {
            if (vI_a !== 0) {
              fuel = fuel - C[pc + 4 | 0] | 0;
              pc = C[pc + 3 | 0];
              if (fuel < 0) break loop;
              continue;
            }
            fuel = fuel - C[pc + 5 | 0] | 0;
            pc = pc + 6 | 0;
            continue;
          }
        }
        case 204: /* i32_shl[a:const32] */ {
          vI_a = (C[pc + 2 | 0]) | 0;
          R[fp + C[pc + 1 | 0] | 0] = vI_a << R[fp + C[pc + 3 | 0] | 0];
          pc = pc + 4 | 0;
          continue;
        }
        case 205: /* i32_add[a:i32_and_k[a:i32_shr_u_k]] */ {
          vI_a_a = (R[fp + C[pc + 2 | 0] | 0] >>> C[pc + 3 | 0]) | 0;
          vI_a = (vI_a_a & C[pc + 4 | 0]) | 0;
          R[fp + C[pc + 1 | 0] | 0] = vI_a + R[fp + C[pc + 5 | 0] | 0] | 0;
          pc = pc + 6 | 0;
          continue;
        }
        case 206: /* store32[a:global_get32] */ {
          vI_a = (G[C[pc + 1 | 0]]) | 0;
          x = vI_a;
          if (x < 0) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          view.setInt32(x + C[pc + 2 | 0] | 0, R[fp + C[pc + 3 | 0] | 0], true);
          pc = pc + 4 | 0;
          continue;
        }
        case 207: /* br_if[a=i32_add_k] */ {
          vI_a = R[fp + C[pc + 2 | 0] | 0] + C[pc + 3 | 0] | 0;
          R[fp + C[pc + 1 | 0] | 0] = vI_a;
          {
            if (vI_a !== 0) {
              fuel = fuel - C[pc + 5 | 0] | 0;
              pc = C[pc + 4 | 0];
              if (fuel < 0) break loop;
              continue;
            }
            fuel = fuel - C[pc + 6 | 0] | 0;
            pc = pc + 7 | 0;
            continue;
          }
        }
        case 208: /* store32[b:i32_or] */ {
          vI_b = (R[fp + C[pc + 3 | 0] | 0] | R[fp + C[pc + 4 | 0] | 0]) | 0;
          x = R[fp + C[pc + 1 | 0] | 0];
          if (x < 0) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          view.setInt32(x + C[pc + 2 | 0] | 0, vI_b, true);
          pc = pc + 5 | 0;
          continue;
        }
        case 209: /* i32_add[a:load32] */ {
          x_a = R[fp + C[pc + 2 | 0] | 0];
          if (x_a < 0) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          vI_a = (view.getInt32(x_a + C[pc + 3 | 0] | 0, true)) | 0;
          R[fp + C[pc + 1 | 0] | 0] = vI_a + R[fp + C[pc + 4 | 0] | 0] | 0;
          pc = pc + 5 | 0;
          continue;
        }
        case 210: /* br_table[a:i32_add_k] */ {
          vI_a = R[fp + C[pc + 1 | 0] | 0] + C[pc + 2 | 0] | 0;
          {
            x = vI_a >>> 0;
            y = C[pc + 3 | 0];
            at = pc + 4 + ((x < y ? x : y) << 1) | 0;
            fuel = fuel - C[at + 1 | 0] | 0;
            pc = C[at] | 0;
            if (fuel < 0) break loop;
            continue;
          }
        }
        case 211: /* store32[b:i32_add_k] */ {
          vI_b = R[fp + C[pc + 3 | 0] | 0] + C[pc + 4 | 0] | 0;
          x = R[fp + C[pc + 1 | 0] | 0];
          if (x < 0) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          view.setInt32(x + C[pc + 2 | 0] | 0, vI_b, true);
          pc = pc + 5 | 0;
          continue;
        }
        case 212: /* jump[;const32] */ {
          R[fp + C[pc + 1 | 0] | 0] = C[pc + 2 | 0];
          {
            fuel = fuel - C[pc + 4 | 0] | 0;
            pc = C[pc + 3 | 0];
            if (fuel < 0) break loop;
            continue;
          }
        }
        case 213: /* global_set32[a=i32_add_k] */ {
          vI_a = R[fp + C[pc + 3 | 0] | 0] + C[pc + 4 | 0] | 0;
          R[fp + C[pc + 2 | 0] | 0] = vI_a;
          G[C[pc + 1 | 0]] = vI_a;
          pc = pc + 5 | 0;
          continue;
        }
        case 214: /* i32_load8_u[a=i32_add] */ {
          vI_a = R[fp + C[pc + 2 | 0] | 0] + R[fp + C[pc + 3 | 0] | 0] | 0;
          R[fp + C[pc + 1 | 0] | 0] = vI_a;
          x = vI_a;
          y = x + C[pc + 4 | 0] | 0;
          if (x < 0 || (y >>> 0) >= size) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          R[fp + C[pc + 5 | 0] | 0] = bytes[y];
          pc = pc + 6 | 0;
          continue;
        }
        case 215: /* store32[b:i32_or][bb:i32_shl[a:const32]] */ {
          vI_a_bb = (C[pc + 4 | 0]) | 0;
          vI_bb = (vI_a_bb << R[fp + C[pc + 5 | 0] | 0]) | 0;
          vI_b = (R[fp + C[pc + 3 | 0] | 0] | vI_bb) | 0;
          x = R[fp + C[pc + 1 | 0] | 0];
          if (x < 0) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          view.setInt32(x + C[pc + 2 | 0] | 0, vI_b, true);
          pc = pc + 6 | 0;
          continue;
        }
        case 216: /* load32[a:i32_add_k] */ {
          vI_a = R[fp + C[pc + 1 | 0] | 0] + C[pc + 2 | 0] | 0;
          x = vI_a;
          if (x < 0) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          R[fp + C[pc + 4 | 0] | 0] = view.getInt32(x + C[pc + 3 | 0] | 0, true);
          pc = pc + 5 | 0;
          continue;
        }
        case 217: /* i64_shl_k[a:i64_and_k] */ {
          d = fp + C[pc + 1 | 0] | 0;
          aa = fp + C[pc + 2 | 0] | 0;
          vI_a = (R[aa] & C[pc + 3 | 0]) | 0;
          vH_a = (R[aa + 1 | 0] & C[pc + 4 | 0]) | 0;
          n = C[pc + 5 | 0] & 63;
          x = vI_a;
          y = vH_a;
          if (n < 32) {
            R[d] = x << n;
            R[d + 1 | 0] = y << n | x >>> 1 >>> 31 - n;
          } else {
            R[d] = 0;
            R[d + 1 | 0] = x << n;
          }
          pc = pc + 6 | 0;
          continue;
        }
        case 218: /* i32_add[a:i32_shl_k][b:load32] */ {
          x_b = R[fp + C[pc + 4 | 0] | 0];
          if (x_b < 0) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          vI_b = (view.getInt32(x_b + C[pc + 5 | 0] | 0, true)) | 0;
          vI_a = (R[fp + C[pc + 2 | 0] | 0] << C[pc + 3 | 0]) | 0;
          R[fp + C[pc + 1 | 0] | 0] = vI_a + vI_b | 0;
          pc = pc + 6 | 0;
          continue;
        }
        case 219: /* i64_and_k[a:i64_shr_u_k] */ {
          d = fp + C[pc + 1 | 0] | 0;
          aa = fp + C[pc + 2 | 0] | 0;
          vH_a = 0;
          vI_a = 0;
          n_a = C[pc + 3 | 0] & 63;
          x_a = R[aa];
          y_a = R[aa + 1 | 0];
          if (n_a < 32) {
            vI_a = (x_a >>> n_a | y_a << 1 << 31 - n_a) | 0;
            vH_a = (y_a >>> n_a) | 0;
          } else {
            vI_a = (y_a >>> n_a) | 0;
            vH_a = (0) | 0;
          }
          R[d] = vI_a & C[pc + 4 | 0];
          R[d + 1 | 0] = vH_a & C[pc + 5 | 0];
          pc = pc + 6 | 0;
          continue;
        }
        case 220: /* br_unless[a=load32] */ {
          x_a = R[fp + C[pc + 1 | 0] | 0];
          if (x_a < 0) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          vI_a = (view.getInt32(x_a + C[pc + 2 | 0] | 0, true)) | 0;
          R[fp + C[pc + 3 | 0] | 0] = vI_a;
          {
            if (vI_a === 0) {
              fuel = fuel - C[pc + 5 | 0] | 0;
              pc = C[pc + 4 | 0];
              if (fuel < 0) break loop;
              continue;
            }
            fuel = fuel - C[pc + 6 | 0] | 0;
            pc = pc + 7 | 0;
            continue;
          }
        }
        case 221: /* i32_mul_k[a:i32_add] */ {
          vI_a = R[fp + C[pc + 2 | 0] | 0] + R[fp + C[pc + 3 | 0] | 0] | 0;
          R[fp + C[pc + 1 | 0] | 0] = Math.imul(vI_a, C[pc + 4 | 0]);
          pc = pc + 5 | 0;
          continue;
        }
        case 222: /* br_unless[a:i64_eqz] */ {
          aa = fp + C[pc + 1 | 0] | 0;
          vI_a = ((R[aa] | R[aa + 1 | 0]) === 0 ? 1 : 0) | 0;
          {
            if (vI_a === 0) {
              fuel = fuel - C[pc + 3 | 0] | 0;
              pc = C[pc + 2 | 0];
              if (fuel < 0) break loop;
              continue;
            }
            fuel = fuel - C[pc + 4 | 0] | 0;
            pc = pc + 5 | 0;
            continue;
          }
        }
        case 223: /* jump[;i32_add_k] */ {
          R[fp + C[pc + 1 | 0] | 0] = R[fp + C[pc + 2 | 0] | 0] + C[pc + 3 | 0] | 0;
          {
            fuel = fuel - C[pc + 5 | 0] | 0;
            pc = C[pc + 4 | 0];
            if (fuel < 0) break loop;
            continue;
          }
        }
        case 224: /* store32[a:const32] */ {
          vI_a = (C[pc + 1 | 0]) | 0;
          x = vI_a;
          if (x < 0) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          view.setInt32(x + C[pc + 2 | 0] | 0, R[fp + C[pc + 3 | 0] | 0], true);
          pc = pc + 4 | 0;
          continue;
        }
        case 225: /* br_if_i32_eq[a=i32_and_k] */ {
          vI_a = (R[fp + C[pc + 2 | 0] | 0] & C[pc + 3 | 0]) | 0;
          R[fp + C[pc + 1 | 0] | 0] = vI_a;
          {
            if (vI_a === R[fp + C[pc + 4 | 0] | 0]) {
              fuel = fuel - C[pc + 6 | 0] | 0;
              pc = C[pc + 5 | 0];
              if (fuel < 0) break loop;
              continue;
            }
            fuel = fuel - C[pc + 7 | 0] | 0;
            pc = pc + 8 | 0;
            continue;
          }
        }
        case 226: /* i32_sub[a:const32] */ {
          vI_a = (C[pc + 2 | 0]) | 0;
          R[fp + C[pc + 1 | 0] | 0] = vI_a - R[fp + C[pc + 3 | 0] | 0] | 0;
          pc = pc + 4 | 0;
          continue;
        }
        case 227: /* i32_add[a:i32_mul_k] */ {
          vI_a = (Math.imul(R[fp + C[pc + 2 | 0] | 0], C[pc + 3 | 0])) | 0;
          R[fp + C[pc + 1 | 0] | 0] = vI_a + R[fp + C[pc + 4 | 0] | 0] | 0;
          pc = pc + 5 | 0;
          continue;
        }
        case 228: /* br_if_i32_ge_s_k[a:global_get32] */ {
          vI_a = (G[C[pc + 1 | 0]]) | 0;
          {
            if (vI_a >= C[pc + 2 | 0]) {
              fuel = fuel - C[pc + 4 | 0] | 0;
              pc = C[pc + 3 | 0];
              if (fuel < 0) break loop;
              continue;
            }
            fuel = fuel - C[pc + 5 | 0] | 0;
            pc = pc + 6 | 0;
            continue;
          }
        }
        case 229: /* store8[b:i32_load8_u] */ {
          x_b = R[fp + C[pc + 3 | 0] | 0];
          y_b = x_b + C[pc + 4 | 0] | 0;
          if (x_b < 0 || (y_b >>> 0) >= size) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          vI_b = (bytes[y_b]) | 0;
          x = R[fp + C[pc + 1 | 0] | 0];
          y = x + C[pc + 2 | 0] | 0;
          if (x < 0 || (y >>> 0) >= size) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          bytes[y] = vI_b;
          pc = pc + 5 | 0;
          continue;
        }
        case 230: /* store32[b:load32] */ {
          x_b = R[fp + C[pc + 3 | 0] | 0];
          if (x_b < 0) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          vI_b = (view.getInt32(x_b + C[pc + 4 | 0] | 0, true)) | 0;
          x = R[fp + C[pc + 1 | 0] | 0];
          if (x < 0) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          view.setInt32(x + C[pc + 2 | 0] | 0, vI_b, true);
          pc = pc + 5 | 0;
          continue;
        }
        case 231: /* const32[;const32] */ {
          R[fp + C[pc + 1 | 0] | 0] = C[pc + 2 | 0];
          R[fp + C[pc + 3 | 0] | 0] = C[pc + 4 | 0];
          pc = pc + 5 | 0;
          continue;
        }
        case 232: /* store32[b:const32][a:global_get32] */ {
          vI_a = (G[C[pc + 1 | 0]]) | 0;
          vI_b = (C[pc + 3 | 0]) | 0;
          x = vI_a;
          if (x < 0) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          view.setInt32(x + C[pc + 2 | 0] | 0, vI_b, true);
          pc = pc + 4 | 0;
          continue;
        }
        case 233: /* return[;global_set32[a:i32_add_k]] */ {
          vI_a_x = R[fp + C[pc + 2 | 0] | 0] + C[pc + 3 | 0] | 0;
          G[C[pc + 1 | 0]] = vI_a_x;
          {
            sp = sp - 2 | 0;
            pc = S[sp] | 0;
            fp = S[sp + 1 | 0] | 0;
            fuel = fuel - C[pc - 1 | 0] | 0;
            if (fuel < 0) break loop;
            continue;
          }
        }
        case 234: /* store32[b=i32_add_k] */ {
          vI_b = R[fp + C[pc + 4 | 0] | 0] + C[pc + 5 | 0] | 0;
          R[fp + C[pc + 3 | 0] | 0] = vI_b;
          x = R[fp + C[pc + 1 | 0] | 0];
          if (x < 0) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          view.setInt32(x + C[pc + 2 | 0] | 0, vI_b, true);
          pc = pc + 6 | 0;
          continue;
        }
        case 235: /* load32[a=i32_add[a:i32_and_k[a:i32_shr_u_k]]] */ {
          vI_a_a_a = (R[fp + C[pc + 2 | 0] | 0] >>> C[pc + 3 | 0]) | 0;
          vI_a_a = (vI_a_a_a & C[pc + 4 | 0]) | 0;
          vI_a = vI_a_a + R[fp + C[pc + 5 | 0] | 0] | 0;
          R[fp + C[pc + 1 | 0] | 0] = vI_a;
          x = vI_a;
          if (x < 0) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          R[fp + C[pc + 7 | 0] | 0] = view.getInt32(x + C[pc + 6 | 0] | 0, true);
          pc = pc + 8 | 0;
          continue;
        }
        case 236: /* select32[b:const32] */ {
          vI_b = (C[pc + 3 | 0]) | 0;
          R[fp + C[pc + 1 | 0] | 0] = R[fp + C[pc + 4 | 0] | 0] !== 0 ? R[fp + C[pc + 2 | 0] | 0] : vI_b;
          pc = pc + 5 | 0;
          continue;
        }
        case 237: /* br_unless[a=i32_load8_u] */ {
          x_a = R[fp + C[pc + 1 | 0] | 0];
          y_a = x_a + C[pc + 2 | 0] | 0;
          if (x_a < 0 || (y_a >>> 0) >= size) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          vI_a = (bytes[y_a]) | 0;
          R[fp + C[pc + 3 | 0] | 0] = vI_a;
          {
            if (vI_a === 0) {
              fuel = fuel - C[pc + 5 | 0] | 0;
              pc = C[pc + 4 | 0];
              if (fuel < 0) break loop;
              continue;
            }
            fuel = fuel - C[pc + 6 | 0] | 0;
            pc = pc + 7 | 0;
            continue;
          }
        }
        case 238: /* store32[b:i32_or_k] */ {
          vI_b = (R[fp + C[pc + 3 | 0] | 0] | C[pc + 4 | 0]) | 0;
          x = R[fp + C[pc + 1 | 0] | 0];
          if (x < 0) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          view.setInt32(x + C[pc + 2 | 0] | 0, vI_b, true);
          pc = pc + 5 | 0;
          continue;
        }
        case 239: /* return32[a:const32] */ {
          vI_a = (C[pc + 1 | 0]) | 0;
          R[fp] = vI_a;
          {
            sp = sp - 2 | 0;
            pc = S[sp] | 0;
            fp = S[sp + 1 | 0] | 0;
            fuel = fuel - C[pc - 1 | 0] | 0;
            if (fuel < 0) break loop;
            continue;
          }
        }
        case 240: /* i32_shr_u_k[a:load32[a:i32_add_k]] */ {
          vI_a_a = R[fp + C[pc + 2 | 0] | 0] + C[pc + 3 | 0] | 0;
          x_a = vI_a_a;
          if (x_a < 0) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          vI_a = (view.getInt32(x_a + C[pc + 4 | 0] | 0, true)) | 0;
          R[fp + C[pc + 1 | 0] | 0] = vI_a >>> C[pc + 5 | 0];
          pc = pc + 6 | 0;
          continue;
        }
        case 241: /* mov32[;mov32[;mov32]] */ {
          R[fp + C[pc + 1 | 0] | 0] = R[fp + C[pc + 2 | 0] | 0];
          R[fp + C[pc + 3 | 0] | 0] = R[fp + C[pc + 4 | 0] | 0];
          R[fp + C[pc + 5 | 0] | 0] = R[fp + C[pc + 6 | 0] | 0];
          pc = pc + 7 | 0;
          continue;
        }
        case 242: /* load64[a:i32_add_k] */ {
          d = fp + C[pc + 4 | 0] | 0;
          vI_a = R[fp + C[pc + 1 | 0] | 0] + C[pc + 2 | 0] | 0;
          x = vI_a;
          if (x < 0) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          y = view.getInt32(x + C[pc + 3 | 0] + 4 | 0, true);
          R[d] = view.getInt32(x + C[pc + 3 | 0] | 0, true);
          R[d + 1 | 0] = y;
          pc = pc + 5 | 0;
          continue;
        }
        case 243: /* load64[a:i32_add] */ {
          d = fp + C[pc + 4 | 0] | 0;
          vI_a = R[fp + C[pc + 1 | 0] | 0] + R[fp + C[pc + 2 | 0] | 0] | 0;
          x = vI_a;
          if (x < 0) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          y = view.getInt32(x + C[pc + 3 | 0] + 4 | 0, true);
          R[d] = view.getInt32(x + C[pc + 3 | 0] | 0, true);
          R[d + 1 | 0] = y;
          pc = pc + 5 | 0;
          continue;
        }
        case 244: /* load32[a:i32_add] */ {
          vI_a = R[fp + C[pc + 1 | 0] | 0] + R[fp + C[pc + 2 | 0] | 0] | 0;
          x = vI_a;
          if (x < 0) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          R[fp + C[pc + 4 | 0] | 0] = view.getInt32(x + C[pc + 3 | 0] | 0, true);
          pc = pc + 5 | 0;
          continue;
        }
        case 245: /* br_if_i32_ne_k[a=i32_add_k] */ {
          vI_a = R[fp + C[pc + 2 | 0] | 0] + C[pc + 3 | 0] | 0;
          R[fp + C[pc + 1 | 0] | 0] = vI_a;
          {
            if (vI_a !== C[pc + 4 | 0]) {
              fuel = fuel - C[pc + 6 | 0] | 0;
              pc = C[pc + 5 | 0];
              if (fuel < 0) break loop;
              continue;
            }
            fuel = fuel - C[pc + 7 | 0] | 0;
            pc = pc + 8 | 0;
            continue;
          }
        }
        case 246: /* br_if_i32_ne[a=i32_add_k] */ {
          vI_a = R[fp + C[pc + 2 | 0] | 0] + C[pc + 3 | 0] | 0;
          R[fp + C[pc + 1 | 0] | 0] = vI_a;
          {
            if (vI_a !== R[fp + C[pc + 4 | 0] | 0]) {
              fuel = fuel - C[pc + 6 | 0] | 0;
              pc = C[pc + 5 | 0];
              if (fuel < 0) break loop;
              continue;
            }
            fuel = fuel - C[pc + 7 | 0] | 0;
            pc = pc + 8 | 0;
            continue;
          }
        }
        case 247: /* br_if[a:i32_load8_u] */ {
          x_a = R[fp + C[pc + 1 | 0] | 0];
          y_a = x_a + C[pc + 2 | 0] | 0;
          if (x_a < 0 || (y_a >>> 0) >= size) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          vI_a = (bytes[y_a]) | 0;
          {
            if (vI_a !== 0) {
              fuel = fuel - C[pc + 4 | 0] | 0;
              pc = C[pc + 3 | 0];
              if (fuel < 0) break loop;
              continue;
            }
            fuel = fuel - C[pc + 5 | 0] | 0;
            pc = pc + 6 | 0;
            continue;
          }
        }
        case 248: /* br_unless[a:i32_load8_u] */ {
          x_a = R[fp + C[pc + 1 | 0] | 0];
          y_a = x_a + C[pc + 2 | 0] | 0;
          if (x_a < 0 || (y_a >>> 0) >= size) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          vI_a = (bytes[y_a]) | 0;
          {
            if (vI_a === 0) {
              fuel = fuel - C[pc + 4 | 0] | 0;
              pc = C[pc + 3 | 0];
              if (fuel < 0) break loop;
              continue;
            }
            fuel = fuel - C[pc + 5 | 0] | 0;
            pc = pc + 6 | 0;
            continue;
          }
        }
        case 249: /* br_if[a:load32] */ {
          x_a = R[fp + C[pc + 1 | 0] | 0];
          if (x_a < 0) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          vI_a = (view.getInt32(x_a + C[pc + 2 | 0] | 0, true)) | 0;
          {
            if (vI_a !== 0) {
              fuel = fuel - C[pc + 4 | 0] | 0;
              pc = C[pc + 3 | 0];
              if (fuel < 0) break loop;
              continue;
            }
            fuel = fuel - C[pc + 5 | 0] | 0;
            pc = pc + 6 | 0;
            continue;
          }
        }
        case 250: /* br_unless[a:load32] */ {
          x_a = R[fp + C[pc + 1 | 0] | 0];
          if (x_a < 0) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          vI_a = (view.getInt32(x_a + C[pc + 2 | 0] | 0, true)) | 0;
          {
            if (vI_a === 0) {
              fuel = fuel - C[pc + 4 | 0] | 0;
              pc = C[pc + 3 | 0];
              if (fuel < 0) break loop;
              continue;
            }
            fuel = fuel - C[pc + 5 | 0] | 0;
            pc = pc + 6 | 0;
            continue;
          }
        }
        case 251: /* br_if_i32_ne_k[a:i32_load8_u] */ {
          x_a = R[fp + C[pc + 1 | 0] | 0];
          y_a = x_a + C[pc + 2 | 0] | 0;
          if (x_a < 0 || (y_a >>> 0) >= size) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          vI_a = (bytes[y_a]) | 0;
          {
            if (vI_a !== C[pc + 3 | 0]) {
              fuel = fuel - C[pc + 5 | 0] | 0;
              pc = C[pc + 4 | 0];
              if (fuel < 0) break loop;
              continue;
            }
            fuel = fuel - C[pc + 6 | 0] | 0;
            pc = pc + 7 | 0;
            continue;
          }
        }
        case 252: /* br_if_i32_eq_k[a:i32_load8_u] */ {
          x_a = R[fp + C[pc + 1 | 0] | 0];
          y_a = x_a + C[pc + 2 | 0] | 0;
          if (x_a < 0 || (y_a >>> 0) >= size) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          vI_a = (bytes[y_a]) | 0;
          {
            if (vI_a === C[pc + 3 | 0]) {
              fuel = fuel - C[pc + 5 | 0] | 0;
              pc = C[pc + 4 | 0];
              if (fuel < 0) break loop;
              continue;
            }
            fuel = fuel - C[pc + 6 | 0] | 0;
            pc = pc + 7 | 0;
            continue;
          }
        }
        case 253: /* f64_add[a:f64_mul] */ {
          vD_a = D[fp + C[pc + 2 | 0] >> 1] * D[fp + C[pc + 3 | 0] >> 1];
          D[fp + C[pc + 1 | 0] >> 1] = vD_a + D[fp + C[pc + 4 | 0] >> 1];
          pc = pc + 5 | 0;
          continue;
        }
        case 254: /* f64_mul[a:load64] */ {
          x_a = R[fp + C[pc + 2 | 0] | 0];
          if (x_a < 0) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          vD_a = view.getFloat64(x_a + C[pc + 3 | 0] | 0, true);
          D[fp + C[pc + 1 | 0] >> 1] = vD_a * D[fp + C[pc + 4 | 0] >> 1];
          pc = pc + 5 | 0;
          continue;
        }
        case 255: /* f64_mul[a=const64] */ {
          ad = fp + C[pc + 2 | 0] | 0;
          vI_a = (C[pc + 3 | 0]) | 0;
          vH_a = (C[pc + 4 | 0]) | 0;
          R[ad] = vI_a;
          R[ad + 1 | 0] = vH_a;
          D[fp + C[pc + 1 | 0] >> 1] = D[ad >> 1] * D[fp + C[pc + 5 | 0] >> 1];
          pc = pc + 6 | 0;
          continue;
        }
        case 256: /* f64_add[a=const64] */ {
          ad = fp + C[pc + 2 | 0] | 0;
          vI_a = (C[pc + 3 | 0]) | 0;
          vH_a = (C[pc + 4 | 0]) | 0;
          R[ad] = vI_a;
          R[ad + 1 | 0] = vH_a;
          D[fp + C[pc + 1 | 0] >> 1] = D[ad >> 1] + D[fp + C[pc + 5 | 0] >> 1];
          pc = pc + 6 | 0;
          continue;
        }
        case 257: /* i32_xor[a:i32_rotl_k] */ {
          x_a = R[fp + C[pc + 2 | 0] | 0];
          y_a = C[pc + 3 | 0];
          vI_a = (x_a << y_a | x_a >>> (32 - y_a & 31)) | 0;
          R[fp + C[pc + 1 | 0] | 0] = vI_a ^ R[fp + C[pc + 4 | 0] | 0];
          pc = pc + 5 | 0;
          continue;
        }
        case 258: /* i32_add[a:i32_xor] */ {
          vI_a = (R[fp + C[pc + 2 | 0] | 0] ^ R[fp + C[pc + 3 | 0] | 0]) | 0;
          R[fp + C[pc + 1 | 0] | 0] = vI_a + R[fp + C[pc + 4 | 0] | 0] | 0;
          pc = pc + 5 | 0;
          continue;
        }
        case 259: /* store64[b:f64_add] */ {
          vD_b = D[fp + C[pc + 3 | 0] >> 1] + D[fp + C[pc + 4 | 0] >> 1];
          x = R[fp + C[pc + 1 | 0] | 0];
          if (x < 0) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          view.setFloat64(x + C[pc + 2 | 0] | 0, vD_b, true);
          pc = pc + 5 | 0;
          continue;
        }
        case 260: /* select32[c:i32_lt_u] */ {
          vI_c = ((R[fp + C[pc + 4 | 0] | 0] >>> 0) < (R[fp + C[pc + 5 | 0] | 0] >>> 0) ? 1 : 0) | 0;
          R[fp + C[pc + 1 | 0] | 0] = vI_c !== 0 ? R[fp + C[pc + 2 | 0] | 0] : R[fp + C[pc + 3 | 0] | 0];
          pc = pc + 6 | 0;
          continue;
        }
        case 261: /* i64_add[a:i64_add] */ {
          d = fp + C[pc + 1 | 0] | 0;
          aa = fp + C[pc + 2 | 0] | 0;
          ab = fp + C[pc + 3 | 0] | 0;
          b = fp + C[pc + 4 | 0] | 0;
          x_a = R[aa];
          y_a = x_a + R[ab] | 0;
          vH_a = R[aa + 1 | 0] + R[ab + 1 | 0] + ((y_a >>> 0) < (x_a >>> 0) ? 1 : 0) | 0;
          vI_a = y_a | 0;
          x = vI_a;
          y = x + R[b] | 0;
          R[d + 1 | 0] = vH_a + R[b + 1 | 0] + ((y >>> 0) < (x >>> 0) ? 1 : 0) | 0;
          R[d] = y;
          pc = pc + 5 | 0;
          continue;
        }
        case 262: /* i32_load16_u[a:i32_add_k] */ {
          vI_a = R[fp + C[pc + 1 | 0] | 0] + C[pc + 2 | 0] | 0;
          x = vI_a;
          if (x < 0) {
            stop = /* OUT_OF_BOUNDS */ 5;
            break loop;
          }
          R[fp + C[pc + 4 | 0] | 0] = view.getUint16(x + C[pc + 3 | 0] | 0, true);
          pc = pc + 5 | 0;
          continue;
        }
        case 263: /* jump[;mov32] */ {
          R[fp + C[pc + 1 | 0] | 0] = R[fp + C[pc + 2 | 0] | 0];
          {
            fuel = fuel - C[pc + 4 | 0] | 0;
            pc = C[pc + 3 | 0];
            if (fuel < 0) break loop;
            continue;
          }
        }
        case 264: /* i32_add_k[a:i32_shl_k] */ {
          vI_a = (R[fp + C[pc + 2 | 0] | 0] << C[pc + 3 | 0]) | 0;
          R[fp + C[pc + 1 | 0] | 0] = vI_a + C[pc + 4 | 0] | 0;
          pc = pc + 5 | 0;
          continue;
        }
        default:
          stop = /* RARE */ 1;
          break loop;
      }
    }
  } finally {
    OWN_STATE[0] = pc;
    OWN_STATE[1] = fp;
    OWN_STATE[2] = sp;
    OWN_STATE[3] = fuel;
  }
  return stop;
}
