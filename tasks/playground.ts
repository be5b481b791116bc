/**
 * Bundles examples/playground into dist/playground and serves it on this machine, under the policy that it is made for:
 * `deno task playground`, with another port as its argument. Tests drive the same server.
 *
 * @module
 */

import * as esbuild from "esbuild-wasm";
import config from "../deno.json" with { type: "json" };

const ROOT = `${import.meta.dirname}/..`;
const OUTPUT = `${ROOT}/dist/playground`;
const GUESTS = `${ROOT}/examples/guests/prebuilt`;

/** No code but the page's own, none made from text or bytes, no other host. */
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'none'; " +
  "base-uri 'none'; frame-ancestors 'none'";
const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  json: "application/json",
  wasm: "application/wasm",
};

/** Makes dist/playground anew. */
export async function buildPlayground(): Promise<void> {
  await Deno.mkdir(`${OUTPUT}/guests`, { recursive: true });
  const own = Object.entries(config.imports).filter(([name]) => name.startsWith(config.name));
  await esbuild.build({
    entryPoints: [`${ROOT}/examples/playground/playground.ts`],
    outfile: `${OUTPUT}/playground.js`,
    alias: Object.fromEntries(own.map(([name, path]) => [name, `${ROOT}/${path}`])),
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2024",
    logLevel: "error",
  });
  await esbuild.stop();
  for (const name of ["index.html", "style.css"]) {
    await Deno.copyFile(`${ROOT}/examples/playground/${name}`, `${OUTPUT}/${name}`);
  }
  const guests = [...Deno.readDirSync(GUESTS)].map(({ name }) => name).sort();
  for (const name of guests) await Deno.copyFile(`${GUESTS}/${name}`, `${OUTPUT}/guests/${name}`);
  await Deno.writeTextFile(`${OUTPUT}/guests.json`, JSON.stringify(guests));
}

/** Serves dist/playground. */
export function servePlayground(
  port: number,
  onListen?: (address: Deno.NetAddr) => void,
): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname: "127.0.0.1", port, onListen: onListen ?? (() => {}) }, async (request) => {
    const path = new URL(request.url).pathname.replace(/\/$/, "/index.html");
    const type = TYPES[path.split(".").at(-1)!];
    const headers = { "content-security-policy": POLICY, "x-content-type-options": "nosniff" };
    if (type === undefined || path.includes("..")) return new Response("not found", { status: 404, headers });
    try {
      return new Response(await Deno.readFile(`${OUTPUT}${path}`), { headers: { ...headers, "content-type": type } });
    } catch {
      return new Response("not found", { status: 404, headers });
    }
  });
}

if (import.meta.main) {
  await buildPlayground();
  servePlayground(Number(Deno.args[0] ?? 8000), ({ port }) => console.log(`http://127.0.0.1:${port}/`));
}
