/**
 * Schemas around the calls of this side. A peer without schemas does not come here.
 *
 * @module
 */

import type { Calls } from "../outgoing.ts";
import { checked, SchemaError, type SchemaIssue } from "./check.ts";
import type { MethodSchemas } from "./types.ts";

/**
 * Calls that check their params before they are sent, and their results on arrival.
 *
 * @param discard ends the streams of a result that its caller does not get
 */
export function withCallSchemas(
  calls: Calls,
  schemas: ReadonlyMap<string, MethodSchemas> | undefined,
  discard: (result: unknown, reason: unknown) => void,
): Calls {
  if (schemas === undefined) return calls;
  const paramsOf = async (method: string, params: unknown): Promise<unknown> => {
    const schema = schemas.get(method)?.params;
    return schema === undefined ? params : await checked(schema, params, refusal(method, "params"), same);
  };
  const resultOf = async (method: string, result: unknown): Promise<unknown> => {
    const schema = schemas.get(method)?.result;
    if (schema === undefined) return result;
    try {
      return await checked(schema, result, refusal(method, "result"), same);
    } catch (error) {
      discard(result, error);
      throw error;
    }
  };
  return {
    async call(method, params, options, origin) {
      const schema = schemas.get(method)?.params;
      const send = (params: unknown) => calls.call(method, params, options, origin);
      // Calls keep their order: a schema that answers at once does not delay the message.
      const sent = schema === undefined ? send(params) : checked(schema, params, refusal(method, "params"), send);
      return await resultOf(method, await sent);
    },
    notify(method, params, origin) {
      const schema = schemas.get(method)?.params;
      const send = (params: unknown) => calls.notify(method, params, origin);
      if (schema === undefined) return send(params);
      const sent = (async () => void await checked(schema, params, refusal(method, "params"), send))();
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
    progress: (token, value) => calls.progress(token, value),
  };
}

const same = (value: unknown): unknown => value;

function refusal(method: string, part: "params" | "result"): (issues: readonly SchemaIssue[]) => SchemaError {
  return (issues) => new SchemaError(method, part, issues);
}
