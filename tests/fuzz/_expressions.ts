/**
 * Generates expressions: instructions that leave values of given types on the stack. It aims at the cases that the
 * translator optimises: reads of locals that are assigned before their use, constants on either side, comparisons
 * before branches, and values that branches carry past others on the stack. statements.ts generates statements.
 *
 * @module
 */

import { u32 } from "../../tools/binary.ts";
import type { OpcodeRow } from "../../src/vm/binary/opcodes.ts";
import * as draft from "./_draft.ts";
import type { Body } from "./_draft.ts";
import { pick } from "../../tools/random.ts";
import { I32_EDGES, TYPE_CODES } from "./_values.ts";
import { constant, nan, randomConstant, zero } from "./_writer.ts";

const { anyLocal, dares, indexed, indicesOf, node, oneIn, opcode, scratch } = draft;

const DROP = 0x1a;
const isFloat = (type: string): boolean => type === "f" || type === "F";
const isReference = (type: string): boolean => type === "r" || type === "e";

/** A value. A clean one is a float whose NaN bits are determined, because it is not an arithmetic result. */
export function expression(body: Body, type: string, depth: number, clean = false): void {
  const { random } = body.draft;
  node(body, type, () => {
    if (depth <= 0 || body.budget <= 0 || oneIn(body, 10)) return leaf(body, type, clean);
    if (isReference(type)) return reference(body, type, depth);
    if (type === "V") return vector(body, depth);
    if (body.vectors !== undefined && oneIn(body, 4)) return body.vectors.number(body, type, depth);
    if (clean && isFloat(type)) return cleanFloat(body, type, depth);
    const kind = random(25);
    if (kind > 23) return overtaken(body, type, depth);
    if (kind > 19 || kind < 8) return operator(body, pick(random, draft.OPERATORS[type]), depth);
    if (kind < 9) return load(body, type, depth);
    if (kind < 11) return tee(body, type, depth);
    if (kind < 12) return select(body, type, depth, clean);
    if (kind < 14) return control(body, type, depth, clean);
    if (kind < 16) return call(body, type, depth);
    if (kind < 17) return carried(body, type, depth, clean);
    if (kind < 18 && type === "i") return oneIn(body, 2) ? query(body, depth) : condition(body, depth);
    const isTrapping = kind < 19 && draft.TRAPPING[type].length > 0 && dares(body);
    operator(body, pick(random, (isTrapping ? draft.TRAPPING : draft.OPERATORS)[type]), depth);
  });
}

/** Several values, one by one or as the results of one instruction. Statements can come between. */
export function expressions(body: Body, types: string, depth: number, clean = false): void {
  if (types.length > 1 && depth > 0 && body.budget > 0 && oneIn(body, 3)) {
    return node(body, types, () => {
      const functions = indicesOf(body.draft.functions, (signature) => signature.endsWith(`:${types}`));
      if (!clean && functions.length > 0 && oneIn(body, 2)) {
        return plainCall(body, pick(body.draft.random, functions), depth);
      }
      if (oneIn(body, 3)) return carried(body, types, depth, clean);
      control(body, types, depth, clean);
    });
  }
  for (const [index, type] of Array.from(types).entries()) {
    if (index > 0 && oneIn(body, 4)) body.statement(body, depth - 1);
    expression(body, type, depth - 1, clean);
  }
}

function leaf(body: Body, type: string, clean: boolean): void {
  const { random, globals, functions } = body.draft;
  const { code } = body;
  if (type === "r" && oneIn(body, 2)) return void code.push(...indexed(0xd2, random(functions.length)));
  if (!(clean && isFloat(type))) {
    const local = anyLocal(body, type);
    if (local !== undefined && random(5) < 3) return void code.push(...indexed(0x20, local));
    const readable = indicesOf(globals, (global) => global.type === type);
    if (readable.length > 0 && oneIn(body, 6)) return void code.push(...indexed(0x23, pick(random, readable)));
  }
  code.push(...randomConstant(random, type));
}

