/**
 * Checks of values by schemas, and the error for a value that its schema refuses.
 *
 * @module
 */

import { isPromiseLike } from "../../base/callbacks.ts";
import { checkNames, shown } from "../../base/options.ts";
import { printable } from "../../base/text.ts";
import type { StandardIssue, StandardResult, StandardSchema } from "./standard.ts";
import type { MethodSchemas } from "./types.ts";

/** Issues that an error has, and characters of each: the other side's value may have a million faults. */
const SHOWN_ISSUES = 10;
const SHOWN_CHARACTERS = 200;
/** Names and indices of a path that are shown. */
const SHOWN_STEPS = 20;

/** One thing that is wrong with a value. Text of the other side in it is made printable and cut. */
export interface SchemaIssue {
  /** What is wrong, for people. */
  readonly message: string;
  /** Where: names and indices, from the outermost. */
  readonly path: readonly (string | number)[];
}

/**
 * A value is not what its schema says. A call rejects with one if its params are wrong, which are then not sent, or if
 * its result is.
 *
 * @example
 * ```ts
 * import { Peer, SchemaError } from "@rivulet/rivulet/rpc";
 * import type { StandardSchema } from "@rivulet/rivulet/rpc";
 *
 * // A schema by hand. Zod, Valibot, ArkType and others make them.
 * const number: StandardSchema<number> = {
 *   "~standard": {
 *     version: 1,
 *     vendor: "example",
 *     validate: (value) => typeof value === "number" ? { value } : { issues: [{ message: "it is not a number" }] },
 *   },
 * };
 * // This peer reads what it writes: it calls itself.
 * await using peer = new Peer(new TransformStream<Uint8Array, Uint8Array>(), {
 *   methods: { half: (params) => String(Number(params) / 2) },
 *   schemas: { remote: { half: { params: number, result: number } } },
 * });
 * const error = await peer.call("half", 5).catch((error: unknown) => error);
 * console.log(error instanceof SchemaError && error.part); // result
 * ```
 */
export class SchemaError extends Error {
  /** Tells the class, also across realms. */
  override readonly name = "SchemaError";
  /** The method. */
  readonly method: string;
  /** Whether its params are wrong or its result. */
  readonly part: "params" | "result";
  /** What is wrong: the first ten things. */
  readonly issues: readonly SchemaIssue[];

  /** @ignore made by peers and plugins */
  constructor(method: string, part: "params" | "result", issues: readonly SchemaIssue[], plugin?: string) {
    const name = printable(method);
    const what = plugin === undefined ? `the ${part} of ${shown(name)}` : `${plugin}.${name}: the ${part}`;
    super(`${what} ${part === "params" ? "are" : "is"} wrong: ${textOf(part, issues)}`);
    this.method = method;
    this.part = part;
    this.issues = issues;
  }
}

/** What is wrong, as in `params.name: expected a string`. */
export function textOf(part: string, issues: readonly SchemaIssue[]): string {
  return issues.map(({ message, path }) => `${part}${path.map(stepOf).join("")}: ${message}`).join("; ");
}

function stepOf(step: string | number): string {
  if (typeof step === "number") return `[${step}]`;
  return /^[A-Za-z_$][\w$]*$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
}

function issueOf({ message, path = [] }: StandardIssue): SchemaIssue {
  const steps = path.slice(0, SHOWN_STEPS).map((step) => typeof step === "object" ? step.key : step);
  return {
    message: printable(String(message), SHOWN_CHARACTERS),
    path: steps.map((step) => typeof step === "number" ? step : printable(String(step), SHOWN_CHARACTERS)),
  };
}

/**
 * Checks a value, and passes on what the schema makes of it.
 *
 * @param refuse makes the error for a value that is wrong
 * @param next receives the value
 * @returns what `next` returns: a promise, if the schema or `next` returns one
 */
export function checked(
  schema: StandardSchema,
  value: unknown,
  refuse: (issues: readonly SchemaIssue[]) => Error,
  next: (value: unknown) => unknown,
): unknown {
  const go = (result: StandardResult<unknown>) => {
    if (result.issues === undefined) return next(result.value);
    throw refuse(result.issues.slice(0, SHOWN_ISSUES).map(issueOf));
  };
  const result = schema["~standard"].validate(value);
  return isPromiseLike(result) ? Promise.resolve(result).then(go) : go(result);
}

/**
 * Checks an option with the schemas of one side's methods.
 *
 * @returns the schemas by method; `undefined` if there are none
 * @throws {TypeError} if something in it is not a schema
 */
export function schemasByMethod(what: string, given: unknown): ReadonlyMap<string, MethodSchemas> | undefined {
  if (given === undefined) return undefined;
  if (typeof given !== "object" || given === null || Symbol.iterator in given) {
    throw new TypeError(`${what} must be an object of methods, not ${shown(given)}`);
  }
  const entries: [string, MethodSchemas | undefined][] = Object.entries(given);
  const schemas = new Map<string, MethodSchemas>();
  for (const [method, parts] of entries) {
    if (parts === undefined) continue;
    const where = `${what}.${method}`;
    checkNames(`${where} member`, parts, ["params", "result"]);
    const { params, result } = parts;
    checkSchema(`${where}.params`, params);
    checkSchema(`${where}.result`, result);
    if (params !== undefined || result !== undefined) schemas.set(method, { params, result });
  }
  return schemas.size === 0 ? undefined : schemas;
}

/** Checks an option without keeping it. @throws as `schemasByMethod` does */
export function checkSchemas(what: string, given: unknown): void {
  schemasByMethod(what, given);
}

/** Some libraries make schemas that are functions. */
function checkSchema(what: string, given: unknown): void {
  if (given === undefined) return;
  const standard = typeof given === "function" || typeof given === "object" && given !== null
    ? (given as Partial<StandardSchema>)["~standard"]
    : undefined;
  if (standard?.version === 1 && typeof standard.validate === "function") return;
  throw new TypeError(`${what} must be a Standard Schema, such as Zod, Valibot and ArkType make, not ${shown(given)}`);
}
