/**
 * Where schemas are applied: around the handlers of this side, and around its calls. Methods without schemas are the
 * same functions as before, and a peer without schemas does not come here.
 *
 * @module
 */

import { isPromiseLike } from "../../base/callbacks.ts";
import { ErrorCode, RpcError } from "../errors.ts";
import type { Handler, PeerCallOptions } from "../types.ts";
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
  const refuseResult = (issues: readonly SchemaIssue[]) => new SchemaError(method, "result", issues);
  const serve: Handler<Remote> = params === undefined
    ? handler
    : (value, context) => checked(params, value, refuseParams, (value) => handler(value, context));
  if (result === undefined) return serve;
  const check = (value: unknown) => checked(result, value, refuseResult, (value) => value);
  return (value, context) => {
    const served = serve(value, context);
    return isPromiseLike(served) ? Promise.resolve(served).then(check) : check(served);
  };
}

/** What sends calls. */
export interface Calls {
  /** See `Peer.call`. */
  call(method: string, params: unknown, options?: PeerCallOptions): Promise<unknown>;
  /** See `Peer.notify`. */
  notify(method: string, params: unknown): Promise<void>;
  /** See `Peer.batch`. */
  batch(entries: readonly Entry[], options?: PeerCallOptions): Promise<PromiseSettledResult<unknown>[]>;
}

interface Entry {
  readonly method: string;
  readonly params?: unknown;
  readonly notification?: boolean;
}

/** Calls that check their params before they are sent, and their results on arrival. */
export function withCallSchemas(calls: Calls, schemas: ByMethod | undefined): Calls {
  if (schemas === undefined) return calls;
  const paramsOf = async (method: string, params: unknown): Promise<unknown> => {
    const schema = schemas.get(method)?.params;
    return schema === undefined ? params : await checked(schema, params, refusal(method, "params"), same);
  };
  const resultOf = async (method: string, result: unknown): Promise<unknown> => {
    const schema = schemas.get(method)?.result;
    return schema === undefined ? result : await checked(schema, result, refusal(method, "result"), same);
  };
  return {
    async call(method, params, options) {
      const known = schemas.get(method);
      if (known === undefined) return await calls.call(method, params, options);
      return await resultOf(method, await calls.call(method, await paramsOf(method, params), options));
    },
    notify(method, params) {
      if (schemas.get(method)?.params === undefined) return calls.notify(method, params);
      const sent = paramsOf(method, params).then((params) => calls.notify(method, params));
      sent.catch(() => {});
      return sent;
    },
    async batch(entries, options) {
      const sent = await Promise.all(entries.map(async (entry) => {
        return { ...entry, params: await paramsOf(entry.method, entry.params) };
      }));
      const outcomes = await calls.batch(sent, options);
      return await Promise.allSettled(outcomes.map(async (outcome, index) => {
        if (outcome.status === "rejected") throw outcome.reason;
        const { method, notification } = entries[index]!;
        return notification ? outcome.value : await resultOf(method, outcome.value);
      }));
    },
  };
}

const same = (value: unknown): unknown => value;

function refusal(method: string, part: "params" | "result"): (issues: readonly SchemaIssue[]) => SchemaError {
  return (issues) => new SchemaError(method, part, issues);
}
