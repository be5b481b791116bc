/**
 * The functions that a metered module has beyond the guest's: what refuels a call, what the engine calls to read and set
 * fuel, a stub around each of the guest's imports, and what replaces instructions whose work depends on their operands.
 * The latter charge as the interpreter does.
 *
 * @module
 */

import { FUEL_PER_PAGE, HOST_CALL_FUEL, MEMORY_PART, TABLE_PART } from "../costs.ts";
import { denseOpcode, opcodeOf } from "../binary/opcodes.ts";
import { I32 } from "../binary/types.ts";
import type { FuncType, ModuleRecord, ValueType } from "../binary/types.ts";
import { answerIndex, GROW_TABLE, REFILL, RESUMED, WAIT } from "./layout.ts";
import type { Layout } from "./layout.ts";
import {
  BR_IF,
  CALL,
  DROP,
  ELSE,
  EMPTY_BLOCK,
  END,
  GLOBAL_GET,
  GLOBAL_SET,
  I32_ADD,
  I32_CONST,
  I32_EQZ,
  I32_GT_U,
  I32_LT_S,
  I32_LT_U,
  I32_MUL,
  I32_NE,
  I32_SUB,
  IF,
  LOCAL_GET,
  LOCAL_SET,
  LOCAL_TEE,
  LOOP,
  MEMORY_GROW,
  RETURN,
  UNREACHABLE,
} from "./opcodes.ts";
import type { Types } from "./types.ts";
import type { Writer } from "./writer.ts";

/** A part of a function: numbers are bytes, and lists are parts one after the other. */
type Part = number | readonly Part[];

/** A function of ours. */
interface Helper {
  readonly type: number;
  readonly locals: readonly ValueType[];
  readonly code: Part;
}

const EMPTY: readonly ValueType[] = [];

const get = (local: number): Part => [LOCAL_GET, u32(local)];
const set = (local: number): Part => [LOCAL_SET, u32(local)];
const tee = (local: number): Part => [LOCAL_TEE, u32(local)];
const getGlobal = (index: number): Part => [GLOBAL_GET, u32(index)];
const setGlobal = (index: number): Part => [GLOBAL_SET, u32(index)];
const i32 = (value: number): Part => [I32_CONST, s32(value)];
const call = (index: number): Part => [CALL, u32(index)];
const when = (condition: Part, then: Part, otherwise?: Part): Part => [
  ...[condition, IF, EMPTY_BLOCK, then],
  ...otherwise === undefined ? [END] : [ELSE, otherwise, END],
];
/** A loop that goes on while the condition at its end holds. */
const loop = (code: Part, condition: Part): Part => [LOOP, EMPTY_BLOCK, code, condition, BR_IF, 0, END];
const giveBack = (value: Part): Part => [value, RETURN];

function u32(value: number): number[] {
  const bytes: number[] = [];
  for (; value > 0x7f; value >>>= 7) bytes.push(value & 0x7f | 0x80);
  bytes.push(value);
  return bytes;
}

function s32(value: number): number[] {
  const bytes: number[] = [];
  for (; value < -64 || value > 63; value >>= 7) bytes.push(value & 0x7f | 0x80);
  bytes.push(value & 0x7f);
  return bytes;
}

/** The bytes of an opcode with a prefix and a small number. */
const prefixed = (name: string): Part => [opcodeOf(name) >> 8, opcodeOf(name) & 0xff];

const dense = (name: string): number => denseOpcode(opcodeOf(name));

/** Instructions that are replaced, by their dense opcodes; `memory.grow` too. */
const MEMORY_INIT = dense("memory.init");
const MEMORY_COPY = dense("memory.copy");
const MEMORY_FILL = dense("memory.fill");
const TABLE_INIT = dense("table.init");
const TABLE_COPY = dense("table.copy");
const TABLE_GROW = dense("table.grow");
const TABLE_FILL = dense("table.fill");

/** The functions that follow the stubs, in their order. */
const FIXED = ["refuel", "fuel", "setFuel", "charge", "pending"] as const;

/** The functions of one metered module that are not the guest's. */
export class Helpers {
  readonly #record: ModuleRecord;
  readonly #layout: Layout;
  readonly #types: Types;
  /** The index of the first function that is not a stub. */
  readonly #first: number;
  /** What replaces instructions: the functions' opcodes and indices, and their places. */
  readonly #made = new Map<string, number>();
  readonly #list: Helper[] = [];

