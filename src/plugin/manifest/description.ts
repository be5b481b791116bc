/**
 * What a plugin says about itself, and the checks that its manifest and its answer to `rpc.discover` share. Both are
 * text of the guest: everything is bounded, copied and frozen.
 *
 * @module
 */

import { shown } from "../../base/options.ts";
import { printable, quoted } from "../../base/text.ts";

/** A method of a plugin, as the plugin describes it. */
export interface MethodDescription {
  /** Its name. It is printable. */
  readonly name: string;
  /** What it does, in a line. It is printable. */
  readonly summary?: string;
  /**
   * What it takes: in a manifest a JSON Schema of the params, in an OpenRPC document its list of content descriptors.
   * It is any JSON, as the plugin sent it.
   */
  readonly params?: unknown;
  /** What it returns: in a manifest a JSON Schema of the result, in an OpenRPC document its content descriptor. */
  readonly result?: unknown;
}

/** What a plugin says about itself: the answer of `describe()`. */
export interface PluginDescription {
  /** The plugin's name, as it says; else as errors have it. It is printable. */
  readonly name: string;
  /** Its version. It is printable. */
  readonly version: string | undefined;
  /** Its methods. Nothing checks that it has them, nor that it has no others. */
  readonly methods: readonly MethodDescription[];
  /**
   * Who says so: the plugin's answer to `rpc.discover`, its manifest, or nobody. If nobody does, the methods are
   * unknown, and the list is empty.
   */
  readonly source: "rpc.discover" | "manifest" | "none";
}

/**
 * A plugin describes itself wrongly: its manifest is not valid, or its answer to `rpc.discover`.
 *
 * @example
 * ```ts
 * import { compile, ManifestError, manifestOf } from "@rivulet/rivulet";
 *
 * // A module with a custom section `rivulet` without contents.
 * const module = await compile(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 0, 8, 7, 114, 105, 118, 117, 108, 101, 116));
 * try {
 *   manifestOf(module);
 * } catch (error) {
 *   console.log(error instanceof ManifestError && error.source); // manifest
 * }
 * ```
 */
export class ManifestError extends Error {
  /** Tells the class, also across realms. */
  override readonly name = "ManifestError";
  /** What is wrong: the manifest, or the answer to `rpc.discover`. */
  readonly source: "manifest" | "rpc.discover";

  /** @ignore made by `manifestOf` and plugins */
  constructor(source: "manifest" | "rpc.discover", message: string, options?: ErrorOptions) {
    super(message, options);
    this.source = source;
  }
}

/** UTF-16 units of a name or a version; the rest of a name for people is cut. */
const MAX_NAME_LENGTH = 200;
/** UTF-16 units of a summary; the rest is cut. */
const MAX_SUMMARY_LENGTH = 1_000;
/** UTF-16 units of the guest's text in an error. */
const MAX_SHOWN_LENGTH = 60;
/** Methods of a plugin: each is an object, for a few bytes of JSON. */
const MAX_METHODS = 10_000;

/** A value of JSON that has members. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Checks that a value is an object, of which only own members count. @throws {TypeError} if it is not */
export function objectOf(given: unknown, path: string): JsonObject {
  if (typeof given === "object" && given !== null && !Array.isArray(given)) return given as JsonObject;
  throw new TypeError(`${path} must be an object, not ${shownText(given)}`);
}

/** An own member. */
export function memberOf(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** Text for people: printable, and cut. @throws {TypeError} if it is there and not a string */
export function textOf(given: unknown, path: string, maxLength: number = MAX_NAME_LENGTH): string | undefined {
  if (given === undefined) return undefined;
  if (typeof given !== "string") throw new TypeError(`${path} must be a string, not ${shownText(given)}`);
  return printable(given, maxLength);
}

/** Checks a name that is used as it is. @throws {TypeError} if it is not a string, or is empty, long or not printable */
export function checkName(given: unknown, path: string): asserts given is string {
  if (typeof given !== "string") throw new TypeError(`${path} must be a string, not ${shownText(given)}`);
  if (given !== "" && printable(given, MAX_NAME_LENGTH) === given) return;
  throw new TypeError(`${path} must be 1 to ${MAX_NAME_LENGTH} printable characters, not ${shownText(given)}`);
}

/** Methods, whose names are unique. The list is frozen. @throws {TypeError} if one is not a description of a method */
export function methodsOf(
  given: readonly (readonly [name: unknown, description: unknown])[],
  path: string,
): readonly MethodDescription[] {
  if (given.length > MAX_METHODS) throw new TypeError(`${path} are ${given.length}, and at most ${MAX_METHODS} may be`);
  const methods = new Map<string, MethodDescription>();
  for (const [name, value] of given) {
    checkName(name, `a method's name in ${path}`);
    const at = `${path}[${shownText(name)}]`;
    if (methods.has(name)) throw new TypeError(`${at} is there twice`);
    const description = objectOf(value, at);
    methods.set(
      name,
      Object.freeze(present({
        name,
        summary: textOf(memberOf(description, "summary"), `${at}.summary`, MAX_SUMMARY_LENGTH),
        params: memberOf(description, "params"),
        result: memberOf(description, "result"),
      })),
    );
  }
  return Object.freeze([...methods.values()]);
}

/** Without the members that are `undefined`. */
export function present<Members extends object>(members: Members): Members {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Members;
}

/** A guest's value as errors show it. */
export function shownText(given: unknown): string {
  return typeof given === "string" ? quoted(given, MAX_SHOWN_LENGTH) : shown(given);
}
