/**
 * The op table, and the tables that are derived from it.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { execute } from "../../../src/vm/interpreter/execute.ts";
import { ROOM } from "../../../src/vm/interpreter/emitter.ts";
import { FUSED, partsOf } from "../../../src/vm/interpreter/fused_ops.ts";
import { findOp, OP, OP_NAMES, OP_WORDS, opEquation, opOperands, OPS } from "../../../src/vm/interpreter/ops.ts";
import type { OpName } from "../../../src/vm/interpreter/ops.ts";
import { denseOpcode, OPCODES } from "../../../src/vm/binary/opcodes.ts";
import { PLANS } from "../../../src/vm/interpreter/plans.ts";
import { BULK_OPS } from "../../../src/vm/interpreter/bulk_ops.ts";
import { RARE_OPS } from "../../../src/vm/interpreter/rare_ops.ts";

/** Rare ops that call.ts runs. */
const CALL_OPS = new Set([
  "memory_grow",
  "nowhere",
  "finish",
  "call_lazy",
  "call_import",
  "call_indirect_any",
  "return_call",
  "return_call_indirect",
]);

const PLAIN = Object.keys(OPS) as OpName[];

Deno.test("OPS: every row's operands are known letters, and its equation uses each operand", () => {
  for (const name of PLAIN) {
    const operands = opOperands(name);
    assertEquals(OP_WORDS[OP[name]], operands.length + 1);
    for (const letter of operands) {
      assert(/^[abcdkhogtuvefsynij]$/.test(letter), `${name}: ${letter}`);
      const equation = opEquation(name);
      if (equation === undefined) continue;
      // The return of a call reads the fuel that it charges.
      if (letter === "u" && /^call/.test(name)) continue;
      assert(new RegExp(`[IHFD#]\\.?${letter}\\b|\\b${letter}\\b`).test(equation), `${name} does not use ${letter}`);
    }
  }
});

Deno.test("FUSED: both parts of each are ops, and the first continues with the second and writes the slot's operand", () => {
  for (const name of FUSED) {
    const { first, second, slot } = partsOf(name)!;
    assert(findOp(first) !== undefined && findOp(second) !== undefined, name);
    assert(!/^(jump|br_|call|return)/.test(first), `${name}: the first does not continue with the second`);
    assert(!/^([if]\d\d_(eq|ne|[lg][te])|i32_eqz)/.test(second), `${name}: a comparison is removed for its branch`);
    assert(!/^(call|memory_)/.test(second), `${name}: a stop at the second part is found by its number`);
    // A value that a move keeps on the operand stack is needed again.
    assert(
      slot === "" || !/^mov/.test(second) || name.includes(`[${slot}=`),
      `${name}: the source of a move can be needed later`,
    );
    assert(slot === "" || opOperands(second).includes(slot) && opOperands(first).includes("d"), name);
    const operands = opOperands(name);
    assertEquals(new Set(operands).size, operands.length, `${name}: ${operands}`);
    assert(operands.length < ROOM, name);
  }
  assertEquals(new Set(FUSED).size, FUSED.length);
});

Deno.test("OPS: exactly one of rare_ops.ts, bulk_ops.ts and call.ts runs each rare op", () => {
  for (const name of PLAIN) {
    if (opEquation(name) !== undefined) continue;
    const runners = [RARE_OPS[OP[name]] !== undefined, BULK_OPS[OP[name]] !== undefined, CALL_OPS.has(name)];
    assertEquals(runners.filter(Boolean).length, 1, name);
  }
});

Deno.test("execute has a separate case for each op with an equation", () => {
  const source = execute.toString();
  const rare = new Set<string>(PLAIN.filter((name) => opEquation(name) === undefined));
  for (const [number, name] of OP_NAMES.entries()) {
    assertEquals(new RegExp(`case ${number}:`).test(source), !rare.has(name), name);
    assertEquals(number >= OP_NAMES.length - rare.size, rare.has(name), `${name}: the switch is dense`);
  }
});

Deno.test("execute is small enough for engines to optimise", () => {
  // V8 does not optimise above 61,440 bytes of bytecode, and code of this shape has 0.57 bytes a character.
  // JavaScriptCore does not optimise above a cost of 100,000, and this code costs 0.9 a character.
  assert(execute.toString().length < 100_000, `${execute.toString().length} characters`);
});

Deno.test("every instruction with a signature has a plan, and its op has the right shape", () => {
  for (const [code, mnemonic, immediates, signature] of OPCODES) {
    const isPlanned = signature.includes(":") && signature !== ":" && !signature.includes("V") &&
      (immediates === "" && /^..?:/.test(signature) || immediates.startsWith("memarg"));
    const plan = PLANS[denseOpcode(code)];
    assertEquals(plan !== undefined, isPlanned, mnemonic);
    if (plan === undefined || plan.kind === "retype") continue;
    const shapes = { load: "a o d", store: "a o b", unary: "d a", binary: "d a b" };
    assertEquals(opOperands(OP_NAMES[plan.op]).join(" "), shapes[plan.kind], mnemonic);
  }
});

Deno.test("findOp finds only own names", () => {
  assertEquals(findOp("i32_add"), OP.i32_add);
  assertEquals(findOp("constructor"), undefined);
});
