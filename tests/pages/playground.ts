/**
 * The playground in Chromium, Firefox and WebKitGTK, under its policy. `deno task test:pages` runs it. It is not a part
 * of `deno task test`, which needs no browsers.
 *
 * @module
 */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { buildPlayground, servePlayground } from "../../tasks/playground.ts";
import { isExpectedReport } from "../../tools/policed_server.ts";
import { CHROMIUM, FIREFOX, WEBKIT } from "../../tools/browsers.ts";
import { ROOT } from "../../tools/root.ts";
import { openPage } from "./_page.ts";
import type { Page } from "./_page.ts";

const FILE_FIELD = `//input[@id="file"]`;
/** The maximum time for each step on a busy machine. */
const PATIENCE_MS = 20_000;

const violations: string[] = [];

/** Waits until an expression is true. */
async function until(page: Page, expression: string): Promise<void> {
  for (const end = Date.now() + PATIENCE_MS; !await page.evaluate<boolean>(expression);) {
    if (Date.now() > end) throw new Error(`never true: ${expression}; the page says:\n${await textOf(page, "main")}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function textOf(page: Page, selector: string): Promise<string> {
  return await page.evaluate(`document.querySelector(${JSON.stringify(selector)}).innerText`);
}

async function untilState(page: Page, id: string, state: string): Promise<string> {
  await until(page, `document.getElementById("${id}").dataset.state === "${state}"`);
  return await textOf(page, `#${id}`);
}

async function press(page: Page, label: string): Promise<void> {
  await page.click(`//button[normalize-space()=${JSON.stringify(label)}]`);
}

/** Opens the page again, with one of its examples. */
async function openExample(page: Page, url: string, label: string): Promise<void> {
  await page.open(url);
  await press(page, label);
  await untilState(page, "module-state", "ready");
}

/** Fills the form with a call and starts it. */
async function startCall(page: Page, method: string, params = ""): Promise<void> {
  await page.evaluate(`[method.value, params.value] = ${JSON.stringify([method, params])}`);
  await press(page, "Call");
}

const steps: Readonly<Record<string, (page: Page, url: string) => Promise<void>>> = {
  async "reports that no module is chosen, and starts nothing"(page, url) {
    await page.open(url);
    await press(page, "Call");
    assertEquals(await untilState(page, "module-state", "none"), "No module yet");
    assertEquals(await untilState(page, "run-state", "none"), "Choose a module first");
  },

  async "refuses a file that is not a module"(page, url) {
    await page.open(url);
    await page.choose(FILE_FIELD, `${ROOT}README.md`);
    const state = await untilState(page, "module-state", "failed");
    assertMatch(state, /^README\.md is refused\. CompileError: .*\(at offset 0x0\)$/);
    assertEquals(await page.evaluate(`document.getElementById("module-view").hidden`), true);
  },

  async "shows the properties of a chosen module"(page, url) {
    await page.open(url);
    await page.choose(FILE_FIELD, `${ROOT}examples/guests/prebuilt/c_plugin.wasm`);
    assertEquals(await untilState(page, "module-state", "ready"), "Ready: c_plugin.wasm");
    assertEquals((await textOf(page, "#exports")).trim().split("\n"), ["memory memory", "_start () → ()"]);
    await page.click(`//summary[contains(., "Imports")]`);
    assertStringIncludes(await textOf(page, "#imports"), "wasi_snapshot_preview1.fd_write (i32, i32, i32, i32) → i32");
    assertEquals(await textOf(page, "#module-size"), "35.8 KiB");
  },

  async "accepts a dropped file"(page, url) {
    await page.open(url);
    await page.evaluate(`fetch("guests/upper.wasm").then((response) => response.blob()).then((blob) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([blob], "dropped.wasm"));
      document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
    }) && 0`);
    await until(page, `document.getElementById("module-state").textContent === "Ready: dropped.wasm"`);
  },

  async "calls a method"(page, url) {
    await openExample(page, url, "Plugin in C");
    await startCall(page, "ping");
    assertMatch(await untilState(page, "run-state", "answered"), /^Answered after .*: 2 messages, 1 line of log$/);
    assertEquals(await textOf(page, "#result"), `"pong"`);
    assertEquals(await textOf(page, "#log"), `serving "ping"`);
    await press(page, "prime_sieve 1000000");
    await press(page, "Call");
    await until(page, `result.textContent.includes("78498")`);
    assertEquals(JSON.parse(await textOf(page, "#result")), { count: 78498, limit: 1_000_000 });
  },

  async "shows the messages in both directions, and only the last of many"(page, url) {
    await openExample(page, url, "Plugin in C");
    await startCall(page, "many_echo", "2");
    await until(page, `result.textContent === "null"`);
    const rows =
      `[...document.querySelectorAll("#messages p")].map((row) => [row.dataset.sender, row.lastChild.textContent])`;
    const messages = await page.evaluate<[string, string][]>(rows);
    assertEquals(messages.map(([sender]) => sender), ["page", "guest", "page", "guest", "page", "guest"]);
    assertEquals(JSON.parse(messages[0]![1]), { jsonrpc: "2.0", id: 0, method: "many_echo", params: 2 });
    assertEquals(JSON.parse(messages[1]![1]).method, "echo");

    await startCall(page, "many_echo", "500");
    await until(page, `document.getElementById("messages-count").textContent === "1,002"`);
    await untilState(page, "run-state", "answered");
    assertEquals((await page.evaluate<unknown[]>(rows)).length, 200);
    assertEquals(await textOf(page, "#messages-dropped"), "The first 802 lines are not kept.");
  },

  async "shows an error of the form at its field"(page, url) {
    await openExample(page, url, "Plugin in C");
    await startCall(page, "prime_sieve", "{many}");
    assertStringIncludes(await textOf(page, "#params-error"), "This is not JSON: ");
    assertEquals(await page.evaluate(`[params.ariaInvalid, document.activeElement.id]`), ["true", "params"]);
    await page.evaluate(`fuel.value = "a lot"`);
    await startCall(page, "ping");
    assertEquals(await textOf(page, "#fuel-error"), "A whole number of 1 or more, or nothing.");
    assertEquals(await textOf(page, "#params-error"), "");
    await page.evaluate(`fuel.value = ""`);
    await startCall(page, "prime_sieve", `"many"`);
    assertMatch(await untilState(page, "run-state", "failed"), /^Answered with an error after .* \(code -32602\)$/);
  },

  async "stops an endless guest, and stays responsive meanwhile"(page, url) {
    await openExample(page, url, "Plugin that misbehaves");
    await page.evaluate(`(window.ticks = 0, fuel.value = "", setInterval(() => window.ticks++, 10))`);
    await startCall(page, "spin");
    await untilState(page, "run-state", "running");
    const use = `[Number(document.getElementById("fuel-used").textContent.replaceAll(",", "")), window.ticks]`;
    await until(page, `${use}[0] > 0`);
    const [fuelBefore, ticksBefore] = await page.evaluate<[number, number]>(use);
    await until(page, `${use}[0] > ${fuelBefore} && ${use}[1] > ${ticksBefore + 10}`);
    assertMatch(await textOf(page, "#memory-used"), /^\d+ pages, /);
    await press(page, "Stop");
    assertMatch(await untilState(page, "run-state", "stopped"), /^Stopped after /);
    const [fuelAfter] = await page.evaluate<[number, number]>(use);
    await new Promise((resolve) => setTimeout(resolve, 300));
    assertEquals((await page.evaluate<[number, number]>(use))[0], fuelAfter);
  },

  async "shows the stack of a trap, an exit, a limit, and a line that is not a message"(page, url) {
    await openExample(page, url, "Plugin that misbehaves");
    await startCall(page, "trap");
    assertMatch(await untilState(page, "run-state", "failed"), /^The guest trapped: unreachable, after /);
    assertMatch(await textOf(page, "#result"), /^unreachable\n\s+at faulty\.wasm!check_digit\n\s+at .*read_number\n/);
    for (
      const [method, params, expected] of [
        ["exit", "3", "The guest exited with code 3 without an answer"],
        ["babble", "", "The guest was stopped"],
        ["flood", "2000000", "The guest reached its limit: messageBytes"],
      ]
    ) {
      await startCall(page, method!, params);
      await until(page, `document.getElementById("run-state").textContent.startsWith(${JSON.stringify(expected)})`);
    }
    await page.evaluate(`fuel.value = "1,000,000"`);
    await startCall(page, "spin");
    await until(page, `document.getElementById("run-state").textContent.includes("limit: fuel")`);
  },

  async "shows a guest's text as text"(page, url) {
    await openExample(page, url, "Plugin that misbehaves");
    await startCall(page, "log", `"<img src=x> \\u202e"`);
    await until(page, `log.textContent.includes("<img")`);
    assertStringIncludes(await textOf(page, "#log"), "<img src=x>");
    assertEquals(await page.evaluate(`document.querySelectorAll("#log img, #messages img").length`), 0);
  },

  async "pipes text through a filter"(page, url) {
    await openExample(page, url, "Filter: upper case");
    await page.evaluate(`document.getElementById("text").value = "quiet, please\\nß\\n"`);
    await press(page, "Filter");
    assertMatch(await untilState(page, "run-state", "answered"), /^Filtered after /);
    assertEquals(await page.evaluate(`result.textContent`), "QUIET, PLEASE\nß\n");
  },

  async "can be used with only the keyboard"(page, url) {
    await page.open(url);
    await tabTo(page, `document.activeElement.textContent === "Plugin in C"`);
    await page.press("Enter");
    await untilState(page, "module-state", "ready");
    await tabTo(page, `document.activeElement.id === "method"`);
    await page.evaluate(`document.activeElement.select()`);
    await page.type("prime_sieve");
    await page.press("Tab");
    await page.type("100");
    await tabTo(page, `document.activeElement.id === "start"`);
    await page.press("Enter");
    await untilState(page, "run-state", "answered");
    assertEquals(JSON.parse(await textOf(page, "#result")), { count: 25, limit: 100 });
    assertEquals(await page.evaluate(`document.activeElement.id`), "start");
  },

  async "has a name for each control"(page, url) {
    await openExample(page, url, "Plugin in C");
    const nameless = `[...document.querySelectorAll("button, input, textarea, progress, [role=region], [role=group]")]
      .filter((control) => !(control.textContent.trim() && control.tagName === "BUTTON") && !control.labels?.length &&
        !document.getElementById(control.getAttribute("aria-labelledby"))?.textContent.trim())
      .map((control) => control.outerHTML)`;
    assertEquals(await page.evaluate(nameless), []);
  },

  async "fits a phone"(page, url) {
    // In a frame, because some windows can't be this narrow. A path without a page has no policy against frames.
    await page.open(`${url}phone`);
    await page.evaluate(`(() => {
      window.phone = document.createElement("iframe");
      Object.assign(phone, { width: 360, height: 740, src: "/" });
      document.body.append(phone);
    })()`);
    const inside = `phone.contentDocument`;
    await until(page, `${inside}?.querySelector("#examples button") != null`);
    const wide = `${inside}.documentElement.scrollWidth - ${inside}.documentElement.clientWidth`;
    assertEquals(await page.evaluate(wide), 0);
    await page.evaluate(`[...${inside}.querySelectorAll("#examples button")].at(3).click()`);
    await until(page, `${inside}.getElementById("module-state").dataset.state === "ready"`);
    await page.evaluate(
      `(${inside}.getElementById("method").value = "trap", ${inside}.getElementById("start").click())`,
    );
    await until(page, `${inside}.getElementById("run-state").dataset.state === "failed"`);
    assertEquals(await page.evaluate(wide), 0);
    const lefts = `[...${inside}.querySelectorAll(".card")].map((card) => card.getBoundingClientRect().left)`;
    assertEquals(new Set(await page.evaluate<number[]>(lefts)).size, 1, "one column");
  },

  async "never violates its policy, and the policy is enforced"(page, url) {
    assertEquals(violations, []);
    await page.open(url);
    await page.evaluate(`document.body.setAttribute("style", "color: red")`);
    for (const end = Date.now() + PATIENCE_MS; violations.length === 0 && Date.now() < end;) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assertEquals(violations.length, 1);
    assertStringIncludes(violations[0]!, "style-src");
  },
};

/** Presses Tab until an expression is true. The focus must be visible at each step. */
async function tabTo(page: Page, expression: string): Promise<void> {
  for (let steps = 0; steps < 30; steps++) {
    await page.press("Tab");
    if (await page.evaluate(`document.activeElement === document.body`)) continue;
    const seen = `getComputedStyle(document.activeElement.closest(".drop") ?? document.activeElement).outlineStyle`;
    assertEquals(await page.evaluate(seen), "solid", await page.evaluate(`document.activeElement.outerHTML`));
    if (await page.evaluate(expression)) return;
  }
  throw new Error(`Tab does not lead to: ${expression}`);
}

await buildPlayground();
for (const browser of [CHROMIUM, FIREFOX, WEBKIT]) {
  // The resources that puppeteer and selenium leave open are not checked.
  const options = { name: `the playground in ${browser.name}`, sanitizeOps: false, sanitizeResources: false };
  Deno.test(options, async (test) => {
    await using server = servePlayground(0, (report) => {
      if (!isExpectedReport(report)) violations.push(report);
    });
    violations.length = 0;
    await using page = await openPage(browser);
    const url = `http://127.0.0.1:${server.addr.port}/`;
    for (const [what, step] of Object.entries(steps)) await test.step(what, () => step(page, url));
  });
}
