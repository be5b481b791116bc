/**
 * Guests that use WASI, in the text format, for tests.
 *
 * @module
 */

import type { Module } from "../src/vm/mod.ts";
import { moduleOf } from "../tools/wat.ts";

const IMPORTS: Record<string, string> = {
  fd_read: "(param i32 i32 i32 i32) (result i32)",
  fd_write: "(param i32 i32 i32 i32) (result i32)",
  fd_close: "(param i32) (result i32)",
  fd_fdstat_set_flags: "(param i32 i32) (result i32)",
  args_get: "(param i32 i32) (result i32)",
  args_sizes_get: "(param i32 i32) (result i32)",
  environ_get: "(param i32 i32) (result i32)",
  environ_sizes_get: "(param i32 i32) (result i32)",
  clock_time_get: "(param i32 i64 i32) (result i32)",
  random_get: "(param i32 i32) (result i32)",
  poll_oneoff: "(param i32 i32 i32 i32) (result i32)",
  sched_yield: "(result i32)",
  proc_exit: "(param i32)",
  proc_raise: "(param i32) (result i32)",
};

/**
 * A module that imports the functions that its text calls, such as `$fd_read`. It has a memory of two pages. Its
 * function `$write` writes all of (pointer, length) to a descriptor, and returns the errno. Addresses below 64 are
 * scratch: vectors at 0, a size at 16.
 */
export function program(text: string, namespace = "wasi_snapshot_preview1"): Module {
  const imports = Object.entries(IMPORTS).filter(([name]) => name === "fd_write" || text.includes(`$${name}`));
  return moduleOf(`(module
    ${imports.map(([name, type]) => `(import "${namespace}" "${name}" (func $${name} ${type}))`).join("\n")}
    (memory (export "memory") 2)
    (func $write (param $fd i32) (param $at i32) (param $length i32) (result i32) (local $errno i32)
      (loop $more
        (i32.store (i32.const 0) (local.get $at))
        (i32.store (i32.const 4) (local.get $length))
        (local.set $errno (call $fd_write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 16)))
        (if (local.get $errno) (then (return (local.get $errno))))
        (local.set $at (i32.add (local.get $at) (i32.load (i32.const 16))))
        (local.set $length (i32.sub (local.get $length) (i32.load (i32.const 16))))
        (br_if $more (local.get $length)))
      (i32.const 0))
    ${text})`);
}
