/**
 * The portable suite in a page: posts the report to where the page came from. The runtime's name is the query.
 *
 * @module
 */

import { files } from "./_files.ts";
import { runSuite } from "./_suite.ts";

// WebKit 2.50 lacks it. Whoever wants to write `await using` for it has to bring it along as well, before the import.
if (Symbol.asyncDispose === undefined) Object.defineProperty(Symbol, "asyncDispose", { value: Symbol("asyncDispose") });

const report = await runSuite(files, location.search.slice(1));
await fetch("/report", { method: "POST", body: JSON.stringify(report) });
