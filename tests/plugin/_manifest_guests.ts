/**
 * Small plugins in the text format, with any manifest, for tests.
 *
 * @module
 */

import { compileSync } from "../../tools/compile.ts";
import type { Module } from "../../src/vm/mod.ts";
import { join, name, SECTION, section } from "../../tools/binary.ts";
import type { Part } from "../../tools/binary.ts";
import { wat } from "../../tools/wat.ts";

/** A function of a guest that writes text at an address to standard output. */
const WRITE = `
  (func $write (param $at i32) (param $length i32)
    (i32.store (i32.const 0) (local.get $at))
    (i32.store (i32.const 4) (local.get $length))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))`;
/** A function of a guest that reads a message, of at most 64 KiB, to address 65,536; returns its length. */
const READ = `
  (func $read (result i32)
    (i32.store (i32.const 0) (i32.const 65536))
    (i32.store (i32.const 4) (i32.const 65536))
    (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
    (i32.load (i32.const 8)))`;

/** Text in a module: its address and length, as two constants. */
function texts(...given: readonly string[]): { readonly data: string; readonly at: (index: number) => string } {
  let end = 1024;
  const places = given.map((text) => {
    const start = end;
    end += text.length;
    return `(i32.const ${start}) (i32.const ${text.length})`;
  });
  const escaped = JSON.stringify(given.join("")).replaceAll("\\\\", "\\5c").replaceAll('\\"', "\\22");
  return { data: `(data (i32.const 1024) ${escaped})`, at: (index) => places[index]! };
}

/** A guest whose function `$main` has read the host's first request. */
function plugin(main: string, data: string): string {
  return `(module
    (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "environ_get" (func $environ_get (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ_sizes_get (param i32 i32) (result i32)))
    (memory (export "memory") 2) ${data} ${WRITE} ${READ}
    (func (export "_start") (local $at i32) (drop (call $read)) ${main}))`;
}

const HEAD = `{"jsonrpc":"2.0","id":0,"result":`;

/** A plugin that answers its first request with this JSON, whatever the request is. */
export function answering(result: string): string {
  const { data, at } = texts(`${HEAD}${result}}\n`);
  return plugin(`(call $write ${at(0)})`, data);
}

/** A plugin that answers its first request with this JSON, in the framing of language servers. */
export function answeringBehindLength(result: string): string {
  const message = `${HEAD}${result}}`;
  const { data, at } = texts(`Content-Length: ${message.length}\r\n\r\n${message}`);
  return plugin(`(call $write ${at(0)})`, data);
}

/** A plugin that answers its first request with this error. */
export function refusing(code: number): string {
  const { data, at } = texts(`{"jsonrpc":"2.0","id":0,"error":{"code":${code},"message":"no"}}\n`);
  return plugin(`(call $write ${at(0)})`, data);
}

/** A plugin that calls the host's method, and answers its first request with the whole answer of the host. */
export function asking(method: string): string {
  const { data, at } = texts(`{"jsonrpc":"2.0","id":"g","method":"${method}"}\n`, HEAD, "}\n");
  return plugin(
    `(call $write ${at(0)}) (local.set $at (i32.sub (call $read) (i32.const 1))) ;; without its line feed
     (call $write ${at(1)}) (call $write (i32.const 65536) (local.get $at)) (call $write ${at(2)})`,
    data,
  );
}

/** A plugin that answers its first request with its environment, as one string, a comma after each variable. */
export const ENVIRONMENT: string = (() => {
  const { data, at } = texts(`${HEAD}"`, `"}\n`);
  return plugin(
    `(drop (call $environ_sizes_get (i32.const 16) (i32.const 20)))
     (drop (call $environ_get (i32.const 32768) (i32.const 65536)))
     (loop $next (if (i32.lt_u (local.get $at) (i32.load (i32.const 20))) (then
       (if (i32.eqz (i32.load8_u (i32.add (local.get $at) (i32.const 65536))))
         (then (i32.store8 (i32.add (local.get $at) (i32.const 65536)) (i32.const 44))))
       (local.set $at (i32.add (local.get $at) (i32.const 1)))
       (br $next))))
     (call $write ${at(0)}) (call $write (i32.const 65536) (i32.load (i32.const 20))) (call $write ${at(1)})`,
    data,
  );
})();

/** A module in the text format with these contents of its sections `rivulet`. */
export function withSections(text: string, ...contents: readonly Part[]): Module {
  const sections = contents.map((it) => section(SECTION.custom, name("rivulet"), it));
  return compileSync(join(wat(text), ...sections));
}

/** A module in the text format with this manifest. */
export function withManifest(text: string, manifest: unknown): Module {
  return withSections(text, new TextEncoder().encode(JSON.stringify(manifest)));
}
