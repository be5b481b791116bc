/**
 * The `args_*` and `environ_*` functions: lists of strings, encoded once when the process starts.
 *
 * @module
 */

import { checkArgs, checkEnv } from "../base/options.ts";
import { EFAULT, isInside, SUCCESS } from "./abi.ts";
import type { Errno } from "./abi.ts";
import type { Context, EncodedStrings } from "./context.ts";

const ENCODER = new TextEncoder();

/**
 * Encodes arguments as a guest reads them.
 *
 * @throws {TypeError} if they are not an array of strings, or one contains a NUL
 */
export function encodeArgs(args: readonly string[]): EncodedStrings {
  checkArgs(args);
  return encode(args);
}

/**
 * Encodes an environment as a guest reads it.
 *
 * @throws {TypeError} if a name is empty or contains `=`, a value is not a string, or either contains a NUL
 */
export function encodeEnviron(env: Readonly<Record<string, string>>): EncodedStrings {
  checkEnv(env);
  return encode(Object.entries(env).map(([name, value]) => `${name}=${value}`));
}

function encode(texts: readonly string[]): EncodedStrings {
  const strings = texts.map((text) => ENCODER.encode(text + "\0"));
  return { strings, size: strings.reduce((size, string) => size + string.length, 0) };
}

/** `args_get`: writes the arguments, and a pointer to each. */
export function argsGet(context: Context, pointers: number, buffer: number): Errno {
  return writeStrings(context, context.args, pointers, buffer);
}

/** `args_sizes_get`: writes the number of arguments and their bytes. */
export function argsSizesGet(context: Context, count: number, size: number): Errno {
  return writeSizes(context, context.args, count, size);
}

/** `environ_get`: writes the environment, and a pointer to each variable. */
export function environGet(context: Context, pointers: number, buffer: number): Errno {
  return writeStrings(context, context.environ, pointers, buffer);
}

/** `environ_sizes_get`: writes the number of variables and their bytes. */
export function environSizesGet(context: Context, count: number, size: number): Errno {
  return writeSizes(context, context.environ, count, size);
}

function writeStrings(
  context: Context,
  { strings, size }: EncodedStrings,
  pointers: number,
  buffer: number,
): Errno {
  const { memory } = context;
  if (!isInside(memory, pointers, strings.length * 4) || !isInside(memory, buffer, size)) return EFAULT;
  context.charge(strings.length * 4 + size);
  let at = buffer;
  for (const [index, string] of strings.entries()) {
    memory.view.setUint32(pointers + index * 4, at, true);
    memory.bytes.set(string, at);
    at += string.length;
  }
  return SUCCESS;
}

function writeSizes({ memory }: Context, { strings, size }: EncodedStrings, toCount: number, toSize: number): Errno {
  memory.view.setUint32(toCount, strings.length, true);
  memory.view.setUint32(toSize, size, true);
  return SUCCESS;
}
