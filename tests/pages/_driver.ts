/**
 * Real browsers that a test drives as a person would, by a mouse and keys: each with one page: Chromium and Firefox through puppeteer-core,
 * WebKitGTK through its own WebDriver and selenium-webdriver.
 *
 * @module
 */

import puppeteer from "puppeteer-core";
import type { Browser, LaunchOptions } from "puppeteer-core";
import { Builder, By, Key } from "selenium-webdriver";
import { startDisplay } from "../runtimes/_browsers.ts";
import { start } from "../runtimes/_process.ts";

/** A page in a browser. */
export interface Driver extends AsyncDisposable {
  open(url: string): Promise<void>;
  /** The value of an expression in the page; it can be written as JSON. */
  evaluate<Value>(expression: string): Promise<Value>;
  click(selector: string): Promise<void>;
  /** Gives a file input a file. */
  choose(selector: string, path: string): Promise<void>;
  /** Presses a key, or types a text. */
  press(key: "Tab" | "Enter"): Promise<void>;
  type(text: string): Promise<void>;
  resize(width: number, height: number): Promise<void>;
}

/** The browsers by name; each is started when it is asked for. */
export const BROWSERS: Readonly<Record<string, () => Promise<Driver>>> = {
  chromium: () =>
    byPuppeteer({
      executablePath: "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"],
    }),
  firefox: () => byPuppeteer({ browser: "firefox", executablePath: "/usr/bin/firefox-esr" }),
  webkit: byWebDriver,
};

async function byPuppeteer(options: LaunchOptions): Promise<Driver> {
  const browser: Browser = await puppeteer.launch({ ...options, headless: true });
  const page = await browser.newPage();
  await page.setViewport({ width: 1200, height: 900 });
  return {
    open: async (url) => void await page.goto(url),
    evaluate: async (expression) => await page.evaluate(expression) as never,
    click: (selector) => page.click(selector),
    async choose(selector, path) {
      const input = await page.$(selector) as unknown as { uploadFile(path: string): Promise<void> };
      await input.uploadFile(path);
    },
    press: (key) => page.keyboard.press(key),
    type: (text) => page.keyboard.type(text),
    resize: (width, height) => page.setViewport({ width, height }),
    [Symbol.asyncDispose]: () => browser.close(),
  };
}

const WEBKIT_PORT = 4455;

async function byWebDriver(): Promise<Driver> {
  await using started = new AsyncDisposableStack();
  const display = started.use(await startDisplay());
  started.use(start("WebKitWebDriver", [`--port=${WEBKIT_PORT}`], { env: display.env }));
  await listening(WEBKIT_PORT);
  const driver = await new Builder().usingServer(`http://127.0.0.1:${WEBKIT_PORT}`)
    .withCapabilities({
      browserName: "MiniBrowser",
      "webkitgtk:browserOptions": {
        binary: "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser",
        args: ["--automation"],
      },
    }).build();
  started.defer(() => driver.quit());
  const kept = started.move();
  return {
    open: (url) => driver.get(url),
    evaluate: async (expression) => await driver.executeScript(`return (${expression});`) as never,
    click: async (selector) => await driver.findElement(By.css(selector)).click(),
    choose: async (selector, path) => await driver.findElement(By.css(selector)).sendKeys(path),
    press: async (key) => await driver.actions().sendKeys(key === "Tab" ? Key.TAB : Key.ENTER).perform(),
    type: async (text) => await driver.actions().sendKeys(text).perform(),
    resize: async (width, height) => await driver.manage().window().setRect({ width, height }),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function listening(port: number): Promise<void> {
  for (let tries = 0;; tries++) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return;
    } catch (error) {
      if (tries === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
