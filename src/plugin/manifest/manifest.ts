/**
 * A plugin's manifest: JSON in the custom section `rivulet` of its module. It says what the plugin is, what it asks
 * for, and how it speaks. A guest wrote it, so it is checked like any message.
 *
 * @module
 */

import { notAModule } from "../../base/options.ts";
import { printable } from "../../base/text.ts";
import { LimitError, Module } from "../../vm/mod.ts";
import { checkName, ManifestError, memberOf, methodsOf, objectOf, present, shownText, textOf } from "./description.ts";
import type { JsonObject, MethodDescription } from "./description.ts";
import { checkPermissions, PERMISSION_LIMITS } from "./permissions.ts";
import type { Permissions } from "./permissions.ts";

/** The name of the section. */
const SECTION = "rivulet";
/** Bytes of the section: a manifest of a few methods has some hundred, and decoding does not let the event loop turn. */
const MAX_BYTES = 64 << 10;
/** Nesting of a manifest: it is frozen by recursion. */
const MAX_DEPTH = 64;
/** UTF-16 units of an error that quotes the section. */
const MAX_MESSAGE_LENGTH = 300;
/** What a plugin can read beside JSON. What is not known here can't be sent to it. */
const ACCEPTED: readonly string[] = ["bytes", "streams"];

/** What a plugin's module says about it. */
export interface Manifest {
  /** The plugin's name. It is printable. */
  readonly name?: string;
  /** Its version. It is printable. */
  readonly version?: string;
  /** Its methods, each with its name. */
  readonly methods?: readonly MethodDescription[];
  /** What it asks for. It asks for nothing else. */
  readonly permissions?: Permissions;
  /** What it reads beside JSON: `"bytes"`, `"streams"`. */
  readonly accepts?: readonly ("bytes" | "streams")[];
  /** The protocol that it speaks, by its name. */
  readonly protocol?: string;
}

/** The manifests of modules, or `undefined` for those without one. Plugins share modules. */
const MANIFESTS = new WeakMap<Module, { readonly manifest: Manifest | undefined }>();

/**
 * The manifest of a module: the JSON of its custom section `rivulet`, checked and frozen. Members that are not known are
 * left out.
 *
 * @returns `undefined` if the module has no such section
 * @throws {ManifestError} if the section is too long, is there twice, or is not a manifest
 * @throws {TypeError} if the module is not one
 *
 * @example
 * ```ts
 * import { compile, manifestOf } from "@rivulet/rivulet";
 *
 * const module = await compile(await Deno.readFile("examples/guests/prebuilt/c_plugin.wasm"));
 * const manifest = manifestOf(module);
 * console.log(manifest?.name, manifest?.permissions?.methods);
 * ```
 */
export function manifestOf(module: Module): Manifest | undefined {
  if (!(module instanceof Module)) throw notAModule(module);
  const known = MANIFESTS.get(module);
  if (known !== undefined) return known.manifest;
  const manifest = readManifest(module);
  MANIFESTS.set(module, { manifest });
  return manifest;
}

/** The same for whoever has no use for the class of modules: it would take the interpreter into a bundle. */
export function readManifest(module: Pick<Module, "customSections">): Manifest | undefined {
  const text = sectionOf(module);
  return text === undefined ? undefined : parse(text);
}

/** The text of the section. */
function sectionOf(module: Pick<Module, "customSections">): string | undefined {
  let sections: readonly Uint8Array[];
  try {
    sections = module.customSections(SECTION, { maxBytes: MAX_BYTES });
  } catch (error) {
    if (!(error instanceof LimitError)) throw error;
    throw wrong(`it has more than ${MAX_BYTES} bytes`);
  }
  if (sections.length === 0) return undefined;
  if (sections.length > 1) throw wrong(`it is there ${sections.length} times`);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(sections[0]);
  } catch {
    throw wrong("it is not UTF-8");
  }
}

function parse(text: string): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // The message may quote the guest's text. It is not always a SyntaxError: some engines parse by recursion.
    throw wrong(`it is not JSON: ${error instanceof Error ? error.message : error}`);
  }
  try {
    return checked(objectOf(frozen(value, MAX_DEPTH), "it"));
  } catch (error) {
    throw wrong(error instanceof Error ? error.message : String(error));
  }
}

/** Freezes JSON. Plugins share the manifest of a module. @throws {TypeError} if it is nested deeper */
function frozen(value: unknown, depth: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (depth === 0) throw new TypeError(`it is nested deeper than ${MAX_DEPTH} levels`);
  for (const member of Object.values(value)) frozen(member, depth - 1);
  return Object.freeze(value);
}

function checked(given: JsonObject): Manifest {
  return Object.freeze(present({
    name: textOf(memberOf(given, "name"), "name"),
    version: textOf(memberOf(given, "version"), "version"),
    methods: methods(memberOf(given, "methods")),
    permissions: permissions(memberOf(given, "permissions")),
    accepts: accepts(memberOf(given, "accepts")),
    protocol: textOf(memberOf(given, "protocol"), "protocol"),
  }));
}

function methods(given: unknown): readonly MethodDescription[] | undefined {
  if (given === undefined) return undefined;
  return methodsOf(Object.entries(objectOf(given, "methods")), "methods");
}

/** Only what is known: a permission of a later version can't be granted, so asking for it has no effect. */
function permissions(given: unknown): Permissions | undefined {
  if (given === undefined) return undefined;
  const asked = objectOf(given, "permissions");
  const limits = objectOf(memberOf(asked, "limits") ?? {}, "permissions.limits");
  const checked = checkPermissions(
    present({
      methods: memberOf(asked, "methods") as Permissions["methods"],
      env: memberOf(asked, "env") as Permissions["env"],
      limits: Object.fromEntries(PERMISSION_LIMITS.map((name) => [name, memberOf(limits, name) as number])),
    }),
    "permissions",
  );
  for (const list of ["methods", "env"] as const) {
    for (const name of checked[list]) checkName(name, `a name of permissions.${list}`);
  }
  return checked;
}

function accepts(given: unknown): Manifest["accepts"] {
  if (given === undefined) return undefined;
  if (!Array.isArray(given)) throw new TypeError(`accepts must be a list of strings, not ${shownText(given)}`);
  for (const [index, word] of given.entries()) {
    if (typeof word !== "string") throw new TypeError(`accepts[${index}] must be a string, not ${shownText(word)}`);
  }
  return Object.freeze(ACCEPTED.filter((word) => given.includes(word))) as Manifest["accepts"];
}

/** The error of a section. What is wrong may have text of the guest. */
function wrong(what: string): ManifestError {
  const text = printable(what, MAX_MESSAGE_LENGTH);
  return new ManifestError("manifest", `the module's section "${SECTION}" is not a manifest: ${text}`);
}
