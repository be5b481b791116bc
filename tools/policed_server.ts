/**
 * A server for pages under a Content-Security-Policy, which reports violations.
 *
 * @module
 */

const REPORTS = "/violations";
const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  wasm: "application/wasm",
};

/**
 * Whether a report is expected under a policy without `wasm-unsafe-eval`: `compile` tries once in each page or worker
 * whether WebAssembly may be compiled, and Firefox requests an icon for every page.
 */
export function isExpectedReport(report: string): boolean {
  return report.includes('"wasm-eval"') || report.includes("/favicon.ico");
}

/** What is served. */
export interface Site {
  /** The folder that has the files. */
  readonly folder: string;
  /** The names of all files that are served. `/` is `index.html`. */
  readonly files: ReadonlySet<string>;
  /** The policy of all of them, without an address for reports. */
  readonly policy: string;
  /** Receives the browsers' reports of violations of the policy. */
  readonly onViolation: (report: string) => void;
}

/**
 * Serves files on 127.0.0.1.
 *
 * @param port 0 for any free port
 */
export function servePoliced(
  port: number,
  { folder, files, policy, onViolation }: Site,
): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname: "127.0.0.1", port, onListen: () => {} }, async (request) => {
    const { pathname } = new URL(request.url);
    if (request.method === "POST" && pathname === REPORTS) {
      onViolation(await request.text());
      return new Response(null, { status: 204 });
    }
    const file = pathname.slice(1) || "index.html";
    if (!files.has(file)) return new Response("there is no such page", { status: 404 });
    const headers = {
      "content-type": TYPES[file.split(".").at(-1)!]!,
      "content-security-policy": `${policy}; report-uri ${REPORTS}`,
      "x-content-type-options": "nosniff",
      "cache-control": "no-store",
    };
    return new Response((await Deno.open(`${folder}/${file}`)).readable, { headers });
  });
}
