/**
 * The table of limits that callers set. A row has a limit's range and default, and the error when it is reached. The
 * checks, the errors, and the tables in README.md and SECURITY.md come from it. Fixed bounds are in the layers.
 *
 * @module
 */

import { checkNames, MAX_TIMER_MS, shown } from "./options.ts";

/**
 * Who takes limits, by its name in the code. One that calls another takes the other's limits too, and passes them on.
 */
export type LimitOwner = "instantiate" | "spawn" | "Peer" | "Plugin" | "WorkerPlugin";

/** A row of the table. */
export interface LimitRow {
  /** The lowest layer that takes it. */
  readonly owner: LimitOwner;
  /** Its unit. */
  readonly unit: string;
  /** Its default; `Infinity` for no limit. */
  readonly byDefault: number;
  /** Its least value. */
  readonly least: number;
  /** Its greatest value, except `Infinity`. */
  readonly most: number;
  /** Whether `Infinity` is allowed, for no limit. */
  readonly mayBeAbsent: boolean;
  /** Whether it must be a whole number. */
  readonly isWhole: boolean;
  /** The message of the error. Without it there is no error: the guest waits, or the excess is dropped. */
  readonly reached?: (value: number) => string;
}

const ANY = { most: Number.MAX_SAFE_INTEGER, mayBeAbsent: true, isWhole: true } as const;
/** Every limit by its name in the options. */
export const LIMITS = {
  fuel: {
    ...ANY,
    owner: "instantiate",
    unit: "units of fuel",
    byDefault: Infinity,
    least: 0,
    reached: (value: number): string => `the guest used up its ${value} units of fuel`,
  },
  deadlineMs: {
    owner: "instantiate",
    unit: "ms",
    byDefault: Infinity,
    least: 0,
    most: MAX_TIMER_MS,
    mayBeAbsent: true,
    isWhole: false,
    reached: (value: number): string => `the call took more than ${value} ms`,
  },
  graceMs: {
    owner: "Plugin",
    unit: "ms",
    byDefault: 100,
    least: 0,
    most: MAX_TIMER_MS,
    mayBeAbsent: false,
    isWhole: false,
  },
  idleMs: {
    owner: "Plugin",
    unit: "ms",
    byDefault: 10_000,
    least: 0,
    most: MAX_TIMER_MS,
    mayBeAbsent: true,
    isWhole: false,
    reached: (value: number): string => `the guest waited ${value} ms for input, and owed an answer`,
  },
  sliceFuel: {
    ...ANY,
    owner: "instantiate",
    unit: "units of fuel",
    byDefault: 100_000,
    least: 0,
  },
  memoryPages: {
    owner: "instantiate",
    unit: "pages",
    byDefault: 32_767,
    least: 0,
    most: 65_536,
    mayBeAbsent: false,
    isWhole: true,
    reached: (value: number): string => `the memory may have at most ${value} pages`,
  },
  tableElements: {
    owner: "instantiate",
    unit: "elements",
    byDefault: 1_000_000,
    least: 0,
    most: 10_000_000,
    mayBeAbsent: false,
    isWhole: true,
    reached: (value: number): string => `the tables may have at most ${value} elements`,
  },
  streamBytes: {
    owner: "spawn",
    unit: "bytes",
    byDefault: 64 << 10,
    least: 1,
    most: 2_147_483_647, // a stream's queue is one buffer
    mayBeAbsent: false,
    isWhole: true,
  },
  outputBytes: {
    ...ANY,
    owner: "spawn",
    unit: "bytes",
    byDefault: 64 << 20,
    least: 0,
    reached: (value: number): string => `the guest wrote more than ${value} bytes`,
  },
  messageBytes: {
    ...ANY,
    owner: "Peer",
    unit: "bytes",
    byDefault: 1 << 20,
    least: 1,
    reached: (value: number): string => `message is longer than ${value} bytes`,
  },
  requestBytes: {
    ...ANY,
    owner: "Peer",
    unit: "bytes",
    byDefault: Infinity,
    least: 1,
    reached: (value: number): string => `the other side takes messages of at most ${value} bytes`,
  },
  messageDepth: {
    ...ANY,
    owner: "Peer",
    unit: "levels",
    byDefault: 128,
    least: 1,
    reached: (value: number): string => `message is nested deeper than ${value} levels`,
  },
  batchMessages: {
    ...ANY,
    owner: "Peer",
    unit: "messages",
    byDefault: 1_000,
    least: 1,
    reached: (value: number): string => `message is a batch of more than ${value} messages`,
  },
  concurrentRequests: {
    ...ANY,
    owner: "Peer",
    unit: "requests",
    byDefault: 64,
    least: 1,
  },
  pendingCalls: {
    ...ANY,
    owner: "Peer",
    unit: "calls",
    byDefault: 16_384,
    least: 1,
    reached: (value: number): string => `more than ${value} calls wait for an answer`,
  },
  openStreams: {
    ...ANY,
    owner: "Peer",
    unit: "streams",
    byDefault: 64,
    least: 1,
    reached: (value: number): string => `more than ${value} streams are open`,
  },
  queueBytes: {
    ...ANY,
    owner: "Peer",
    unit: "bytes",
    byDefault: 4 << 20,
    least: 1,
  },
  logBytes: {
    ...ANY,
    owner: "Plugin",
    unit: "bytes",
    byDefault: 1 << 20,
    least: 0,
  },
  logLineBytes: {
    ...ANY,
    owner: "Plugin",
    unit: "bytes",
    byDefault: 8 << 10,
    least: 1,
  },
  startMs: {
    owner: "WorkerPlugin",
    unit: "ms",
    byDefault: 30_000,
    least: 1,
    most: MAX_TIMER_MS,
    mayBeAbsent: true,
    isWhole: false,
    reached: (value: number): string => `the worker did not start within ${value} ms`,
  },
  hangMs: {
    owner: "WorkerPlugin",
    unit: "ms",
    byDefault: 10_000,
    least: 1,
    most: MAX_TIMER_MS,
    mayBeAbsent: true,
    isWhole: false,
    reached: (value: number): string => `the worker did not answer a ping within ${value} ms`,
  },
} as const satisfies Readonly<Record<string, LimitRow>>;

