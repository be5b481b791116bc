/**
 * Every error that the virtual machine throws. A bad module, a bad import, a guest's fault, a bound that was hit and a
 * bug of this library are five different classes, so that a caller can tell them apart without reading messages.
 *
 * @module
 */

/** The bytes are not a module that this library runs. */
export class CompileError extends Error {
  /** Tells the class, also across realms. */
  override readonly name = "CompileError";
  /** Byte offset in the module where the fault was seen. */
  readonly offset: number;

  /** An error about the bytes at an offset from the module's start, which is added to the message. */
  constructor(message: string, offset: number, options?: ErrorOptions) {
    super(`${message} (at offset 0x${offset.toString(16)})`, options);
    this.offset = offset;
  }
}

/** An import is missing, or is not of the type that the module declares. */
export class LinkError extends Error {
  /** Tells the class, also across realms. */
  override readonly name = "LinkError";
}

/** Why a guest trapped: the closed set of the specification's traps, and a failing host function. */
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
  | "call stack exhausted"
  | "host function failed";

/** One frame of a guest's stack, innermost first in a list. */
export interface StackFrame {
  /** Index in the module's function index space. */
  readonly functionIndex: number;
  /** From the name section, an export, or else `func[index]`. */
  readonly functionName: string;
  /** From the name section, if it says. */
  readonly moduleName: string | undefined;
}

/** The guest did what WebAssembly forbids, or a host function that it called threw or rejected (then `cause` is set). */
export class Trap extends Error {
  /** Tells the class, also across realms. */
  override readonly name = "Trap";
  /** Which of the specification's traps, or that a host function failed. */
  readonly reason: TrapReason;
  /** The guest's calls, innermost first; at most 64 of them (the innermost 48 and the outermost 16). */
  readonly guestStack: readonly StackFrame[];

  /** A trap, and where the guest was, which is added to the message. */
  constructor(reason: TrapReason, guestStack: readonly StackFrame[] = [], options?: ErrorOptions) {
    const lines = guestStack.map((frame) =>
      `\n    at ${frame.moduleName === undefined ? "" : frame.moduleName + "!"}${frame.functionName}`
    );
    super(reason + lines.join(""), options);
    this.reason = reason;
    this.guestStack = guestStack;
  }
}

/** A bound that the caller set (or its default) was reached. */
export class LimitError extends Error {
  /** Tells the class, also across realms. */
  override readonly name = "LimitError";
  /** Which bound, by its name in the options. */
  readonly limit: string;
  /** The bound's value, in its own unit. */
  readonly value: number;

  /** An error that names the bound and its value. */
  constructor(limit: string, value: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.limit = limit;
    this.value = value;
  }
}

/** A fault of this library, never of the guest: please report it. */
export class InternalError extends Error {
  /** Tells the class, also across realms. */
  override readonly name = "InternalError";
}
