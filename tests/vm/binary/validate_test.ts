/**
 * Validation: an example for each rule, deep nesting, costly modules, and mutated modules. The host's engine
 * also validates the mutated modules. The official suite under tests/spec has the rest.
 *
 * @module
 */

import { assert, assertEquals, assertLess } from "@std/assert";
import { decodeModule } from "../../../src/vm/binary/decode.ts";
import { CompileError } from "../../../src/vm/errors.ts";
import { ModuleValidator, validateModule } from "../../../src/vm/binary/validate.ts";
import { binary, body, functionSections, section, u32, vector } from "../../../tools/binary.ts";
import { randomSource } from "../../../tools/random.ts";
import { wat } from "../../../tools/wat.ts";

/** The message of the error in a module, or "valid". */
function verdict(bytes: Uint8Array): string {
  try {
    decodeModule(bytes, new ModuleValidator());
    return "valid";
  } catch (error) {
    assert(error instanceof CompileError, String(error));
    return error.message;
  }
}

function assertVerdicts(cases: readonly (readonly [message: string, text: string])[]): void {
  for (const [message, text] of cases) assertEquals(verdict(wat(`(module ${text})`)).slice(0, message.length), message);
}

Deno.test("errors in bodies name the instruction's offset, the types and the function", () => {
  const bytes = binary(...functionSections([0x41, 0, 0x42, 0, 0x6a, 0x1a]));
  assertEquals(verdict(bytes), "type mismatch: expected i32, found i64, in function 0 (at offset 0x1b)");
});

Deno.test("the operands of a body must have the right types", () => {
  assertVerdicts([
    ["type mismatch: expected i32, found nothing, in function 0", "(func i32.eqz drop)"],
    ["type mismatch: expected an operand, found nothing", "(func drop)"],
    ["type mismatch: 1 more values on the stack than the block returns", "(func i32.const 0)"],
    ["type mismatch: expected i32, found nothing", "(func (result i32))"],
    ["type mismatch: expected f32, found i32", "(func (local f32) (local.set 0 (i32.const 0)))"],
    ["type mismatch: expected i32, found nothing", "(func (if (result i32) (i32.const 0) (then (i32.const 1))) drop)"],
    ["type mismatch: expected i32, found nothing", "(func i32.const 0 block i32.eqz drop end drop)"],
    [
      "type mismatch: expected numbers for an untyped select",
      "(func (select (ref.null func) (ref.null func) (i32.const 0)) drop)",
    ],
    ["type mismatch: expected i32, found i64", "(func (select (i32.const 0) (i64.const 0) (i32.const 0)) drop)"],
    ["type mismatch: expected a reference, found i32", "(func (ref.is_null (i32.const 0)) drop)"],
    ["type mismatch: expected a table of funcref", "(table 1 externref) (func (call_indirect (i32.const 0)))"],
    [
      "type mismatch: expected elements of type externref, found funcref",
      "(table $a 1 externref) (table $b 1 funcref) (func (table.copy $a $b (i32.const 0) (i32.const 0) (i32.const 0)))",
    ],
    [
      "type mismatch: labels of one br_table take 0 and 1 values",
      `(func (result i32)
      (block (br_table 0 1 (i32.const 0) (i32.const 0))) (i32.const 0))`,
    ],
    [
      "type mismatch: the tail-called function's results",
      "(func $f (result i32) (i32.const 0)) (func (return_call $f))",
    ],
  ]);
});

Deno.test("unreachable code takes operands of any type, and all other rules apply", () => {
  assertVerdicts([
    ["valid", "(func (result i32) unreachable i64.add drop select)"],
    ["valid", "(func (result f64) unreachable br_if 0 drop ref.is_null i32.add drop)"],
    ["valid", "(func (result i32) (block (result i32) unreachable (br_table 0 0 1)))"],
    ["type mismatch: expected i64, found i32", "(func unreachable i32.const 0 i64.eqz drop)"],
    ["type mismatch: 1 more values", "(func unreachable i32.const 0)"],
    ["type mismatch: expected i32, found nothing", "(func block unreachable end i32.eqz drop)"],
    ["unknown local 0", "(func unreachable local.get 0)"],
  ]);
});