/** The name of a limit. */
export type LimitName = keyof typeof LIMITS;

/** What each limit bounds, for the tables. It is apart from the rows, so that bundles leave it out. */
export const BOUNDS: Readonly<Record<LimitName, string>> = {
  fuel: "instructions of an instance, and its host calls, bulk operations and moved values, by size",
  deadlineMs: "time from a call to its answer, with all waiting, and from there to the end of its streams",
  graceMs: "time from the answer to the end of the instance",
  idleMs: "time of a call in which its guest waits for input alone, and no host method runs for it",
  sliceFuel: "work of a call before other calls and the event loop get a turn",
  memoryPages: "memory of an instance, in pages of 64 KiB; at most 32,767 are ever used",
  tableElements: "elements in all tables of an instance",
  streamBytes: "bytes buffered in a standard stream",
  outputBytes: "bytes of a stream that `output()` of a process collects",
  messageBytes: "size of one message from the plugin",
  requestBytes: "size of one message to the plugin",
  messageDepth: "nesting of arrays and objects in one message",
  batchMessages: "messages in one batch",
  concurrentRequests: "host methods that run at the same time",
  pendingCalls: "calls of one instance that wait for an answer",
  openStreams: "streams that are open between the plugin and the host, in both directions together",
  queueBytes:
    "memory of requests that wait to be served, as much of answers that wait to be read, and of chunks of streams",
  logBytes: "size of an instance's log, with line feeds",
  logLineBytes: "size of one line of the log",
  startMs: "time in which a worker must start, with `WorkerPlugin`",
  hangMs: "time in which a worker must answer a ping, with `WorkerPlugin`",
};

/** The name of a limit whose row has an error. */
export type LimitErrorName = {
  [Name in LimitName]: (typeof LIMITS)[Name] extends { readonly reached: unknown } ? Name : never;
}[LimitName];

/** The names of the limits that each owner takes. */
export const LIMIT_NAMES: Readonly<Record<LimitOwner, readonly LimitName[]>> = {
  instantiate: namesOf("instantiate"),
  spawn: namesOf("instantiate", "spawn"),
  Peer: namesOf("Peer"),
  Plugin: namesOf("instantiate", "spawn", "Peer", "Plugin"),
  WorkerPlugin: namesOf("instantiate", "spawn", "Peer", "Plugin", "WorkerPlugin"),
};

