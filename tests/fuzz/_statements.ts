/**
 * Generates statements: instructions that leave the stack unchanged, or never reach their end. The code after a branch
 * is generated like any other code, so unreachable code is also generated.
 *
 * @module
 */

import { u32 } from "../../tools/binary.ts";
import { dares, indexed, indicesOf, node, oneIn, opcode, OPERATORS, STORES } from "./_draft.ts";
import type { Body } from "./_draft.ts";
import * as generate from "./_expressions.ts";
import { pick } from "../../tools/random.ts";
import { constant } from "./_writer.ts";

const { address, condition, control, discard, expression, expressions, observed, plainCall, tableIndex } = generate;

/** Any statement, or nothing if the body is long enough. */
export function statement(body: Body, depth: number): void {
  if (body.budget <= 0 || depth < 0) return;
  const { random, functions, globals } = body.draft;
  node(body, "", () => {
    const kind = random(24);
    if (kind < 7) return assignment(body, depth);
    if (kind < 9) return store(body, depth);
    if (kind < 12) return control(body, "", depth, false);
    if (kind < 15) return branchIf(body, depth);
    if (kind < 17) return bulk(body, depth);
    if (kind < 18) return terminator(body, depth);
    if (kind < 20) {
      const index = random(functions.length);
      plainCall(body, index, depth);
      return drop(body, functions[index].split(":")[1]);
    }
    if (kind < 22) {
      const index = pick(random, indicesOf(globals, (global) => global.mutable));
      if (index === body.draft.fuel) return void body.code.push(0x01);
      expression(body, globals[index].type, depth);
      return void body.code.push(...indexed(0x24, index));
    }
    const types = generate.randomTypes(body, 3);
    expressions(body, types, depth);
    drop(body, types);
  });
}

function drop(body: Body, types: string): void {
  for (const type of Array.from(types).reverse()) discard(body, type);
}

function assignment(body: Body, depth: number): void {
  const local = body.draft.random(body.locals.length);
  expression(body, body.locals[local], depth);
  body.code.push(...indexed(0x21, local));
}

function store(body: Body, depth: number): void {
  if (body.vectors !== undefined && oneIn(body, 2)) return body.vectors.store(body, depth);
  const [code, , form, signature] = pick(body.draft.random, STORES);
  address(body, depth);
  observed(body, signature[1], depth - 1);
  body.code.push(code, ...generate.memoryArgument(body, form));
}

function branchIf(body: Body, depth: number): void {
  const target = body.draft.random(body.labels.length);
  const { types, clean } = body.labels[target];
  expressions(body, types, depth, clean);
  condition(body, depth);
  body.code.push(...indexed(0x0d, body.labels.length - 1 - target));
  drop(body, types);
}

/** An instruction that never reaches its end. Some that take any values from the stack can follow it. */
function terminator(body: Body, depth: number): void {
  const { random, functions } = body.draft;
  const { code, labels, results } = body;
  const kind = random(8);
  if (kind < 2) {
    const target = random(labels.length);
    expressions(body, labels[target].types, depth, labels[target].clean);
    code.push(...indexed(0x0c, labels.length - 1 - target));
  } else if (kind < 5) branchTable(body, depth);
  else if (kind < 6) {
    expressions(body, results, depth);
    code.push(0x0f);
  } else if (kind < 7 && dares(body)) code.push(0x00);
  else {
    const same = indicesOf(functions, (signature) => signature.endsWith(`:${results}`));
    plainCall(body, pick(random, same), depth, true);
  }
  if (oneIn(body, 4)) code.push(...opcode(pick(random, OPERATORS[pick(random, "iIfF")])[0]), 0x1a);
  if (oneIn(body, 8)) code.push(0x1b, 0x1a);
}

function branchTable(body: Body, depth: number): void {
  const { random } = body.draft;
  const { code, labels } = body;
  const { types } = pick(random, labels);
  const alike = indicesOf(labels, (label) => label.types === types);
  const targets = Array.from({ length: 1 + random(6) }, () => pick(random, alike));
  expressions(body, types, depth, targets.some((target) => labels[target].clean));
  expression(body, "i", depth);
  if (!oneIn(body, 3)) code.push(...constant("i", 7), 0x71);
  code.push(0x0e, ...u32(targets.length - 1), ...targets.flatMap((target) => u32(labels.length - 1 - target)));
}

/** Bulk instructions on memory and tables. */
function bulk(body: Body, depth: number): void {
  const { random, tables, data, elements, isPlain } = body.draft;
  const { code } = body;
  if (isPlain) return void code.push(0x01);
  const length = (most: number) => {
    if (dares(body)) expression(body, "i", depth - 1);
    else code.push(...constant("i", random(most)));
  };
  const fitting = (type: string) => u32(pick(random, indicesOf(tables, (element) => element === type)));
  switch (random(10)) {
    case 0:
    case 1:
      address(body, depth);
      expression(body, "i", depth - 1);
      length(300);
      return void code.push(0xfc, 0x0b, 0);
    case 2:
    case 3:
      address(body, depth);
      address(body, depth);
      length(300);
      return void code.push(0xfc, 0x0a, 0, 0);
    case 4:
      address(body, depth);
      code.push(...constant("i", random(3)));
      length(4);
      return void code.push(0xfc, 0x08, ...u32(random(data)), 0);
    case 5: {
      const table = random(tables.length);
      tableIndex(body, depth);
      expression(body, tables[table], depth - 1);
      return void code.push(...indexed(0x26, table));
    }
    case 6: {
      const table = random(tables.length);
      tableIndex(body, depth);
      expression(body, tables[table], depth - 1);
      length(2);
      return void code.push(0xfc, 0x11, ...u32(table));
    }
    case 7: {
      const table = random(tables.length);
      tableIndex(body, depth);
      tableIndex(body, depth);
      length(2);
      return void code.push(0xfc, 0x0e, ...u32(table), ...fitting(tables[table]));
    }
    case 8: {
      const segment = random(elements.length);
      tableIndex(body, depth);
      code.push(...constant("i", random(2)));
      length(2);
      return void code.push(0xfc, 0x0c, ...u32(segment), ...fitting(elements[segment]));
    }
    default:
      if (!dares(body)) return void code.push(0x01);
      code.push(...oneIn(body, 2) ? [0xfc, 0x09, ...u32(random(data))] : [0xfc, 0x0d, ...u32(random(elements.length))]);
  }
}
