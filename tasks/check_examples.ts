/**
 * Checks that everything the package exports has a comment, and that entries, functions and classes have an example.
 * Types are shown where they are used. `deno test --doc` checks that the examples run.
 *
 * @module
 */

import config from "../deno.json" with { type: "json" };
import { ROOT } from "../tools/root.ts";

/** A documentation comment, as `deno doc --json` has it. */
interface Comment {
  readonly doc?: string;
  readonly tags?: readonly { readonly kind: string; readonly doc?: string }[];
}

/** What `deno doc --json` reports about one entry, as far as it matters here. */
interface Entry {
  readonly module_doc?: Comment;
  readonly symbols: readonly {
    readonly name: string;
    readonly declarations: readonly { readonly kind: string; readonly jsDoc?: Comment }[];
  }[];
}

/** The entries by address. If several entries export a symbol, all but one hold a reference to it. */
async function readEntries(): Promise<Record<string, Entry>> {
  const doc = new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", ...Object.values(config.exports)],
    cwd: ROOT,
    stdin: "null",
    stderr: "inherit",
  });
  const { stdout } = await doc.output();
  return JSON.parse(new TextDecoder().decode(stdout)).nodes;
}

/** Kinds of declarations that need an example. The kind of an entry is `module`. */
const SHOWN: ReadonlySet<string> = new Set(["module", "function", "class"]);

/** What a comment lacks. */
function lacks(kind: string, comment: Comment = {}): string[] {
  const isShown = !SHOWN.has(kind) ||
    comment.tags?.some(({ kind, doc }) => kind === "example" && /```ts\n/.test(doc ?? ""));
  return [...(comment.doc ? [] : ["explanation"]), ...(isShown ? [] : ["example"])];
}

const entries = await readEntries();
const modules = Object.entries(entries).map(([url, { module_doc }]) => [url, "module", module_doc] as const);
const symbols = Object.values(entries).flatMap(({ symbols }) => symbols).flatMap(({ name, declarations }) => {
  const [declaration] = declarations.filter(({ kind }) => kind !== "reference");
  return declaration === undefined ? [] : [[name, declaration.kind, declaration.jsDoc] as const];
});
const lacking = [...modules, ...symbols].flatMap(([name, kind, comment]) =>
  lacks(kind, comment).map((what) => `${name}: no ${what}`)
);
if (lacking.length > 0) throw new Error(lacking.join("; "));
const shown = symbols.filter(([, kind]) => SHOWN.has(kind));
console.log(`${symbols.length} symbols of ${modules.length} entries, ${shown.length} of them with an example`);
