/**
 * The bench in a page: it requests a job from the page's server, does the job, and posts the report to the server.
 *
 * @module
 */

import { PACKAGES } from "./packages.ts";
import { runJob } from "./run_job.ts";

async function bytesOf(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

let body;
try {
  const report = await runJob(await (await fetch("/job")).json(), {
    read: (path) => bytesOf(`/files/${path.replaceAll("../", "up/")}`),
    load: async (name) => await import(name === "against" ? "/against.js" : `/packages/${PACKAGES[name]!.entry}`),
  });
  body = { report };
} catch (error) {
  body = { error: String(error) };
}
await fetch("/report", { method: "POST", body: JSON.stringify(body) });
