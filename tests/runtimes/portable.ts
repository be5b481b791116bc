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

const NO_HOST_WEBASSEMBLY = "compares with the host's WebAssembly, which is not there";
const TIMER_PER_CALL = "workerd gives each call turns of its own";

/** Every skip; one that names no test fails. */
export const SKIPS: readonly Skip[] = [
  {
    test: "every row with a signature takes and gives what it says",
    runtimes: ["hardened-node"],
    reason: NO_HOST_WEBASSEMBLY,
  },
  {
    test: "every row without a signature has a rule of its own",
    runtimes: ["hardened-node"],
    reason: NO_HOST_WEBASSEMBLY,
  },
  {
    test: "memory accesses take the natural alignment and no larger one",
    runtimes: ["hardened-node"],
    reason: NO_HOST_WEBASSEMBLY,
  },
  {
    test: "mutated modules are valid here if and only if they are in the host, but for proposals",
    runtimes: ["hardened-node"],
    reason: NO_HOST_WEBASSEMBLY,
  },
  {
    test: "schedule gives tasks their turns in order",
    runtimes: ["workerd"],
    reason: TIMER_PER_CALL,
  },
  {
    test: "schedule keeps no order but that of arrival among ten thousand",
    runtimes: ["workerd"],
    reason: TIMER_PER_CALL,
  },
];
