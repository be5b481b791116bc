/**
 * Names the proposal of a construct that this library does not support, so that the error says more than "malformed".
 * An unknown construct has no name here.
 *
 * @module
 */

import { CompileError } from "../errors.ts";
import { UNSUPPORTED_OPCODES } from "./opcodes.ts";
import { V128 } from "./types.ts";
import type { ModuleRecord } from "./types.ts";

/** Codes from `first` to `last` belong to `proposal`. */
type Row = readonly [first: number, last: number, proposal: string];

const TYPES: readonly Row[] = [
  [0x4e, 0x50, "garbage collection"],
  [0x5d, 0x5d, "stack switching"],
  [0x5e, 0x5f, "garbage collection"],
  [0x63, 0x64, "typed function references"],
  [0x65, 0x65, "threads"],
  [0x68, 0x68, "stack switching"],
  [0x69, 0x69, "exception handling"],
  [0x6a, 0x6e, "garbage collection"],
  [0x71, 0x73, "garbage collection"],
  [0x74, 0x74, "exception handling"],
  [0x75, 0x75, "stack switching"],
];

const LIMITS_FLAGS: readonly Row[] = [
  [0x02, 0x03, "threads"],
  [0x04, 0x07, "memory64"],
  [0x08, 0x0f, "custom page sizes"],
];

/** What to build instead, for proposals that many compilers use. */
const INSTEAD: ReadonlyMap<string, string> = new Map([
  ["SIMD", "build without it, as without -msimd128 or -C target-feature=+simd128"],
  ["threads", "build for wasm32-wasip1, not wasm32-wasip1-threads, and without -pthread"],
  ["exception handling", "build without it, as with -fno-exceptions or panic=abort"],
  ["garbage collection", "languages whose compilers need it, such as Kotlin and Dart, can't be used"],
  ["memory64", "build for wasm32, not wasm64"],
]);

const proposalOf = (rows: readonly Row[], code: number): string | undefined =>
  rows.find(([first, last]) => first <= code && code <= last)?.[2];

/** The error for a construct of an unsupported proposal, such as `SIMD is not supported: opcode 0xfd: build without...`. */
export function unsupported(proposal: string, construct: string, offset: number): CompileError {
  const instead = INSTEAD.get(proposal);
  const advice = instead === undefined ? "" : `: ${instead}`;
  return new CompileError(`${proposal} is not supported: ${construct}${advice}`, offset);
}

const hex = (code: number): string => code.toString(16).padStart(2, "0");

/** Refuses a module that uses SIMD, for an engine without it. @throws {CompileError} at the first use */
export function refuseSimd({ bytes, simdAt }: ModuleRecord): void {
  if (simdAt === undefined) return;
  const byte = bytes[simdAt];
  throw unsupported("SIMD", `${byte === V128 ? "type" : "opcode"} 0x${hex(byte)}`, simdAt);
}

/** The error for an unsupported opcode, by its code in the table of opcodes. */
export function refuseOpcode(code: number, offset: number): CompileError {
  const proposal = proposalOf(UNSUPPORTED_OPCODES, code);
  if (proposal !== undefined) return unsupported(proposal, `opcode 0x${hex(code)}`, offset);
  return new CompileError(`illegal opcode ${hex(code)}`, offset);
}

/** The error for an unsupported type code. `otherwise` describes a code that belongs to no proposal. */
export function refuseType(code: number, otherwise: string, offset: number): CompileError {
  const proposal = proposalOf(TYPES, code);
  if (proposal !== undefined) return unsupported(proposal, `type 0x${hex(code)}`, offset);
  return new CompileError(`${otherwise} 0x${hex(code)}`, offset);
}

/** The error for unsupported flags of a table's or memory's limits. */
export function refuseLimitsFlags(flags: number, offset: number): CompileError {
  const proposal = proposalOf(LIMITS_FLAGS, flags);
  if (proposal !== undefined) return unsupported(proposal, `limits with flags 0x${hex(flags)}`, offset);
  return new CompileError(`malformed limits flags 0x${hex(flags)}`, offset);
}
