/**
 * The `proc_*` and `sched_*` functions: ending the process, raising a signal, and letting others run.
 *
 * @module
 */

import { EINVAL, ENOTSUP, SUCCESS } from "./abi.ts";
import type { Errno } from "./abi.ts";
import type { Context } from "./context.ts";

/**
 * A host function throws this to end the guest, as `proc_exit` does. It is not a failure: `status` has the code and no
 * error.
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
  /** Identifies the class, also across realms. */
  override readonly name = "ExitError";
  /** The exit code, a u32. It is 128 + n for signal n. */
  readonly code: number;
  /** The signal that the guest raised, such as `SIGABRT`. */
  readonly signal: string | null;

  /** Creates the end of a guest, with its code and the signal that it raised. */
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

/** `proc_raise`: takes the signal's default action, since a guest cannot handle signals. Stopping is not supported. */
export function procRaise(_context: Context, number: number): Errno {
  const signal = SIGNALS[number];
  if (signal === undefined) return EINVAL;
  if (IGNORED_SIGNALS.has(signal)) return SUCCESS;
  if (STOP_SIGNALS.has(signal)) return ENOTSUP;
  throw new ExitError(128 + number, `SIG${signal}`);
}

/** Fuel of a yield. A guest that only yields lets the event loop turn every few hundred times. */
const YIELD_FUEL = 1_000;

/** `sched_yield`: lets guests that wait for their turn run first. */
export function schedYield(context: Context): Promise<Errno> {
  context.charge(YIELD_FUEL);
  return Promise.resolve(SUCCESS);
}
