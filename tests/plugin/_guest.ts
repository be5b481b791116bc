/**
 * A guest for the tests of plugins that does what the first letter of a method's name says. It reads a byte at a time,
 * so it has read no more than the message that it serves.
 *
 * @module
 */

import { assertEquals, assertRejects } from "@std/assert";
import { PluginError } from "@rivulet/rivulet";
import type { Module, PluginFailure } from "@rivulet/rivulet";
import { program } from "../_program.ts";

/** Data of a string at an address, and its length, for `$write`. */
function data(at: number, text: string): string {
  return `(data (i32.const ${at}) "${text.replaceAll('"', '\\"').replaceAll("\n", "\\n")}")`;
}

const TEXTS = {
  head: [512, '{"jsonrpc":"2.0","id":'],
  result: [544, ',"result":'],
  cancelled: [576, ',"error":{"code":-32800,"message":"cancelled"}}\n'],
  end: [640, "}\n"],
  request: [672, '{"jsonrpc":"2.0","id":7,"method":"work","params":null}\n'],
  progress: [768, '{"jsonrpc":"2.0","method":"$/progress","params":{"token":'],
  value: [832, ',"value":1}}\n'],
  line: [864, "a line of the log\n"],
  idName: [896, '"id":'],
  methodName: [912, '"method":"'],
  refusal: [928, ',"error":{"code":-32601,"message":"method not found"}}\n'],
  babble: [992, "this is not JSON\n"],
} as const;

const say = (fd: number, name: keyof typeof TEXTS) =>
  `(drop (call $write (i32.const ${fd}) (i32.const ${TEXTS[name][0]}) (i32.const ${TEXTS[name][1].length})))`;
const find = (name: keyof typeof TEXTS) =>
  `(call $find (i32.const ${TEXTS[name][0]}) (i32.const ${TEXTS[name][1].length}))`;

/** What a method does, by the first letter of its name. The rest of the name is ignored. */
const DEEDS: Readonly<Record<string, string>> = {
  // Answers how many messages the instance has read: its state.
  e: "(call $answer)",
  // Answers once and exits, as one-shot guests do.
  o: "(call $answer) (call $proc_exit (i32.const 0))",
  x: "(call $proc_exit (i32.const 0))",
  f: "(call $proc_exit (i32.const 3))",
  t: "(unreachable)",
  s: "(call $spin)",
  // Forgets to answer, and reads on.
  i: "",
  // Answers and spins.
  a: "(call $answer) (call $spin)",
  // Closes standard output and spins.
  c: "(drop (call $fd_close (i32.const 1))) (call $spin)",
  // Closes standard input and spins.
  k: "(drop (call $fd_close (i32.const 0))) (call $spin)",
  // Closes standard output and reads on.
  d: "(drop (call $fd_close (i32.const 1)))",
  // Calls the host's method "work", then exits without waiting for the answer.
  h: `${say(1, "request")} (call $proc_exit (i32.const 0))`,
  // Calls the host's method "work", and answers without waiting for the answer.
  g: `${say(1, "request")} (call $answer)`,
  // Calls the host's method "work", forgets to answer, and reads on.
  y: say(1, "request"),
  // Calls the host's method "work", waits for its answer, and then answers.
  w: `${say(1, "request")} (call $save) (drop (call $read_line)) (call $restore) (call $answer)`,
  // Writes 100 lines to its log, and traps.
  l: `(loop $again ${say(2, "line")} (local.set $n (i32.add (local.get $n) (i32.const 1)))
    (br_if $again (i32.lt_u (local.get $n) (i32.const 100)))) (unreachable)`,
  // Reports progress four times, a fifth of a second in all, and answers.
  p: `(loop $again (call $sleep (i64.const 50000000)) ${say(1, "progress")} (call $say_id) ${say(1, "value")}
    (local.set $n (i32.add (local.get $n) (i32.const 1)))
    (br_if $again (i32.lt_u (local.get $n) (i32.const 4)))) (call $answer)`,
  // Reports progress for ever.
  q: `(loop $again (call $sleep (i64.const 20000000)) ${say(1, "progress")} (call $say_id) ${say(1, "value")}
    (br $again))`,
  // Sleeps 300 ms, and answers.
  z: "(call $sleep (i64.const 300000000)) (call $answer)",
  // Writes what is not a message, and spins.
  b: `${say(1, "babble")} (call $spin)`,
  // Answers with an error.
  r: `${say(1, "head")} (call $say_id) ${say(1, "refusal")}`,
  // A cancellation: answers the call that it names.
  $: `${say(1, "head")} (call $say_id) ${say(1, "cancelled")}`,
};

