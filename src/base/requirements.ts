/**
 * What the package needs of a runtime, beyond ECMAScript 2022 and the streams of the web. Each entry of the package
 * imports this file before all others: in an older runtime the import fails and says why. Otherwise the first call would
 * fail, with a message that names a function of the library's inside.
 *
 * @module
 */

/** What a runtime has, by name. */
type Scope = Readonly<Record<string, unknown>>;

/** What is needed, and whether a runtime has it. */
const NEEDS: readonly (readonly [what: string, has: (scope: Scope) => boolean])[] = [
  ["Promise.withResolvers", ({ Promise }) => has(Promise, "withResolvers")],
  ["Object.hasOwn", ({ Object }) => has(Object, "hasOwn")],
  ["WeakRef", ({ WeakRef }) => WeakRef !== undefined],
  ["ReadableStream", ({ ReadableStream }) => ReadableStream !== undefined],
  ["WritableStream", ({ WritableStream }) => WritableStream !== undefined],
  ["TransformStream", ({ TransformStream }) => TransformStream !== undefined],
  ["AbortController", ({ AbortController }) => AbortController !== undefined],
  ["TextDecoder", ({ TextDecoder }) => TextDecoder !== undefined],
  ["performance.now", ({ performance }) => has(performance, "now")],
];

/** The first versions that have all of it. */
const VERSIONS = "Node 22, Deno 2, Bun 1.2, Chrome 119, Firefox 121, Safari 17.4, or a later version";

function has(value: unknown, name: string): boolean {
  return typeof (value as Scope | undefined)?.[name] === "function";
}

/** Checks a runtime by its global names. @throws {Error} that says what it lacks, and which versions have it */
export function checkRuntime(scope: Scope): void {
  const missing = NEEDS.filter(([, has]) => !has(scope)).map(([what]) => what);
  if (missing.length === 0) return;
  throw new Error(`Rivulet can't run here: this runtime lacks ${missing.join(", ")}. Use ${VERSIONS}`);
}

checkRuntime(globalThis as unknown as Scope);
