/**
 * Hides JSPI from a program, which then has only the interpreter, as on hosts that can't suspend WebAssembly. It is
 * loaded before anything else: `deno test --preload=tests/_without_jspi.ts`.
 *
 * @module
 */

const host = WebAssembly as { Suspending?: unknown; promising?: unknown };
delete host.Suspending;
delete host.promising;
