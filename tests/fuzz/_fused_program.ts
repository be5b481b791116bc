/**
 * Programs in the text format whose translation has a given fused op. They are derived from its name, which determines
 * the instructions, their order, and the values that pass between them. fused_test.ts chooses the arguments.
 *
 * @module
 */

import { PLANS } from "../../src/vm/interpreter/plans.ts";
import { partsOf } from "../../src/vm/interpreter/fused_ops.ts";
import { denseOpcode, OPCODES } from "../../src/vm/binary/opcodes.ts";
import { firstPrefix, OP_NAMES, opOperands } from "../../src/vm/interpreter/ops.ts";
import { pick } from "../../tools/random.ts";
import type { Random } from "../../tools/random.ts";
import { F32_EDGES, F64_EDGES, I32_EDGES, I64_EDGES, randomNumber } from "./_values.ts";

/** A value that is pushed for an op: a register operand or its constant `k`, and the type. */
type Push = readonly [operand: string, type: string];

/** An instruction that is translated to a given op. */
interface Form {
  readonly pushes: readonly Push[];
  /** The text after the pushed values, or "" if the op is the move of a value to a local. */
  readonly text: string;
  /** The type of the result, or "". */
  readonly result: string;
}

/** An op that is part of a fused one. */
interface Node {
  readonly op: string;
  /** Ops that compute operands. */
  readonly from: Map<string, { readonly node: Node; readonly isKept: boolean }>;
  /** Statements between the operands and the op. */
  readonly before: Node[];
}

/** A node with the instructions that are chosen for it and for all nodes below it. */
interface Choice {
  readonly node: Node;
  readonly form: Form;
  readonly from: ReadonlyMap<string, { readonly choice: Choice; readonly isKept: boolean }>;
  readonly before: readonly Choice[];
  /** Whether kept operands are computed before all others instead of in their place. */
  readonly isAhead: boolean;
}

/** The text of a module with one exported function for each program. */
export interface Program {
  readonly text: string;
  /** Types of the functions' parameters. */
  readonly params: readonly string[];
  /** Integers that can decide a comparison: the constants of all functions, and differences of two in one function. */
  readonly deciding: readonly bigint[];
  /** Whether the translation of each function must have the fused op. */
  readonly isExact: boolean;
  /** Whether it accesses memory and so can trap. */
  readonly hasMemory: boolean;
  /** Whether the bits of a NaN from arithmetic can be visible. */
  readonly showsNaN: boolean;
}

const TYPES: Readonly<Record<string, string>> = { i: "i32", I: "i64", f: "f32", F: "f64" };

/** Instructions that only reinterpret bits, by the types from and to which they convert. */
const RETYPES: Readonly<Record<string, string>> = {
  Ii: "i32.wrap_i64",
  fi: "i32.reinterpret_f32",
  if: "f32.reinterpret_i32",
  FI: "i64.reinterpret_f64",
  IF: "f64.reinterpret_i64",
  Fi: "i64.reinterpret_f64 i32.wrap_i64",
  If: "i32.wrap_i64 f32.reinterpret_i32",
};

/** Ops whose operands can be exchanged when they are second, if the first one computes `a`. */
const COMMUTATIVE = /^(br_if_)?[if]\d\d_(add|mul|and|or|xor|eq|ne)$/;

const WHERE_TAKEN = "br_if $taken";
const UNLESS_TAKEN = "if i32.const 1 local.set $path end";

const FORMS = new Map<string, Form[]>();

function addForm(op: string, pushes: readonly Push[], text: string, result = ""): void {
  const forms = FORMS.get(op);
  if (forms === undefined) FORMS.set(op, [{ pushes, text, result }]);
  else forms.push({ pushes, text, result });
}

