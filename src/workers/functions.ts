/**
 * The functions among the options of a plugin and of its calls, as a table: how the worker makes a function that calls
 * the host's. A function that needs nothing special is one row. Options that are not here cross as data.
 *
 * @module
 */

import { onRejection } from "../base/callbacks.ts";
import { count } from "../base/schedule.ts";
import type { PluginCallOptions, PluginSettings } from "../plugin/mod.ts";
import type { Caller, Handler, OngoingCall, PeerCallOptions, RequestContext } from "../rpc/mod.ts";
import { RpcError } from "../rpc/mod.ts";
import { read } from "./checks.ts";
import { ChannelFault } from "./messages.ts";
import type { RequestOptions, Service } from "./channel.ts";

// deno-lint-ignore no-explicit-any -- functions of any options
type AnyFunction = (...args: any[]) => unknown;

/** What a function of the host needs to know about its worker. */
export interface HostSide {
  /** The error that stands for any value that was thrown. */
  standIn(original: unknown): Error;
  /** An error that tells the worker nothing, in place of one of the host. */
  hide(original: unknown): Error;
  /** The guest that sent a request, to be called back. */
  callerOf(request: number): Caller;
  /** Tells what else a handler says about its request. */
  tell(request: number, name: string, args: readonly unknown[]): void;
  /** The signal of the call that a request belongs to. */
  callSignalOf(request: number): AbortSignal;
}

/** What a function in the worker needs. */
export interface WorkerSide {
  /** Calls the function of the host. */
  request(args: readonly unknown[], options?: RequestOptions): Promise<unknown>;
  /** Keeps the context of a request of the guest, by the number of the request to the host, until it is answered. */
  keep(request: number, context: RequestContext): () => void;
  /** Calls `flush` before anything else is sent. */
  beforeSend(flush: () => void): void;
}

/** A row. */
interface Bridge {
  /** In the host: serves the worker's requests by the given function. */
  readonly serve: (given: AnyFunction, host: HostSide) => Service;
  /** In the worker: the function that the plugin gets. */
  readonly make: (worker: WorkerSide) => AnyFunction;
}

/**
 * A function of data and errors that may return a promise. What it returns is not the worker's business.
 *
 * @param check takes the arguments of the worker, and returns those of the function
 */
function callback(check: (args: readonly unknown[]) => readonly unknown[]): Bridge {
  return {
    serve: (given) => async (args) => void await given(...check(args)),
    make: ({ request }) => (...args) => request(args),
  };
}

/** Units of fuel for a line of a log in the host: a microsecond to call its receiver. */
const LINE_WORK = 500;
/** Lines in a message: they are logged in one turn of the host. */
const MAX_LINES = 250;
/** What a line counts beside its text: a thousand of them fill a window. The host may need long for each. */
const LINE_WEIGHT = 256;

/** Lines of a log, many in a message. A line's promise rejects if the host's function fails. It never resolves. */
const LINES: Bridge = {
  serve: (given, host) => async ([lines]) => {
    const failed = Promise.withResolvers<never>();
    // A later line may throw before anybody waits for this.
    failed.promise.catch(() => {});
    const returned: Promise<void>[] = [];
    const list = linesOf(lines);
    count(list.length * LINE_WORK);
    for (const [index, line] of list.entries()) {
      try {
        const promise = given(line);
        onRejection(promise, (error) => failed.reject(new LineError(index, error)));
        if (promise instanceof Promise) returned.push(promise.then(() => {}, () => {}));
      } catch (error) {
        return [index, host.standIn(error)];
      }
    }
    try {
      await Promise.race([Promise.all(returned), failed.promise]);
    } catch (error) {
      if (!(error instanceof LineError)) throw error;
      return [error.index, host.standIn(error.reason)];
    }
  },
  make: ({ request, beforeSend }) => {
    let lines: string[] = [];
    let rejects: ((reason: unknown) => void)[] = [];
    const flush = (): void => {
      if (lines.length === 0) return;
      const [sent, notified] = [lines, rejects];
      [lines, rejects] = [[], []];
      request([sent], { weight: sent.length * LINE_WEIGHT }).then((failure) => {
        if (Array.isArray(failure)) notified[failure[0] as number]?.(failure[1]);
      }, () => {});
    };
    beforeSend(flush);
    return (line: string) => {
      // The lines of one chunk go together.
      if (lines.push(line) === 1) queueMicrotask(flush);
      const failed = new Promise<never>((_, reject) => rejects.push(reject));
      if (lines.length === MAX_LINES) flush();
      return failed;
    };
  },
};

