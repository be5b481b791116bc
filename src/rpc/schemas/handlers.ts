/**
 * Schemas around the handlers of this side. Methods without schemas keep their functions.
 *
 * @module
 */

import { isPromiseLike } from "../../base/callbacks.ts";
import { ErrorCode, RpcError } from "../errors.ts";
import type { Handler } from "../types.ts";
import { discardStreams } from "../values/discard.ts";
import { checked, SchemaError, type SchemaIssue, textOf } from "./check.ts";
import type { MethodSchemas } from "./types.ts";

/** Schemas by method. */
type ByMethod = ReadonlyMap<string, MethodSchemas>;

/** Handlers that check their params and results. Wrong params are the caller's fault, a wrong result is the handler's. */
export function withSchemas<Remote extends object>(
  handlers: ReadonlyMap<string, Handler<Remote>>,
  schemas: ByMethod | undefined,
): ReadonlyMap<string, Handler<Remote>> {
  if (schemas === undefined) return handlers;
  return new Map(Array.from(handlers, ([method, handler]) => {
    const known = schemas.get(method);
    return [method, known === undefined ? handler : guarded(method, handler, known)];
  }));
}

function guarded<Remote extends object>(
  method: string,
  handler: Handler<Remote>,
  { params, result }: MethodSchemas,
): Handler<Remote> {
  const refuseParams = (issues: readonly SchemaIssue[]) =>
    new RpcError(ErrorCode.invalidParams, `invalid params: ${textOf("params", issues)}`, { issues });
  const refuseResult = (value: unknown, issues: readonly SchemaIssue[]) => {
    const error = new SchemaError(method, "result", issues);
    discardStreams(value, error);
    return error;
  };
  const serve: Handler<Remote> = params === undefined
    ? handler
    : (value, context) => checked(params, value, refuseParams, (value) => handler(value, context));
  if (result === undefined) return serve;
  const check = (value: unknown) => checked(result, value, (issues) => refuseResult(value, issues), (value) => value);
  return (value, context) => {
    const served = serve(value, context);
    return isPromiseLike(served) ? Promise.resolve(served).then(check) : check(served);
  };
}
