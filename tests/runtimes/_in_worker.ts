/**
 * The portable suite in a Worker: runs when a request arrives, and answers with the report.
 *
 * @module
 */

import { files } from "./_files.ts";
import { runSuite } from "./_suite.ts";

export default {
  async fetch(): Promise<Response> {
    return Response.json(await runSuite(files, "workerd"));
  },
};
