/**
 * Walks every row of the opcode table. Each instruction is validated with the operands of its row, with one operand too
 * few, with one of another type, and with another result. The host's own engine must agree.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { decodeModule } from "../../../src/vm/binary/decode.ts";
import { CompileError } from "../../../src/vm/errors.ts";
import {
  codeOfDense,
  DENSE_OPCODES,
  denseOpcode,
  isPrefix,
  opcodeRow,
  OPCODES,
  prefixedCode,
  UNSUPPORTED_OPCODES,
} from "../../../src/vm/binary/opcodes.ts";
import type { Immediates } from "../../../src/vm/binary/opcodes.ts";
import { ModuleValidator } from "../../../src/vm/binary/validate.ts";
import { binary, body, section, u32, vector } from "../../../tools/binary.ts";

const CONSTANTS: Readonly<Record<string, readonly number[]>> = {
  i: [0x41, 0],
  I: [0x42, 0],
  f: [0x43, 0, 0, 0, 0],
  F: [0x44, 0, 0, 0, 0, 0, 0, 0, 0],
  V: [0xfd, 0x0c, ...Array<number>(16).fill(0)],
};
const TYPES: Readonly<Record<string, number>> = { i: 0x7f, I: 0x7e, f: 0x7d, F: 0x7c, V: 0x7b };
const LETTERS = ["i", "I", "f", "F", "V"];

/** Immediates that are valid in the fixture's module. */
const IMMEDIATES: Partial<Readonly<Record<Immediates, readonly number[]>>> = {
  "": [],
  memory: [0],
  data: [0],
  elem: [0],
  table: [0],
  data_memory: [0, 0],
  memory_memory: [0, 0],
  elem_table: [0, 0],
  table_table: [0, 0],
  memarg0: [0, 0],
  memarg1: [1, 0],
  memarg2: [2, 0],
  memarg3: [3, 0],
  i32: [0],
  i64: [0],
  f32: [0, 0, 0, 0],
  f64: [0, 0, 0, 0, 0, 0, 0, 0],
  memarg4: [4, 0],
  memarg0_lane: [0, 0, 15],
  memarg1_lane: [1, 0, 7],
  memarg2_lane: [2, 0, 3],
  memarg3_lane: [3, 0, 1],
  lane16: [15],
  lane8: [7],
  lane4: [3],
  lane2: [1],
  shuffle: Array<number>(16).fill(31),
  v128: Array<number>(16).fill(0xff),
};

/** Bodies for the rows whose types depend on immediates or on the stack. */
const SPECIAL: Readonly<Record<string, readonly number[]>> = {
  unreachable: [0x00],
  block: [0x02, 0x40, 0x0b],
  loop: [0x03, 0x40, 0x0b],
  if: [0x41, 0, 0x04, 0x40, 0x0b],
  else: [0x41, 0, 0x04, 0x40, 0x05, 0x0b],
  end: [0x02, 0x7f, 0x41, 0, 0x0b, 0x1a],
  br: [0x0c, 0],
  br_if: [0x41, 0, 0x0d, 0],
  br_table: [0x41, 0, 0x0e, 2, 0, 0, 0],
  return: [0x0f],
  call: [0x10, 0],
  call_indirect: [0x41, 0, 0x11, 0, 0],
  return_call: [0x12, 0],
  return_call_indirect: [0x41, 0, 0x13, 0, 0],
  drop: [0x41, 0, 0x1a],
  select: [0x42, 0, 0x42, 0, 0x41, 0, 0x1b, 0x1a],
  select_t: [0xd0, 0x70, 0xd0, 0x70, 0x41, 0, 0x1c, 1, 0x70, 0x1a],
  "local.get": [0x20, 0, 0x1a],
  "local.set": [0x42, 0, 0x21, 0],
  "local.tee": [0x42, 0, 0x22, 0, 0x1a],
  "global.get": [0x23, 0, 0x1a],
  "global.set": [0x41, 0, 0x24, 0],
  "table.get": [0x41, 0, 0x25, 0, 0x1a],
  "table.set": [0x41, 0, 0xd0, 0x70, 0x26, 0],
  "ref.null": [0xd0, 0x6f, 0x1a],
  "ref.is_null": [0xd0, 0x6f, 0xd1, 0x1a],
  "ref.func": [0xd2, 0, 0x1a],
  "table.grow": [0xd0, 0x70, 0x41, 0, 0xfc, 15, 0, 0x1a],
  "table.fill": [0x41, 0, 0xd0, 0x70, 0x41, 0, 0xfc, 17, 0],
};