function namesOf(...owners: readonly LimitOwner[]): readonly LimitName[] {
  return (Object.keys(LIMITS) as LimitName[]).filter((name) => owners.includes(LIMITS[name].owner));
}

/** Limits that have been checked. */
class ResolvedLimits {
  constructor(owner: LimitOwner, given: object) {
    checkNames("limit", given, LIMIT_NAMES[owner]);
    const values = given as Readonly<Record<string, unknown>>;
    const limits = this as Record<string, unknown>;
    for (const name of LIMIT_NAMES[owner]) limits[name] = resolveLimit(name, values[name], "limits.");
  }
}

const DEFAULTS = new Map<LimitOwner, ResolvedLimits>();

/**
 * All limits of an owner: the given ones, and defaults for the others. It is a copy, so later changes have no effect on
 * it. A result may be given to an owner below, and is not checked again.
 *
 * @throws {TypeError} if a name is unknown, or a value is not a number
 * @throws {RangeError} if a number is not in the limit's range
 */
export function resolveLimits<Given extends object>(owner: LimitOwner, given?: Given): Required<Given> {
  if (given instanceof ResolvedLimits) return given as Required<Given>;
  if (given !== undefined) return new ResolvedLimits(owner, given) as Required<Given>;
  let defaults = DEFAULTS.get(owner);
  if (defaults === undefined) DEFAULTS.set(owner, defaults = new ResolvedLimits(owner, {}));
  return defaults as Required<Given>;
}

/**
 * One limit: the given value, or else the default.
 *
 * @param prefix what the caller writes before the name
 * @throws {TypeError} if it is not a number
 * @throws {RangeError} if it is a number that is not in the limit's range
 */
export function resolveLimit(name: LimitName, given: unknown, prefix = ""): number {
  const { byDefault, least, most, mayBeAbsent, isWhole, unit }: LimitRow = LIMITS[name];
  if (given === undefined) return byDefault;
  if (typeof given === "number") {
    const isInRange = given >= least && given <= most && (!isWhole || Number.isInteger(given));
    if (isInRange || (mayBeAbsent && given === Infinity)) return given;
  }
  const kind = isWhole ? "a whole number" : "a number";
  const what = `${kind} from ${least} to ${most} ${unit}${mayBeAbsent ? ", or Infinity for no limit" : ""}`;
  const Refusal = typeof given === "number" ? RangeError : TypeError;
  throw new Refusal(`${prefix}${name} must be ${what}, not ${shown(given)}`);
}

/** Those of all limits that one owner takes, to pass on. */
export function limitsOf<Owned extends object>(owner: LimitOwner, limits: Owned): Owned {
  const values = limits as Readonly<Record<string, unknown>>;
  return Object.fromEntries(LIMIT_NAMES[owner].map((name) => [name, values[name]])) as Owned;
}

/**
 * A limit was reached: one that the caller set, a default, or a fixed one such as the number of references.
 *
 * @example
 * ```ts
 * import { compile, instantiate, LimitError } from "@rivulet/rivulet/vm";
 *
 * // (module (func (export "spin") (loop (br 0))))
 * const bytes = Uint8Array.fromBase64("AGFzbQEAAAABBAFgAAADAgEABwgBBHNwaW4AAAoJAQcAA0AMAAsL");
 * const instance = await instantiate(await compile(bytes), {}, { limits: { fuel: 1_000 } });
 * const error = await instance.call("spin").catch((error: unknown) => error);
 * console.log(error instanceof LimitError && error.limit); // fuel
 * ```
 */
export class LimitError extends Error {
  /** Tells the class, also across realms. */
  override readonly name = "LimitError";
  /** Which limit, by its name in the options. */
  readonly limit: string;
  /** The limit's value, in its own unit. */
  readonly value: number;

  /** Makes an error that names the limit and its value. */
  constructor(limit: string, value: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.limit = limit;
    this.value = value;
  }
}

/**
 * The error for a limit that was reached, with the message of its row.
 *
 * @param detail more about it
 */
export function limitError(name: LimitErrorName, value: number, detail?: string, options?: ErrorOptions): LimitError {
  const what = LIMITS[name].reached(value);
  return new LimitError(name, value, detail === undefined ? what : `${what}: ${detail}`, options);
}
