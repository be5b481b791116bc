/**
 * Small programs that several tests of the virtual machine call.
 *
 * @module
 */

/** Exports `fib`, which calls itself. */
export const FIB = `(module (func $fib (export "fib") (param i32) (result i32)
  (if (result i32) (i32.lt_s (local.get 0) (i32.const 2))
    (then (local.get 0))
    (else (i32.add
      (call $fib (i32.sub (local.get 0) (i32.const 1)))
      (call $fib (i32.sub (local.get 0) (i32.const 2))))))))`;

/** Exports `spin`, which does not end. */
export const LOOP = `(module (func $spin (export "spin") (loop (br 0))))`;

/** Exports `twice`, which adds two answers of the imported function `host.ask`. */
export const ASK = `(module
  (import "host" "ask" (func $ask (param i32) (result i32)))
  (func (export "twice") (param i32) (result i32)
    (i32.add (call $ask (local.get 0)) (call $ask (i32.add (local.get 0) (i32.const 1))))))`;
