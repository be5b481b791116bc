/**
 * The portable suite in a browser: a server for the page, which has a Content-Security-Policy.
 *
 * @module
 */

import type { Browser } from "../../tools/browsers.ts";
import { PAGE, reportFrom } from "../../tools/page.ts";
import type { Report } from "./_suite.ts";

/** A policy that allows no code but that of the page's own files. */
export const STRICT = "default-src 'none'; script-src 'self'; connect-src 'self'";
/** A policy that also allows WebAssembly to be compiled. */
export const WITH_WASM = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'";

/** Runs the suite in a browser. `page` is the path of the bundle. */
export async function runInBrowser(browser: Browser, page: string, policy: string): Promise<Report> {
  return await reportFrom<Report>(browser, (request, { resolve }) => answer(request, page, policy, resolve));
}

async function answer(
  request: Request,
  page: string,
  policy: string,
  settle: (report: Report) => void,
): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (request.method === "POST" && pathname === "/report") {
    settle(await request.json());
    return new Response(null, { status: 204 });
  }
  if (pathname === "/page.js") {
    return new Response(await Deno.readTextFile(page), { headers: { "content-type": "text/javascript" } });
  }
  if (pathname !== "/") return new Response(null, { status: 404 });
  return new Response(PAGE, { headers: { "content-type": "text/html", "content-security-policy": policy } });
}
