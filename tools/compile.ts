/**
 * Compiling for tests, synchronously. `compileSync` chooses the engine as `compile` of the package does. What looks
 * inside the interpreter takes `interpret`.
 *
 * @module
 */

export { compileSync, compileSync as interpret } from "../src/vm/mod.ts";
