/**
 * The portable suite in a page: posts the report to the page's origin. The runtime's name is the query.
 *
 * @module
 */

import { files } from "./_files.ts";
import { runSuite } from "./_suite.ts";

// WebKit 2.50 lacks it. Users of `await using` in WebKit must also define it before the import.
if (Symbol.asyncDispose === undefined) Object.defineProperty(Symbol, "asyncDispose", { value: Symbol("asyncDispose") });

const report = await runSuite(files, location.search.slice(1));
await fetch("/report", { method: "POST", body: JSON.stringify(report) });
