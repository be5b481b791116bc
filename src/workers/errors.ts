/**
 * Errors between a host and a worker: a table of classes with their fields. The other side makes an error of the same
 * class with the same fields, and the same chain of causes. An error that the host itself threw comes back as the same
 * object.
 *
 * @module
 */

import { ManifestError, PermissionError, PluginError } from "../plugin/mod.ts";
import { RpcClosedError, RpcError, RpcProtocolError, SchemaError } from "../rpc/mod.ts";
import { CompileError, EngineError, IntegrityError, InternalError, LimitError, LinkError, Trap } from "../vm/mod.ts";
import { ExitError } from "../wasi/mod.ts";
import { isAny, isInteger, isListOf, isNumber, isObjectOf, isText, orUndefined } from "./checks.ts";
import type { FieldCheck } from "./checks.ts";

type ErrorClass = abstract new (...args: never) => Error;

/** A frame of a guest's stack. */
const isFrame = isObjectOf({ functionIndex: isInteger, functionName: isText, moduleName: orUndefined(isText) });

/** What is wrong with a value, by its schema. */
const isIssue = isObjectOf({ message: isText, path: isListOf((step) => isText(step) || isNumber(step)) });

/** A row: the class, and checks of its own fields. `name`, `message` and `cause` are of all. */
interface Row {
  readonly class: ErrorClass;
  readonly fields: Readonly<Record<string, FieldCheck>>;
}

/** Every class that crosses as itself, the most special first. Others cross as `Error`, with their name. */
const ROWS: Readonly<Record<string, Row>> = {
  PluginError: {
    class: PluginError,
    fields: {
      reason: isText,
      plugin: isText,
      method: isText,
      exitCode: orUndefined(isInteger),
      fuelUsed: isNumber,
      logs: isListOf(isText),
    },
  },
  RpcError: { class: RpcError, fields: { code: isInteger, data: isAny } },
  RpcProtocolError: { class: RpcProtocolError, fields: { fault: isText } },
  RpcClosedError: { class: RpcClosedError, fields: {} },
  LimitError: { class: LimitError, fields: { limit: isText, value: isNumber } },
  Trap: { class: Trap, fields: { reason: isText, guestStack: isListOf(isFrame) } },
  ManifestError: { class: ManifestError, fields: { source: isText } },
  PermissionError: { class: PermissionError, fields: { plugin: isText, method: isText, missing: isText } },
  SchemaError: { class: SchemaError, fields: { method: isText, part: isText, issues: isListOf(isIssue) } },
  LinkError: { class: LinkError, fields: {} },
  IntegrityError: { class: IntegrityError, fields: { expected: isText, actual: isText } },
  EngineError: { class: EngineError, fields: { reason: isText } },
  CompileError: { class: CompileError, fields: { offset: isNumber } },
  InternalError: { class: InternalError, fields: {} },
  ExitError: { class: ExitError, fields: { code: isInteger, signal: (value) => value === null || isText(value) } },
  TypeError: { class: TypeError, fields: {} },
  RangeError: { class: RangeError, fields: {} },
  SyntaxError: { class: SyntaxError, fields: {} },
  ReferenceError: { class: ReferenceError, fields: {} },
  Error: { class: Error, fields: {} },
};

/** Errors of a chain of causes that cross; the rest is dropped. */
export const MAX_CHAIN = 8;
/** UTF-16 units of an error's name. */
const NAME_LENGTH = 100;
/** Errors that the host remembers, to give them back as the same objects. */
const MAX_REMEMBERED = 256;

/** An error as it crosses, before its parts are packed. */
export type Fields = Record<string, unknown>;

/**
 * The errors that have crossed, each with a number. The host numbers its own, and remembers the last ones. The worker
 * notes the numbers of those that it gets, and sends them back with the errors.
 */
export class KnownErrors {
  readonly #isHost: boolean;
  readonly #numbers = new WeakMap<object, number>();
  readonly #originals = new Map<number, unknown>();
  #next = 0;

