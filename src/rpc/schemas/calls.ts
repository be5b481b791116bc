/**
 * Schemas around the calls of this side. A peer without schemas does not come here.
 *
 * @module
 */

import type { Calls } from "../outgoing.ts";
import { discard } from "../values/discard.ts";
import { checked, SchemaError, type SchemaIssue } from "./check.ts";
import type { MethodSchemas } from "./types.ts";

/** Calls that check their params before they are sent, and their results on arrival. */
export function withCallSchemas(calls: Calls, schemas: ReadonlyMap<string, MethodSchemas> | undefined): Calls {
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
      const known = schemas.get(method);
      if (known === undefined) return await calls.call(method, params, options, origin);
      return await resultOf(method, await calls.call(method, await paramsOf(method, params), options, origin));
    },
    notify(method, params, origin) {
      if (schemas.get(method)?.params === undefined) return calls.notify(method, params, origin);
      const sent = paramsOf(method, params).then((params) => calls.notify(method, params, origin));
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