  constructor(record: ModuleRecord, layout: Layout, types: Types) {
    this.#record = record;
    this.#layout = layout;
    this.#types = types;
    this.#first = layout.firstStub + record.importedFunctions;
  }

  /** The index of one of the functions that every module has. */
  fixed(name: (typeof FIXED)[number]): number {
    return this.#first + FIXED.indexOf(name);
  }

  /** The index of the function that replaces an instruction. */
  indexOf(code: number, first: number, second: number): number {
    const key = `${code}:${first}:${second}`;
    let place = this.#made.get(key);
    if (place === undefined) {
      this.#made.set(key, place = this.#list.length);
      this.#list.push(this.#replacement(code, first, second));
    }
    return this.#first + FIXED.length + place;
  }

  /** All of the functions, in their order. */
  all(): Helper[] {
    const { functions, types, importedFunctions } = this.#record;
    const stubs = Array.from({ length: importedFunctions }, (_, index) => this.#stub(index, types[functions[index]]));
    return [...stubs, ...FIXED.map((name) => this.#make(name)), ...this.#list];
  }

  #runtime(place: number): Part {
    return call(this.#record.importedFunctions + place);
  }

  #charge(amount: Part): Part {
    const { fuelGlobal } = this.#layout;
    return [getGlobal(fuelGlobal), amount, I32_SUB, setGlobal(fuelGlobal)];
  }

  /** Refuels if no fuel is left. */
  #check(): Part {
    return when([getGlobal(this.#layout.fuelGlobal), i32(0), I32_LT_S], [call(this.fixed("refuel")), DROP]);
  }

  #make(name: (typeof FIXED)[number]): Helper {
    const { fuelGlobal, statusGlobal } = this.#layout;
    const make = (params: readonly ValueType[], results: readonly ValueType[], code: Part, locals = EMPTY): Helper => ({
      type: this.#types.indexOf(params, results),
      locals,
      code,
    });
    switch (name) {
      case "refuel": {
        const refill = [getGlobal(fuelGlobal), this.#runtime(REFILL), tee(0), i32(0), I32_LT_S];
        const id = [i32(0), get(0), I32_SUB];
        const wait = [id, this.#runtime(WAIT), id, this.#runtime(RESUMED), set(0)];
        const code = [loop([when(refill, wait), get(0), setGlobal(fuelGlobal)], [get(0), i32(0), I32_LT_S]), get(0)];
        return make(EMPTY, [I32], code, [I32]);
      }
      case "fuel":
        return make(EMPTY, [I32], getGlobal(fuelGlobal));
      case "setFuel":
        return make([I32], EMPTY, [get(0), setGlobal(fuelGlobal)]);
      case "charge":
        return make([I32], EMPTY, this.#charge(get(0)));
      case "pending":
        return make([I32], EMPTY, [get(0), setGlobal(statusGlobal)]);
    }
  }

  /** Calls an import, and waits for its answer if the engine has set the status. */
  #stub(index: number, { params, results }: FuncType): Helper {
    const { functions, importedFunctions } = this.#record;
    const { fuelGlobal, statusGlobal } = this.#layout;
    const typeIndex = functions[index];
    const id = params.length;
    const key = this.#types.keyOfResults(typeIndex);
    const waiting = [
      results.map(() => DROP),
      ...[getGlobal(statusGlobal), set(id), i32(0), setGlobal(statusGlobal)],
      ...[get(id), call(answerIndex(this.#layout, importedFunctions, index))],
      ...[get(id), this.#runtime(RESUMED), setGlobal(fuelGlobal)],
    ];
    const code = [
      this.#charge(i32(HOST_CALL_FUEL)),
      params.map((_, param) => get(param)),
      call(index),
      ...[getGlobal(statusGlobal), IF, key === 0 ? EMPTY_BLOCK : s32(this.#types.same(key)), waiting, END],
    ];
    return { type: typeIndex, locals: [I32], code };
  }

  #replacement(code: number, first: number, second: number): Helper {
    const { tables } = this.#record;
    const bulk = [I32, I32, I32] as const;
    switch (code) {
      case MEMORY_GROW:
        return {
          type: this.#types.indexOf([I32], [I32]),
          locals: [I32],
          code: [
            when(
              [get(0), MEMORY_GROW, 0, tee(1), i32(-1), I32_NE],
              [this.#charge([get(0), i32(FUEL_PER_PAGE), I32_MUL]), this.#check()],
            ),
            get(1),
          ],
        };
      case TABLE_GROW:
        return this.#growTable(first);
      case MEMORY_FILL:
        return this.#parts(bulk, [prefixed("memory.fill"), 0], MEMORY_PART, "fill");
      case MEMORY_COPY:
        return this.#parts(bulk, [prefixed("memory.copy"), 0, 0], MEMORY_PART, "copy");
      case MEMORY_INIT:
        return this.#parts(bulk, [prefixed("memory.init"), u32(first), 0], MEMORY_PART, "init");
      case TABLE_FILL:
        return this.#parts([I32, tables[first].element, I32], [prefixed("table.fill"), u32(first)], TABLE_PART, "fill");
      case TABLE_COPY:
        return this.#parts(bulk, [prefixed("table.copy"), u32(first), u32(second)], TABLE_PART, "copy");
      case TABLE_INIT:
        return this.#parts(bulk, [prefixed("table.init"), u32(first), u32(second)], TABLE_PART, "init");
      default:
        throw new TypeError(`no helper for opcode ${code}`);
    }
  }

  #growTable(table: number): Helper {
    const { tables, importedTables } = this.#record;
    const { element, limits: { maximum } } = tables[table];
    const size = 2;
    const refuse = giveBack(i32(-1));
    return {
      type: this.#types.indexOf([element, I32], [I32]),
      locals: [I32],
      code: [
        [prefixed("table.size"), u32(table), set(size)],
        table < importedTables || maximum === undefined
          ? []
          : when([get(1), i32(maximum | 0), get(size), I32_SUB, I32_GT_U], refuse),
        when([i32(table), get(size), get(1), this.#runtime(GROW_TABLE), I32_EQZ], refuse),
        when(
          [get(0), get(1), prefixed("table.grow"), u32(table), i32(-1), I32_NE],
          [this.#charge([get(size), get(1), I32_ADD]), this.#check(), get(size), RETURN],
        ),
        i32(-1),
      ],
    };
  }

  /**
   * A bulk operation in parts. The first operand is a place, the second a value or another place, the third a count. If
   * there is more than one part, an operation of no bytes at the end tells whether all are in bounds.
   */
  #parts(params: readonly ValueType[], operation: Part, part: number, kind: "fill" | "copy" | "init"): Helper {
    const [to, from, count] = [0, 1, 2];
    const hasFrom = kind !== "fill";
    const whole = [get(to), get(from), get(count), operation];
    const end = (place: number): Part => [get(place), get(count), I32_ADD];
    const wraps = (place: number): Part => when([end(place), get(place), I32_LT_U], [whole, UNREACHABLE]);
    const inBounds = [
      wraps(to),
      hasFrom ? wraps(from) : [],
      [end(to), hasFrom ? end(from) : get(from), i32(0), operation],
    ];
    const advance = (place: number): Part => [get(place), i32(part), I32_ADD, set(place)];
    const forward = [[get(to), get(from), i32(part), operation], advance(to), hasFrom ? advance(from) : []];
    const last = (place: number): Part => [end(place), i32(part), I32_SUB];
    const backward = [last(to), last(from), i32(part), operation];
    const onePart = kind === "copy" ? when([get(to), get(from), I32_GT_U], backward, forward) : forward;
    const less = [get(count), i32(part), I32_SUB, set(count)];
    const isLonger = [get(count), i32(part), I32_GT_U];
    return {
      type: this.#types.indexOf(params, EMPTY),
      locals: [],
      code: [
        when(isLonger, [inBounds, loop([onePart, this.#charge(i32(part)), less, this.#check()], isLonger)]),
        [whole, this.#charge(get(count)), this.#check()],
      ],
    };
  }
}

/** Writes a helper as a body, with its length. */
export function writeHelper(out: Writer, { locals, code }: Helper): void {
  const place = out.open();
  out.u32(locals.length);
  for (const type of locals) out.all([1, type]);
  const bytes: number[] = [];
  flatten(code, bytes);
  out.all(bytes);
  out.u8(END);
  out.close(place);
}

function flatten(part: Part, bytes: number[]): void {
  if (typeof part === "number") bytes.push(part);
  else for (const each of part) flatten(each, bytes);
}