/** A module with one definition of each kind, and a function with an i64 local and these results. */
function fixture(instructions: readonly number[], results: readonly number[] = []): Uint8Array<ArrayBuffer> {
  const code = [1, 1, 0x7e, ...instructions, 0x0b];
  return binary(
    section(1, vector([[0x60, 0, 0], [0x60, 0, ...u32(results.length), ...results]])),
    section(3, vector([[0], [1]])),
    section(4, vector([[0x70, 0, 1]])),
    section(5, vector([[0, 1]])),
    section(6, vector([[0x7f, 1, 0x41, 0, 0x0b]])),
    section(9, vector([[1, 0, 1, 0]])),
    section(12, [1]),
    section(10, vector([body([]), [...u32(code.length), ...code]])),
    section(11, vector([[1, 0]])),
  );
}

/** Codes from here on are of relaxed SIMD, which not every host has. */
const FIRST_RELAXED = 0xfd100;
const hostIsRelaxed = "WebAssembly" in globalThis && WebAssembly.validate(fixture([0x00, 0xfd, 0x80, 0x02, 0x1a]));

/** The rows that the host also knows. */
const HOST_OPCODES = OPCODES.filter(([code]) => hostIsRelaxed || code < FIRST_RELAXED);

/** The error of validating a module, or undefined. The host must agree. */
function validate(bytes: Uint8Array<ArrayBuffer>): CompileError | undefined {
  let error: CompileError | undefined;
  try {
    decodeModule(bytes, new ModuleValidator());
  } catch (caught) {
    if (!(caught instanceof CompileError)) throw caught;
    error = caught;
  }
  assertEquals(WebAssembly.validate(bytes), error === undefined, `the host disagrees: ${error?.message}`);
  return error;
}

function encode(code: number): number[] {
  if (code > 0xffff) return [code >> 12, ...u32(code & 0xfff)];
  return code > 0xff ? [code >> 8, ...u32(code & 0xff)] : [code];
}

Deno.test("OPCODES lists each code and each mnemonic once, in ascending order", () => {
  const codes = OPCODES.map(([code]) => code);
  assertEquals(codes.filter((code) => encode(code)[0] === 0xfd).length, 236 + 20);
  assertEquals(codes, [...new Set(codes)].sort((a, b) => a - b));
  assertEquals(new Set(OPCODES.map(([, mnemonic]) => mnemonic)).size, OPCODES.length);
  for (const row of OPCODES) assertEquals(opcodeRow(row[0]), row);
});

const pushed = (letters: string): number[] => [...letters].flatMap((letter) => CONSTANTS[letter]);

Deno.test("every row with a signature has the operands and results of the signature", () => {
  for (const [code, mnemonic, immediates, signature] of HOST_OPCODES) {
    if (signature === "*") continue;
    const [operands, result] = signature.split(":");
    const instruction = [...encode(code), ...IMMEDIATES[immediates]!];
    const outcome = (letters: string, results: string): string | undefined => {
      const types = [...results].map((letter) => TYPES[letter]);
      return validate(fixture([...pushed(letters), ...instruction], types))?.message;
    };
    assertEquals(outcome(operands, result), undefined, mnemonic);
    for (const place of operands.split("").keys()) {
      const [before, after] = [operands.slice(0, place), operands.slice(place + 1)];
      const other = LETTERS[(LETTERS.indexOf(operands[place]) + 1) % LETTERS.length];
      assertMatch(outcome(before + after, result)!, /^type mismatch/, mnemonic);
      assertMatch(outcome(before + other + after, result)!, /^type mismatch/, mnemonic);
    }
    for (const letter of LETTERS.filter((letter) => letter !== result)) {
      assertMatch(outcome(operands, letter)!, /^type mismatch/, mnemonic);
    }
  }
});

