/**
 * Builds the playground and serves it until it is interrupted: `deno task playground`, or with a port other than 8000,
 * `deno task playground 9000`.
 *
 * @module
 */

import { buildPlayground, servePlayground } from "./_playground.ts";

const [port = "8000"] = Deno.args;
await buildPlayground();
const { addr } = servePlayground(Number(port), console.error);
console.log(`http://127.0.0.1:${addr.port}`);
