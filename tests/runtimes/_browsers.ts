/**
 * The suite in real browsers: a page under a strict Content-Security-Policy that posts its report back. There is no
 * driver between; each browser is started with an address and ended when the report is there.
 *
 * @module
 */

import { start } from "./_process.ts";
import type { Report } from "./_suite.ts";

/** The policy of the page: no `unsafe-eval` and no `wasm-unsafe-eval`. */
const POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'";
const PAGE =
  `<!doctype html><meta charset="utf-8"><title>Rivulet</title><script type="module" src="/page.js"></script>`;
/** Long enough for the whole suite on a slow machine. */
const RUN_MS = 600_000;

/** How a browser is started with an address; the folder is for its profile. */
export type Arguments = (url: string, folder: string) => readonly string[];

/** Runs the suite in a browser; `page` is the path of the bundle. A browser that needs a display gets one. */
export async function runInBrowser(
  name: string,
  program: string,
  args: Arguments,
  page: string,
  needsDisplay: boolean,
): Promise<Report> {
  const report = Promise.withResolvers<Report>();
  const late = setTimeout(
    () => report.reject(new Error(`${name} has sent no report after ${RUN_MS / 1000} s`)),
    RUN_MS,
  );
  await using _server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    return answer(request, page, report.resolve);
  });
  const { port } = _server.addr;
  const folder = await Deno.makeTempDir({ prefix: "rivulet_browser_" });
  try {
    await using display = needsDisplay ? await startDisplay() : undefined;
    const env = { HOME: folder, ...(display && { DISPLAY: display.name }) };
    await using browser = start(program, args(`http://127.0.0.1:${port}/?${name}`, folder), { env });
    browser.child.status.then(({ code }) => report.reject(new Error(`${name} ended with code ${code}`)));
    return await report.promise;
  } finally {
    clearTimeout(late);
    await Deno.remove(folder, { recursive: true }).catch(() => {});
  }
}

async function answer(request: Request, page: string, settle: (report: Report) => void): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (request.method === "POST" && pathname === "/report") {
    settle(await request.json());
    return new Response(null, { status: 204 });
  }
  if (pathname === "/page.js") {
    return new Response(await Deno.readTextFile(page), { headers: { "content-type": "text/javascript" } });
  }
  if (pathname !== "/") return new Response(null, { status: 404 });
  return new Response(PAGE, { headers: { "content-type": "text/html", "content-security-policy": POLICY } });
}

/** A display without a screen, which tells its name when it is ready. */
async function startDisplay(): Promise<AsyncDisposable & { readonly name: string }> {
  const server = start("Xvfb", ["-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp"], {
    stdout: "piped",
  });
  const reader = server.child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value = "" } = await reader.read();
  await reader.cancel();
  return { name: `:${value.trim()}`, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}