Deno.test("every row without a signature has its own rule", () => {
  for (const [code, mnemonic, , signature] of OPCODES) {
    if (signature !== "*") continue;
    const instructions = SPECIAL[mnemonic];
    assert(instructions !== undefined, `no body for ${mnemonic}`);
    if (mnemonic !== "end") assert(String(instructions).includes(String(encode(code))), mnemonic);
    assertEquals(validate(fixture(instructions)), undefined, mnemonic);
  }
});

Deno.test("memory accesses accept the natural alignment and refuse a larger one", () => {
  for (const [code, , immediates, signature] of OPCODES) {
    if (!immediates.startsWith("memarg")) continue;
    const natural = Number(immediates["memarg".length]);
    const lane = immediates.endsWith("_lane") ? [0] : [];
    const [operands, result] = signature.split(":");
    const instruction = (alignment: number) => [...pushed(operands), ...encode(code), alignment, 0, ...lane];
    const results = [...result].map((letter) => TYPES[letter]);
    for (let alignment = 0; alignment <= natural; alignment++) {
      assertEquals(validate(fixture(instruction(alignment), results)), undefined);
    }
    const error = validate(fixture(instruction(natural + 1), results));
    assertMatch(error!.message, /^alignment must not be larger than natural/);
  }
});

Deno.test("indices of lanes are below the number of lanes", () => {
  for (const [code, mnemonic, immediates, signature] of OPCODES) {
    if (!/lane|shuffle/.test(immediates)) continue;
    const [operands, result] = signature.split(":");
    const types = [...result].map((letter) => TYPES[letter]);
    const valid = IMMEDIATES[immediates]!;
    for (const place of immediates === "shuffle" ? valid.keys() : [valid.length - 1]) {
      const beyond = valid.with(place, valid[place] + 1);
      const error = validate(fixture([...pushed(operands), ...encode(code), ...beyond], types));
      assertMatch(error!.message, /^invalid lane index/, mnemonic);
    }
  }
});

Deno.test("the dense index of every opcode is its own, and leads back to the code", () => {
  const dense = OPCODES.map(([code]) => denseOpcode(code));
  assertEquals(new Set(dense).size, OPCODES.length);
  assertEquals(dense.map(codeOfDense), OPCODES.map(([code]) => code));
  assertEquals(Math.max(...dense) + 1, DENSE_OPCODES);
});

Deno.test("all other opcodes are refused, with the proposal's name if they belong to one", () => {
  const proposals = new Map<number, string>();
  for (const [first, last, proposal] of UNSUPPORTED_OPCODES) {
    for (let code = first; code <= last; code++) proposals.set(code, proposal);
  }
  const single = Array.from({ length: 0x100 }, (_, code) => code).filter((code) => !isPrefix(code));
  const numbers = Array.from({ length: 0x200 }, (_, number) => number);
  const prefixed = [0xfc, 0xfd].flatMap((prefix) => numbers.map((number) => prefixedCode(prefix, number)));
  for (const code of [...single, ...prefixed]) {
    if (opcodeRow(code) !== undefined) continue;
    let message = "";
    try {
      decodeModule(fixture(encode(code)), new ModuleValidator());
    } catch (error) {
      message = (error as Error).message;
    }
    const proposal = proposals.get(code);
    const expected = proposal === undefined
      ? `illegal opcode ${code.toString(16).padStart(2, "0")}`
      : `${proposal} is not supported: opcode 0x${code.toString(16).padStart(2, "0")}`;
    assertEquals(message.slice(0, expected.length), expected);
  }
});