  constructor(isHost: boolean) {
    this.#isHost = isHost;
  }

  /** The number of an error to be sent, if it has one. The host gives it one. */
  numberOf(error: object): number | undefined {
    return this.#isHost ? this.#remember(error, error) : this.#numbers.get(error);
  }

  /** Whether this side is the host. */
  get isHost(): boolean {
    return this.#isHost;
  }

  /** Whether an error is one that the host remembers, and not one that was made for it. */
  isOriginal(error: object): boolean {
    const number = this.#numbers.get(error);
    return number !== undefined && this.#originals.get(number) === error;
  }

  #remember(error: object, original: unknown): number {
    const known = this.#numbers.get(error);
    if (known !== undefined && this.#originals.has(known)) return known;
    const number = this.#next++;
    this.#numbers.set(error, number);
    this.#originals.set(number, original);
    if (this.#originals.size > MAX_REMEMBERED) this.#originals.delete(this.#originals.keys().next().value!);
    return number;
  }

  /** An error that says nothing, in place of one that the other side may not read. It comes back as the original. */
  hide(original: unknown): Error {
    const error = new Error("a method of the host failed");
    this.#remember(error, original);
    return error;
  }

  /** The error that stands for any value that was thrown: itself, or one that comes back as the value. */
  standIn(original: unknown): Error {
    if (original instanceof Error) return original;
    const error = new Error(textOf(original));
    this.#remember(error, original);
    return error;
  }

  /** Notes the number of an error that came from the other side. */
  note(error: object, number: number): void {
    this.#numbers.set(error, number);
  }

  /** The remembered error with a number. */
  original(number: number): { readonly error: unknown } | undefined {
    return this.#originals.has(number) ? { error: this.#originals.get(number) } : undefined;
  }
}

/** The fields of an error, to be packed. */
export function fieldsOf(error: Error, chain: number): Fields {
  const isDom = typeof DOMException !== "undefined" && error instanceof DOMException;
  const [name, row] = Object.entries(ROWS).find(([, row]) => error instanceof row.class)!;
  const fields: Fields = { class: isDom ? "DOMException" : name, message: memberOf(error, "message") };
  fields.name = memberOf(error, "name").slice(0, NAME_LENGTH);
  if (!isDom) { for (const field of Object.keys(row.fields)) fields[field] = Reflect.get(error, field); }
  if (Object.hasOwn(error, "cause") && chain < MAX_CHAIN) fields.cause = error.cause;
  return fields;
}

/** A host's error may have any members. */
function memberOf(error: Error, name: "message" | "name"): string {
  try {
    return textOf(error[name]);
  } catch {
    return "";
  }
}

/** A host's value may have no text. */
function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return "for a reason that can't be shown";
  }
}

/** The error that these unpacked fields describe; `undefined` if they describe none. */
export function errorOf(fields: ReadonlyMap<unknown, unknown>, chain: number): Error | undefined {
  const name = fields.get("name");
  const message = fields.get("message");
  const kind = fields.get("class");
  if (typeof kind !== "string" || typeof name !== "string" || typeof message !== "string" || chain > MAX_CHAIN) return;
  if (name.length > NAME_LENGTH) return;
  if (kind === "DOMException") return new DOMException(message, name);
  if (!Object.hasOwn(ROWS, kind)) return;
  const row = ROWS[kind]!;
  const options = fields.has("cause") ? { cause: fields.get("cause") } : undefined;
  // No constructor of the class runs: most of them make the message from parts.
  const error: Error = Reflect.construct(Error, [message, options], row.class);
  if (error.name !== name) define(error, "name", name);
  for (const [field, check] of Object.entries(row.fields)) {
    if (!check(fields.get(field))) return;
    define(error, field, fields.get(field));
  }
  return error;
}

function define(error: Error, name: string, value: unknown): void {
  Object.defineProperty(error, name, { value, writable: true, enumerable: true, configurable: true });
}
