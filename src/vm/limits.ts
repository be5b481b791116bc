/**
 * Every bound of the virtual machine, each with its reason: what a module may hold, and what a running guest may use.
 * Most follow the JavaScript API's implementation limits, so a module that loads in a browser loads here; what it
 * leaves open is far beyond what compilers produce.
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
/** Tables of a module, imports included: each instance makes its own, of some 300 bytes, from three bytes of module. */
export const MAX_TABLES = 1_000;
/** Data segments of a module. */
export const MAX_DATA_SEGMENTS = 100_000;
/** Element segments of a module, as many as data segments: each is an object, from three bytes of module. */
export const MAX_ELEMENT_SEGMENTS = 100_000;
/**
 * Bytes of a constant expression. Those that depend on imported globals are evaluated for each instance, each at once, and
 * their operands are kept on a stack of this size; compilers write about ten.
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
/** Operands on a function's stack at once, each of which takes the translator some 40 bytes; a call of two may give a thousand. */
export const MAX_OPERANDS = 100_000;
/** Blocks around an instruction: more than one `br_table` can tell apart. */
export const MAX_NESTING = 100_000;
/**
 * Operands that calls, branches and blocks take and give, by lists of up to a thousand that they name in two bytes: so
 * many for each byte of the module before them, ...
 */
export const MAX_LISTED_OPERANDS_PER_BYTE = 16;
/** ... and so many in any module. Work on a body is linear in its length by that. */
export const MAX_LISTED_OPERANDS = 1_000_000;
/** Bytes of one function body. */
export const MAX_BODY_BYTES = 7_654_321;
/** Bytes of a name: an import's, an export's or a custom section's. */
export const MAX_NAME_BYTES = 100_000;
/** Bytes of a function's name that a stack shows: a trap tells of 64 frames, whose names could fill 6 MB. */
export const MAX_SHOWN_NAME_BYTES = 256;
/** Targets of one `br_table`. */
export const MAX_BR_TABLE_TARGETS = 65_520;
/** Memories of a module: multi-memory is not supported. */
export const MAX_MEMORIES = 1;
/** Pages that the specification allows a memory type to name. */
export const MAX_SPEC_PAGES = 65_536;
/** Pages that a memory can really have: an address plus an offset must stay int32 in the dispatch loop, so just under 2 GiB. */
export const MAX_PAGES = 32_767;
/** Different references that an instance may see: each takes some 60 bytes as long as it lives. */
export const MAX_REFERENCES = 1_000_000;
/** Bytes in a page. */
export const PAGE_BYTES = 65_536;
/** Bytes of a memory that is kept for a later one when its guest has ended: more take longer to zero than to ask for anew. */
export const MAX_SPARE_MEMORY_BYTES: number = 2 << 20;
/** Memories that are kept so, 16 MiB at most: as many guests as come and go at once. */
export const MAX_SPARE_MEMORIES = 8;