function reference(body: Body, type: string, depth: number): void {
  const { random, tables } = body.draft;
  const kind = random(5);
  if (kind === 0) return select(body, type, depth, false);
  if (kind === 1) return control(body, type, depth, false);
  if (kind === 2) return call(body, type, depth);
  const fitting = indicesOf(tables, (element) => element === type);
  if (kind === 3 || fitting.length === 0) return tee(body, type, depth);
  tableIndex(body, depth);
  body.code.push(...indexed(0x25, pick(random, fitting)));
}

function vector(body: Body, depth: number): void {
  switch (body.draft.random(12)) {
    case 0:
      return select(body, "V", depth, false);
    case 1:
      return control(body, "V", depth, false);
    case 2:
      return call(body, "V", depth);
    case 3:
      return carried(body, "V", depth, false);
    case 4:
      return tee(body, "V", depth);
    default:
      body.vectors!.value(body, depth);
  }
}

/** Instructions that only move bits. */
function cleanFloat(body: Body, type: string, depth: number): void {
  const { random } = body.draft;
  const bits = type === "f"
    ? { abs: 0x8b, copysign: 0x98, reinterpret: 0xbe }
    : { abs: 0x99, copysign: 0xa6, reinterpret: 0xbf };
  switch (random(7)) {
    case 0:
      return load(body, type, depth);
    case 1:
      return select(body, type, depth, true);
    case 2:
      return control(body, type, depth, true);
    case 3:
      expression(body, type === "f" ? "i" : "I", depth - 1);
      return void body.code.push(bits.reinterpret);
    case 4:
      expression(body, type, depth - 1, true);
      return void body.code.push(bits.abs + random(2));
    case 5:
      expressions(body, type + type, depth, true);
      return void body.code.push(bits.copysign);
    default:
      body.code.push(...nan(random, type));
  }
}

/** A float whose bits will be visible: a clean one, or any one whose NaN is replaced by the canonical one. */
export function observed(body: Body, type: string, depth: number): void {
  if (!isFloat(type) || oneIn(body, 2)) return expression(body, type, depth, true);
  const local = u32(scratch(body, type));
  expression(body, type, depth);
  body.code.push(
    0x22,
    ...local,
    ...constant(type, NaN),
    0x20,
    ...local,
    0x20,
    ...local,
    type === "f" ? 0x5b : 0x61,
    0x1b,
  );
}

/** An instruction only on numbers. */
function operator(body: Body, [code, mnemonic, , signature]: OpcodeRow, depth: number): void {
  const { random } = body.draft;
  const params = signature.split(":")[0];
  const seesBits = /reinterpret_f|copysign/.test(mnemonic);
  const divides = /i\d\d\.(div|rem)/.test(mnemonic) && !dares(body);
  for (const [index, type] of Array.from(params).entries()) {
    if (index > 0 && oneIn(body, 6)) body.statement(body, depth - 1);
    if (index > 0 && divides) divisor(body, type, depth);
    else if (seesBits) observed(body, type, depth - 1);
    else if (params.length > 1 && oneIn(body, 5)) body.code.push(...randomConstant(random, type));
    else expression(body, type, depth - 1);
  }
  body.code.push(...opcode(code));
}

function divisor(body: Body, type: string, depth: number): void {
  if (oneIn(body, 2)) {
    return void body.code.push(
      ...constant(type, type === "I" ? 1000003n : pick(body.draft.random, [1, 2, 7, -3, 0x10001])),
    );
  }
  expression(body, type, depth - 1);
  body.code.push(...constant(type, type === "I" ? 1n : 1), type === "I" ? 0x84 : 0x72);
}

/** A condition: mostly a comparison, perhaps negated. */
export function condition(body: Body, depth: number): void {
  const { random } = body.draft;
  if (oneIn(body, 4)) expression(body, "i", depth - 1);
  else node(body, "i", () => operator(body, pick(random, draft.COMPARISONS), depth));
  for (let negations = Math.max(0, random(5) - 2); negations > 0; negations--) body.code.push(0x45);
}

