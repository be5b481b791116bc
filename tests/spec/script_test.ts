/**
 * Reading scripts: comments, strings, and the commands of the suite.
 *
 * @module
 */

import { assertEquals, assertThrows } from "@std/assert";
import { readForms, readScript } from "./script.ts";

Deno.test("readForms skips comments, including nested ones, and records the places of forms", () => {
  const source = '(a ;; ) "\n (; (; " ;) ) ;) "b)" c;;\n)';
  const [list] = readForms(source);
  assertEquals([list.start, list.end], [0, source.length]);
  assertEquals(list.kind === "list" && list.items.map((item) => item.kind), ["atom", "string", "atom"]);
  for (const broken of ["(", ")", "(; (;;)", '("']) assertThrows(() => readForms(broken), SyntaxError);
});

Deno.test("readForms converts strings to bytes", () => {
  const [string] = readForms(String.raw`"a\00\ff\n\"\\\u{20ac}é"`);
  const expected = [0x61, 0x00, 0xff, 0x0a, 0x22, 0x5c, 0xe2, 0x82, 0xac, 0xc3, 0xa9];
  assertEquals(string.kind === "string" && [...string.bytes], expected);
});

Deno.test("readScript reads each kind of command with its line", () => {
  const commands = readScript(`(module $m (func (export "f")))
    (module binary "\\00asm" "\\01\\00\\00\\00")
    (register "other" $m)
    (invoke $m "f" (i32.const 1) (ref.null func))

    (assert_return (get "g") (f32.const nan:canonical))
    (assert_trap (module (start 0)) "unreachable")
    (assert_malformed (module quote "(func" ")") "unexpected token")`);
  assertEquals(commands.map(({ kind, line }) => [kind, line]), [
    ["module", 1],
    ["module", 2],
    ["register", 3],
    ["action", 4],
    ["assert_return", 6],
    ["assert_module_trap", 7],
    ["assert_malformed", 8],
  ]);
  assertEquals(commands[0], {
    kind: "module",
    name: "$m",
    module: { kind: "text", text: '(module $m (func (export "f")))' },
    line: 1,
  });
  assertEquals(commands[3], {
    kind: "action",
    action: {
      kind: "invoke",
      instance: "$m",
      field: "f",
      args: [{ type: "i32", text: "1" }, { type: "ref.null", text: "func" }],
    },
    line: 4,
  });
  assertEquals(commands[6].kind === "assert_malformed" && commands[6].module, { kind: "quote", text: "(func)" });
});

Deno.test("readScript reads a file of module fields as one module", () => {
  assertEquals(readScript("(func) (memory 0)"), [
    { kind: "module", name: undefined, module: { kind: "text", text: "(module (func) (memory 0)\n)" }, line: 1 },
  ]);
});
