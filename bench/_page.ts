/**
 * Jobs in browsers. A local server sends the page its bundle, its job and its files, and receives the report.
 *
 * @module
 */

import { extname } from "node:path";
import { bundle } from "../tools/bundle.ts";
import type { Browser } from "../tools/browsers.ts";
import { PAGE, reportFrom } from "../tools/page.ts";
import type { Job } from "./job.ts";
import type { Report } from "./report.ts";

const TYPES: Readonly<Record<string, string>> = { ".js": "text/javascript", ".html": "text/html" };
/** A page's clocks are coarse unless the page is isolated in its process. */
const ISOLATED = { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" };

/** What a page may load: the folder of the packages, and another build of src/vm/mod.ts. */
export interface PageOptions {
  readonly packages: string;
  readonly against: string | undefined;
}

/** Does a job in a browser that it starts for the job. */
export async function runInPage(browser: Browser, job: Job, options: PageOptions): Promise<Report> {
  return await reportFrom<Report>(browser, async (request, { resolve, reject }) => {
    const { pathname } = new URL(request.url);
    if (request.method === "POST") {
      const { report, error } = await request.json();
      if (error === undefined) resolve(report);
      else reject(new Error(`${browser.name}: ${error}`));
      return new Response(null, { status: 204 });
    }
    let body;
    try {
      body = await answer(pathname, job, options);
    } catch (error) {
      // The page itself reports a missing file. Without its script it can't.
      if (pathname.endsWith(".js")) reject(error);
      return new Response(null, { status: 404 });
    }
    const type = TYPES[extname(pathname) || ".html"] ?? "application/octet-stream";
    return new Response(body, { headers: { "content-type": type, ...ISOLATED } });
  });
}

async function answer(path: string, job: Job, { packages, against }: PageOptions): Promise<BodyInit> {
  const folder = import.meta.dirname!;
  if (path === "/") return PAGE;
  if (path === "/job") return JSON.stringify(job);
  if (path === "/page.js") return await bundleOf(`${folder}/_in_page.ts`);
  if (path === "/against.js" && against !== undefined) return await bundleOf(against);
  const [, top, ...rest] = path.split("/");
  const root = top === "files" ? folder : top === "packages" ? `${packages}/node_modules` : undefined;
  if (root === undefined) throw new Error(`nothing is at ${path}`);
  return await Deno.readFile(`${root}/${rest.map((name) => name === "up" ? ".." : name).join("/")}`);
}

const bundles = new Map<string, Promise<string>>();

/** A bundle of a file and all that it imports, made once. */
function bundleOf(path: string): Promise<string> {
  if (!bundles.has(path)) bundles.set(path, textOf(path));
  return bundles.get(path)!;
}

async function textOf(path: string): Promise<string> {
  const [file] = await bundle({
    entryPoints: [path],
    write: false,
    external: ["node:*", "/*.js"],
    logLevel: "error",
  });
  return file!.text;
}
