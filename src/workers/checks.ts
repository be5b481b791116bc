/**
 * Checks of what a worker says of calls, requests and ends: objects with known members. What else they have is left out.
 *
 * @module
 */

import { readTraceparent } from "../rpc/trace.ts";
import { ChannelFault } from "./messages.ts";

/** A check of a member. */
export type FieldCheck = (value: unknown) => boolean;

export const isText: FieldCheck = (value) => typeof value === "string";
export const isNumber: FieldCheck = (value) => typeof value === "number";
export const isInteger: FieldCheck = (value) => Number.isSafeInteger(value);
export const isCount: FieldCheck = (value) => Number.isSafeInteger(value) && value as number >= 0;
export const isAmount: FieldCheck = (value) => typeof value === "number" && value >= 0;
export const isAny: FieldCheck = () => true;
export const orUndefined = (check: FieldCheck): FieldCheck => (value) => value === undefined || check(value);
export const isListOf = (check: FieldCheck): FieldCheck => (value) => Array.isArray(value) && value.every(check);
/** An object with such members, and perhaps others. */
export const isObjectOf = (fields: Fields): FieldCheck => (value) => missing(value, fields) === undefined;

const isId = (value: unknown) => value === null || typeof value === "string" || typeof value === "number";
const isTraceparent = orUndefined((value) => readTraceparent(value) !== undefined);

type Fields = Readonly<Record<string, FieldCheck>>;

/** What a worker says, each with its members. */
export const SAID = {
  /** A context of a request. Its method is known. */
  context: { id: orUndefined(isId), notification: (value) => typeof value === "boolean", traceparent: isTraceparent },
  /** The call of the host to which a request belongs. */
  call: { id: isCount, method: isText, traceparent: isTraceparent },
  /** A request that failed. */
  "failed request": { method: isText, id: orUndefined(isId) },
  /** The end of an instance. */
  exit: {
    reason: isText,
    message: isText,
    error: isAny,
    exitCode: orUndefined(isInteger),
    fuelUsed: isAmount,
    logs: isListOf(isText),
    calls: isCount,
    pending: isCount,
  },
  /** What a call has used. */
  use: { fuelUsed: isAmount, memoryPages: isCount, sends: isCount },
  /** The answer to `start`. */
  start: { name: isText },
  /** What the plugin says about itself. Its methods are in a list. */
  description: {
    name: isText,
    version: orUndefined(isText),
    methods: isListOf(isObjectOf({ name: isText, summary: orUndefined(isText) })),
    source: isText,
  },
} as const satisfies Readonly<Record<string, Fields>>;

/**
 * The known members of what a worker says.
 *
 * @throws {ChannelFault} if one is missing or wrong
 */
export function read<Said extends keyof typeof SAID>(
  said: Said,
  given: unknown,
): Record<keyof (typeof SAID)[Said], unknown> {
  const fields: Fields = SAID[said];
  const wrong = missing(given, fields);
  if (wrong !== undefined) throw new ChannelFault(`it sent a wrong ${said}${wrong}`);
  const entries = Object.keys(fields).map((name) => [name, (given as Readonly<Record<string, unknown>>)[name]]);
  return Object.fromEntries(entries);
}

/** What is wrong with a value, for people. */
function missing(given: unknown, fields: Fields): string | undefined {
  if (typeof given !== "object" || given === null || Array.isArray(given)) return "";
  const wrong = Object.entries(fields).find(([name, check]) => {
    return !check(Object.hasOwn(given, name) ? (given as Readonly<Record<string, unknown>>)[name] : undefined);
  });
  return wrong && `: ${wrong[0]}`;
}
