/**
 * Which tests run in every runtime, and why others don't: data for the suite in this folder.
 *
 * @module
 */

/** The files of the portable suite, beside those in FOLDERS: tests that need no file system. */
export const FILES: readonly string[] = ["streams_test.ts", "plugin_test.ts"];

/** Folders whose tests are all portable but those in LEFT_OUT. */
export const FOLDERS: readonly string[] = ["vm", "wasi", "rpc", "guests"];

/** Tests in FOLDERS that run in Deno only, and why. */
export const LEFT_OUT: ReadonlyMap<string, string> = new Map();

/** A test that is not run, and where and why. */
export interface Skip {
  /** The whole name of the test. */
  readonly test: string;
  /** The runtimes by name, or undefined for all of them. */
  readonly runtimes?: readonly string[];
  readonly reason: string;
}

/** Every skip; one that names no test fails. */
export const SKIPS: readonly Skip[] = [];
