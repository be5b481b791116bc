/**
 * `@std/assert` for tests and examples. deno.json maps the specifier here, because JSR is not reachable from every
 * build machine. npm's `deno-std` has the same code as plain JavaScript, and this file adds the types that are used.
 *
 * @module
 */

import * as std from "deno-std/assert/mod.js";

// deno-lint-ignore no-explicit-any -- a class is described by what it constructs, with any parameters
type Class<T> = abstract new (...args: any[]) => T;

/** The functions of `@std/assert` that the tests use. */
interface Assert {
  assert(value: unknown, message?: string): asserts value;
  assertAlmostEquals(actual: number, expected: number, tolerance?: number, message?: string): void;
  assertEquals<T>(actual: T, expected: T, message?: string): void;
  assertExists<T>(actual: T, message?: string): asserts actual is NonNullable<T>;
  assertGreater<T>(actual: T, expected: T, message?: string): void;
  assertGreaterOrEqual<T>(actual: T, expected: T, message?: string): void;
  assertInstanceOf<T>(actual: unknown, type: Class<T>, message?: string): asserts actual is T;
  assertLess<T>(actual: T, expected: T, message?: string): void;
  assertLessOrEqual<T>(actual: T, expected: T, message?: string): void;
  assertMatch(actual: string, expected: RegExp, message?: string): void;
  assertNotEquals<T>(actual: T, expected: T, message?: string): void;
  assertRejects(run: () => PromiseLike<unknown>, message?: string): Promise<unknown>;
  assertRejects<E extends Error>(
    run: () => PromiseLike<unknown>,
    type: Class<E>,
    includes?: string,
    message?: string,
  ): Promise<E>;
  assertStrictEquals<T>(actual: unknown, expected: T, message?: string): asserts actual is T;
  assertStringIncludes(actual: string, expected: string, message?: string): void;
  assertThrows(run: () => unknown, message?: string): unknown;
  assertThrows<E extends Error>(run: () => unknown, type: Class<E>, includes?: string, message?: string): E;
  fail(message?: string): never;
}

const typed = std as unknown as Assert;

export const assert: Assert["assert"] = typed.assert;
export const assertAlmostEquals: Assert["assertAlmostEquals"] = typed.assertAlmostEquals;
export const assertEquals: Assert["assertEquals"] = typed.assertEquals;
export const assertExists: Assert["assertExists"] = typed.assertExists;
export const assertGreater: Assert["assertGreater"] = typed.assertGreater;
export const assertGreaterOrEqual: Assert["assertGreaterOrEqual"] = typed.assertGreaterOrEqual;
export const assertInstanceOf: Assert["assertInstanceOf"] = typed.assertInstanceOf;
export const assertLess: Assert["assertLess"] = typed.assertLess;
export const assertLessOrEqual: Assert["assertLessOrEqual"] = typed.assertLessOrEqual;
export const assertMatch: Assert["assertMatch"] = typed.assertMatch;
export const assertNotEquals: Assert["assertNotEquals"] = typed.assertNotEquals;
export const assertRejects: Assert["assertRejects"] = typed.assertRejects;
export const assertStrictEquals: Assert["assertStrictEquals"] = typed.assertStrictEquals;
export const assertStringIncludes: Assert["assertStringIncludes"] = typed.assertStringIncludes;
export const assertThrows: Assert["assertThrows"] = typed.assertThrows;
export const fail: Assert["fail"] = typed.fail;
