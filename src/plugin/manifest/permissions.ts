/**
 * What a plugin may do, as plain data: which methods of the host it may call, which variables of the environment it
 * sees, and how much it may use. It can be logged, compared and stored as JSON.
 *
 * @module
 */

import { resolveLimit } from "../../base/limits.ts";
import { checkNames, shown } from "../../base/options.ts";

/** The limits that are permissions too. An absent one is not limited. */
export interface PermissionLimits {
  /** Instructions of an instance, and its host calls, bulk operations and moved values, by size. */
  readonly fuel?: number;
  /** Pages of 64 KiB of an instance's memory. */
  readonly memoryPages?: number;
  /** Milliseconds from a call to its answer. */
  readonly deadlineMs?: number;
}

/** What a plugin may do. */
export interface Permissions {
  /** The names of the host's methods that it may call, sorted; `"*"` for all. */
  readonly methods: readonly string[] | "*";
  /** The names of the variables that it sees of its environment, sorted; `"*"` for all. */
  readonly env: readonly string[] | "*";
  /** How much it may use. */
  readonly limits: PermissionLimits;
}

const PERMISSIONS: readonly (keyof Permissions)[] = ["methods", "env", "limits"];
/** The limits that are permissions, in their order in the data. */
export const PERMISSION_LIMITS: readonly (keyof PermissionLimits)[] = ["fuel", "memoryPages", "deadlineMs"];

/**
 * A plugin called a method of the host that the host offers and that it may not call. `onError` of its options receives
 * it. The plugin gets "method not found".
 *
 * @example
 * ```ts
 * import { compile, PermissionError, Plugin } from "@rivulet/rivulet";
 *
 * const module = await compile(await Deno.readFile("examples/guests/prebuilt/c_plugin.wasm"));
 * await using plugin = new Plugin(module, {
 *   methods: { echo: (params) => params },
 *   permissions: { methods: [] },
 *   onError: (error) => console.log(error instanceof PermissionError && error.missing), // permissions
 * });
 * await plugin.call("many_echo", 1).catch(() => {});
 * ```
 */
export class PermissionError extends Error {
  /** Tells the class, also across realms. */
  override readonly name = "PermissionError";
  /** The plugin's name. */
  readonly plugin: string;
  /** The host's method. */
  readonly method: string;
  /** What lacks the method: the plugin's manifest does not ask for it, or the option `permissions` does not grant it. */
  readonly missing: "manifest" | "permissions";

  /** @ignore made by plugins */
  constructor(plugin: string, method: string, missing: "manifest" | "permissions") {
    const why = missing === "manifest"
      ? "its manifest does not ask for it"
      : "the option permissions does not grant it";
    super(`the plugin ${plugin} called ${JSON.stringify(method)}, which it may not: ${why}`);
    this.plugin = plugin;
    this.method = method;
    this.missing = missing;
  }
}

/** No restriction. */
const ALL: Permissions = Object.freeze({ methods: "*", env: "*", limits: Object.freeze({}) });

/**
 * What is permitted if one side asks and the other grants: what both name, and the lower of two limits. It is never
 * more than either. The lists are sorted, so the same permissions always have the same JSON. Everything is frozen.
 *
 * In permissions that are given, a list that is absent is empty: what is not named is not permitted. Permissions that
 * are `undefined` restrict nothing: `asked` of a plugin without a manifest, `granted` by a host that trusts it.
 *
 * @param asked what the plugin asks for: `permissions` of its manifest
 * @param granted what the host grants
 * @throws {TypeError} if one is not such an object, or has a member that is unknown or of the wrong type
 * @throws {RangeError} if a limit is not in its range
 *
 * @example
 * ```ts
 * import { effectivePermissions } from "@rivulet/rivulet";
 *
 * const effective = effectivePermissions(
 *   { methods: ["read", "write"], env: "*", limits: { fuel: 1_000_000 } },
 *   { methods: ["list", "read"], env: ["LANG"], limits: { fuel: 5_000_000, memoryPages: 64 } },
 * );
 * console.log(JSON.stringify(effective));
 * // {"methods":["read"],"env":["LANG"],"limits":{"fuel":1000000,"memoryPages":64}}
 * ```
 */
export function effectivePermissions(
  asked: Partial<Permissions> | undefined,
  granted: Partial<Permissions> | undefined,
): Permissions {
  const one = checkPermissions(asked, "asked");
  const other = checkPermissions(granted, "granted");
  return permissions(
    inBoth(one.methods, other.methods),
    inBoth(one.env, other.env),
    (name) => lower(one.limits[name], other.limits[name]),
  );
}

/**
 * A checked copy of permissions: complete, sorted and frozen.
 *
 * @param path what they are called in an error
 * @throws {TypeError} if they are not such an object, or a member is unknown or of the wrong type
 * @throws {RangeError} if a limit is not in its range
 */
export function checkPermissions(given: Partial<Permissions> | undefined, path: string): Permissions {
  if (given === undefined) return ALL;
  checkNames("permission", given, PERMISSIONS);
  const { methods = [], env = [], limits = {} } = given;
  checkNames("permitted limit", limits, PERMISSION_LIMITS);
  return permissions(
    checkList(methods, `${path}.methods`),
    checkList(env, `${path}.env`),
    (name) => limits[name] === undefined ? undefined : resolveLimit(name, limits[name], `${path}.limits.`),
  );
}

function permissions(
  methods: readonly string[] | "*",
  env: readonly string[] | "*",
  limitOf: (name: keyof PermissionLimits) => number | undefined,
): Permissions {
  const limits: { -readonly [Name in keyof PermissionLimits]: number } = {};
  for (const name of PERMISSION_LIMITS) {
    const limit = limitOf(name);
    // JSON has no Infinity.
    if (limit !== undefined && limit !== Infinity) limits[name] = limit;
  }
  return Object.freeze({ methods: sorted(methods), env: sorted(env), limits: Object.freeze(limits) });
}

function checkList(given: unknown, path: string): readonly string[] | "*" {
  if (given === "*") return given;
  if (!Array.isArray(given)) throw new TypeError(`${path} must be a list of names or "*", not ${shown(given)}`);
  for (const [index, name] of given.entries()) {
    if (typeof name !== "string") throw new TypeError(`${path}[${index}] must be a string, not ${shown(name)}`);
  }
  return given;
}

/** Sorted by their UTF-16 units, without duplicates. */
function sorted(names: readonly string[] | "*"): readonly string[] | "*" {
  return names === "*" ? names : Object.freeze([...new Set(names)].sort());
}

function inBoth(one: readonly string[] | "*", other: readonly string[] | "*"): readonly string[] | "*" {
  if (one === "*") return other;
  if (other === "*") return one;
  const names = new Set(other);
  return one.filter((name) => names.has(name));
}

function lower(one: number | undefined, other: number | undefined): number {
  return Math.min(one ?? Infinity, other ?? Infinity);
}

/** The entries of a table that a list names. */
export function permitted<Value>(
  table: Iterable<readonly [name: string, value: Value]>,
  names: readonly string[] | "*",
): [name: string, value: Value][] {
  const isNamed = names === "*" ? undefined : new Set(names);
  return Array.from(table, ([name, value]): [string, Value] => [name, value])
    .filter(([name]) => isNamed?.has(name) ?? true);
}
