/**
 * A plugin in workers, in Chromium, Firefox and WebKitGTK, under a strict policy: a page and the program of its workers
 * are two bundles. `deno task test:pages` runs it. It is not a part of `deno task test`, which needs no browsers.
 *
 * @module
 */

import config from "../../deno.json" with { type: "json" };
import { assert, assertEquals } from "@std/assert";
import { CHROMIUM, FIREFOX, WEBKIT } from "../../tools/browsers.ts";
import { bundle, packageAliases } from "../../tools/bundle.ts";
import { isExpectedReport, servePoliced } from "../../tools/policed_server.ts";
import { npmInstall } from "../../tools/npm.ts";
import { ROOT } from "../../tools/root.ts";
import { openPage } from "./_page.ts";
import type { Page } from "./_page.ts";
import { CASES } from "./_workers_cases.ts";

const FOLDER = `${ROOT}dist/workers_page`;
const POLICY = "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'";
const GUESTS = ["c_plugin", "faulty", "streams"];
/** The maximum time for each case on a busy machine. */
const PATIENCE_MS = 60_000;

/** A page that loads its scripts, one after the other. */
function pageOf(...scripts: readonly string[]): string {
  const elements = scripts.map((script) => `<script type="module" src="${script}"></script>`);
  return `<!doctype html><meta charset="utf-8"><title>Workers</title>${elements.join("")}`;
}

/** Keeps what the recipe prints. */
const PRINTED = `globalThis.printed = [];
console.log = (...values) => printed.push(values.join(" "));
addEventListener("error", ({ message }) => printed.push(message));
addEventListener("unhandledrejection", ({ reason }) => printed.push(String(reason)));
`;

/** Makes code from text, in a worker. It may not. */
const MAKES_CODE = `let answer = "made";
try {
  new Function("");
} catch (error) {
  answer = error.name;
}
postMessage(answer);
`;

/** The programs of the README's recipe for a page, by the names of their files. */
async function recipe(): Promise<Record<string, string>> {
  const readme = await Deno.readTextFile(`${ROOT}README.md`);
  const blocks = readme.matchAll(/\n```ts ignore\n\/\/ (main|worker)\.ts\n([^]*?)\n```\n/g);
  return Object.fromEntries(Array.from(blocks, ([, name, code]) => [name, code!]));
}

/** Makes the folder anew. @returns the names of its files */
async function build(): Promise<ReadonlySet<string>> {
  await Deno.remove(FOLDER, { recursive: true }).catch(() => {});
  await Deno.mkdir(`${FOLDER}/recipe`, { recursive: true });
  const programs = Object.entries(await recipe());
  assertEquals(programs.map(([name]) => name).sort(), ["main", "worker"]);
  for (const [name, code] of programs) await Deno.writeTextFile(`${FOLDER}/recipe/${name}.ts`, code);
  const files: Readonly<Record<string, string>> = {
    "index.html": pageOf("page.js"),
    "recipe.html": pageOf("printed.js", "main.js"),
    "printed.js": PRINTED,
    "makes_code.js": MAKES_CODE,
  };
  for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(`${FOLDER}/${name}`, text);
  for (const [guest, copy] of [...GUESTS.map((guest) => [guest, guest]), ["c_plugin", "plugin"]]) {
    await Deno.copyFile(`${ROOT}examples/guests/prebuilt/${guest}.wasm`, `${FOLDER}/${copy}.wasm`);
  }
  await npmInstall(FOLDER, [config.imports["deno-std/"].replace(/^npm:\/|\/$/g, "")]);
  const assertions = { "@std/assert": `${ROOT}tests/std/assert.ts`, "deno-std": `${FOLDER}/node_modules/deno-std` };
  const entries = {
    page: "tests/pages/_workers_page.ts",
    sabotaged: "tests/workers/_sabotaged.ts",
    main: "dist/workers_page/recipe/main.ts",
    worker: "dist/workers_page/recipe/worker.ts",
  };
  await bundle({
    absWorkingDir: ROOT,
    entryPoints: entries,
    outdir: FOLDER,
    alias: { ...packageAliases(), ...assertions },
    minify: true,
    logLevel: "error",
  });
  const bundles = Object.keys(entries).map((name) => `${name}.js`);
  return new Set([...Object.keys(files), ...bundles, ...[...GUESTS, "plugin"].map((guest) => `${guest}.wasm`)]);
}

/** Waits until an expression has a value. */
async function valueOf<Value>(page: Page, expression: string): Promise<Value> {
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end;) {
    const value = await page.evaluate<Value | null>(expression);
    if (value !== null) return value;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`without a value: ${expression}`);
}

const files = await build();
for (const browser of [CHROMIUM, FIREFOX, WEBKIT]) {
  // The resources that puppeteer and selenium leave open are not checked.
  const options = { name: `a plugin in workers in ${browser.name}`, sanitizeOps: false, sanitizeResources: false };
  Deno.test(options, async (test) => {
    const violations: string[] = [];
    const onViolation = (report: string) => {
      if (!isExpectedReport(report)) violations.push(report);
    };
    await using server = servePoliced(0, { folder: FOLDER, files, policy: POLICY, onViolation });
    await using page = await openPage(browser);
    const url = `http://127.0.0.1:${server.addr.port}/`;

    await page.open(`${url}?${browser.name}`);
    for (const name of Object.keys(CASES)) {
      await test.step(name, async () => {
        const text = JSON.stringify(name);
        await page.evaluate(`begin(${text})`);
        assertEquals(await valueOf(page, `outcomes[${text}]`), "passed");
      });
    }

    await test.step("the recipe of the README works as it is", async () => {
      await page.open(`${url}recipe.html`);
      assertEquals(await valueOf(page, "printed.length > 0 ? printed : undefined"), ["pong"]);
    });

    await test.step("nothing violates the policy, which is enforced in workers too", async () => {
      assertEquals(violations, []);
      // WebKit reports what is violated in pages, but not in workers.
      await page.evaluate(`document.body.setAttribute("style", "color: red")`);
      await page.evaluate(`void (new Worker("makes_code.js").onmessage = ({ data }) => window.made = data)`);
      assertEquals(await valueOf(page, "window.made"), "EvalError");
      for (const end = Date.now() + PATIENCE_MS; violations.length === 0 && Date.now() < end;) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      assert(violations.length > 0, "no report");
    });
  });
}
