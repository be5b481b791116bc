/**
 * The playground's folder, dist/playground: its bundle, and the other files that the page requests. A server serves the
 * folder under a policy that forbids making code from text or bytes. As a program, it builds the folder and serves it
 * until it is interrupted: `deno task playground`. The default port is 8000; `deno task playground 9000` sets another.
 *
 * @module
 */

import config from "../deno.json" with { type: "json" };
import { EXAMPLES } from "../examples/playground/examples.ts";
import { bundle } from "../tools/bundle.ts";
import { ROOT } from "../tools/root.ts";

const PAGE = `${ROOT}examples/playground`;
const FOLDER = `${ROOT}dist/playground`;

const REPORTS = "/violations";
const POLICY = `default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; report-uri ${REPORTS}`;
const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  wasm: "application/wasm",
};
const GUESTS = EXAMPLES.map(({ file }) => `guests/${file}.wasm`);
/** Every file that the server serves. */
const FILES: ReadonlySet<string> = new Set(["index.html", "style.css", "playground.js", ...GUESTS]);

/** The package's entries by the names that users import, as files. Longer names first: esbuild takes the first match. */
function aliases(): Record<string, string> {
  const entries = Object.entries(config.exports).map(([entry, file]) =>
    [entry.replace(".", config.name), `${ROOT}${file}`] as const
  );
  return Object.fromEntries(entries.toSorted(([a], [b]) => b.length - a.length));
}

/** Makes the folder anew. */
export async function buildPlayground(): Promise<void> {
  await Deno.remove(FOLDER, { recursive: true }).catch(() => {});
  await Deno.mkdir(`${FOLDER}/guests`, { recursive: true });
  for (const file of ["index.html", "style.css"]) await Deno.copyFile(`${PAGE}/${file}`, `${FOLDER}/${file}`);
  for (const guest of GUESTS) {
    await Deno.copyFile(`${ROOT}examples/${guest.replace("guests", "guests/prebuilt")}`, `${FOLDER}/${guest}`);
  }
  await bundle({
    absWorkingDir: ROOT,
    entryPoints: [`${PAGE}/playground.ts`],
    outfile: `${FOLDER}/playground.js`,
    alias: aliases(),
    minify: true,
    logLevel: "error",
  });
}

/**
 * Serves the folder on 127.0.0.1.
 *
 * @param port 0 for any free port
 * @param onViolation receives the browsers' reports of violations of the policy
 */
export function servePlayground(port: number, onViolation: (report: string) => void): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname: "127.0.0.1", port, onListen: () => {} }, async (request) => {
    const { pathname } = new URL(request.url);
    if (request.method === "POST" && pathname === REPORTS) {
      onViolation(await request.text());
      return new Response(null, { status: 204 });
    }
    const file = pathname.slice(1) || "index.html";
    if (!FILES.has(file)) return new Response("there is no such page", { status: 404 });
    const headers = {
      "content-type": TYPES[file.split(".").at(-1)!]!,
      "content-security-policy": POLICY,
      "x-content-type-options": "nosniff",
      "cache-control": "no-store",
    };
    return new Response((await Deno.open(`${FOLDER}/${file}`)).readable, { headers });
  });
}

if (import.meta.main) {
  const [port = "8000"] = Deno.args;
  await buildPlayground();
  const { addr } = servePlayground(Number(port), console.error);
  console.log(`http://127.0.0.1:${addr.port}`);
}
