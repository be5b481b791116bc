/**
 * Every fixed limit of the virtual machine, with its reason: what a module may contain, and what a running guest may
 * use. Most are the JavaScript API's implementation limits, so a module that loads in a browser loads here. The others
 * are far beyond what compilers produce.
 *
 * @see https://webassembly.github.io/spec/js-api/#limits
 * @module
 */

/** Bytes in a module: the JavaScript API's limit. */
export const MAX_MODULE_BYTES = 1_073_741_824;
/** Custom sections in a module: each is an object, and may be as short as three bytes. */
export const MAX_CUSTOM_SECTIONS = 100_000;
/** Types in a module. */
export const MAX_TYPES = 1_000_000;
/** Functions in a module, imports included. */
export const MAX_FUNCTIONS = 1_000_000;
/** Imports of a module. */
export const MAX_IMPORTS = 100_000;
/** Exports of a module. */
export const MAX_EXPORTS = 100_000;
/** Globals of a module. */
export const MAX_GLOBALS = 1_000_000;
/** Tables of a module, imports included: each instance makes its own, of some 300 bytes for three bytes of module. */
export const MAX_TABLES = 1_000;
/** Data segments of a module. */
export const MAX_DATA_SEGMENTS = 100_000;
/** Element segments of a module: each is an object, for three bytes of module. */
export const MAX_ELEMENT_SEGMENTS = 100_000;
/**
 * Bytes of a constant expression. One that depends on imported globals is evaluated for each instance without a pause,
 * on a stack of this size. Compilers write about ten bytes.
 */
export const MAX_CONST_EXPR_BYTES = 4_096;
/** Entries of all element segments, each of which takes four bytes, and elements of one table. */
export const MAX_TABLE_ELEMENTS = 10_000_000;
/** Parameters of a function type. */
export const MAX_PARAMS = 1_000;
/** Results of a function type. */
export const MAX_RESULTS = 1_000;
/** Locals of a function, parameters included. */
export const MAX_LOCALS = 50_000;
/** Operands on a function's stack: each takes the translator some 40 bytes, and a call of two bytes may push a thousand. */
export const MAX_OPERANDS = 100_000;
/** Nested blocks around an instruction: more than one `br_table` can name. */
export const MAX_NESTING = 100_000;
/**
 * Operands that calls, branches and blocks take and return. Two bytes may name a type of a thousand, so this bound
 * keeps the work on a body linear in its length. It is this many for each byte of the module before them, ...
 */
export const MAX_LISTED_OPERANDS_PER_BYTE = 16;
/** ... plus this many in any module. */
export const MAX_LISTED_OPERANDS = 1_000_000;
/** Bytes of one function body. */
export const MAX_BODY_BYTES = 7_654_321;
/** Bytes of a name: an import's, an export's or a custom section's. */
export const MAX_NAME_BYTES = 100_000;
/** Bytes of a function's name that a stack shows: a trap has up to 64 frames, whose names could fill 6 MB. */
export const MAX_SHOWN_NAME_BYTES = 256;
/** Targets of one `br_table`. */
export const MAX_BR_TABLE_TARGETS = 65_520;
/** Memories of a module: multi-memory is not supported. */
export const MAX_MEMORIES = 1;
/** Pages that a memory type may have in the specification. */
export const MAX_SPEC_PAGES = 65_536;
/** Pages that a memory can have, just under 2 GiB: in the dispatch loop an address plus an offset must fit an int32. */
export const MAX_PAGES = 32_767;
/** Different references that an instance may receive: each takes some 60 bytes for the instance's lifetime. */
export const MAX_REFERENCES = 1_000_000;
/** Bytes in a page. */
export const PAGE_BYTES = 65_536;
/** Bytes of a memory that is kept for reuse when its guest has ended. Zeroing a larger one takes longer than allocating. */
export const MAX_SPARE_MEMORY_BYTES: number = 2 << 20;
/** Memories that are kept for reuse, at most 16 MiB in all. */
export const MAX_SPARE_MEMORIES = 8;
/**
 * Calls of native instances that are under way: each has a stack, with mappings of its own. Some hosts end the process at
 * 13,000.
 */
export const MAX_NATIVE_CALLS = 4_000;
/** Memories of native instances: V8 reserves 8 GiB of addresses for each, and has no more of them after 16,000. */
export const MAX_NATIVE_MEMORIES = 4_000;
/**
 * Exports of a native module, and functions that others can reach as references: the host makes an object of each with
 * every instance, in about a microsecond.
 */
export const MAX_NATIVE_EXPORTS = 5_000;
/** Functions of a native module: a host takes some 0.1 µs for each with the first instance. */
export const MAX_NATIVE_FUNCTIONS = 100_000;
/** Entries of the element segments of a native module, which the host puts into tables in one piece, in 4 ms. */
export const MAX_NATIVE_ELEMENTS = 100_000;
/** Bytes of a native module's data, which the host copies to new memory in one piece, in 50 ms. */
export const MAX_NATIVE_DATA_BYTES: number = 32 << 20;
/** Bytes of a body of a native module. Hosts compile a function in one piece, at its first call: this one in 10 ms. */
export const MAX_NATIVE_BODY_BYTES: number = 1 << 20;
/**
 * Locals and operands at the control instructions of a function, all added up. V8's first compiler keeps the place of
 * each at each branch, in up to 12 ns: 40 ms together. A matcher of regular expressions has 830,000, the most found.
 */
export const MAX_NATIVE_BODY_WEIGHT = 3_000_000;
/** Imports of a native module: each is a closure of ours, and code of the host's. */
export const MAX_NATIVE_IMPORTS = 1_000;
/** Globals of a native module, which the host initialises in one piece. */
export const MAX_NATIVE_GLOBALS = 10_000;
/** Parameters and results of a native module's imported functions, and of the types of exported ones: V8 makes code for each. */
export const MAX_NATIVE_BORDER_VALUES = 20_000;
/**
 * Places in memory where a native module's data goes, one for each small page of the machine: the first write to one takes
 * 2 µs. Go's modules have 40,000 segments in a few hundred places.
 */
export const MAX_NATIVE_DATA_PLACES = 10_000;
/**
 * Memories of native instances that are kept for reuse, and their bytes together. JavaScriptCore collects all garbage for
 * each memory that is made while more than four live.
 */
export const MAX_SPARE_NATIVE_MEMORIES = 32;
/** The most bytes of those. */
export const MAX_SPARE_NATIVE_BYTES: number = 16 << 20;
