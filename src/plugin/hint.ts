/**
 * What was probably meant, when a plugin does not have the method that was called.
 *
 * @module
 */

import { countedHint } from "../base/hint.ts";
import { ErrorCode } from "../rpc/mod.ts";
import type { RpcError } from "../rpc/mod.ts";

/** Names that are compared. A plugin may list as many as its message has room for. */
const COMPARED_NAMES = 1_000;

/** Where a plugin's names of methods are known from. */
export interface KnownMethods {
  /** What the plugin says it has. */
  readonly described: readonly { readonly name: string }[] | undefined;
  /** Those for which the host has schemas. */
  readonly schemas: object | undefined;
}

/**
 * The end of the message of a plugin's error: a question, if the error is "method not found" and a known method has a
 * similar name. A plugin that asks the question itself is not repeated.
 */
export function methodHint(error: RpcError, method: string, { described = [], schemas = {} }: KnownMethods): string {
  if (error.code !== ErrorCode.methodNotFound || /did you mean/i.test(error.message)) return "";
  const names = [...Object.keys(schemas), ...described.slice(0, COMPARED_NAMES).map(({ name }) => name)];
  return names.includes(method) ? "" : countedHint(method, names);
}
