/**
 * A page in a real browser, controlled like a person would: clicks, keys, files. puppeteer controls Chromium and
 * Firefox, and WebDriver controls WebKitGTK. The tests use one interface for both.
 *
 * @module
 */

import puppeteer from "puppeteer-core";
import type { KeyInput } from "puppeteer-core";
// @ts-types="npm:@types/selenium-webdriver@4.35.7"
import { Builder, By, Key } from "selenium-webdriver";
import type { Browser } from "../../tools/browsers.ts";
import { startDisplay } from "../../tools/display.ts";
import { freePort, listening } from "../../tools/ports.ts";
import { outputOf, start } from "../../tools/process.ts";

/** A page. Elements are found by XPath. */
export interface Page extends AsyncDisposable {
  /** Opens a page and waits until it is loaded. */
  open(url: string): Promise<void>;
  click(path: string): Promise<void>;
  press(key: "Tab" | "Enter"): Promise<void>;
  /** Types into the element with the focus. */
  type(text: string): Promise<void>;
  /** Chooses a file in a file field. */
  choose(path: string, file: string): Promise<void>;
  /** The value of an expression, as JSON. */
  evaluate<Value>(expression: string): Promise<Value>;
}

/** The maximum time for the start of a browser. */
const START_MS = 60_000;

/** Opens a window of about 1280 by 900. */
export async function openPage(browser: Browser): Promise<Page> {
  return await (browser.name === "webkit" ? openWithWebDriver(browser) : openWithPuppeteer(browser));
}

async function openWithPuppeteer({ name, program, flags }: Browser): Promise<Page> {
  const browser = await puppeteer.launch({
    browser: name === "firefox" ? "firefox" : "chrome",
    executablePath: (await outputOf("which", [program])).trim(),
    args: [...flags],
    defaultViewport: { width: 1280, height: 900 },
    timeout: START_MS,
  });
  const page = await browser.newPage();
  return {
    open: async (url) => void await page.goto(url),
    click: async (path) => await page.locator(`::-p-xpath(${path})`).click(),
    press: async (key) => await page.keyboard.press(key satisfies KeyInput),
    type: async (text) => await page.keyboard.type(text),
    choose: async (path, file) => {
      const field: unknown = await page.$(`::-p-xpath(${path})`);
      await (field as { uploadFile(file: string): Promise<void> }).uploadFile(file);
    },
    evaluate: async <Value>(expression: string) =>
      JSON.parse(await page.evaluate(stringify(expression)) as string) as Value,
    [Symbol.asyncDispose]: async () => await browser.close(),
  };
}

async function openWithWebDriver({ program, flags }: Browser): Promise<Page> {
  await using stack = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "rivulet_browser_" });
  stack.defer(async () => await Deno.remove(folder, { recursive: true }).catch(() => {}));
  const { env } = stack.use(await startDisplay());
  const port = freePort();
  stack.use(start("WebKitWebDriver", [`--port=${port}`], { env: { HOME: folder, ...env } }));
  await listening(port, START_MS);
  const options = { binary: program, args: [...flags, "--automation"] };
  const driver = await new Builder()
    .disableEnvironmentOverrides()
    .usingServer(`http://127.0.0.1:${port}`)
    .withCapabilities({ browserName: "MiniBrowser", "webkitgtk:browserOptions": options })
    .build();
  stack.defer(async () => await driver.quit());
  const find = (path: string) => driver.findElement(By.xpath(path));
  const opened = stack.move();
  return {
    open: async (url) => await driver.get(url),
    click: async (path) => await find(path).click(),
    press: async (key) => await driver.actions().sendKeys(key === "Tab" ? Key.TAB : Key.ENTER).perform(),
    type: async (text) => await driver.actions().sendKeys(text).perform(),
    choose: async (path, file) => await find(path).sendKeys(file),
    evaluate: async <Value>(expression: string) =>
      JSON.parse(await driver.executeScript<string>(`return ${stringify(expression)}`)) as Value,
    [Symbol.asyncDispose]: async () => await opened.disposeAsync(),
  };
}

function stringify(expression: string): string {
  return `JSON.stringify((${expression}) ?? null)`;
}
