/**
 * Asks a plugin what it is: by `rpc.discover`, whose answer is an OpenRPC document, or else by its manifest.
 *
 * @see https://spec.open-rpc.org/
 * @module
 */

import { printable } from "../../base/text.ts";
import { ErrorCode, RpcError } from "../../rpc/mod.ts";
import { ManifestError, memberOf, methodsOf, objectOf, textOf } from "./description.ts";
import type { PluginDescription } from "./description.ts";
import type { Manifest } from "./manifest.ts";

/** The method that returns a side's OpenRPC document. */
const DISCOVER = "rpc.discover";
/** UTF-16 units of an error that quotes the document. */
const MAX_MESSAGE_LENGTH = 300;

/**
 * What a plugin says about itself.
 *
 * @param name the plugin's name if it does not say one
 * @param call calls a method of the plugin
 * @throws {ManifestError} if the answer is not such a document
 * @throws as the call does, except for "method not found"
 */
export async function describe(
  name: string,
  manifest: Manifest | undefined,
  call: (method: string) => Promise<unknown>,
): Promise<PluginDescription> {
  let answer: unknown;
  try {
    answer = await call(DISCOVER);
  } catch (error) {
    if (!(error instanceof RpcError && error.code === ErrorCode.methodNotFound)) throw error;
    return byManifest(name, manifest);
  }
  try {
    return byDocument(name, answer);
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    throw new ManifestError(
      DISCOVER,
      `${name} answered ${DISCOVER} with no OpenRPC document: ${printable(what, MAX_MESSAGE_LENGTH)}`,
    );
  }
}

function byManifest(name: string, manifest: Manifest | undefined): PluginDescription {
  const source = manifest === undefined ? "none" : "manifest";
  return { name: manifest?.name ?? name, version: manifest?.version, methods: manifest?.methods ?? [], source };
}

function byDocument(name: string, answer: unknown): PluginDescription {
  const document = objectOf(answer, "it");
  const info = objectOf(memberOf(document, "info"), "info");
  const methods = memberOf(document, "methods");
  if (!Array.isArray(methods)) throw new TypeError("methods must be a list");
  // A method may be a reference to another document. It has no name, and nothing is fetched.
  const named = methods.map((method, index) => objectOf(method, `methods[${index}]`))
    .filter((method) => memberOf(method, "$ref") === undefined);
  return {
    name: textOf(memberOf(info, "title"), "info.title") ?? name,
    version: textOf(memberOf(info, "version"), "info.version"),
    methods: methodsOf(named.map((method) => [memberOf(method, "name"), method]), "methods"),
    source: DISCOVER,
  };
}
