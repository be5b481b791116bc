/**
 * The playground in real browsers, under its policy: each state that a person can bring it to.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { buildPlayground, servePlayground } from "../../tasks/playground.ts";
import { BROWSERS } from "./_driver.ts";
import type { Driver } from "./_driver.ts";

const GUESTS = new URL("../../examples/guests/prebuilt", import.meta.url).pathname;
const WAIT_MS = 20_000;

/** Waits for an expression to be true in the page. */
async function until(page: Driver, expression: string): Promise<void> {
  const end = Date.now() + WAIT_MS;
  while (!await page.evaluate<boolean>(expression)) {
    if (Date.now() > end) throw new Error(`not in time: ${expression}`);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

function text(page: Driver, selector: string): Promise<string> {
  return page.evaluate(`document.querySelector(${JSON.stringify(selector)}).textContent`);
}

/** Sets a field as typing would. */
async function fill(page: Driver, id: string, value: string): Promise<void> {
  await page.evaluate(`void (document.getElementById("${id}").value = ${JSON.stringify(value)})`);
}

async function load(page: Driver, guest: string): Promise<void> {
  await page.choose("#file", `${GUESTS}/${guest}`);
  await until(page, `document.getElementById("module-state").textContent === "${guest} is ready."`);
}

async function call(page: Driver, method: string, params: string): Promise<void> {
  await fill(page, "method", method);
  await fill(page, "params", params);
  await page.click("#call-button");
}

async function result(page: Driver, state: string): Promise<string> {
  await until(page, `document.getElementById("state").textContent === "${state}"`);
  return await text(page, "#result");
}

const CASES: Readonly<Record<string, (page: Driver) => Promise<void>>> = {
  "a file's name, kind, imports and exports are shown": async (page) => {
    assertEquals(await page.evaluate(`document.getElementById("call-button").disabled`), true);
    await load(page, "c_plugin.wasm");
    assertMatch(await text(page, "#facts"), /c_plugin\.wasm, [\d.]+ KiB.*reads standard input/);
    assertMatch(await text(page, "#exports"), /memory.*_start \(\) → \(\)/s);
    assertMatch(await text(page, "#imports"), /wasi_snapshot_preview1 \. fd_write \(i32 i32 i32 i32\) → \(i32\)/);
  },

  "a call shows its answer, both directions of messages, the log, fuel and memory": async (page) => {
    await load(page, "c_plugin.wasm");
    await call(page, "many_echo", "20");
    assertEquals(await result(page, "answered"), "null");
    await until(page, `document.querySelectorAll("#traffic .received").length === 21`);
    assertEquals(await page.evaluate(`document.querySelectorAll("#traffic .sent").length`), 21);
    assertMatch(await text(page, "#traffic"), /"method":"echo","params":19/);
    await until(page, `document.getElementById("log").textContent.includes('serving "many_echo"')`);
    assertMatch(await text(page, "#fuel-used"), /^\d{2,3},\d{3}$/);
    assertMatch(await text(page, "#memory-used"), /^[1-9]\d* KiB$/);
  },

  "an error of the plugin and params that are no JSON are told": async (page) => {
    await load(page, "c_plugin.wasm");
    await call(page, "no_such_method", "null");
    assertMatch(await result(page, "failed"), /RpcError/);
    await call(page, "ping", "{");
    assertMatch(await result(page, "failed"), /SyntaxError/);
  },

  "a guest without end leaves the page awake, and Stop stops it": async (page) => {
    await load(page, "faulty.wasm");
    await page.evaluate(`void (window.ticks = 0, window.timer = setInterval(() => window.ticks++, 10))`);
    await call(page, "spin", "null");
    await until(page, `document.getElementById("state").textContent === "running" && window.ticks > 20`);
    const before = await page.evaluate<string>(`document.getElementById("fuel-used").textContent`);
    await until(page, `document.getElementById("fuel-used").textContent !== "${before}"`);
    await page.click("#stop");
    assertMatch(await result(page, "stopped"), /stopped by you/);
    await until(page, `!document.getElementById("call-button").disabled && document.getElementById("stop").disabled`);
  },

  "a trap shows the guest's stack, and the limits hold": async (page) => {
    await load(page, "faulty.wasm");
    await call(page, "trap", "null");
    assertMatch(await result(page, "failed"), /Trap: unreachable\n.*at faulty\.wasm!/);
    await fill(page, "fuel", "1000000");
    await call(page, "spin", "null");
    assertMatch(await result(page, "failed"), /LimitError: .*fuel/);
    for (const id of ["fuel", "deadline", "pages"]) {
      await fill(page, id, "");
      await call(page, "spin", "null");
      await until(page, `document.getElementById("result").textContent.startsWith("RangeError: limit of ${id}")`);
      await fill(page, id, "1000");
    }
  },

  "text goes through a filter": async (page) => {
    await load(page, "upper.wasm");
    await fill(page, "input", "quiet <b>words</b>\n");
    await page.click("#filter-button");
    assertEquals(await result(page, "answered"), "QUIET <B>WORDS</B>\n");
  },

  "a file that is no module is refused with the reason": async (page) => {
    const path = await Deno.makeTempFile({ suffix: ".wasm" });
    try {
      await Deno.writeTextFile(path, "<b>not wasm</b>");
      await page.choose("#file", path);
      await until(page, `document.getElementById("module-state").className === "refused"`);
      assertMatch(await text(page, "#module-state"), /CompileError/);
      assertEquals(await page.evaluate(`document.getElementById("call-button").disabled`), true);
    } finally {
      await Deno.remove(path);
    }
  },

  "keys alone choose an example and call a method": async (page) => {
    await page.evaluate(`document.getElementById("example").focus()`);
    await page.type("c_p");
    // Some browsers change a closed list while keys are typed, others when it is left.
    await page.press("Tab");
    await until(page, `document.getElementById("module-state").textContent === "c_plugin.wasm is ready."`);
    for (let presses = 0; await page.evaluate(`document.activeElement.id`) !== "method"; presses++) {
      assert(presses < 20, "Tab comes to the method");
      await page.press("Tab");
    }
    await page.press("Enter");
    assertEquals(await result(page, "answered"), `"pong"`);
  },

  "on a phone nothing is wider than the screen": async (page) => {
    await page.resize(360, 740);
    await load(page, "c_plugin.wasm");
    await call(page, "many_echo", "5");
    await result(page, "answered");
    // A window with a frame can't always be so narrow; what matters is that it does not scroll sideways.
    const [content, width] = await page.evaluate<number[]>(`[document.documentElement.scrollWidth, window.innerWidth]`);
    assert(content! <= width!, `${content} pixels in ${width}`);
  },
};

/** Browsers may ask for an icon by themselves, which the policy refuses. */
const WATCH_POLICY = `document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
  if (!blockedURI.endsWith("/favicon.ico")) window.refused.push(violatedDirective + " " + blockedURI);
})`;

await buildPlayground();
for (const [browser, open] of Object.entries(BROWSERS)) {
  Deno.test({
    name: `the playground in ${browser}`,
    // The drivers keep connections of their own for a while.
    sanitizeOps: false,
    sanitizeResources: false,
    async fn(test) {
      await using server = servePlayground(0);
      const url = `http://127.0.0.1:${server.addr.port}/`;
      await using page = await open();
      for (const [name, run] of Object.entries(CASES)) {
        await test.step(name, async () => {
          await page.open(url);
          await until(page, `document.getElementById("example").options.length > 3`);
          await page.evaluate(`void (window.refused = [], ${WATCH_POLICY})`);
          await run(page);
          assertEquals(await page.evaluate(`window.refused`), [], "the policy refuses nothing that the page does");
        });
      }
    },
  });
}
