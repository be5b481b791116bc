/**
 * What WebKit 2.50 lacks and the package's classes are defined with. It is imported before the package.
 *
 * @module
 */

const known = Symbol as { asyncDispose?: symbol };
if (known.asyncDispose === undefined) {
  Object.defineProperty(Symbol, "asyncDispose", { value: Symbol("Symbol.asyncDispose") });
}
