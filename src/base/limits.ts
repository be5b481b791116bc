/**
 * The limits that callers set, one row each: what a limit bounds, what it may be and is by default, and what is said when
 * it is reached. Whoever enforces one reads it here, and so do the tables in README.md and SECURITY.md. Bounds that nobody
 * sets are the business of the layers.
 *
 * @module
 */

import { checkNames, shown } from "./options.ts";

/** What takes limits, by its name in the code. One that calls another takes the other's too, and hands them down. */
export type LimitOwner = "instantiate" | "spawn" | "Peer" | "Plugin";

/** What is known of a limit. */
export interface LimitRow {
  /** The first that takes it, from below. */
  readonly owner: LimitOwner;
  /** What is counted. */
  readonly unit: string;
  /** What it bounds, for people. */
  readonly bounds: string;
  /** What it is where the caller does not say; `Infinity` for none. */
  readonly byDefault: number;
  /** The least that it may be. */
  readonly least: number;
  /** The most that it may be, `Infinity` apart. */
  readonly most: number;
  /** Whether `Infinity` may stand for no limit. */
  readonly mayBeAbsent: boolean;
  /** Whether fractions are refused. */
  readonly isWhole: boolean;
  /** What the error says. Without it there is no error: the guest waits, or what is too much is dropped. */
  readonly reached?: (value: number) => string;
}

const ANY = { most: Number.MAX_SAFE_INTEGER, mayBeAbsent: true, isWhole: true } as const;
/** The longest that timers can wait. */
const MAX_TIMER_MS = 2_147_483_647;

/** Every limit by its name in the options. */
export const LIMITS = {
  fuel: {
    ...ANY,
    owner: "instantiate",
    unit: "units of fuel",
    bounds: "instructions of an instance, and host calls, bulk operations and values moved by their size",
    byDefault: Infinity,
    least: 0,
    reached: (value: number): string => `the guest used up its ${value} units of fuel`,
  },
  deadlineMs: {
    owner: "instantiate",
    unit: "ms",
    bounds: "time from a call to its answer, waiting included",
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
    bounds: "time from the answer to the end of the instance",
    byDefault: 100,
    least: 0,
    most: MAX_TIMER_MS,
    mayBeAbsent: false,
    isWhole: false,
  },
  sliceFuel: {
    ...ANY,
    owner: "instantiate",
    unit: "units of fuel",
    bounds: "work of a call before others have their turn and the event loop may turn",
    byDefault: 100_000,
    least: 0,
  },
  memoryPages: {
    owner: "instantiate",
    unit: "pages",
    bounds: "memory of an instance, in pages of 64 KiB; it never has more than 32,767",
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
    bounds: "elements of all tables of an instance",
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
    bounds: "bytes that wait in a standard stream",
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
    bounds: "what `output()` of a process collects of a stream",
    byDefault: 64 << 20,
    least: 0,
    reached: (value: number): string => `the guest wrote more than ${value} bytes`,
  },
  messageBytes: {
    ...ANY,
    owner: "Peer",
    unit: "bytes",
    bounds: "one message from the plugin",
    byDefault: 1 << 20,
    least: 1,
    reached: (value: number): string => `message is longer than ${value} bytes`,
  },
  messageDepth: {
    ...ANY,
    owner: "Peer",
    unit: "levels",
    bounds: "arrays and objects within each other in one message",
    byDefault: 128,
    least: 1,
    reached: (value: number): string => `message is nested deeper than ${value} levels`,
  },
  batchMessages: {
    ...ANY,
    owner: "Peer",
    unit: "messages",
    bounds: "messages of one batch",
    byDefault: 1_000,
    least: 1,
    reached: (value: number): string => `message is a batch of more than ${value} messages`,
  },
  concurrentRequests: {
    ...ANY,
    owner: "Peer",
    unit: "requests",
    bounds: "host methods that run at once",
    byDefault: 64,
    least: 1,
  },
  pendingCalls: {
    ...ANY,
    owner: "Peer",
    unit: "calls",
    bounds: "calls of one instance that wait for their answers",
    byDefault: 16_384,
    least: 1,
    reached: (value: number): string => `more than ${value} calls wait for their answers`,
  },
  queueBytes: {
    ...ANY,
    owner: "Peer",
    unit: "bytes",
    bounds: "memory of requests that wait to be served; as much for answers that wait to be read",
    byDefault: 4 << 20,
    least: 1,
  },
  logBytes: {
    ...ANY,
    owner: "Plugin",
    unit: "bytes",
    bounds: "the log of an instance, line feeds included",
    byDefault: 1 << 20,
    least: 0,
  },
  logLineBytes: {
    ...ANY,
    owner: "Plugin",
    unit: "bytes",
    bounds: "one line of the log",
    byDefault: 8 << 10,
    least: 1,
  },
} as const satisfies Readonly<Record<string, LimitRow>>;

/** The name of a limit. */
export type LimitName = keyof typeof LIMITS;

/** The name of a limit that makes an error when it is reached. */
export type LimitErrorName = {
  [Name in LimitName]: (typeof LIMITS)[Name] extends { readonly reached: unknown } ? Name : never;
}[LimitName];

/** The names of the limits that each takes. */
export const LIMIT_NAMES: Readonly<Record<LimitOwner, readonly LimitName[]>> = {
  instantiate: namesOf("instantiate"),
  spawn: namesOf("instantiate", "spawn"),
  Peer: namesOf("Peer"),
  Plugin: namesOf("instantiate", "spawn", "Peer", "Plugin"),
};

function namesOf(...owners: readonly LimitOwner[]): readonly LimitName[] {
  return (Object.keys(LIMITS) as LimitName[]).filter((name) => owners.includes(LIMITS[name].owner));
}

/**
 * All limits of one who takes them: those given, and the defaults of the others. A copy, which later changes of what was
 * given do not reach.
 *
 * @throws {TypeError} if a name is unknown, or a value is not a number
 * @throws {RangeError} if a number is not among those that the limit may be
 */
export function resolveLimits<Given extends object>(owner: LimitOwner, given: Given): Required<Given> {
  checkNames("limit", given, LIMIT_NAMES[owner]);
  const values = given as Readonly<Record<string, unknown>>;
  const limits: Record<string, number> = {};
  for (const name of LIMIT_NAMES[owner]) limits[name] = resolveLimit(name, values[name], "limits.");
  return limits as Required<Given>;
}

/**
 * One limit: what was given, or else the default.
 *
 * @param prefix what comes before the name where the caller writes it
 * @throws {TypeError} if it is not a number
 * @throws {RangeError} if it is a number that the limit may not be
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
  throw new Refusal(`${prefix}${name} is ${what}, not ${shown(given)}`);
}

/** Of all limits those that one takes, to be handed down. */
export function limitsOf<Owned extends object>(owner: LimitOwner, limits: Owned): Owned {
  const values = limits as Readonly<Record<string, unknown>>;
  return Object.fromEntries(LIMIT_NAMES[owner].map((name) => [name, values[name]])) as Owned;
}

/**
 * A limit was reached: one that the caller set, its default, or a fixed one such as the number of references.
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

  /** An error that names the limit and its value. */
  constructor(limit: string, value: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.limit = limit;
    this.value = value;
  }
}

/**
 * The error for a limit that was reached, in the words of its row.
 *
 * @param detail what is known beyond that
 */
export function limitError(name: LimitErrorName, value: number, detail?: string, options?: ErrorOptions): LimitError {
  const what = LIMITS[name].reached(value);
  return new LimitError(name, value, detail === undefined ? what : `${what}: ${detail}`, options);
}
