/**
 * The ops outside the dispatch loop that concern one instance only: rare arithmetic, tables, shared globals. call.ts
 * has calls and growing memory, bulk_ops.ts the bulk operations. Each op is one function, which throws a trap as a
 * `Fault` before it has any effect.
 *
 * @see https://webassembly.github.io/spec/core/exec/instructions.html
 * @module
 */

import { Fault } from "./fault.ts";
import { CODE } from "./arena.ts";
import { REGISTERS, REGISTERS_F32, REGISTERS_F64, REGISTERS_I64, REGISTERS_U64 } from "./execute.ts";
import type { InstanceState } from "./instance_state.ts";
import { bigintToF32, nearest, RANGES, saturation, truncate } from "./numeric.ts";
import type { IntegerRange } from "./numeric.ts";
import { OP } from "./ops.ts";
import type { OpName } from "./ops.ts";
import type { Table } from "../objects/table.ts";
import { F64, I64 } from "../binary/types.ts";

/**
 * Runs one op whose operand words begin at `at`, in the frame at `fp`. Returns the fuel that it costs beyond its
 * instruction, if any.
 */
export type RareOp = (instance: InstanceState, fp: number, at: number) => number | void;

const R = REGISTERS;
const F = REGISTERS_F32;
const D = REGISTERS_F64;
const BITS = REGISTERS_I64;
const UNSIGNED_BITS = REGISTERS_U64;

const register = (fp: number, at: number, operand: number): number => fp + CODE[at + operand];

function binary(compute: (d: number, a: number, b: number) => void): RareOp {
  return (_, fp, at) => compute(register(fp, at, 0), register(fp, at, 1), register(fp, at, 2));
}

function unary(compute: (d: number, a: number) => void): RareOp {
  return (_, fp, at) => compute(register(fp, at, 0), register(fp, at, 1));
}

// `Math.floor` and the like return a signalling NaN unchanged, and V8's optimised `Math.max` returns a NaN of all ones. The
// specification always allows the canonical NaN, so these ops return it.

function setF32(d: number, x: number): void {
  if (Number.isNaN(x)) R[d] = 0x7fc00000;
  else F[d] = x;
}

function setF64(d: number, x: number): void {
  D[d >> 1] = x;
  if (!Number.isNaN(x)) return;
  R[d] = 0;
  R[d + 1] = 0x7ff80000;
}

const onF32 = (compute: (a: number) => number): RareOp => unary((d, a) => setF32(d, compute(F[a])));
const onF64 = (compute: (a: number) => number): RareOp => unary((d, a) => setF64(d, compute(D[a >> 1])));

function divisor(b: number): bigint {
  if (BITS[b >> 1] === 0n) throw new Fault("integer divide by zero");
  return BITS[b >> 1];
}

/** Reads a register as f32 or f64. */
type ReadFloat = (a: number) => number;
const f32: ReadFloat = (a) => F[a];
const f64: ReadFloat = (a) => D[a >> 1];

/** Sets an i32 or i64 register to an integer in its range. */
function setInteger(d: number, is64: boolean, integer: number): void {
  if (is64) UNSIGNED_BITS[d >> 1] = BigInt.asUintN(64, BigInt(integer));
  else R[d] = integer | 0;
}

function trunc(read: ReadFloat, type: keyof typeof RANGES): RareOp {
  const is64 = type.startsWith("i64");
  return unary((d, a) => setInteger(d, is64, truncate(read(a), RANGES[type])));
}

function truncSat(read: ReadFloat, type: keyof typeof RANGES): RareOp {
  const is64 = type.startsWith("i64");
  const range: IntegerRange = RANGES[type];
  const greatest = BigInt(range.above) - 1n;
  return unary((d, a) => {
    const x = read(a);
    const end = saturation(x, range);
    if (end === undefined) setInteger(d, is64, Math.trunc(x));
    else {
      const bound = end === "zero" ? 0n : end === "least" ? BigInt(range.least) : greatest;
      if (is64) UNSIGNED_BITS[d >> 1] = BigInt.asUintN(64, bound);
      else R[d] = Number(BigInt.asIntN(32, bound));
    }
  });
}

function checkIndex(index: number, { length }: Table): void {
  if (index >= length) throw new Fault("out of bounds table access");
}

