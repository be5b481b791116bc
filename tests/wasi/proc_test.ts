/**
 * Ending a process, and yielding to others.
 *
 * @module
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { EINVAL, ENOTSUP, SUCCESS } from "../../src/wasi/abi.ts";
import { ExitError } from "../../src/wasi/mod.ts";
import { fakeContext, functionsOf } from "./_guest.ts";

const { proc_raise, sched_yield } = functionsOf(fakeContext());

Deno.test("proc_raise ends the process with 128 + n and the signal's name", () => {
  const signals: [number, string][] = [[1, "SIGHUP"], [2, "SIGINT"], [6, "SIGABRT"], [9, "SIGKILL"], [11, "SIGSEGV"]];
  for (const [number, name] of [...signals, [15, "SIGTERM"], [30, "SIGSYS"]] as const) {
    const error = assertThrows(() => proc_raise(number), ExitError, name);
    assertEquals([error.code, error.signal], [128 + number, name]);
  }
});

Deno.test("proc_raise ignores the signals that POSIX ignores by default, and does not stop the process", () => {
  for (const number of [0, 16, 17, 22, 27]) assertEquals(proc_raise(number), SUCCESS);
  for (const number of [18, 19, 20, 21]) assertEquals(proc_raise(number), ENOTSUP);
  for (const number of [31, 64, -1, 0x7fffffff]) assertEquals(proc_raise(number), EINVAL);
});

Deno.test("sched_yield returns a promise, so that others run first", async () => {
  const answer = sched_yield();
  assert(answer instanceof Promise);
  assertEquals(await answer, SUCCESS);
});
