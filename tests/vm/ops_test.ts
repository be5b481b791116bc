/**
 * The op table, and what is derived from it.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { execute } from "../../src/vm/execute.ts";
import { findOp, OP, OP_NAMES, OP_WORDS, opEquation, opOperands } from "../../src/vm/ops.ts";
import { OPCODES } from "../../src/vm/opcodes.ts";
import { findPlan } from "../../src/vm/_plans.ts";
import { BULK_OPS } from "../../src/vm/bulk_ops.ts";
import { RARE_OPS } from "../../src/vm/rare_ops.ts";

/** Rare ops that call.ts runs. */
const CALL_OPS = new Set([
  "finish",
  "call_lazy",
  "call_import",
  "call_indirect_any",
  "return_call",
  "return_call_indirect",
]);

Deno.test("OPS: ops with an equation come first, so that the switch is dense", () => {
  const firstRare = OP_NAMES.findIndex((name) => opEquation(name) === undefined);
  assert(OP_NAMES.slice(firstRare).every((name) => opEquation(name) === undefined));
});

Deno.test("OPS: every row's operands are known letters, and its equation uses each of them", () => {
  for (const name of OP_NAMES) {
    const operands = opOperands(name);
    assertEquals(OP_WORDS[OP[name]], operands.length + 1);
    for (const letter of operands) {
      assert(/^[abcdkhogtuefsynij]$/.test(letter), `${name}: ${letter}`);
      const equation = opEquation(name);
      if (equation === undefined) continue;
      assert(new RegExp(`[IHFD#]\\.?${letter}\\b|\\b${letter}\\b`).test(equation), `${name} does not use ${letter}`);
    }
  }
});

Deno.test("OPS: every memory op has its address first and its offset second, where a fault is looked for", () => {
  for (const name of OP_NAMES.slice(OP.load32, OP.memory_size)) assertEquals(opOperands(name).slice(0, 2), ["a", "o"]);
});

Deno.test("OPS: every rare op is run by one of rare_ops.ts, bulk_ops.ts and call.ts", () => {
  for (const name of OP_NAMES) {
    if (opEquation(name) !== undefined) continue;
    const runners = [RARE_OPS[OP[name]] !== undefined, BULK_OPS[OP[name]] !== undefined, CALL_OPS.has(name)];
    assertEquals(runners.filter(Boolean).length, 1, name);
  }
});

Deno.test("execute has a case of its own for each op with an equation", () => {
  const source = execute.toString();
  for (const name of OP_NAMES) {
    const isCase = new RegExp(`case ${OP[name]}:`).test(source);
    assertEquals(isCase, opEquation(name) !== undefined, name);
  }
});

Deno.test("execute stays small enough for engines to optimise", () => {
  // V8 gives up above 61,440 bytes of bytecode, which for this shape of code is about twice the bytes of its source.
  assert(execute.toString().length < 80_000, `${execute.toString().length} characters`);
});

Deno.test("every instruction with a signature has a plan, whose op is of the right shape", () => {
  for (const [code, mnemonic, immediates, signature] of OPCODES) {
    const isPlanned = signature.includes(":") && signature !== ":" &&
      (immediates === "" && /^..?:/.test(signature) || immediates.startsWith("memarg"));
    const plan = findPlan(code);
    assertEquals(plan !== undefined, isPlanned, mnemonic);
    if (plan === undefined || plan.kind === "retype") continue;
    const shapes = { load: "a o d", store: "a o b", unary: "d a", binary: "d a b" };
    assertEquals(opOperands(OP_NAMES[plan.op]).join(" "), shapes[plan.kind], mnemonic);
  }
});

Deno.test("findOp finds own names only", () => {
  assertEquals(findOp("i32_add"), OP.i32_add);
  assertEquals(findOp("constructor"), undefined);
});