/** The implementations by name. bulk_ops.ts and call.ts have the other rare ops. */
const IMPLEMENTATIONS: Partial<Record<OpName, RareOp>> = {
  unreachable: () => {
    throw new Fault("unreachable");
  },
  i64_div_s: binary((d, a, b) => {
    const by = divisor(b);
    if (by === -1n && BITS[a >> 1] === -(1n << 63n)) throw new Fault("integer overflow");
    BITS[d >> 1] = BITS[a >> 1] / by;
  }),
  i64_div_u: binary((d, a, b) => {
    divisor(b);
    UNSIGNED_BITS[d >> 1] = UNSIGNED_BITS[a >> 1] / UNSIGNED_BITS[b >> 1];
  }),
  i64_rem_s: binary((d, a, b) => void (BITS[d >> 1] = BITS[a >> 1] % divisor(b))),
  i64_rem_u: binary((d, a, b) => {
    divisor(b);
    UNSIGNED_BITS[d >> 1] = UNSIGNED_BITS[a >> 1] % UNSIGNED_BITS[b >> 1];
  }),
  i64_popcnt: unary((d, a) => {
    let count = 0;
    for (const half of [R[a], R[a + 1]]) for (let x = half; x !== 0; x &= x - 1) count++;
    R[d] = count;
    R[d + 1] = 0;
  }),
  f32_ceil: onF32(Math.ceil),
  f32_floor: onF32(Math.floor),
  f32_trunc: onF32(Math.trunc),
  f32_nearest: onF32(nearest),
  f64_ceil: onF64(Math.ceil),
  f64_floor: onF64(Math.floor),
  f64_trunc: onF64(Math.trunc),
  f64_nearest: onF64(nearest),
  f32_min: binary((d, a, b) => setF32(d, Math.min(F[a], F[b]))),
  f32_max: binary((d, a, b) => setF32(d, Math.max(F[a], F[b]))),
  f32_copysign: binary((d, a, b) => void (R[d] = R[a] & 0x7fffffff | R[b] & 0x80000000)),
  f64_min: binary((d, a, b) => setF64(d, Math.min(D[a >> 1], D[b >> 1]))),
  f64_max: binary((d, a, b) => setF64(d, Math.max(D[a >> 1], D[b >> 1]))),
  f64_copysign: binary((d, a, b) => {
    const high = R[a + 1] & 0x7fffffff | R[b + 1] & 0x80000000;
    R[d] = R[a];
    R[d + 1] = high;
  }),
  i32_trunc_f32_s: trunc(f32, "i32_s"),
  i32_trunc_f32_u: trunc(f32, "i32_u"),
  i32_trunc_f64_u: trunc(f64, "i32_u"),
  i64_trunc_f32_s: trunc(f32, "i64_s"),
  i64_trunc_f32_u: trunc(f32, "i64_u"),
  i64_trunc_f64_s: trunc(f64, "i64_s"),
  i64_trunc_f64_u: trunc(f64, "i64_u"),
  i32_trunc_sat_f32_s: truncSat(f32, "i32_s"),
  i32_trunc_sat_f32_u: truncSat(f32, "i32_u"),
  i32_trunc_sat_f64_s: truncSat(f64, "i32_s"),
  i32_trunc_sat_f64_u: truncSat(f64, "i32_u"),
  i64_trunc_sat_f32_s: truncSat(f32, "i64_s"),
  i64_trunc_sat_f32_u: truncSat(f32, "i64_u"),
  i64_trunc_sat_f64_s: truncSat(f64, "i64_s"),
  i64_trunc_sat_f64_u: truncSat(f64, "i64_u"),
  f32_convert_i32_u: unary((d, a) => void (F[d] = R[a] >>> 0)),
  f32_convert_i64_s: unary((d, a) => void (F[d] = bigintToF32(BITS[a >> 1]))),
  f32_convert_i64_u: unary((d, a) => void (F[d] = bigintToF32(UNSIGNED_BITS[a >> 1]))),
  f64_convert_i64_s: unary((d, a) => void (D[d >> 1] = Number(BITS[a >> 1]))),
  f64_convert_i64_u: unary((d, a) => void (D[d >> 1] = Number(UNSIGNED_BITS[a >> 1]))),

  global_get_ref: (instance, fp, at) => {
    R[register(fp, at, 0)] = instance.handles.handle(instance.global(CODE[at + 1]).reference);
  },
  global_set_ref: (instance, fp, at) => {
    instance.global(CODE[at]).reference = instance.handles.value(R[register(fp, at, 1)]);
  },
  global_get_shared: (instance, fp, at) => {
    const d = register(fp, at, 0);
    const { cells, offset } = instance.global(CODE[at + 1]);
    R[d] = cells[offset];
    R[d + 1] = cells[offset + 1];
  },
  global_set_shared: (instance, fp, at) => {
    const a = register(fp, at, 1);
    const { cells, offset, type } = instance.global(CODE[at]);
    cells[offset] = R[a];
    if (type.value === I64 || type.value === F64) cells[offset + 1] = R[a + 1];
  },

  table_get: (instance, fp, at) => {
    const table = instance.tables[CODE[at + 2]];
    const index = R[register(fp, at, 1)] >>> 0;
    checkIndex(index, table);
    R[register(fp, at, 0)] = instance.handles.handle(table.reference(index));
  },
  table_set: (instance, fp, at) => {
    const table = instance.tables[CODE[at]];
    const index = R[register(fp, at, 1)] >>> 0;
    checkIndex(index, table);
    table.setReference(index, instance.handles.value(R[register(fp, at, 2)]));
  },
  table_size: (instance, fp, at) => {
    R[register(fp, at, 0)] = instance.tables[CODE[at + 1]].length;
  },
  table_grow: (instance, fp, at) => {
    const reference = instance.handles.value(R[register(fp, at, 1)]);
    const delta = R[register(fp, at, 2)] >>> 0;
    const before = instance.tables[CODE[at + 3]].growBy(delta, reference);
    R[register(fp, at, 0)] = before;
    // A table is copied when it grows.
    return before < 0 ? 0 : before + delta;
  },
  elem_drop: (instance, _fp, at) => {
    instance.droppedElements[CODE[at]] = 1;
  },
  ref_func: (instance, fp, at) => {
    R[register(fp, at, 0)] = instance.handles.handle(instance.func(CODE[at + 1]));
  },

  data_drop: (instance, _fp, at) => {
    instance.droppedData[CODE[at]] = 1;
  },
};

/** The function of each rare op by its number. */
export const RARE_OPS: readonly (RareOp | undefined)[] = (() => {
  const ops: (RareOp | undefined)[] = [];
  for (const [name, run] of Object.entries(IMPLEMENTATIONS)) ops[OP[name as OpName]] = run;
  return ops;
})();
