/**
 * Checks that whatever the package exports is explained, and shown by an example. That the examples run is a matter of
 * `deno test --doc`.
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

/** What `deno doc --json` tells of one entry, as far as it matters here. */
interface Entry {
  readonly module_doc?: Comment;
  readonly symbols: readonly {
    readonly name: string;
    readonly declarations: readonly { readonly kind: string; readonly jsDoc?: Comment }[];
  }[];
}

/** The entries by address. A symbol that several of them export is a reference in all but one. */
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

/** What a comment lacks. */
function lacks(comment: Comment = {}): string[] {
  const isShown = comment.tags?.some(({ kind, doc }) => kind === "example" && /```ts\n/.test(doc ?? ""));
  return [...(comment.doc ? [] : ["explanation"]), ...(isShown ? [] : ["example"])];
}

const entries = await readEntries();
const modules = Object.entries(entries).map(([url, { module_doc }]) => [url, module_doc] as const);
const symbols = Object.values(entries).flatMap(({ symbols }) => symbols).flatMap(({ name, declarations }) => {
  const [declaration] = declarations.filter(({ kind }) => kind !== "reference");
  return declaration === undefined ? [] : [[name, declaration.jsDoc] as const];
});
const lacking = [...modules, ...symbols].flatMap(([name, comment]) =>
  lacks(comment).map((what) => `${name}: no ${what}`)
);
if (lacking.length > 0) throw new Error(lacking.join("; "));
console.log(`${symbols.length} symbols of ${modules.length} entries, each with an example`);
