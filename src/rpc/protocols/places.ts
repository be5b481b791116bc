/**
 * Places in requests: where a protocol puts a token, or the trace that a request belongs to. Also members of values
 * that the other side sent.
 *
 * @module
 */

import { checkMembers, shown } from "../../base/options.ts";
import type { Place } from "./types.ts";

/** The members that JSON-RPC itself has. */
const TAKEN: readonly string[] = ["jsonrpc", "id", "method", "params", "result", "error"];

/** A request that is being written: its params, and its members beside those of JSON-RPC. */
export interface Draft {
  readonly params: unknown;
  readonly members: Readonly<Record<string, unknown>>;
}

/** A member of an object of JSON; `undefined` of anything else. */
export function memberOf(value: unknown, name: string): unknown {
  return (value as { readonly [name: string]: unknown } | null | undefined)?.[name];
}

/** What a received message has at a place, unchecked. */
export function readPlace(message: unknown, place: Place): unknown {
  return place.reduce(memberOf, message);
}

/** Whether `writePlace` can write there. */
export function hasRoom({ params }: Draft, [first, ...inside]: Place): boolean {
  if (first !== "params") return true;
  const inner = (value: unknown, name: string) => jsonOf(memberOf(value, name));
  return inside.every((_, depth) => isObject(inside.slice(0, depth).reduce(inner, jsonOf(params))));
}

/**
 * A copy of a request with a value at a place.
 *
 * @throws {TypeError} if the place is inside params that are not an object
 */
export function writePlace({ params, members }: Draft, [first, ...inside]: Place, value: unknown): Draft {
  if (first !== "params") return { params, members: { ...members, [first]: value } };
  return { params: withMember(params, "params", inside, value), members };
}

function withMember(value: unknown, name: string, path: readonly string[], member: unknown): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return member;
  const json = jsonOf(value);
  if (!isObject(json)) {
    throw new TypeError(`${name} must be an object to have the member ${shown(first)}, not ${shown(value)}`);
  }
  const object = json as Readonly<Record<string, unknown>> | null | undefined;
  return { ...object, [first]: withMember(object?.[first], `${name}.${first}`, rest, member) };
}

/** What is sent of a value: a copy would not have the method of its class that says so. */
function jsonOf(value: unknown): unknown {
  const toJson = memberOf(value, "toJSON");
  return typeof toJson === "function" ? toJson.call(value, "") : value;
}

/** Whether a copy of the members stands for the value: not of a list, a map or bytes. */
function isObject(value: unknown): boolean {
  return Object.prototype.toString.call(value ?? {}) === "[object Object]";
}

/** Checks a place of a row. @throws {TypeError} if it is not one */
export function checkPlace(name: string, place: unknown): void {
  checkMembers(name, { place }, "object");
  const names: readonly unknown[] = Array.isArray(place) ? place : [];
  const isFree = names.length === 1 ? !TAKEN.includes(names[0] as string) : names[0] === "params";
  if (!isFree || names.some((it) => typeof it !== "string")) {
    throw new TypeError(`${name} must be ["name"] or ["params", "name", ...]`);
  }
}