Deno.test("indices must exist", () => {
  assertVerdicts([
    ["unknown local 1, in function 0", "(func (param i32) (drop (local.get 1)))"],
    ["unknown label 2, in function 0", "(func (block (br 2)))"],
    ["unknown function 7", "(func (call 7))"],
    ["unknown global 0", "(func (drop (global.get 0)))"],
    ["unknown table 0", "(func (drop (table.size 0)))"],
    ["unknown memory 0", "(func (drop (memory.size)))"],
    ["unknown type 9: function 0", '(import "m" "f" (func (type 9)))'],
    ['unknown function 3: export "f"', '(export "f" (func 3))'],
    ['unknown memory 0: export "m"', '(export "m" (memory 0))'],
    ["unknown function 4: start function", "(start 4)"],
    ["unknown function 5: element segment 0", "(elem func 5)"],
    ["unknown table 0: element segment 0", "(elem (i32.const 0))"],
    ["unknown memory 0: data segment 0", '(data (i32.const 0) "")'],
    ["undeclared function reference 0", "(func (drop (ref.func 0)))"],
    ["global is immutable", "(global i32 (i32.const 0)) (func (global.set 0 (i32.const 1)))"],
  ]);
});

Deno.test("declarations must follow the module's rules", () => {
  assertVerdicts([
    ['duplicate export name: export "f"', '(func) (export "f" (func 0)) (export "f" (func 0))'],
    ["start function 0 must have type () -> (), not (i32) -> ()", "(func (param i32)) (start 0)"],
    ["size minimum must not be greater than maximum: table 0 has minimum 2 and maximum 1", "(table 2 1 funcref)"],
    ["memory size must be at most 65536 pages (4GiB)", "(memory 65537)"],
    ["memory size must be at most 65536 pages (4GiB)", "(memory 0 65537)"],
    [
      "type mismatch: element segment 0 has funcref for a table of externref",
      "(table 1 externref) (elem (i32.const 0) func)",
    ],
  ]);
});

Deno.test("constant expressions must be constant and typed, and can compute", () => {
  assertVerdicts([
    [
      "valid",
      '(import "m" "g" (global i32)) (global i32 (i32.mul (i32.add (global.get 0) (i32.const 1)) (i32.const 2)))',
    ],
    ["type mismatch: constant expression of i32 has the type (i64)", "(global i32 (i64.const 0))"],
    ["type mismatch: constant expression of i32 has the type ()", "(global i32)"],
    ["type mismatch: constant expression of i32 has the type (i32, i32)", "(global i32 (i32.const 0) (i32.const 0))"],
    [
      "type mismatch: expected two operands of i32, found (i32, i64)",
      "(global i32 (i32.add (i32.const 0) (i64.const 0)))",
    ],
    ["type mismatch: expected two operands of i64, found ()", "(global i64 (i64.sub))"],
    [
      "unknown global 0: constant expressions may read only imported",
      "(global i32 (i32.const 0)) (global i32 (global.get 0))",
    ],
    ["unknown global 3", "(global i32 (global.get 3))"],
    [
      "constant expression required: global 0 is mutable",
      '(import "m" "g" (global (mut i32))) (global i32 (global.get 0))',
    ],
    ["unknown function 9", "(global funcref (ref.func 9))"],
  ]);
});

Deno.test("ref.func can name the functions of exports, elements and globals, but not the start function", () => {
  for (const declaration of ['(export "f" (func 0))', "(elem declare func 0)", "(global funcref (ref.func 0))"]) {
    assertVerdicts([["valid", `(func (drop (ref.func 0))) ${declaration}`]]);
  }
  assertVerdicts([["undeclared function reference 0", "(func (drop (ref.func 0))) (start 0)"]]);
});

