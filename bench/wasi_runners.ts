/**
 * Third-party WASI on the engine's own WebAssembly. A guest gets its whole input at once, and its output is read after
 * it has exited.
 *
 * @module
 */

import type { Host } from "./contenders/contender.ts";

/** Takes a module, and returns a function that runs it once, from input to output. */
export type WasiRunner = (
  bytes: Uint8Array<ArrayBuffer>,
  host: Host,
) => Promise<(input: Uint8Array) => Promise<Uint8Array>>;

/** By the names of contenders. */
export const WASI_RUNNERS: Readonly<Record<string, WasiRunner>> = {
  "wasi-shim": runInShim,
  "node:wasi": runInNode,
};

/** The part of the package that is used. */
interface Shim {
  readonly File: new (data: Uint8Array) => { readonly data: Uint8Array };
  readonly OpenFile: new (file: object) => object;
  readonly ConsoleStdout: new (write: (bytes: Uint8Array) => void) => object;
  readonly WASI: new (args: string[], env: string[], fds: object[], options: { readonly debug: boolean }) => {
    readonly wasiImport: WebAssembly.ModuleImports;
    start(instance: WebAssembly.Instance): number;
  };
}

async function runInShim(bytes: Uint8Array<ArrayBuffer>, { load }: Host): ReturnType<WasiRunner> {
  const { File, OpenFile, ConsoleStdout, WASI } = await load("@bjorn3/browser_wasi_shim") as Shim;
  const module = await WebAssembly.compile(bytes);
  return (input) => {
    const chunks: Uint8Array[] = [];
    const write = (bytes: Uint8Array) => void chunks.push(bytes.slice());
    const fds = [new OpenFile(new File(input)), new ConsoleStdout(write), new ConsoleStdout(() => {})];
    const wasi = new WASI(["guest"], [], fds, { debug: false });
    wasi.start(new WebAssembly.Instance(module, { wasi_snapshot_preview1: wasi.wasiImport }));
    return Promise.resolve(concat(chunks));
  };
}

async function runInNode(bytes: Uint8Array<ArrayBuffer>): ReturnType<WasiRunner> {
  const { mkdtempSync, closeSync, openSync, readFileSync, rmSync, writeFileSync } = await import("node:fs");
  const { tmpdir } = await import("node:os");
  const { WASI } = await import("node:wasi");
  const module = await WebAssembly.compile(bytes);
  return (input) => {
    const folder = mkdtempSync(`${tmpdir()}/rivulet_bench_`);
    writeFileSync(`${folder}/in`, input);
    const stdin = openSync(`${folder}/in`, "r");
    const stdout = openSync(`${folder}/out`, "w");
    try {
      const wasi = new WASI({ version: "preview1", stdin, stdout, stderr: stdout, returnOnExit: true });
      wasi.start(new WebAssembly.Instance(module, wasi.getImportObject() as WebAssembly.Imports));
      return Promise.resolve(readFileSync(`${folder}/out`));
    } finally {
      closeSync(stdin);
      closeSync(stdout);
      rmSync(folder, { recursive: true });
    }
  };
}

function concat(chunks: readonly Uint8Array[]): Uint8Array {
  if (chunks.length === 1) return chunks[0]!;
  const bytes = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