/** Instructions that always return an i32: sizes, growth, and whether a reference is null. */
function query(body: Body, depth: number): void {
  const { random, tables, isPlain } = body.draft;
  switch (isPlain ? pick(random, [0, 3, 4]) : random(5)) {
    case 0:
      return void body.code.push(0x3f, 0);
    case 1:
      body.code.push(...constant("i", pick(random, [0, 0, 1, -1, 65536])), 0x40, 0);
      return;
    case 2: {
      const table = random(tables.length);
      expression(body, tables[table], depth - 1);
      body.code.push(...constant("i", pick(random, [0, 1, 2, -1])), 0xfc, 0x0f, ...u32(table));
      return;
    }
    case 3:
      return void body.code.push(0xfc, 0x10, ...u32(random(tables.length)));
    default:
      expression(body, pick(random, "re"), depth - 1);
      body.code.push(0xd1);
  }
}

/** A local that is read, assigned while the old value is on the stack, and read again. */
function overtaken(body: Body, type: string, depth: number): void {
  const { random } = body.draft;
  const local = u32(anyLocal(body, type)!);
  const reads = 1 + random(2);
  const both = draft.OPERATORS[type].filter(([, mnemonic, , params]) =>
    params === `${type}${type}:${type}` && !/div|rem|copysign/.test(mnemonic)
  );
  for (let count = reads; count > 0; count--) body.code.push(0x20, ...local);
  operator(body, pick(random, draft.OPERATORS[type]), depth);
  if (oneIn(body, 2)) body.code.push(0x22, ...local);
  else body.code.push(0x21, ...local, 0x20, ...local);
  for (let count = reads; count > 0; count--) body.code.push(pick(random, both)[0]);
}

function tee(body: Body, type: string, depth: number): void {
  const local = anyLocal(body, type);
  expression(body, type, depth - 1);
  if (local !== undefined) body.code.push(...indexed(0x22, local));
}

function select(body: Body, type: string, depth: number, clean: boolean): void {
  expressions(body, type + type, depth, clean);
  condition(body, depth - 1);
  if (isReference(type) || oneIn(body, 3)) body.code.push(0x1c, 1, TYPE_CODES[type]);
  else body.code.push(0x1b);
}

/** An address, mostly in the first half page. */
export function address(body: Body, depth: number): void {
  const { random } = body.draft;
  if (dares(body)) {
    if (oneIn(body, 2)) return expression(body, "i", depth - 1);
    return void body.code.push(...constant("i", oneIn(body, 2) ? 65536 - random(10) : pick(random, I32_EDGES)));
  }
  if (oneIn(body, 2)) return void body.code.push(...constant("i", random(0x8000)));
  expression(body, "i", depth - 1);
  body.code.push(...constant("i", pick(random, [0x7fff, 0x7ff8, 15, 1])), 0x71);
}

/** Alignment and offset; `form` is `memargN` or begins so. */
export function memoryArgument(body: Body, form: string): number[] {
  const { random } = body.draft;
  const offset = dares(body)
    ? pick(random, [
      32767,
      32768,
      65527,
      65528,
      65535,
      65536,
      0x7ffefff8,
      0x7fffffff,
      0x80000000,
      0xfffffff8,
      0xffffffff,
    ])
    : pick(random, [0, 0, 1, 8, random(0x7000)]);
  return [random(Number(form["memarg".length]) + 1), ...u32(offset)];
}

function load(body: Body, type: string, depth: number): void {
  const [code, , form] = pick(body.draft.random, draft.LOADS[type]);
  address(body, depth);
  body.code.push(code, ...memoryArgument(body, form));
}

/** An index into a table, mostly in bounds. */
export function tableIndex(body: Body, depth: number): void {
  if (dares(body)) return expression(body, "i", depth - 1);
  body.code.push(...constant("i", body.draft.random(8)));
}

/** A call that returns a value of the type, and perhaps others. */
function call(body: Body, type: string, depth: number): void {
  const fits = isReference(type)
    ? (signature: string) => signature.split(":")[1].startsWith(type)
    : (signature: string) => signature.split(":")[1].includes(type);
  const functions = indicesOf(body.draft.functions, fits);
  if (functions.length === 0) return leaf(body, type, false);
  const index = pick(body.draft.random, functions);
  plainCall(body, index, depth);
  const results = body.draft.functions[index].split(":")[1];
  const place = results.lastIndexOf(type);
  const kept = isReference(type) ? 0 : place;
  for (let above = results.length - 1; above > kept; above--) discard(body, results[above]);
  if (kept === 0) return;
  const local = u32(scratch(body, type));
  body.code.push(0x21, ...local);
  for (let below = kept - 1; below >= 0; below--) discard(body, results[below]);
  body.code.push(0x20, ...local);
}

