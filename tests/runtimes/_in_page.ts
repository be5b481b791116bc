/**
 * The portable suite in a page: posts the report to where the page came from. The runtime's name is the query.
 *
 * @module
 */

import { files } from "./_files.ts";
import { runSuite } from "./_suite.ts";

const report = await runSuite(files, location.search.slice(1));
await fetch("/report", { method: "POST", body: JSON.stringify(report) });