Deno.test("bodies must end where their size says", () => {
  const cases: readonly (readonly [message: string, body: readonly number[]])[] = [
    ["valid", [0, 0x0b]],
    ["section size mismatch: bytes after the function's end, in function 0 (at offset 0x18)", [0, 0x0b, 0x01]],
    ["unexpected end of section or function (at offset 0x18)", [0, 0x01]],
    ["unexpected end of section or function", []],
    ["unexpected end of section or function", [0, 0x02, 0x40, 0x0b]],
    ["END opcode expected: else without if", [0, 0x05, 0x0b]],
    ["too many locals: 50001 or more, the limit is 50000", [2, ...u32(50_000), 0x7f, 1, 0x7f, 0x0b]],
    ["too many locals: 4294967295 or more", [1, ...u32(2 ** 32 - 1), 0x7f, 0x0b]],
    ["malformed value type 0x40", [1, 1, 0x40, 0x0b]],
    ["unknown type 3", [0, 0x02, 3, 0x0b, 0x0b]],
    ["malformed block type", [0, 0x02, 0x80, 0x7f, 0x0b, 0x0b]],
    ["garbage collection is not supported: type 0x6e", [0, 0x02, 0x6e, 0x0b, 0x0b]],
  ];
  for (const [message, bytes] of cases) {
    const code = section(10, vector([[...u32(bytes.length), ...bytes]]));
    const module = binary(section(1, vector([[0x60, 0, 0]])), section(3, vector([[0]])), code);
    assertEquals(verdict(module).slice(0, message.length), message);
  }
});

Deno.test("validateModule validates a decoded record", () => {
  validateModule(decodeModule(wat('(module (memory 1) (func (drop (memory.size))) (data (i32.const 0) "x"))')));
});

/** A module whose one function has these instructions, made without spreading millions of arguments. */
function largeFunction(instructions: Uint8Array): Uint8Array {
  const size = u32(instructions.length + 2);
  const code = u32(instructions.length + 2 + size.length + 1);
  const start = binary(section(1, vector([[0x60, 0, 0]])), section(3, vector([[0]])), [10, ...code, 1, ...size, 0]);
  const module = new Uint8Array(start.length + instructions.length + 1);
  module.set(start);
  module.set(instructions, start.length);
  module[module.length - 1] = 0x0b;
  return module;
}

Deno.test("blocks, loops and ifs can be nested up to the limit, and a nest of a million is refused", () => {
  const refusal = "blocks are nested deeper than 100000";
  for (const opening of [[0x02, 0x40], [0x03, 0x40], [0x41, 0, 0x04, 0x40]]) {
    for (const [depth, expected] of [[99_999, "valid"], [100_000, refusal], [1_000_000, refusal]] as const) {
      const instructions = new Uint8Array(depth * (opening.length + 1)).fill(0x0b);
      for (let index = 0; index < depth; index++) instructions.set(opening, index * opening.length);
      assertEquals(verdict(largeFunction(instructions)).slice(0, expected.length), expected);
    }
  }
});

Deno.test("blocks that never end, and a stack that never shrinks, are refused", () => {
  const instructions = new Uint8Array(7_000_000).fill(0x40);
  for (let at = 0; at < instructions.length; at += 2) instructions[at] = 0x02;
  assertEquals(verdict(largeFunction(instructions)).slice(0, 17), "blocks are nested");
  assertEquals(verdict(largeFunction(instructions.subarray(0, 100_000))).slice(0, 14), "unexpected end");
  const results = Array<number>(1000).fill(0x7f);
  const calls = Array.from({ length: 2000 }, () => [0x10, 0]).flat();
  const module = binary(
    section(1, vector([[0x60, 0, ...u32(1000), ...results]])),
    section(3, vector([[0]])),
    section(10, vector([body(calls)])),
  );
  const message = "more than 100000 operands on the stack, in function 0";
  assertEquals(verdict(module).slice(0, message.length), message);
});

Deno.test("a br_table of the longest kind, with many values, is validated in proportion to its bytes", () => {
  const params = Array<number>(1000).fill(0x7f);
  const targets = Array<number>(65_521).fill(0);
  const started = performance.now();
  const module = binary(
    section(1, vector([[0x60, ...u32(1000), ...params, ...u32(1000), ...params]])),
    section(3, vector([[0]])),
    section(10, vector([body([0x00, 0x0e, ...u32(65_520), ...targets])])),
  );
  assertEquals(verdict(module), "valid");
  assertLess(performance.now() - started, 1000);
});

