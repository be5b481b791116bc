/**
 * Browsers, and the suite in them: a page under a strict Content-Security-Policy that posts its report back. There is no
 * driver between; each browser is started with an address and ended when the report is there.
 *
 * @module
 */

import { outputOf, RUN_MS, start } from "./_process.ts";
import type { Report } from "./_suite.ts";

/** The policy of the page: no `unsafe-eval` and no `wasm-unsafe-eval`. */
const POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'";
/** A page that is its script. */
export const PAGE =
  `<!doctype html><meta charset="utf-8"><title>Rivulet</title><script type="module" src="/page.js"></script>`;

/** A browser: a program, its flags, how it is started with a page and a new profile, and whether it has no headless mode. */
export interface Browser {
  readonly name: string;
  readonly program: string;
  readonly flags: readonly string[];
  readonly open: (url: string, folder: string) => readonly string[];
  readonly needsDisplay?: boolean;
}

/** Without a window, without the sandbox that root can't have, and without calls home. */
export const CHROMIUM: Browser = {
  name: "chromium",
  program: "chromium",
  flags: [
    ...["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"],
    ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
  ],
  open: (url, folder) => [`--user-data-dir=${folder}`, url],
};
/** Firefox, the extended support release. */
export const FIREFOX: Browser = {
  name: "firefox",
  program: "firefox-esr",
  flags: ["--headless", "--no-remote"],
  open: (url, folder) => ["--profile", folder, url],
};
/** The browser that WebKitGTK is tested with. */
export const WEBKIT: Browser = {
  name: "webkit",
  program: "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser",
  flags: [],
  open: (url) => [url],
  needsDisplay: true,
};

/** The version that a browser tells of itself. */
export async function versionOf({ program, needsDisplay }: Browser): Promise<string> {
  await using display = needsDisplay ? await startDisplay() : undefined;
  const version = await outputOf(program, ["--version"], { env: display?.env ?? {} });
  return version.trim().split(" built on")[0]!;
}

/** Runs the suite in a browser; `page` is the path of the bundle. */
export async function runInBrowser(browser: Browser, page: string): Promise<Report> {
  return await reportFrom<Report>(browser, (request, { resolve }) => answer(request, page, resolve));
}

/** Opens `/?name-of-the-browser` of a server that is there for it, and gives what settles the report. */
export async function reportFrom<Kind>(
  browser: Browser,
  answer: (request: Request, report: PromiseWithResolvers<Kind>) => Promise<Response>,
): Promise<Kind> {
  const { name } = browser;
  const report = Promise.withResolvers<Kind>();
  const late = setTimeout(() => report.reject(new Error(`${name} sent no report in ${RUN_MS / 1000} s`)), RUN_MS);
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    return answer(request, report);
  });
  try {
    await using started = await startBrowser(browser, `http://127.0.0.1:${server.addr.port}/?${name}`);
    started.ended.then((code) => report.reject(new Error(`${name} ended with code ${code}`)));
    return await report.promise;
  } finally {
    clearTimeout(late);
  }
}

/** Starts a browser at an address, with a profile of its own that goes with it. */
async function startBrowser(
  { program, flags, open, needsDisplay }: Browser,
  url: string,
): Promise<AsyncDisposable & { readonly ended: Promise<number> }> {
  await using started = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "rivulet_browser_" });
  started.defer(() => Deno.remove(folder, { recursive: true }).catch(() => {}));
  const display = needsDisplay ? started.use(await startDisplay()) : undefined;
  const env = { HOME: folder, ...display?.env };
  const { child } = started.use(start(program, [...flags, ...open(url, folder)], { env }));
  const kept = started.move();
  return { ended: child.status.then(({ code }) => code), [Symbol.asyncDispose]: () => kept.disposeAsync() };
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

/** A display without a screen, as the environment that names it. */
export async function startDisplay(): Promise<AsyncDisposable & { readonly env: { readonly DISPLAY: string } }> {
  const args = ["-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp"];
  const server = start("Xvfb", args, { stdout: "piped" });
  const reader = server.child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value = "" } = await reader.read();
  await reader.cancel();
  return { env: { DISPLAY: `:${value.trim()}` }, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}
