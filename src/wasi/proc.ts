/**
 * Ending the process, by itself or by a signal, and letting others run.
 *
 * @module
 */

import { EINVAL, ENOTSUP, SUCCESS } from "./abi.ts";
import type { Errno } from "./abi.ts";
import type { Context } from "./context.ts";

/**
 * Thrown by a host function to end the guest, as `proc_exit` does. Not a fault: `status` has the code and no error.
 *
 * @example
 * ```ts
 * import { compile, ExitError, spawn } from "@rivulet/rivulet";
 *
 * // (module (import "env" "log" (func $log (param i32))) (memory (export "memory") 0)
 * //   (func (export "_start") (call $log (i32.const 42))))
 * const bytes = Uint8Array.fromBase64(
 *   "AGFzbQEAAAABCAJgAX8AYAAAAgsBA2VudgNsb2cAAAMCAQEFAwEAAAcTAgZtZW1vcnkCAAZfc3RhcnQAAQoIAQYAQSoQAAs=",
 * );
 * const process = spawn(await compile(bytes), {
 *   imports: {
 *     env: {
 *       log(code: number) {
 *         throw new ExitError(code);
 *       },
 *     },
 *   },
 * });
 * console.log((await process.status).code); // 42
 * ```
 */
export class ExitError extends Error {
  /** Tells the class, also across realms. */
  override readonly name = "ExitError";
  /** The exit code, a u32; 128 + n for signal n. */
  readonly code: number;
  /** The signal that the guest raised, such as `SIGABRT`. */
  readonly signal: string | null;

  /** The end of a guest, with its code or the signal that it raised. */
  constructor(code: number, signal: string | null = null) {
    super(signal === null ? `the guest exited with code ${code}` : `the guest raised ${signal}`);
    this.code = code;
    this.signal = signal;
  }
}

/** `proc_exit`: ends the process. */
export function procExit(_context: Context, code: number): never {
  throw new ExitError(code);
}

/** Signals by number. */
const SIGNALS: readonly string[] = ("NONE HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM CHLD " +
  "CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH POLL PWR SYS").split(" ");
const IGNORED_SIGNALS: ReadonlySet<string> = new Set(["NONE", "CHLD", "CONT", "URG", "WINCH"]);
const STOP_SIGNALS: ReadonlySet<string> = new Set(["STOP", "TSTP", "TTIN", "TTOU"]);

/** `proc_raise`: does what the signal does by default, as no guest can handle one. Stopping is not supported. */
export function procRaise(_context: Context, number: number): Errno {
  const signal = SIGNALS[number];
  if (signal === undefined) return EINVAL;
  if (IGNORED_SIGNALS.has(signal)) return SUCCESS;
  if (STOP_SIGNALS.has(signal)) return ENOTSUP;
  throw new ExitError(128 + number, `SIG${signal}`);
}

/** Fuel of yielding, so that a guest that does nothing else lets the event loop turn every few hundred times. */
const YIELD_FUEL = 1_000;

/** `sched_yield`: guests that wait for their turn go first. */
export function schedYield(context: Context): Promise<Errno> {
  context.charge(YIELD_FUEL);
  return Promise.resolve(SUCCESS);
}
