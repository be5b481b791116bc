/**
 * Checks the package for JSR: it could be published, it has no slow types, and it has exactly the files that it should
 * have. It publishes nothing.
 *
 * @module
 */

import { ROOT } from "../tools/root.ts";
import { checkTree, filesUnder } from "./_tree.ts";

/** The package's files outside of `src`. All of `src` is in the package too. */
const TOP: readonly string[] = ["CHANGELOG.md", "LICENSE", "README.md", "deno.json", "mod.ts"];

const publish = new Deno.Command(Deno.execPath(), {
  args: ["publish", "--dry-run", "--allow-dirty"],
  cwd: ROOT,
  env: { NO_COLOR: "1" },
  stdin: "null",
});
const { success, stderr } = await publish.output();
const said = new TextDecoder().decode(stderr);
if (!success || /warning/i.test(said)) throw new Error(`deno publish reports a problem:\n${said}`);

const published = [...said.matchAll(/^ +(file:\S+) \(/gm)].map(([, url]) => decodeURI(new URL(url!).pathname));
const found = published.map((path) => path.slice(ROOT.length));
checkTree(found, [...TOP, ...(await filesUnder(`${ROOT}src`)).map((path) => `src/${path}`)]);
console.log(`JSR: ${found.length} files, as expected`);
