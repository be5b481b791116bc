/**
 * Tests of src/vm/binary/foreign.ts: modules of other worlds, with the names that the outputs of real tools have. The
 * packages on npm that they are from are named beside them.
 *
 * @module
 */

import { assertEquals, assertInstanceOf, assertRejects, assertStringIncludes } from "@std/assert";
import { compileSync, instantiate, LinkError } from "@rivulet/rivulet/vm";
import { spawn } from "@rivulet/rivulet/wasi";
import { moduleOf, wat } from "../../../tools/wat.ts";

const FUNCTION = "(func)";

/** What a module is, and its imports: module, name, type. */
const SAMPLES: readonly (readonly [what: string, ...imports: (readonly [string, string, string?])[]])[] = [
  ["Rust for JavaScript (wasm-bindgen)", ["wbg", "__wbindgen_object_drop_ref", "(func (param i32))"]], // @swc/wasm-web
  ["Rust for JavaScript (wasm-bindgen)", ["./tiktoken_bg.js", "__wbg_parse_def2e24ef1252aff"]], // @dqbd/tiktoken
  ["Rust for JavaScript (wasm-bindgen)", ["__wbindgen_placeholder__", "__wbindgen_describe"]], // without its program
  ["an add-on for Node (Node-API)", ["env", "napi_get_cb_info"]], // lightningcss-wasm
  ["Go for JavaScript (GOOS=js, or TinyGo's target wasm)", ["gojs", "runtime.wasmExit", "(func (param i32))"]], // esbuild-wasm
  ["Go for JavaScript (GOOS=js, or TinyGo's target wasm)", ["go", "runtime.wasmExit", "(func (param i32))"]], // before 1.21
  ["an Extism plug-in", ["extism:host/env", "input_length", "(func (result i64))"]],
  ["a core module of a component (WASI 0.2 or later)", ["wasi:cli/environment@0.2.12", "get-environment"]], // jco
  ["a program with threads", ["wasi", "thread-spawn", "(func (param i32) (result i32))"]],
  ["C or C++ for JavaScript (Emscripten)", ["env", "_abort_js"], ["env", "__syscall_openat"]], // sql.js, its debug build
  ["C or C++ for JavaScript (Emscripten)", ["a", "b"], ["a", "a", "(memory 1)"]], // @jitl/quickjs-wasmfile-release-sync
  ["a dynamic library", ["env", "__memory_base", "(global i32)"]],
  ["AssemblyScript without WASI", ["env", "abort", "(func (param i32 i32 i32 i32))"]],
  ["AssemblyScript without WASI", ["env", "seed", "(func (result f64))"]],
  ["Swift for JavaScript (JavaScriptKit)", ["javascript_kit", "swjs_release", "(func (param i32))"]],
  ["a module for JavaScript, with glue of its own", ["./glue.mjs", "log"]],
];

function textOf(imports: readonly (readonly [string, string, string?])[], rest = ""): string {
  const lines = imports.map(([module, name, type = FUNCTION]) => `(import "${module}" "${name}" ${type})`);
  return `(module ${lines.join("\n")} ${rest})`;
}

Deno.test("a missing import of another world is named, with what the module is and which target to build", async () => {
  for (const [what, ...imports] of SAMPLES) {
    const error = await assertRejects(() => instantiate(moduleOf(textOf(imports))), LinkError);
    const [module, name] = imports[0]!;
    const start = `unknown import: nothing was given for "${module}"."${name}": this looks like ${what}: build `;
    assertEquals(error.message.slice(0, start.length), start);
    assertStringIncludes(error.message, what.startsWith("Assembly") ? "@assemblyscript/wasi-shim" : "wasi");
  }
});

Deno.test("a module without an entry is named by its imports or exports when it is spawned", async () => {
  for (const [what, ...imports] of SAMPLES) {
    const { error, code } = await spawn(moduleOf(textOf(imports))).status;
    assertInstanceOf(error, LinkError);
    assertEquals(code, 127);
    assertStringIncludes(error.message, `exports neither _start nor _initialize: this looks like ${what}: build `);
  }
  const exports: readonly (readonly [name: string, hint: string])[] = [
    ["__wbindgen_malloc", "this looks like Rust for JavaScript (wasm-bindgen)"],
    ["__wbg_workspace_free", "this looks like Rust for JavaScript (wasm-bindgen)"],
    ["napi_register_module_v1", "this looks like an add-on for Node (Node-API)"],
    ["cabi_realloc", "this looks like a core module of a component"],
    ["add", "build a program with `main` for wasm32-wasip1, not a library"],
  ];
  for (const [name, hint] of exports) {
    const { error } = await spawn(moduleOf(`(module (func (export "${name}")))`)).status;
    assertStringIncludes((error as LinkError).message, `neither _start nor _initialize: ${hint}`);
  }
});

Deno.test("a program with _start that needs another world is named when it is linked", async () => {
  const text = textOf([["gojs", "runtime.wasmExit"]], `(func (export "_start"))`); // as TinyGo's target wasm
  const { error } = await spawn(moduleOf(text)).status;
  assertStringIncludes(
    (error as LinkError).message,
    `for "gojs"."runtime.wasmExit": this looks like Go for JavaScript`,
  );
});

Deno.test("an ordinary missing import has no guess about the module, whatever else it imports", async () => {
  const texts = [
    textOf([["env", "log"]]),
    textOf([["host", "log"]], `(func (export "cabi_realloc"))`),
    textOf([["env", "abort"]]), // not AssemblyScript's: without parameters
    textOf([["host", "log"], ["env", "_abort_js"]]),
    textOf([["wasi_snapshot_preview1", "fd_flush"]]),
  ];
  for (const text of texts) {
    const error = await assertRejects(() => instantiate(compileSync(wat(text) as Uint8Array<ArrayBuffer>)), LinkError);
    assertEquals(/^unknown import: nothing was given for "\w+"\."\w+"$/.test(error.message), true, error.message);
  }
});

Deno.test("a module with a hundred thousand imports is looked at in part only", async () => {
  const imports = Array.from({ length: 99_999 }, () => ["x", "y"] as const);
  const module = moduleOf(textOf([...imports, ["gojs", "runtime.wasmExit"]]));
  const { error } = await spawn(module).status;
  assertStringIncludes((error as LinkError).message, "not a library");
});
