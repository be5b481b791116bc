/**
 * The options of a plugin in workers: which are data, which are functions, and their checks.
 *
 * @module
 */

import { limitsOf, resolveLimits } from "../base/limits.ts";
import { checkChoice, checkNames, checkType, functionsByName, shown } from "../base/options.ts";
import { permissionsOf } from "../plugin/admission.ts";
import type {
  Manifest,
  Permissions,
  PluginCallOptions,
  PluginLimits,
  PluginObserver,
  PluginOptions,
  PluginSchemasOption,
  PluginSettings,
} from "../plugin/mod.ts";
import { checkOptions as checkPluginOptions, PLUGIN_OPTIONS } from "../plugin/options.ts";
import { FRAMINGS, PROTOCOLS } from "../rpc/mod.ts";
import type { Handler, Methods, MethodSchemas, MethodsOption } from "../rpc/mod.ts";
import { schemasByMethod } from "../rpc/schemas/check.ts";
import { withSchemas } from "../rpc/schemas/handlers.ts";
import { ENGINE_CHOICES } from "../vm/engine.ts";
import type { EngineOption } from "../vm/engine.ts";
import { expectedHash } from "../vm/integrity.ts";
import type { ExpectedHash } from "../vm/integrity.ts";
import type { WorkerLike } from "./default_worker.ts";
import { CALL_FUNCTIONS, OPTION_FUNCTIONS } from "./functions.ts";

/** Limits of a plugin in workers. */
export interface WorkerPluginLimits extends PluginLimits {
  /** Milliseconds in which a worker must start; else it is ended. Default 30,000. `Infinity` for no limit. */
  readonly startMs?: number;
  /**
   * Milliseconds in which a worker with calls must answer a ping; else it hangs, and is ended and replaced. Default
   * 10,000. `Infinity` for no limit, for example while you debug a worker.
   */
  readonly hangMs?: number;
}

/** Options of the workers, and of a plugin beside its methods. */
export interface WorkerPluginSettings extends Omit<PluginSettings, "limits" | "clock"> {
  /**
   * The number of workers, from 1 to 64. By default as many as the machine has processors, at most 8. With
   * `lifetime: "plugin"` it is 1, since all calls share one instance.
   */
  readonly workers?: number;
  /** Makes a worker whose program is `@rivulet/rivulet/workers/worker`. By default, a Web Worker. */
  readonly createWorker?: () => WorkerLike;
  /** The engine in the workers, as for `compile`. They compile the module anew, whatever engine it has here. */
  readonly engine?: EngineOption["engine"];
  /** The hash that the module's bytes must have, as for `compile`. It is checked before a worker gets them. */
  readonly integrity?: string;
  /** Limits of each instance, and of each worker. */
  readonly limits?: WorkerPluginLimits;
}

/**
 * Options of a plugin in workers: those of a `Plugin`, and of the workers. Functions run on your side. `clock`, and a
 * `framing` or `protocol` of your own, can't be used: their functions would have to answer at once.
 */
export type WorkerPluginOptions<Guest extends object = Methods, Host extends object = Methods> =
  & WorkerPluginSettings
  & MethodsOption<Guest, Host>
  & PluginSchemasOption<Guest, Host>;

/** The most workers. */
const MAX_WORKERS = 64;
/** Workers by default, at most. */
const DEFAULT_WORKERS = 8;
/** Levels of an option. */
const MAX_DEPTH = 100;
/** Options that may be the name of a row, with the name of the table. */
const NAMED: ReadonlyMap<string, string> = new Map([["protocol", "PROTOCOLS"], ["framing", "FRAMINGS"]]);
const OWN_OPTIONS: readonly string[] = ["workers", "createWorker", "integrity", "engine"];

// deno-lint-ignore no-explicit-any -- functions of any options
type AnyFunction = (...args: any[]) => unknown;

/** Options by how they cross. */
export interface SplitOptions {
  readonly data: Readonly<Record<string, unknown>>;
  readonly functions: ReadonlyMap<string, AnyFunction>;
  readonly signals: ReadonlyMap<string, AbortSignal>;
}

/** Checked options. */
export interface CheckedOptions extends SplitOptions {
  /** The names of all methods. The worker tells of calls of those that are not granted. */
  readonly offered: readonly string[];
  /** Those that are granted. */
  readonly methods: ReadonlyMap<string, Handler>;
  /** Schemas of the guest's methods. */
  readonly schemas: ReadonlyMap<string, MethodSchemas> | undefined;
  readonly workers: number;
  readonly createWorker: (() => WorkerLike) | undefined;
  readonly observe: PluginObserver | undefined;
  readonly integrity: ExpectedHash | undefined;
  readonly engine: NonNullable<EngineOption["engine"]>;
  /** What a plugin with this manifest may do. */
  readonly permissionsOf: (manifest: Manifest | undefined) => Permissions;
  /** Whether all calls share one instance. */
  readonly isShared: boolean;
  readonly limits: Required<WorkerPluginLimits>;
}

