/**
 * The portable suite in Deno. It prints the report and all modules that the tests have assembled, because other
 * runtimes can't use wabt.
 *
 * @module
 */

import { runSuite } from "./_suite.ts";
import { binaries } from "../../tools/wat.ts";

const files = new Map(Deno.args.map((path) => [path, () => import(`../${path}`)]));
const report = await runSuite(files, "deno");
const assembled = Array.from(binaries, ([text, bytes]) => [text, bytes.toBase64()]);
console.log(JSON.stringify({ report, assembled }));
Deno.exit(0);
