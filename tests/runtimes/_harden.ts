/**
 * Takes the host's WebAssembly away from a Node before anything else is imported. It is TypeScript so that Node's own
 * reader of it, which is made of WebAssembly, is loaded by then.
 *
 * @module
 */

delete (globalThis as { WebAssembly?: unknown }).WebAssembly;
