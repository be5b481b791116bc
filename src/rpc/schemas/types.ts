/**
 * The types of schemas for the methods of both sides, and of interfaces that follow from schemas.
 *
 * @module
 */

import type { MethodName, Methods, ParamsOf, ResultOf } from "../types.ts";
import type { StandardSchema } from "./standard.ts";

/** The schemas of one method. Without one, the value is passed on unchecked. */
export interface MethodSchemas<Params = unknown, Result = unknown> {
  /** Of its params. A request without params has `undefined`, or `null` if that is what was sent. */
  readonly params?: StandardSchema<unknown, Params>;
  /** Of its result. */
  readonly result?: StandardSchema<unknown, Result>;
}

/** Schemas for methods that the other side serves. Results are of the interface's types. */
export type RemoteSchemas<Remote extends object = Methods> = {
  readonly [K in MethodName<Remote>]?: MethodSchemas<unknown, ResultOf<Remote, K>>;
};

/** Schemas for methods that this side serves. Params are of the interface's types. */
export type LocalSchemas<Local extends object = Methods> = {
  readonly [K in MethodName<Local>]?: MethodSchemas<ParamsOf<Local, K>, unknown>;
};

/** The option `schemas` of a peer. */
export interface PeerSchemas<Remote extends object = Methods, Local extends object = Methods> {
  /** Of methods that the other side serves: their params are checked before they are sent, their results on arrival. */
  readonly remote?: RemoteSchemas<Remote>;
  /** Of methods that this side serves: their params are checked on arrival, their results before they are sent. */
  readonly local?: LocalSchemas<Local>;
}

/** What a schema of a method takes or gives; `unknown` without a schema. */
export type SchemaType<Schemas, Of extends "params" | "result", Side extends "input" | "output"> = Schemas extends
  { readonly [P in Of]: { readonly "~standard": { readonly types?: infer Types } } }
  ? NonNullable<Types> extends { readonly [S in Side]: infer Type } ? Type : unknown
  : unknown;

/** The parameters of a method whose params have a type. They may be left out if they may be `undefined`. */
export type SchemaParameters<Params> = undefined extends Params ? [params?: Params] : [params: Params];

/**
 * The interface of methods that the other side serves, from their schemas.
 *
 * @example
 * ```ts
 * import type { RemoteMethods, StandardSchema } from "@rivulet/rivulet/rpc";
 *
 * // As from Zod: `const schemas = { greet: { params: z.string(), result: z.string() } }`, and `typeof schemas`.
 * type Schemas = { greet: { params: StandardSchema<string>; result: StandardSchema<string> } };
 * const guest: RemoteMethods<Schemas> = { greet: (name) => `Hello, ${name}!` };
 * console.log(guest.greet("you")); // Hello, you!
 * ```
 */
export type RemoteMethods<Schemas> = {
  [K in keyof Schemas]: (
    ...params: SchemaParameters<SchemaType<Schemas[K], "params", "input">>
  ) => SchemaType<Schemas[K], "result", "output">;
};

/** The interface of methods that this side serves, from their schemas. */
export type LocalMethods<Schemas> = {
  [K in keyof Schemas]: (
    ...params: SchemaParameters<SchemaType<Schemas[K], "params", "output">>
  ) => SchemaType<Schemas[K], "result", "input">;
};
