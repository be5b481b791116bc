/**
 * The host's own WebAssembly: whether it may compile and can suspend, and what this folder uses of it. All of it is taken
 * once, at its first use: what a page does to the global afterwards has no effect.
 *
 * @module
 */

import { InternalError } from "../errors.ts";

/** A compiled module of the host. */
export type HostModule = WebAssembly.Module;

/** A function of the host's WebAssembly. Its name is its index in the module. */
export type HostFunc = (...args: unknown[]) => unknown;

/** An instance of the host. */
export interface HostInstance {
  readonly exports: Readonly<Record<string, unknown>>;
}

/** A memory of the host. */
export interface RawMemory {
  readonly buffer: ArrayBuffer;
  grow(delta: number): number;
}

/** A table of the host. */
export interface RawTable {
  readonly length: number;
  get(index: number): unknown;
  set(index: number, value: unknown): void;
  grow(delta: number, value?: unknown): number;
}

/** A global of the host. */
export interface RawGlobal {
  value: unknown;
}

/** Imports of the host. */
export type HostImports = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** What is used of the host's WebAssembly. */
export interface Host {
  readonly Module: {
    new (bytes: Uint8Array<ArrayBuffer>): HostModule;
    customSections(module: HostModule, name: string): ArrayBuffer[];
  };
  readonly Instance: new (module: HostModule, imports: HostImports) => HostInstance;
  readonly Memory: new (type: { readonly initial: number; readonly maximum: number }) => RawMemory;
  readonly Table: new (
    type: { readonly element: string; readonly initial: number; readonly maximum?: number },
    value?: unknown,
  ) => RawTable;
  readonly Global: new (type: { readonly value: string; readonly mutable: boolean }, value?: unknown) => RawGlobal;
  readonly RuntimeError: new () => Error;
  readonly Suspending: new (run: HostFunc) => object;
  readonly compile: (bytes: Uint8Array<ArrayBuffer>) => Promise<HostModule>;
  readonly instantiate: (module: HostModule, imports: HostImports) => Promise<HostInstance>;
  readonly promising: (func: HostFunc) => (...args: unknown[]) => Promise<unknown>;
}

/** The host's WebAssembly, or why it can't be used. */
export type Support =
  | { readonly host: Host; readonly reason?: undefined }
  | { readonly host?: undefined; readonly reason: string; readonly cause?: unknown };

let suspends: Support | undefined;
let compiles: Support | undefined;

/** The host's WebAssembly, if it can suspend. It may be forbidden to compile. */
export function suspendSupport(): Support {
  return suspends ??= findHost();
}

/** The host's WebAssembly, if it can suspend and may compile. */
export function compileSupport(): Support {
  return compiles ??= tryToCompile(suspendSupport());
}

function findHost(): Support {
  const { WebAssembly } = globalThis as { readonly WebAssembly?: Partial<Host> };
  if (typeof WebAssembly !== "object" || WebAssembly === null) return { reason: "this runtime has no WebAssembly" };
  const { Module, Instance, Memory, Table, Global, RuntimeError, Suspending, compile, instantiate, promising } =
    WebAssembly;
  if (typeof Suspending !== "function" || typeof promising !== "function") {
    return { reason: "this runtime can't suspend WebAssembly: it has no JSPI" };
  }
  const host = { Module, Instance, Memory, Table, Global, RuntimeError, Suspending, compile, instantiate, promising };
  const missing = Object.entries(host).find(([, value]) => typeof value !== "function");
  if (missing !== undefined) return { reason: `this runtime has no WebAssembly.${missing[0]}` };
  return { host: host as Host };
}

/** The empty module. */
const TRIAL = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);

function tryToCompile(support: Support): Support {
  if (support.reason !== undefined) return support;
  try {
    new support.host.Module(TRIAL);
    return support;
  } catch (cause) {
    return { reason: `code generation is refused: ${(cause as Error | undefined)?.message}`, cause };
  }
}

/** The host's WebAssembly, where it is known to be there. */
export function theHost(): Host {
  const support = suspendSupport();
  if (support.reason !== undefined) throw new InternalError(support.reason);
  return support.host;
}

/** Whether a value is a compiled module of the host. */
export function isHostModule(value: unknown): value is HostModule {
  const support = suspendSupport();
  return support.reason === undefined ? value instanceof support.host.Module : isModuleOfGlobal(value);
}

function isModuleOfGlobal(value: unknown): boolean {
  const Module = (globalThis as { readonly WebAssembly?: { readonly Module?: unknown } }).WebAssembly?.Module;
  return typeof Module === "function" && value instanceof Module;
}