/** The host's function failed for a line. */
class LineError extends Error {
  readonly index: number;
  readonly reason: unknown;

  constructor(index: number, reason: unknown) {
    super("a line failed");
    this.index = index;
    this.reason = reason;
  }
}

/** Random bytes at most, as WASI has it. */
const MAX_RANDOM_BYTES = 65_536;

const RANDOM: Bridge = {
  serve: (given) => async ([length]) => {
    if (!(Number.isInteger(length) && length as number >= 0 && length as number <= MAX_RANDOM_BYTES)) {
      throw new ChannelFault("it asked for too many random bytes");
    }
    const bytes = new Uint8Array(length as number);
    await given(bytes);
    return bytes;
  },
  make: ({ request }) => async (bytes: Uint8Array) => bytes.set(await request([bytes.length]) as Uint8Array),
};

/** A method of the host. */
const METHOD: Bridge = {
  serve: (given, host) => async ([method, params, data], { id, signal }) => {
    const context = contextOf(method as string, data, id, signal, host);
    try {
      return { result: await (given as Handler)(params, context) };
    } catch (error) {
      // The handler stopped because its request was cancelled: not a failure.
      if (signal.aborted && error === signal.reason) return { isAborted: true };
      // Nothing else about the host may reach the guest, nor its worker.
      throw error instanceof RpcError ? error : host.hide(error);
    }
  },
  make: ({ request, keep }) => async (params: unknown, context: RequestContext) => {
    let drop = () => {};
    const { signal } = context;
    try {
      const onSent = (id: number) => void (drop = keep(id, context));
      const answer = await request([params, dataOf(context)], { signal, onSent }) as { result: unknown } | undefined;
      if (answer !== undefined && "isAborted" in answer) throw signal.reason;
      return answer?.result;
    } finally {
      drop();
    }
  },
};

/** The names of the options that are functions: each needs a row. */
type FunctionsOf<Options> = {
  [K in keyof Options]-?: NonNullable<Options[K]> extends AnyFunction ? K : never;
}[keyof Options];

/** The options of a plugin that are functions. */
export const OPTION_FUNCTIONS: Readonly<Record<string, Bridge>> = {
  onLog: LINES,
  onError: callback(([error, request]) => [error, read("failed request", request)]),
  onExit: callback(([exit]) => [read("exit", exit)]),
  random: RANDOM,
} satisfies Readonly<Record<FunctionsOf<PluginSettings>, Bridge>>;

/** The options of a call that are functions. */
export const CALL_FUNCTIONS: Readonly<Record<string, Bridge>> = {
  onProgress: callback(([value]) => [value]),
} satisfies Readonly<Record<FunctionsOf<PluginCallOptions & PeerCallOptions>, Bridge>>;

/** The methods of the host, each by its name. */
export const HOST_METHOD: Bridge = METHOD;

/** What is data of a context, to be sent. */
function dataOf({ id, notification, traceparent, call }: RequestContext): Record<string, unknown> {
  const said = call && { id: call.id, method: call.method, traceparent: call.traceparent };
  return { id, notification, traceparent, ...call && { call: said } };
}

/** The context of a request, as a handler gets it. */
function contextOf(method: string, data: unknown, id: number, signal: AbortSignal, host: HostSide): RequestContext {
  const said = read("context", data) as Pick<RequestContext, "id" | "notification" | "traceparent">;
  const { call: saidCall } = data as { readonly call?: unknown };
  const call = saidCall === undefined ? undefined : read("call", saidCall);
  return {
    ...said,
    method,
    signal,
    peer: host.callerOf(id),
    progress: (value) => host.tell(id, "progress", [value]),
    // Few handlers read it, so the worker does not watch it until one does.
    call: call && Object.defineProperty({ ...call } as OngoingCall, "signal", {
      get: () => host.callSignalOf(id),
      enumerable: true,
    }),
  };
}

function linesOf(value: unknown): readonly string[] {
  const isLog = Array.isArray(value) && value.length <= MAX_LINES && value.every((line) => typeof line === "string");
  if (isLog) return value;
  throw new ChannelFault("it sent a log that is not a list of lines");
}
