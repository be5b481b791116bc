/**
 * A page in a browser, without a driver. The browser starts with the page's address. The page does its work and posts a
 * report. Then the browser is stopped.
 *
 * @module
 */

import type { Browser } from "./browsers.ts";
import { startDisplay } from "./display.ts";
import { RUN_MS, start } from "./process.ts";

/** A page that only loads its script. */
export const PAGE =
  `<!doctype html><meta charset="utf-8"><title>Rivulet</title><script type="module" src="/page.js"></script>`;

/** Opens `/?name-of-the-browser` on a server of its own, and returns the report. `answer` settles it. */
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

/** Starts a browser at an address, with its own profile. The profile is removed with the browser. */
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
