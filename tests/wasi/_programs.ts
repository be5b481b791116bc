/**
 * Guests that several tests run.
 *
 * @module
 */

import type { Module } from "../../src/vm/mod.ts";
import { program } from "../_program.ts";

/** The text of `cat`, for any namespace. */
export const CAT: string = `(func (export "_start") (local $errno i32)
  (loop $more
    (i32.store (i32.const 0) (i32.const 4096))
    (i32.store (i32.const 4) (i32.const 65536))
    (local.set $errno (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 16)))
    (if (local.get $errno) (then (call $proc_exit (local.get $errno))))
    (if (i32.load (i32.const 16)) (then
      (local.set $errno (call $write (i32.const 1) (i32.const 4096) (i32.load (i32.const 16))))
      (if (local.get $errno) (then (call $proc_exit (local.get $errno))))
      (br $more)))))`;

/** Copies standard input to standard output; exits with the errno of what fails. */
export const cat: Module = program(CAT);
/** Ends at once. */
export const empty: Module = program(`(func (export "_start"))`);
/** Computes for ever. */
export const spin: Module = program(`(func (export "_start") (loop $for_ever (br $for_ever)))`);
/** Says hello on standard output, world on standard error. */
export const hello: Module = program(`(data (i32.const 64) "hello\\nworld\\n") (func (export "_start")
  (drop (call $write (i32.const 1) (i32.const 64) (i32.const 6)))
  (drop (call $write (i32.const 2) (i32.const 70) (i32.const 6))))`);
/** Writes 4,096 bytes at a time, for ever or until it fails; exits with the errno. */
export const flood: Module = program(`(func (export "_start") (local $errno i32)
  (loop $more
    (local.set $errno (call $write (i32.const 1) (i32.const 4096) (i32.const 4096)))
    (br_if $more (i32.eqz (local.get $errno))))
  (call $proc_exit (local.get $errno)))`);
/** Sleeps for a century. */
export const sleeper: Module = program(`(func (export "_start")
  (i32.store (i32.const 80) (i32.const 1))
  (i64.store (i32.const 88) (i64.const 3153600000000000000))
  (drop (call $poll_oneoff (i32.const 64) (i32.const 256) (i32.const 1) (i32.const 16))))`);
