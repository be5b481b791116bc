/**
 * Which tests run in every runtime, and why others don't: data for the suite in this folder.
 *
 * @module
 */

/** Folders and files of `tests` that run in every runtime. They need no file system. */
export const PORTABLE: readonly string[] = [
  "base",
  "guests",
  "plugin",
  "rpc",
  "vm",
  "wasi",
];

/** All others that have tests, each with the reason why it runs only in Deno. */
export const LEFT_OUT: ReadonlyMap<string, string> = new Map([
  ["architecture_test.ts", "reads the source files"],
  ["engine_test.ts", "the report has the engine"],
  ["bench", "reads programs from files"],
  ["examples", "starts servers"],
  ["fuzz", "compares with the host's WebAssembly"],
  ["hostile", "measures the heap, and reads guests from files"],
  ["pages", "drives browsers"],
  ["spec", "reads the official suite from files"],
  ["workers", "starts workers, whose programs are files; tests of node.ts run in Node and Bun"],
  ["types", "runs TypeScript's compiler"],
]);

/** Files that are skipped where the native engine can't serve. */
export const NATIVE_ONLY = "vm/native/";

/** Tests that are skipped, in which runtimes, and why. */
export interface Skip {
  readonly reason: string;
  /** Complete names of tests. */
  readonly tests: readonly string[];
  /** Runtimes by name. */
  readonly runtimes: readonly string[];
}

const PAGES = ["chromium", "chromium-wasm", "firefox", "firefox-wasm", "webkit"];

/** All skips, by reason. A skip whose tests do not exist is a failure. */
export const SKIPS: readonly Skip[] = [
  {
    reason: "its guest is not checked in",
    tests: [
      "the rust plugin answers all six methods, each on a new instance",
      "the go plugin answers all six methods, each on a new instance",
      "the go plugin refuses a line that is too long, and says how long it may be",
      "the go plugin ignores notifications that it does not know, and does not log those of the protocol",
      "the go plugin has a manifest with its methods and permissions",
      "the rust plugin has a manifest with its methods and permissions",
    ],
    runtimes: ["node26", "node24", "node22", "stringless-node", "hardened-node", "bun", "workerd", ...PAGES],
  },
  {
    reason: "compares with the host's WebAssembly, which is absent",
    tests: [
      "every row with a signature has the operands and results of the signature",
      "every row without a signature has its own rule",
      "memory accesses accept the natural alignment and refuse a larger one",
      "indices of lanes are below the number of lanes",
      "mutated modules are valid here if and only if they are valid in the host, except for proposals",
    ],
    runtimes: ["hardened-node"],
  },
  {
    reason: "compares with the host's WebAssembly, which does not check the types of unreachable code",
    tests: ["mutated modules are valid here if and only if they are valid in the host, except for proposals"],
    runtimes: ["bun", "webkit"],
  },
  {
    reason: "a page that is not isolated from other sites has no SharedArrayBuffer",
    tests: ["standard input takes bytes of a shared buffer"],
    runtimes: PAGES,
  },
  {
    reason: "each waiting call has its own timer in Workers, because a timer ends with its request",
    tests: [
      "schedule runs the slices of tasks in turn",
      "schedule runs ten thousand tasks in the order of their arrival",
      "waiters of spend resume one after the other, and timers fire in between",
    ],
    runtimes: ["workerd"],
  },
  {
    reason: "pipeTo in Workers detects that its destination has failed only when the next chunk comes",
    tests: [
      "killing a guest cancels a stream that is piped to it",
      "a guest that traps errors its standard input at once, and a stream that is piped to it is cancelled",
      "await using settles an idle pipe when the guest has ended by itself",
    ],
    runtimes: ["workerd"],
  },
  {
    reason: "Workers reject pending writes when their writer is released, although the writes succeed",
    tests: ["close still writes the queued messages, and does not wait until they are taken"],
    runtimes: ["workerd"],
  },
];