for (const [code, mnemonic, immediates, signature] of OPCODES) {
  const plan = PLANS[denseOpcode(code)];
  if (plan === undefined || plan.kind === "retype") continue;
  const [params, result] = signature.split(":");
  const text = immediates.startsWith("memarg") ? `${mnemonic} offset=$o` : mnemonic;
  const [a, b] = params;
  const pushes: Push[] = b === undefined ? [["a", a]] : [["a", a], ["b", b]];
  addForm(OP_NAMES[plan.op], plan.swap ? [["b", a], ["a", b]] : pushes, text, result);
  if (plan.opConstant !== undefined && !plan.negateConstant) {
    addForm(OP_NAMES[plan.opConstant], [["a", a], ["k", b]], text, result);
  }
}
for (const [width, types] of [["32", "if"], ["64", "IF"]]) {
  for (const type of types) {
    addForm(`mov${width}`, [["a", type]], "", type);
    addForm(`const${width}`, [["k", type]], "", type);
    addForm(`select${width}`, [["a", type], ["b", type], ["c", "i"]], "select", type);
    addForm(`global_get${width}`, [], `global.get $${TYPES[type]}`, type);
    addForm(`global_set${width}`, [["a", type]], `global.set $${TYPES[type]}`);
    addForm(`return${width}`, [["a", type]], "return");
  }
}
addForm("return", [], "return");
addForm("jump", [], "br $end");
addForm("br_if", [["a", "i"]], WHERE_TAKEN);
addForm("br_unless", [["a", "i"]], UNLESS_TAKEN);
addForm("br_table", [["a", "i"]], "br_table $end $taken $end");
addForm("memory_size", [], "memory.size", "i");
addForm("memory_copy", [["a", "i"], ["b", "i"], ["c", "i"]], "memory.copy");
addForm("memory_fill", [["a", "i"], ["b", "i"], ["c", "i"]], "memory.fill");
for (const name of OP_NAMES) {
  const match = /^br_(if|unless)_([if]\d\d_\w+)$/.exec(name);
  for (const { pushes, text } of (match && FORMS.get(match[2])) ?? []) {
    addForm(name, pushes, `${text} ${match![1] === "if" ? WHERE_TAKEN : UNLESS_TAKEN}`);
  }
}

/** The parts of a fused op. */
interface Assembly {
  /** In the order in which they are emitted. The last is the one that all others compute operands for. */
  readonly order: readonly Node[];
  /** The node and its operand for each operand of the fused op. */
  readonly places: ReadonlyMap<string, readonly [node: Node, operand: string]>;
}

function assemble(name: string): Assembly {
  const parts = partsOf(name);
  if (parts === undefined) {
    const node: Node = { op: name, from: new Map(), before: [] };
    return { order: [node], places: new Map(opOperands(name).map((operand) => [operand, [node, operand]])) };
  }
  const { slot, isKept } = parts;
  const first = assemble(parts.first);
  const second = assemble(parts.second);
  const root = first.order.at(-1)!;
  if (slot === "") second.order[0].before.unshift(root);
  else {
    const [node, operand] = second.places.get(slot)!;
    node.from.set(operand, { node: root, isKept });
  }
  const places = new Map(second.places);
  for (const [operand, place] of first.places) places.set(firstPrefix(parts) + operand, place);
  return { order: [...first.order, ...second.order], places };
}

/** All choices of instructions for a node whose values have the wanted types, or are reinterpreted as them. */
function choicesFor(node: Node, canRetype: boolean): Choice[] {
  const forms = FORMS.get(node.op);
  if (forms === undefined) throw new Error(`no instruction is known to be translated to ${node.op}`);
  let choices: Choice[] = forms.map((form) => ({ node, form, from: new Map(), before: [], isAhead: false }));
  for (const [operand, { node: child, isKept }] of node.from) {
    const options = choicesFor(child, canRetype);
    choices = choices.flatMap((choice) => {
      const wanted = choice.form.pushes.find((push) => push[0] === operand)![1];
      return options
        .filter(({ form }) => form.result === wanted || canRetype && form.result + wanted in RETYPES)
        .map((option) => ({ ...choice, from: new Map([...choice.from, [operand, { choice: option, isKept }]]) }));
    });
  }
  for (const statement of node.before) {
    const options = choicesFor(statement, canRetype);
    choices = choices.flatMap((choice) => options.map((option) => ({ ...choice, before: [...choice.before, option] })));
  }
  return choices;
}

/** The choice with its operands exchanged, if its op and the ops that compute them allow that. */
function exchanged(choice: Choice): Choice[] {
  const { node, form, from, before } = choice;
  // The op that computes `a` must be the first one that is fused with the op.
  if (!COMMUTATIVE.test(node.op) || before.length > 0 || from.keys().next().value !== "a") return [];
  return [{ ...choice, form: { ...form, pushes: form.pushes.toReversed() } }];
}

/** Returns names of locals by type: new ones, or one of two for each type. */
class Locals {
  readonly params: string[] = [];
  readonly #random: Random | undefined;

  constructor(random?: Random) {
    this.#random = random;
    if (random !== undefined) this.params.push("i", "i", "I", "I", "f", "f", "F", "F");
  }

  get areShared(): boolean {
    return this.#random !== undefined;
  }