/** Takes a value from the stack. It sets a local or drops the value. */
export function discard(body: Body, type: string): void {
  const local = anyLocal(body, type);
  if (local === undefined || oneIn(body, 3)) body.code.push(DROP);
  else if (oneIn(body, 4)) body.code.push(...indexed(0x22, local), DROP);
  else body.code.push(...indexed(0x21, local));
}

/** A direct or indirect call of a function, or of another of the same type. */
export function plainCall(body: Body, index: number, depth: number, tail = false): void {
  const { draft: { functions, slots, random } } = body;
  const signature = functions[index];
  expressions(body, signature.split(":")[0], depth);
  const places = indicesOf(slots, (slot) => slot !== null && functions[slot] === signature);
  if (places.length === 0 || oneIn(body, 2)) return void body.code.push(...indexed(tail ? 0x12 : 0x10, index));
  if (dares(body)) tableIndex(body, depth);
  else body.code.push(...constant("i", pick(random, places)));
  body.code.push(tail ? 0x13 : 0x11, ...u32(draft.typeIndex(body.draft, signature)), 0);
}

/** Values that a conditional branch could have taken. */
function carried(body: Body, types: string, depth: number, clean: boolean): void {
  const { labels } = body;
  const targets = indicesOf(labels, (label) => label.types === types);
  if (targets.length === 0) return control(body, types, depth, clean);
  const target = pick(body.draft.random, targets);
  expressions(body, types, depth, clean || labels[target].clean);
  condition(body, depth - 1);
  body.code.push(...indexed(0x0d, labels.length - 1 - target));
}

/** A block, loop or if with parameters and these results. */
export function control(body: Body, results: string, depth: number, clean: boolean): void {
  const { random } = body.draft;
  const kind = pick(random, [0x02, 0x02, 0x03, 0x04, 0x04]);
  const params = oneIn(body, 3) ? randomTypes(body, 3) : oneIn(body, 4) ? results : "";
  expressions(body, params, depth - 1, clean);
  if (kind === 0x04) condition(body, depth - 1);
  body.code.push(kind, ...draft.blockType(body.draft, params, results));
  body.labels.push({ types: kind === 0x03 ? params : results, clean });
  if (kind === 0x03) burn(body);
  arm(body, params, results, depth, clean);
  if (kind === 0x04 && (params !== results || oneIn(body, 2))) {
    body.code.push(0x05);
    arm(body, params, results, depth, clean);
  }
  body.labels.pop();
  body.code.push(0x0b);
}

/** The inside of a block: takes the parameters that are not passed on, and leaves the results. */
function arm(body: Body, params: string, results: string, depth: number, clean: boolean): void {
  let held = params;
  while (held !== "" && (!results.startsWith(held) || oneIn(body, 2))) {
    discard(body, held.at(-1)!);
    held = held.slice(0, -1);
  }
  for (let count = body.draft.random(4); count > 0; count--) body.statement(body, depth - 1);
  expressions(body, results.slice(held.length), depth - 1, clean);
}

/** One to `most` types of numbers and vectors, rarely of references. */
export function randomTypes(body: Body, most: number): string {
  const { random } = body.draft;
  const types = "iiiIIfFFr" + (body.vectors === undefined ? "" : "VV");
  return Array.from({ length: 1 + random(most) }, () => pick(random, types)).join("");
}

/** Returns from the function if the fuel is used up, or else takes one unit. */
export function burn(body: Body): void {
  const fuel = u32(body.draft.fuel);
  const test = oneIn(body, 2) ? [0x45] : [0x41, 1, 0x48];
  body.code.push(0x23, ...fuel, ...test, 0x04, 0x40, ...Array.from(body.results).flatMap(zero), 0x0f, 0x0b);
  body.code.push(0x23, ...fuel, 0x41, 1, 0x6b, 0x24, ...fuel);
}