// Comparison with the host

const CORPUS = [
  `(module (type $t (func (param i32 i64) (result f64))) (import "m" "g" (global i32)) (table 3 funcref) (memory 1)
    (global (mut i64) (i64.const 5)) (func $f (type $t) (local f32)
      (block $out (result f64) (loop $again (br_if $again (i32.eqz (local.get 0)))
        (drop (br_if $out (f64.const 1) (i32.load offset=4 (local.get 0)))))
        (f64.convert_i64_s (local.get 1))))
    (func (export "run") (param i32) (result f64)
      (if (result f64) (local.get 0)
        (then (call_indirect (type $t) (i32.const 1) (i64.const 2) (local.get 0)))
        (else (call $f (i32.const 1) (global.get 1)))))
    (elem (i32.const 0) $f $f) (data (global.get 0) "bytes"))`,
  `(module (memory 1) (table $a 2 externref) (table $b 2 funcref) (func $pair (param i32) (result i32 i64)
      (local.get 0) (i64.extend32_s (i64.extend_i32_u (local.get 0))))
    (func (param i32 externref) (result i32)
      (table.set $a (local.get 0) (local.get 1)) (drop (table.grow $a (local.get 1) (i32.const 1)))
      (memory.init $d (i32.const 0) (i32.const 0) (i32.const 1)) (data.drop $d)
      (table.init $b $e (i32.const 0) (i32.const 0) (i32.const 1)) (memory.fill (i32.const 0) (i32.const 1) (i32.const 2))
      (local.get 0) (block (param i32) (result i32 i64) (call $pair)) (i32.wrap_i64) (br_table 0 0 0))
    (elem $e funcref (ref.func $pair) (ref.null func)) (data $d "text"))`,
  `(module (memory 1) (global $g (mut v128) (v128.const i32x4 1 2 3 4)) (func $f (param v128 f32) (result v128) (local v128)
      (local.set 2 (i8x16.shuffle 0 1 2 3 4 5 6 7 24 25 26 27 28 29 30 31 (local.get 0) (global.get $g)))
      (if (v128.any_true (local.get 2)) (then
        (global.set $g (v128.load16_lane offset=2 align=1 7 (i32.const 4) (f32x4.replace_lane 3 (local.get 2) (local.get 1))))
        (v128.store align=8 (i32.const 16) (v128.bitselect (local.get 0) (local.get 2) (v128.const i64x2 -1 0)))))
      (select (result v128) (i32x4.trunc_sat_f64x2_u_zero (local.get 0)) (i64x2.shl (local.get 2) (i32.const 3))
        (i8x16.extract_lane_u 15 (local.get 0)))))`,
];

/** What only the host supports: proposals, and constant expressions that read the module's own globals. */
const BEYOND =
  /is not supported|^constant expression required|^unknown global \d+: constant|^malformed reference type 0x0/;

Deno.test("mutated modules are valid here if and only if they are valid in the host, except for proposals", () => {
  const random = randomSource(20_26);
  const telling = [
    0x00,
    0x01,
    0x0b,
    0x05,
    0x02,
    0x03,
    0x04,
    0x20,
    0x41,
    0x6a,
    0x6f,
    0x70,
    0x7c,
    0x7e,
    0x7f,
    0x80,
    0xff,
  ];
  let valid = 0;
  for (const text of CORPUS) {
    const original = wat(text) as Uint8Array<ArrayBuffer>;
    assertEquals(verdict(original), "valid");
    for (let round = 0; round < 5_000; round++) {
      const bytes = original.slice();
      for (let count = 1 + random(2); count > 0; count--) {
        const at = 8 + random(bytes.length - 8);
        bytes[at] = random(2) === 0 ? telling[random(telling.length)] : random(256);
      }
      const ours = verdict(bytes);
      if (ours === "valid") valid++;
      if (WebAssembly.validate(bytes) !== (ours === "valid")) assert(BEYOND.test(ours), `round ${round}: ${ours}`);
    }
  }
  assert(valid > 500, `only ${valid} mutated modules were valid`);
});
