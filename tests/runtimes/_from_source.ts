/**
 * The portable suite in a runtime that reads TypeScript from files. It imports the tests in its arguments and prints
 * the report as the last line. The arguments are the runtime's name, then the paths of the tests, relative to `tests`.
 *
 * @module
 */

import process from "node:process";
import { runSuite } from "./_suite.ts";

const [runtime, ...paths] = process.argv.slice(2);
const files = new Map(paths.map((path) => [path, () => import(`../${path}`)]));
const report = await runSuite(files, runtime!);
process.stdout.write(`\n${JSON.stringify(report)}\n`, () => process.exit(0));
