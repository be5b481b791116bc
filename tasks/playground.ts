/**
 * The playground's folder, dist/playground: its bundle, and the other files that the page requests. A server serves the
 * folder under a policy that forbids making code from text or bytes. As a program, it builds the folder and serves it
 * until it is interrupted: `deno task playground`. The default port is 8000; `deno task playground 9000` sets another.
 *
 * @module
 */

import { EXAMPLES } from "../examples/playground/examples.ts";
import { bundle, packageAliases } from "../tools/bundle.ts";
import { servePoliced } from "../tools/policed_server.ts";
import { ROOT } from "../tools/root.ts";

const PAGE = `${ROOT}examples/playground`;
const FOLDER = `${ROOT}dist/playground`;

const POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'";
const GUESTS = EXAMPLES.map(({ file }) => `guests/${file}.wasm`);
/** Every file that the server serves. */
const FILES: ReadonlySet<string> = new Set(["index.html", "style.css", "playground.js", ...GUESTS]);

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
    alias: packageAliases(),
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
  return servePoliced(port, { folder: FOLDER, files: FILES, policy: POLICY, onViolation });
}

if (import.meta.main) {
  const [port = "8000"] = Deno.args;
  await buildPlayground();
  const { addr } = servePlayground(Number(port), console.error);
  console.log(`http://127.0.0.1:${addr.port}`);
}