const SERVE = `
  ${Object.values(TEXTS).map(([at, text]) => data(at, text)).join("\n  ")}
  (global $served (mut i32) (i32.const 0))
  (global $length (mut i32) (i32.const 0))
  (global $id (mut i32) (i32.const 0))
  (global $id_length (mut i32) (i32.const 0))
  (func $spin (loop $for_ever (br $for_ever)))
  (func $sleep (param $ns i64)
    (i64.store (i32.const 64) (i64.const 0)) (i32.store (i32.const 72) (i32.const 0))
    (i32.store (i32.const 80) (i32.const 1)) (i64.store (i32.const 88) (local.get $ns))
    (i64.store (i32.const 96) (i64.const 0)) (i32.store (i32.const 104) (i32.const 0))
    (drop (call $poll_oneoff (i32.const 64) (i32.const 256) (i32.const 1) (i32.const 16))))
  (func $read_line (result i32)
    (global.set $length (i32.const 0))
    (loop $more
      (i32.store (i32.const 0) (i32.add (i32.const 4096) (global.get $length)))
      (i32.store (i32.const 4) (i32.const 1))
      (if (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 16)) (then (return (i32.const 0))))
      (if (i32.eqz (i32.load (i32.const 16))) (then (return (i32.const 0))))
      (if (i32.eq (i32.load8_u (i32.add (i32.const 4096) (global.get $length))) (i32.const 10))
        (then (return (i32.const 1))))
      (global.set $length (i32.add (global.get $length) (i32.const 1)))
      (br $more))
    (unreachable))
  (func $find (param $what i32) (param $size i32) (result i32) (local $at i32) (local $n i32)
    (local.set $at (i32.const 4096))
    (loop $next
      (local.set $n (i32.const 0))
      (block $differs
        (loop $same
          (br_if $differs (i32.ne
            (i32.load8_u (i32.add (local.get $at) (local.get $n)))
            (i32.load8_u (i32.add (local.get $what) (local.get $n)))))
          (local.set $n (i32.add (local.get $n) (i32.const 1)))
          (br_if $same (i32.lt_u (local.get $n) (local.get $size))))
        (return (i32.add (local.get $at) (local.get $size))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $at) (i32.add (i32.const 4096) (global.get $length)))))
    (i32.const 0))
  (func $find_id (local $c i32)
    (global.set $id ${find("idName")})
    (global.set $id_length (i32.const 0))
    (loop $digit
      (local.set $c (i32.sub (i32.load8_u (i32.add (global.get $id) (global.get $id_length))) (i32.const 48)))
      (if (i32.lt_u (local.get $c) (i32.const 10)) (then
        (global.set $id_length (i32.add (global.get $id_length) (i32.const 1)))
        (br $digit)))))
  (func $save
    (memory.copy (i32.const 2048) (global.get $id) (global.get $id_length)))
  (func $restore
    (global.set $id (i32.const 2048)))
  (func $say_id (drop (call $write (i32.const 1) (global.get $id) (global.get $id_length))))
  (func $answer (local $n i32) (local $at i32)
    ${say(1, "head")} (call $say_id) ${say(1, "result")}
    (local.set $n (global.get $served))
    (local.set $at (i32.const 3000))
    (loop $digit
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (i32.store8 (local.get $at) (i32.add (i32.const 48) (i32.rem_u (local.get $n) (i32.const 10))))
      (local.set $n (i32.div_u (local.get $n) (i32.const 10)))
      (br_if $digit (local.get $n)))
    (drop (call $write (i32.const 1) (local.get $at) (i32.sub (i32.const 3000) (local.get $at))))
    ${say(1, "end")})
  (func $serve (local $deed i32) (local $n i32)
    (loop $next
      (if (i32.eqz (call $read_line)) (then (return)))
      (global.set $served (i32.add (global.get $served) (i32.const 1)))
      (call $find_id)
      (local.set $n (i32.const 0))
      (local.set $deed (i32.load8_u ${find("methodName")}))
      ${
  Object.entries(DEEDS).map(([letter, deed]) =>
    `(if (i32.eq (local.get $deed) (i32.const ${letter.charCodeAt(0)})) (then ${deed}))`
  ).join("\n      ")
}
      (br $next)))`;

/** The guest. */
export const obedient: Module = program(`${SERVE} (func (export "_start") (call $serve))`);
/** The same with a start that takes 300 ms. */
export const slowStarter: Module = program(
  `${SERVE} (func (export "_start") (call $sleep (i64.const 300000000)) (call $serve))`,
);
/** Reads one message in chunks, so it may read more of them, answers it and exits. */
export const oneShot: Module = program(`${SERVE}
  (func (export "_start") (local $at i32)
    (local.set $at (i32.const 4096))
    (loop $more
      (i32.store (i32.const 0) (local.get $at))
      (i32.store (i32.const 4) (i32.const 4096))
      (if (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 16)) (then (return)))
      (if (i32.eqz (i32.load (i32.const 16))) (then (return)))
      (local.set $at (i32.add (local.get $at) (i32.load (i32.const 16))))
      (global.set $length (i32.sub (local.get $at) (i32.const 4096)))
      (br_if $more (i32.ne (i32.load8_u (i32.sub (local.get $at) (i32.const 1))) (i32.const 10))))
    (global.set $served (i32.const 1))
    (call $find_id)
    (call $answer))`);
/** Traps before it reads anything. */
export const stillborn: Module = program(`(func (export "_start") (unreachable))`);
/** Exits with code 0 before it reads anything. */
export const quitter: Module = program(`(func (export "_start"))`);

/** The error of a call that fails without an error answer. */
export async function failure(call: Promise<unknown>, reason: PluginFailure): Promise<PluginError> {
  const error = await assertRejects(() => call, PluginError);
  assertEquals(error.reason, reason, error.message);
  return error;
}

/** Waits. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Checks some members of an object. */
export function assertPart<Whole extends object>(whole: Whole, part: Partial<Whole>): void {
  assertEquals(Object.fromEntries(Object.keys(part).map((name) => [name, whole[name as keyof Whole]])), part as never);
}
