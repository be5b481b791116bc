/**
 * The browsers that pages are tested in: their programs, how each is started, and their versions.
 *
 * @module
 */

import { startDisplay } from "./display.ts";
import { outputOf } from "./process.ts";

/** A browser: a program, its flags, how it is started with a page and a new profile, and whether it has no headless mode. */
export interface Browser {
  readonly name: string;
  readonly program: string;
  readonly flags: readonly string[];
  readonly open: (url: string, folder: string) => readonly string[];
  readonly needsDisplay?: boolean;
}

/** No window, no sandbox (root can't have it), and no calls home. */
export const CHROMIUM: Browser = {
  name: "chromium",
  program: "chromium",
  flags: [
    ...["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"],
    ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
  ],
  open: (url, folder) => [`--user-data-dir=${folder}`, url],
};
/** Firefox, the extended support release. */
export const FIREFOX: Browser = {
  name: "firefox",
  program: "firefox-esr",
  flags: ["--headless", "--no-remote"],
  open: (url, folder) => ["--profile", folder, url],
};
/** The browser that WebKitGTK is tested with. */
export const WEBKIT: Browser = {
  name: "webkit",
  program: "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser",
  flags: [],
  open: (url) => [url],
  needsDisplay: true,
};

/** The version that a browser reports. */
export async function versionOf({ program, needsDisplay }: Browser): Promise<string> {
  await using display = needsDisplay ? await startDisplay() : undefined;
  const version = await outputOf(program, ["--version"], { env: display?.env ?? {} });
  return version.trim().split(" built on")[0]!;
}
