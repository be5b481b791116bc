/**
 * The errors of the virtual machine. A bad module, a wrong module, a bad import, a guest's fault and a bug in this library each have a
 * class, so that a caller can distinguish them without reading messages. All layers share `LimitError`.
 *
 * @module
 */

/**
 * The bytes are not a module that this library can run.
 *
 * @example
 * ```ts
 * import { compile, CompileError } from "@rivulet/rivulet/vm";
 *
 * const error = await compile(Uint8Array.of(0, 97, 115, 109)).catch((error: unknown) => error);
 * console.log(error instanceof CompileError && error.offset); // 4
 * ```
 */
export class CompileError extends Error {
  /** Tells the class, also across realms. */
  override readonly name = "CompileError";
  /** The byte offset in the module at which the fault was found. */
  readonly offset: number;

  /** An error about the bytes at an offset from the module's start. The offset is appended to the message. */
  constructor(message: string, offset: number, options?: ErrorOptions) {
    super(`${message} (at offset 0x${offset.toString(16)})`, options);
    this.offset = offset;
  }
}

/**
 * The bytes are not those that {@linkcode compile} was told to expect.
 *
 * @example
 * ```ts
 * import { compile, IntegrityError } from "@rivulet/rivulet/vm";
 *
 * const empty = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);
 * const integrity = "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
 * const error = await compile(empty, { integrity }).catch((error: unknown) => error);
 * console.log(error instanceof IntegrityError && error.actual); // sha256-k6RLu5bHUSGOTADUeeTBQ1gSKjiazKFiBbHk0NxflHY=
 * ```
 */
export class IntegrityError extends Error {
  /** Tells the class, also across realms. */
  override readonly name = "IntegrityError";
  /** What was expected, as in `sha256-` and the hash in base64. */
  readonly expected: string;
  /** What the bytes have, by the same hash function. */
  readonly actual: string;

  /** An error about bytes whose hash is another than expected. */
  constructor(expected: string, actual: string) {
    super(`the module is not the expected one: its integrity is ${actual}, not ${expected}`);
    this.expected = expected;
    this.actual = actual;
  }
}

/**
 * The native engine can't run a module, and {@linkcode compile} was told to use no other one. The message says why: what
 * the runtime lacks or refuses, or what the module has too much of. `cause` is the runtime's own error, if there is one.
 *
 * @example
 * ```ts
 * import { compile, EngineError } from "@rivulet/rivulet";
 *
 * const empty = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);
 * const module = await compile(empty, { engine: "native" }).catch((error: unknown) => {
 *   if (error instanceof EngineError) return compile(empty); // interpreted, and `module.engine.reason` says why
 *   throw error;
 * });
 * console.log(module.engine.name); // native
 * ```
 */
export class EngineError extends Error {
  /** Tells the class, also across realms. */
  override readonly name = "EngineError";
  /** Why the engine can't run the module. */
  readonly reason: string;

  /** An error with the reason. */
  constructor(reason: string, options?: ErrorOptions) {
    super(`the native engine can't run this module: ${reason}`, options);
    this.reason = reason;
  }
}

/**
 * An import is missing, or its type differs from the one that the module declares.
 *
 * @example
 * ```ts
 * import { compile, instantiate, LinkError } from "@rivulet/rivulet/vm";
 *
 * // (module (import "env" "log" (func $log (param i32))) (func (export "run") (call $log (i32.const 42))))
 * const bytes = Uint8Array.fromBase64(
 *   "AGFzbQEAAAABCAJgAX8AYAAAAgsBA2VudgNsb2cAAAMCAQEHBwEDcnVuAAEKCAEGAEEqEAAL",
 * );
 * const error = await instantiate(await compile(bytes)).catch((error: unknown) => error);
 * console.log(error instanceof LinkError); // true
 * ```
 */
export class LinkError extends Error {
  /** Tells the class, also across realms. */
  override readonly name = "LinkError";
}

/**
 * Why a guest trapped: one of the specification's traps, or a host function that failed. Some runtimes do not tell the
 * native engine which of two traps it was.
 */
export type TrapReason =
  | "unreachable"
  | "integer divide by zero"
  | "integer overflow"
  | "invalid conversion to integer"
  | "out of bounds memory access"
  | "out of bounds table access"
  | "undefined element"
  | "uninitialized element"
  | "indirect call type mismatch"
  | "uninitialized element or indirect call type mismatch"
  | "call stack exhausted"
  | "host function failed";

/** One frame of a guest's stack. Lists of frames start with the innermost. */
export interface StackFrame {
  /** Index in the module's function index space. */
  readonly functionIndex: number;
  /** The name from the name section or an export, or else `func[index]`. */
  readonly functionName: string;
  /** The name from the name section, if it has one. */
  readonly moduleName: string | undefined;
}

/**
 * The guest did something that WebAssembly forbids, or a host function that it called failed. In that case `cause` is
 * what the function threw or rejected with.
 *
 * @example
 * ```ts
 * import { compile, instantiate, Trap } from "@rivulet/rivulet/vm";
 *
 * // (module (func (export "fail") unreachable))
 * const bytes = Uint8Array.fromBase64("AGFzbQEAAAABBAFgAAADAgEABwgBBGZhaWwAAAoFAQMAAAs=");
 * const instance = await instantiate(await compile(bytes));
 * const error = await instance.call("fail").catch((error: unknown) => error);
 * console.log(error instanceof Trap && error.reason); // unreachable
 * ```
 */
export class Trap extends Error {
  /** Tells the class, also across realms. */
  override readonly name = "Trap";
  /** Why the guest trapped. */
  readonly reason: TrapReason;
  /** The guest's calls, innermost first. Of more than 64, it has the innermost 48 and the outermost 16. */
  readonly guestStack: readonly StackFrame[];

  /** A trap with the guest's stack, which is appended to the message. */
  constructor(reason: TrapReason, guestStack: readonly StackFrame[] = [], options?: ErrorOptions) {
    const lines = guestStack.map((frame) =>
      `\n    at ${frame.moduleName === undefined ? "" : frame.moduleName + "!"}${frame.functionName}`
    );
    super(reason + lines.join(""), options);
    this.reason = reason;
    this.guestStack = guestStack;
  }
}

/**
 * A bug in this library, never a fault of the guest. Please report it.
 *
 * @example
 * ```ts
 * import { instantiate, InternalError, Module } from "@rivulet/rivulet/vm";
 *
 * const fake = Object.create(Module.prototype); // what only a bug would do
 * const error = await instantiate(fake).catch((error: unknown) => error);
 * console.log(error instanceof InternalError); // true
 * ```
 */
export class InternalError extends Error {
  /** Tells the class, also across realms. */
  override readonly name = "InternalError";
}

/** The error of a synchronous call whose host function returns a promise. */
export function waitError(): TypeError {
  return new TypeError("a host function returned a promise, and a synchronous call can't wait for it: use call()");
}
