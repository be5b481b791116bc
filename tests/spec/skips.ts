/**
 * The cases of the official suite that this library does not pass, each with its reason. Also the faults that the suite
 * and this library describe in different words. An entry that no case needs any more fails the run.
 *
 * @module
 */

/** Cases that count as skipped: those of matching files, and of the lines if there are any, that fail in this way. */
export interface Skip {
  readonly suite: RegExp;
  readonly file: RegExp;
  readonly lines?: readonly number[];
  /** The engine that does not pass them, if the other one does. */
  readonly engine?: "interpreter" | "native";
  /** Part of the runner's message for the failure. */
  readonly failure: string;
  readonly reason: string;
}

const ALL_SUITES = /./;
const WG3 = /^wg-3/;
const ANY_FILE = /./;

/** All skipped cases. */
export const SKIPS: readonly Skip[] = [
  {
    suite: ALL_SUITES,
    file: ANY_FILE,
    failure: "text format only",
    reason: "tests the text format, which this library does not read",
  },
  {
    engine: "interpreter",
    suite: ALL_SUITES,
    file: ANY_FILE,
    failure: "SIMD is not supported",
    reason: "needs SIMD, which the interpreter does not run",
  },
  { suite: WG3, file: ANY_FILE, failure: "memory64 is not supported", reason: "needs memory64" },
  { suite: WG3, file: ANY_FILE, failure: "multi-memory is not supported", reason: "needs multi-memory" },
  { suite: WG3, file: ANY_FILE, failure: "exception handling is not supported", reason: "needs exception handling" },
  {
    suite: WG3,
    file: ANY_FILE,
    failure: "typed function references is not supported",
    reason: "needs typed function references",
  },
  { suite: WG3, file: ANY_FILE, failure: "garbage collection is not supported", reason: "needs garbage collection" },
  {
    suite: WG3,
    file: ANY_FILE,
    failure: "not translated",
    reason: "needs garbage collection, typed function references or new syntax, which wabt can't translate either",
  },
  {
    suite: WG3,
    file: /^(data|elem|global)\.wast$/,
    failure: "constant expressions may read only imported globals",
    reason: "needs the constant expressions of garbage collection, which WebAssembly 2.0 calls invalid",
  },
  {
    suite: WG3,
    file: /^(linking|table)\.wast$/,
    failure: "malformed value type 0xa4",
    reason: "needs typed function references, for which wabt writes a code that does not exist",
  },
  {
    suite: WG3,
    file: /^multi-memory\/linking0\.wast$/,
    lines: [42],
    failure: "uninitialized element",
    reason: "looks at what a module with two memories would have done",
  },
  {
    suite: WG3,
    file: /^multi-memory\/load1\.wast$/,
    lines: [25, 26, 27, 28, 29],
    failure: "found i32 0x0",
    reason: "looks at what a module with two memories would have done",
  },
  {
    suite: WG3,
    file: /^table\.wast$/,
    failure: "implementation limit",
    engine: "native",
    reason: "declares a table that is larger than the host allows",
  },
  { suite: WG3, file: /^annotations\.wast$/, failure: "SyntaxError", reason: "tests annotations in the text format" },
];

/**
 * The same fault in the suite's words and in this library's. The suite has the words of the reference interpreter,
 * which reads a module as one stream. This library checks each section and body against its own size, and counts
 * against the bytes after them.
 */
export const SYNONYMS: readonly (readonly [suite: string, ours: string, engine?: Skip["engine"]])[] = [
  ["END opcode expected", "unexpected end of section or function"],
  ["section size mismatch", "unexpected end of section or function"],
  ["length out of bounds", "unexpected end of section or function"],
  ["illegal opcode", "unexpected end of section or function"],
  ["integer representation too long", "unexpected end of section or function"],
  ["unexpected end of section or function", "length out of bounds"],
  ["unexpected content after last section", "function and code section have inconsistent lengths"],
  // Two faults in one place, found in a different order.
  ["integer too large", "integer representation too long"],
  ["unknown table 0", "unknown elem segment"],
  ["integer representation too long", "malformed function type"],
  ["integer representation too long", "malformed limits flags"],
  ["integer too large", "malformed limits flags"],
  ["offset out of range", "integer too large"],
  ["alignment must not be larger than natural", "malformed memop flags"],
  ["immutable global", "global is immutable"],
  // Malformed in WebAssembly 2.0, but now a known proposal.
  ["malformed memop flags", "multi-memory is not supported"],
  ["malformed import kind", "exception handling is not supported"],
  ["integer too large", "threads is not supported"],
  ["malformed limits flags", "custom page sizes is not supported"],
  ["integer too large", "custom page sizes is not supported"],
  // wabt writes no data count section if there are no segments, and `select` without types for `select (result)`.
  ["unknown data segment", "data count section required"],
  ["unknown memory 0", "data count section required"],
  ["invalid result arity", "type mismatch: expected an operand, found nothing"],
  // V8 has one text for both.
  ["integer overflow", "invalid conversion to integer", "native"],
];
