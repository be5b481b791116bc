/**
 * Runs the portable tests in any runtime: provides the `Deno.test` with which they register, runs them one after
 * another, and returns a report. It does not use the functions of any runtime. Its callers pass on the report.
 *
 * @module
 */

import { NATIVE_ONLY, SKIPS } from "./portable.ts";

/** Ways to make code from data that a runtime may refuse. */
export type CodeGeneration = "WebAssembly" | "Function";

/** The engine that a module gets if none is asked for, and why it is that one. */
export interface Served {
  readonly name: string;
  readonly reason: string;
}

/** The outcome of the suite in one runtime. */
export interface Report {
  readonly passed: number;
  readonly failures: readonly { readonly test: string; readonly error: string }[];
  readonly skipped: readonly { readonly test: string; readonly reason: string }[];
  /** The ways to make code that the runtime refused. */
  readonly refuses: readonly CodeGeneration[];
  readonly engine: Served;
  readonly seconds: number;
}

/** The files by path, each with a function that imports it. */
export type Files = ReadonlyMap<string, () => Promise<unknown>>;

interface Test {
  readonly name: string;
  readonly ignore?: boolean;
  readonly fn: () => unknown;
}

/** Far longer than any test takes on a slow machine. */
const TEST_MS = 120_000;
/** An empty module. */
const EMPTY: Uint8Array<ArrayBuffer> = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00);

/** Runs the tests of the files. A file that can't be loaded counts as one failed test. */
export async function runSuite(files: Files, runtime: string): Promise<Report> {
  const began = Date.now();
  const refuses = await findRefusals();
  // Not at the top: a page first defines what its browser lacks.
  const { compile } = await import("@rivulet/rivulet");
  const { engine } = await compile(EMPTY);
  const failures: { test: string; error: string }[] = [];
  const skipped: { test: string; reason: string }[] = [];
  const skips = new Map(
    SKIPS.filter(({ runtimes }) => runtimes.includes(runtime)).flatMap(({ tests, reason }) => {
      return tests.map((test) => [test, reason] as const);
    }),
  );
  let passed = 0;
  for (const [path, load] of files) {
    if (engine.name !== "native" && path.startsWith(NATIVE_ONLY)) {
      skipped.push({ test: path, reason: "needs the native engine" });
      continue;
    }
    const tests: Test[] = [];
    provideTest((test) => tests.push(test));
    const error = await errorOf(load);
    if (error !== undefined) failures.push({ test: path, error });
    for (const { name, ignore, fn } of tests) {
      const test = `${path}: ${name}`;
      const reason = skips.get(name) ?? (ignore ? "ignored by itself" : undefined);
      skips.delete(name);
      if (reason !== undefined) {
        skipped.push({ test, reason });
        continue;
      }
      const error = await errorOf(fn);
      if (error === undefined) passed++;
      else failures.push({ test, error });
    }
  }
  for (const name of skips.keys()) {
    failures.push({ test: name, error: "it must be skipped, but the test does not exist" });
  }
  return { passed, failures, skipped, refuses, engine, seconds: (Date.now() - began) / 1000 };
}

/** Installs a `Deno.test` that registers tests with a function. */
function provideTest(register: (test: Test) => void): void {
  const test = (first: string | Test, fn?: () => unknown): void => {
    register(typeof first === "string" ? { name: first, fn: fn! } : first);
  };
  const host = globalThis as { Deno?: object };
  host.Deno ??= {};
  Object.defineProperty(host.Deno, "test", { value: test, configurable: true });
}

/** The error of a function as text, or undefined if it does not fail. */
async function errorOf(run: () => unknown): Promise<string | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${TEST_MS / 1000} s`)), TEST_MS);
  });
  try {
    await Promise.race([run(), late]);
    return undefined;
  } catch (error) {
    if (!(error instanceof Error)) return String(error);
    // In some engines, the stack begins with the error's text.
    const text = String(error);
    const stack = error.stack ?? "";
    return stack.startsWith(text) ? stack : `${text}\n${stack}`;
  } finally {
    clearTimeout(timer);
  }
}

async function findRefusals(): Promise<CodeGeneration[]> {
  const refuses: CodeGeneration[] = [];
  const { WebAssembly } = globalThis as { readonly WebAssembly?: { compile(bytes: BufferSource): Promise<unknown> } };
  if (WebAssembly === undefined) refuses.push("WebAssembly");
  else await WebAssembly.compile(EMPTY).catch(() => refuses.push("WebAssembly"));
  try {
    new Function("return 1");
  } catch {
    refuses.push("Function");
  }
  return refuses;
}
