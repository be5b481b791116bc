/**
 * A place for one worker: starts it when a call needs it, and a new one after it has failed.
 *
 * @module
 */

import { limitError } from "../base/limits.ts";
import type { PluginObserver, PluginStats } from "../plugin/mod.ts";
import type { RequestOptions } from "./channel.ts";
import { read } from "./checks.ts";
import { Connection, type Ended, WorkerFailure } from "./connection.ts";
import { createDefaultWorker } from "./default_worker.ts";
import { COUNTS, countsBy, NO_STATS, WorkerHost } from "./host.ts";
import { ChannelFault } from "./messages.ts";
import type { CheckedOptions } from "./options.ts";
import type { StartAnswer, StartData } from "./program.ts";

/** The wait after the second failure in a row. It doubles with each; the first one is replaced at once. */
const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 10_000;

/** A worker, and what it is reached by. */
interface Running {
  readonly connection: Connection;
  readonly host: WorkerHost;
}

/** How long a call waits for a worker. */
export interface Waiting {
  readonly signal?: AbortSignal | undefined;
  readonly deadlineMs: number;
}

/** One of the workers of a plugin. */
export class Place {
  readonly #bytes: Promise<Uint8Array<ArrayBuffer>>;
  readonly #options: CheckedOptions;
  readonly #name: () => string;
  readonly #onName: (name: string) => void;
  readonly #over = new AbortController();
  #starting: Promise<Running> | undefined;
  #running: Running | undefined;
  /** The totals of the workers that have ended. */
  #before = NO_STATS;
  #failures = 0;
  /** Failures since a worker last answered a call. */
  #failuresInRow = 0;
  #calls = 0;

  /** @param name gets and sets the plugin's name: a worker says what it is */
  constructor(
    bytes: Promise<Uint8Array<ArrayBuffer>>,
    options: CheckedOptions,
    name: { readonly get: () => string; readonly set: (name: string) => void },
  ) {
    this.#bytes = bytes;
    this.#options = options;
    this.#name = name.get;
    this.#onName = name.set;
  }

  /** Whether a worker runs here. */
  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** Calls that the worker has not answered, with those that were aborted. */
  get calls(): number {
    return this.#calls;
  }

  /** Workers that failed here so far. */
  get failures(): number {
    return this.#failures;
  }

  /** What the workers' plugins have done, when they last told. */
  get stats(): PluginStats {
    const now = this.#running?.host.stats ?? NO_STATS;
    return countsBy((name) => now[name] + this.#before[name]);
  }

  /**
   * Does something with the worker, which is started if need be. It counts as a call until the worker has answered.
   *
   * @param run asks the worker, with these options of its request, after so many milliseconds
   * @throws {WorkerFailure} if the worker fails; {Ended}; {LimitError} if it does not start in time; what `run` throws
   */
  async use<T>(
    { signal, deadlineMs }: Waiting,
    run: (host: WorkerHost, how: RequestOptions, waitedMs: number) => Promise<T>,
  ): Promise<T> {
    const began = performance.now();
    this.#calls++;
    let isOpen = true;
    let isSent = false;
    const close = () => {
      if (isOpen) this.#calls--;
      isOpen = false;
    };
    try {
      const { host, connection } = this.#running ?? await unlessLate(unlessAborted(this.#worker(), signal), deadlineMs);
      const onSent = () => {
        isSent = true;
        connection.watch();
      };
      const onAnswer = () => {
        close();
        if (!connection.isOver) this.#failuresInRow = 0;
      };
      return await run(host, { onSent, onAnswer }, performance.now() - began);
    } finally {
      // An aborted call is open until the worker has answered.
      if (!isSent) close();
    }
  }

  /** Lets the worker end its instances in peace, if there is one. */
  async close(): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    const { connection } = running;
    await connection.channel.request("close", [{}], { onSent: () => connection.watch() });
  }

  /** Ends the worker. There will be no other. */
  async end(reason: Ended): Promise<void> {
    if (!this.#over.signal.aborted) this.#over.abort(reason);
    await this.#starting?.catch(() => {});
    const connection = this.#running?.connection;
    await connection?.finish(reason);
    await connection?.terminated();
  }

  async #worker(): Promise<Running> {
    this.#over.signal.throwIfAborted();
    if (this.#running !== undefined) return this.#running;
    this.#starting ??= this.#start();
    return await this.#starting;
  }

  async #start(): Promise<Running> {
    try {
      const { signal } = this.#over;
      if (this.#failuresInRow > 1) await wait(delayAfter(this.#failuresInRow), signal);
      const bytes = await unlessAborted(this.#bytes, signal);
      this.#running = this.#open(bytes);
      return this.#running;
    } finally {
      this.#starting = undefined;
    }
  }

  #open(bytes: Uint8Array<ArrayBuffer>): Running {
    const { data, functions, offered, engine, observe, createWorker = createDefaultWorker } = this.#options;
    const host = new WorkerHost(this.#options, this.#name);
    let connection: Connection;
    try {
      connection = new Connection(createWorker, host.services, this.#options);
    } catch (error) {
      this.#failed();
      throw new WorkerFailure(`can't make a worker: ${messageOf(error)}`, { cause: error });
    }
    host.channel = connection.channel;
    const running = { host, connection };
    connection.ended.then((reason) => {
      const { stats } = this;
      this.#before = countsBy((name) => COUNTS[name] === "total" ? stats[name] : 0);
      this.#running = undefined;
      if (reason instanceof WorkerFailure) this.#failed();
    });
    const start: StartData = {
      bytes,
      engine,
      options: data,
      functions: [...functions.keys(), ...functions.has("onError") ? [] : ["onError"]],
      methods: offered,
      hooks: ["call", "exit"].filter((name) => observe?.[name as keyof PluginObserver] !== undefined),
    };
    connection.channel.request("start", [start], { onSent: () => connection.watch() }).then((answer) => {
      this.#onName(read("start", answer).name as StartAnswer["name"]);
    }).catch((error) => {
      // Each call has the error of a start too.
      if (error instanceof ChannelFault) connection.channel.fault(error);
    });
    return running;
  }

  #failed(): void {
    this.#failures++;
    this.#failuresInRow++;
  }
}

function delayAfter(failures: number): number {
  return Math.min(FIRST_DELAY_MS * 2 ** (failures - 2), MAX_DELAY_MS);
}

/** @throws the signal's reason, if it aborts first */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await promise;
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", onAbort);
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** @throws {LimitError} if it takes longer */
async function unlessLate<T>(promise: Promise<T>, deadlineMs: number): Promise<T> {
  if (deadlineMs === Infinity) return await promise;
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(limitError("deadlineMs", deadlineMs)), deadlineMs);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

async function wait(ms: number, signal: AbortSignal): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    await unlessAborted(new Promise<void>((resolve) => timer = setTimeout(resolve, ms)), signal);
  } finally {
    clearTimeout(timer);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