  name(type: string): string {
    if (this.#random === undefined) return `$${this.params.push(type) - 1}`;
    return `$${this.params.indexOf(type) + this.#random(2)}`;
  }
}

const SMALL: readonly number[] = [0, 1, 2, 3, 4, 8, 16, -1, -4, -8];
const PAGE = 65536;
const OFFSETS: readonly number[] = [0, 4, 1, 100, 65528, 65535, 65536, 0x7ffffffe, 0x7fffffff, 2 ** 31, 2 ** 32 - 1];

/** Writes a function's code. */
class Writer {
  readonly lines: string[] = [];
  /** The nodes whose ops have been written. */
  readonly order: Node[] = [];
  readonly constants: bigint[] = [];
  readonly locals: Locals;
  readonly #random: Random;
  readonly #fixed: string | undefined;

  /** @param fixed the value of all constants, if they are not random */
  constructor(random: Random, locals: Locals, fixed?: string) {
    this.#random = random;
    this.#fixed = fixed;
    this.locals = locals;
  }

  /** The code of a value, or of a statement if its op has no result. */
  value({ node, form, from, before, isAhead }: Choice): void {
    const ahead = new Map<string, string>();
    for (const [operand, { choice, isKept }] of isAhead ? [...from].reverse() : []) {
      if (isKept) ahead.set(operand, this.statement(choice));
    }
    for (const [operand, type] of form.pushes) {
      const source = from.get(operand);
      if (ahead.has(operand)) this.lines.push(`local.get ${ahead.get(operand)}`);
      else if (source !== undefined) {
        const { result } = source.choice.form;
        const isArrivedAt = this.#isNow(4);
        if (isArrivedAt) this.#skipTo(`block (result ${TYPES[result]}) local.get ${this.locals.name(result)}`, "drop");
        this.value(source.choice);
        if (isArrivedAt) this.lines.push("end");
        if (source.isKept || this.#isNow(2)) this.lines.push(`local.tee ${this.locals.name(result)}`);
        if (result !== type) this.lines.push(RETYPES[result + type]);
      } else if (operand === "k") this.lines.push(`${TYPES[type]}.const ${this.#constant(type)}`);
      else this.lines.push(`local.get ${this.locals.name(type)}`);
    }
    for (const statement of before) this.statement(statement);
    this.order.push(node);
    this.lines.push(form.text.replace("$o", () => String(this.#offset())));
  }

  /** The same, but sets a local to the value. Returns the local's name. */
  statement(choice: Choice): string {
    const { result } = choice.form;
    const isArrivedAt = this.#isNow(4);
    if (isArrivedAt) this.#skipTo("block", "");
    this.value(choice);
    const name = result === "" ? "" : this.locals.name(result);
    if (name !== "") this.lines.push(`local.set ${name}`);
    if (isArrivedAt) this.lines.push("end");
    return name;
  }

  /** True once in this many times, if the program need not have the fused op. */
  #isNow(times: number): boolean {
    return this.locals.areShared && this.#random(times) === 0;
  }

  /** Opens a block, and branches to its end if a local is set. */
  #skipTo(block: string, otherwise: string): void {
    this.lines.push(`${block} local.get ${this.locals.name("i")} br_if 0 ${otherwise}`);
  }

  #constant(type: string): string {
    if (this.#fixed !== undefined) return this.#fixed;
    const number = this.#random(3) === 0 ? pick(this.#random, SMALL) : randomNumber(this.#random, type);
    if (Number.isSafeInteger(Number(number))) this.constants.push(BigInt(number));
    if (Number.isNaN(number)) return "nan";
    return Object.is(number, -0) ? "-0" : String(number).replace("Infinity", "inf");
  }

  #offset(): number {
    return this.#random(2) === 0 ? 0 : pick(this.#random, OFFSETS);
  }
}

/** A page that has edge values of all types at its start, in its middle and at its end. */
function memoryText(isFinite: boolean): string {
  const isKept = (value: number) => !isFinite || Number.isFinite(value);
  const arrays = [
    Float64Array.from(F64_EDGES.filter(isKept)),
    BigInt64Array.from(I64_EDGES),
    Float32Array.from(F32_EDGES.filter(isKept)),
    Int32Array.from(I32_EDGES),
  ];
  const bytes = arrays.flatMap(({ buffer }) => [...new Uint8Array(buffer)]);
  const data = bytes.map((byte) => `\\${byte.toString(16).padStart(2, "0")}`).join("");
  const places = [0, 0x2000, 0x3ff8, 0x7ff0, PAGE - bytes.length];
  return `(memory (export "memory") 1)
      ${places.map((place) => `(data (i32.const ${place}) "${data}")`).join("\n      ")}`;
}

/** Functions of a program. More functions have more constants, and more ways in which locals are the same. */
const FUNCTIONS = 5;
/** Constants of the first functions. With these, different values decide comparisons. */
const FIXED: readonly string[] = ["0", "-1"];

/**
 * Programs for a fused op. There are two for each choice of instructions and exchange of operands that leads to the op.
 * The first has only these instructions. In the second, locals are the same, operands are also needed elsewhere, and
 * branches arrive between the parts. Some of its functions have the fused op, and some must not.
 *
 * @throws {Error} if none can be derived
 */
export function programsFor(name: string, random: Random): Program[] {
  const { order } = assemble(name);
  const root = order.at(-1)!;
  const choices = [false, true].map((canRetype) => choicesFor(root, canRetype)).find((found) => found.length > 0) ?? [];
  const isInOrder = (choice: Choice) => {
    const probe = new Writer(random, new Locals());
    probe.statement(choice);
    return probe.order.every((node, index) => node === order[index]);
  };
  const programs = choices.flatMap((choice) => {
    const inOrder = [choice, ...exchanged(choice)].filter(isInOrder);
    return inOrder.length > 0 ? inOrder : [{ ...choice, isAhead: true }].filter(isInOrder);
  }).flatMap((choice) => [true, false].map((isExact) => programOf(choice, order, random, isExact)));
  if (programs.length === 0) throw new Error(`no program can be derived for ${name}`);
  return programs;
}

function programOf(choice: Choice, order: readonly Node[], random: Random, isExact: boolean): Program {
  const writers = Array.from({ length: FUNCTIONS }, (_, index) => {
    const writer = new Writer(random, new Locals(isExact ? undefined : random), FIXED[index]);
    writer.statement(choice);
    return writer;
  });
  const params = [...writers[0].locals.params];
  const code = writers[0].lines.join(" ");
  const { form, node } = choice;
  // A jump skips code that can otherwise be reached only from before the jump.
  const isJump = node.op === "jump";
  const read = ["i", "I", "f", "F"].filter((type) => code.includes(`global.get $${TYPES[type]}`));
  const setGlobals = read.map((type) => `block local.get $${params.push(type) - 1} global.set $${TYPES[type]} end`);
  const result = /^return\d/.test(node.op) ? TYPES[form.pushes[0][1]] : undefined;
  if (isJump) params.push("i");
  const list = params.map((type, index) => `(param $${index} ${TYPES[type]})`).join(" ");
  // Each statement that is not part of the program is alone in a block, so that nothing fuses with it.
  const observe = params.map((_, index) => `block local.get $${index} global.set $seen${index} end`);
  const functions = writers.map(({ lines }, index) =>
    `(func (export "f${index}") ${list} ${result === undefined ? "" : `(result ${result})`} (local $path i32)
      ${setGlobals.join(" ")}
      block $end block $taken
      ${isJump ? `block local.get $${params.length - 1} br_if $taken end` : ""}
      ${lines.join("\n      ")}
      block local.get $path i32.const 2 i32.or local.set $path end br $end
      end block i32.const 4 local.set $path end
      end block local.get $path global.set $path end
      ${observe.join("\n      ")}
      ${result === undefined ? "" : "unreachable"})`
  );
  const globals = params.map((type, index) =>
    `(global $seen${index} (export "seen${index}") (mut ${TYPES[type]}) (${TYPES[type]}.const 0))`
  );
  const hasMemory = /load|store|memory\.[cf]/.test(code);
  const showsNaN = /f..\.store/.test(code) && order.some(({ op }) => /^f/.test(op));
  return {
    text: `(module
      (global $path (export "path") (mut i32) (i32.const 0))
      ${hasMemory ? memoryText(showsNaN) : ""}
      ${globals.join("\n      ")}
      (global $i32 (export "i32") (mut i32) (i32.const -7))
      (global $i64 (export "i64") (mut i64) (i64.const -70000000000))
      (global $f32 (export "f32") (mut f32) (f32.const 0.5))
      (global $f64 (export "f64") (mut f64) (f64.const -1.5))
      ${functions.join("\n      ")})`,
    params,
    deciding: writers.flatMap(({ constants }) =>
      constants.flatMap((a) => [a, ...constants.flatMap((b) => [a - b, a ^ b])])
    ),
    isExact,
    hasMemory,
    showsNaN,
  };
}
