/**
 * Removes the host's WebAssembly from Node before any other import. It is TypeScript so that Node has by then loaded
 * its own TypeScript reader, which is made of WebAssembly.
 *
 * @module
 */

delete (globalThis as { WebAssembly?: unknown }).WebAssembly;