/**
 * Checks options as a plugin does, and copies them. What the guest may not have does not reach its worker.
 *
 * @throws {TypeError} if an option or a limit is unknown or of the wrong type, or can't cross
 * @throws {RangeError} if a number is not in its range
 */
export function checkOptions(options: WorkerPluginOptions<never, never> = {}): CheckedOptions {
  checkNames("WorkerPlugin option", options, [...PLUGIN_OPTIONS, ...OWN_OPTIONS]);
  const {
    workers,
    createWorker,
    limits: given = {},
    methods: handlers = {},
    schemas,
    integrity,
    engine = "auto",
    observe,
    ...others
  } = options as WorkerPluginOptions;
  // It may be an iterator, which can be read only once.
  const methods = functionsByName(handlers) as Map<string, Handler>;
  const limits = resolveLimits<WorkerPluginLimits>("WorkerPlugin", given);
  const pluginLimits = limitsOf("Plugin", limits);
  const checked = checkPluginOptions({ ...others, methods, schemas, observe, limits: pluginLimits } as PluginOptions);
  checkType("createWorker", createWorker, "function");
  checkChoice("engine", engine, ENGINE_CHOICES);
  const { permissions, env = {} } = checked;
  const granted = <T>(list: readonly string[] | "*", entries: Iterable<readonly [string, T]>) =>
    [...entries].filter(([name]) => list === "*" || list.includes(name));
  return {
    ...split({
      ...others,
      protocol: byName(PROTOCOLS, others.protocol),
      framing: byName(FRAMINGS, others.framing),
      env: Object.fromEntries(granted(permissions.env, Object.entries(env))),
      limits: pluginLimits,
    }, OPTION_FUNCTIONS),
    offered: [...methods.keys()],
    methods: withSchemas(
      new Map(granted(permissions.methods, methods)),
      schemasByMethod("schemas.host", schemas?.host),
    ),
    schemas: schemasByMethod("schemas.guest", schemas?.guest),
    workers: workersOf(workers, others.lifetime === "plugin"),
    createWorker,
    observe: checked.observe,
    integrity: expectedHash(integrity),
    engine,
    permissionsOf: (manifest) => permissionsOf(manifest, checked).permissions,
    isShared: others.lifetime === "plugin",
    limits,
  };
}

/** A row of a table by its name, since its functions can't cross. Anything else is returned as it is. */
function byName(table: Readonly<Record<string, unknown>>, given: unknown): unknown {
  return Object.keys(table).find((name) => table[name] === given) ?? given;
}

function workersOf(given: unknown, isShared: boolean): number {
  if (given === undefined) {
    const { hardwareConcurrency = 2 } = (globalThis as { readonly navigator?: Partial<Navigator> }).navigator ?? {};
    return isShared ? 1 : Math.max(1, Math.min(hardwareConcurrency, DEFAULT_WORKERS));
  }
  if (typeof given !== "number") throw new TypeError(`workers must be a number, not ${shown(given)}`);
  if (!(Number.isInteger(given) && given >= 1 && given <= MAX_WORKERS)) {
    throw new RangeError(`workers must be a whole number from 1 to ${MAX_WORKERS}, not ${given}`);
  }
  if (isShared && given > 1) {
    throw new RangeError(`with lifetime "plugin" all calls share one instance, so workers must be 1, not ${given}`);
  }
  return given;
}

/** The options of a call by how they cross. Its `signal` does so by itself. */
export function splitCallOptions({ signal: _signal, ...others }: PluginCallOptions): SplitOptions {
  return split(others, CALL_FUNCTIONS);
}

/** @throws {TypeError} if an option can't cross */
function split(options: object, table: Readonly<Record<string, unknown>>): SplitOptions {
  const data: Record<string, unknown> = {};
  const functions = new Map<string, AnyFunction>();
  const signals = new Map<string, AbortSignal>();
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    if (Object.hasOwn(table, name)) functions.set(name, value);
    else if (isSignal(value)) signals.set(name, value);
    else data[name] = copyOf(name, value);
  }
  return { data, functions, signals };
}

function isSignal(value: unknown): value is AbortSignal {
  return typeof value === "object" && value !== null && "aborted" in value && "addEventListener" in value;
}

/** A copy of data. Classes and proxies become plain objects. */
function copyOf(name: string, value: unknown, depth = 0): unknown {
  if (typeof value === "function" || typeof value === "symbol" || depth > MAX_DEPTH) {
    const instead = NAMED.get(name);
    const hint = instead === undefined ? "" : `: pass the name of one of ${instead}, or that row`;
    throw new TypeError(`${name} is not only data, so it can't be passed to workers${hint}`);
  }
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return value.map((item) => copyOf(name, item, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copyOf(name, item, depth + 1)]));
}
