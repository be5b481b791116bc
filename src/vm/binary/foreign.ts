/**
 * Recognises modules that were built for another world than WASI preview 1, by names that its tools put into them. Such
 * a module is well formed, but nobody gives it what it imports. The error then says what it is, and what to build
 * instead.
 *
 * @module
 */

/** What a module was built for, and what to build instead. */
export interface ForeignTarget {
  /** What it is, as in `Go for JavaScript (GOOS=js)`. */
  readonly what: string;
  /** What to do instead, as in `build it with GOOS=wasip1 GOARCH=wasm`. */
  readonly instead: string;
}

/** An import's names, and its type if it is a function. */
export interface NamedImport {
  readonly module: string;
  readonly name: string;
  readonly type?: { readonly params: readonly unknown[]; readonly results: readonly unknown[] };
}

/** How a target is recognised. The first row that matches counts. */
interface Row extends ForeignTarget {
  /** Whether an import is one that only this target's tools write. */
  readonly imports?: (entry: NamedImport) => boolean;
  /** Whether an export's name is one that only this target's tools write. */
  readonly exports?: (name: string) => boolean;
}

const WASIP1 = "build a program with `main` for wasm32-wasip1";

/** A component: it has another header than a core module, and no tool here reads what follows. */
export const COMPONENT: ForeignTarget = {
  what: "a component (WASI 0.2 or later)",
  instead: `${WASIP1}, not for wasm32-wasip2`,
};

/** The names of imports and exports come from outputs of these tools, as packages on npm have them. */
const ROWS: readonly Row[] = [
  {
    what: "Rust for JavaScript (wasm-bindgen)",
    instead: `${WASIP1}, without wasm-bindgen and wasm-pack`,
    imports: ({ module, name }) => module === "wbg" || /^__wbindgen_/.test(module) || isOfWasmBindgen(name),
    exports: isOfWasmBindgen,
  },
  {
    what: "an add-on for Node (Node-API)",
    instead: WASIP1,
    imports: ({ module, name }) => module === "emnapi" || module === "napi" || /^_?(emnapi|napi)_/.test(name),
    exports: (name) => /^_?_?napi_register_/.test(name),
  },
  {
    what: "Go for JavaScript (GOOS=js, or TinyGo's target wasm)",
    instead: "build it with GOOS=wasip1 GOARCH=wasm, or with TinyGo's target wasip1",
    imports: ({ module, name }) =>
      module === "gojs" || (module === "go" && /^(debug|runtime\.|syscall\/js\.)/.test(name)),
  },
  {
    what: "an Extism plug-in",
    instead: `${WASIP1} that reads requests from standard input`,
    imports: ({ module }) => /^extism:host\//.test(module),
  },
  {
    what: "a core module of a component (WASI 0.2 or later)",
    instead: COMPONENT.instead,
    // The modules of a component's imports are interfaces: `wasi:cli/environment@0.2.0`.
    imports: ({ module }) => /^[a-z][a-z0-9-]*:[a-z][a-z0-9-]*\/[a-z]/.test(module),
    exports: (name) => name === "cabi_realloc",
  },
  {
    what: "a program with threads",
    instead: `${WASIP1}, not for wasm32-wasip1-threads`,
    imports: ({ module, name }) => module === "wasi" && name === "thread-spawn",
  },
  {
    what: "C or C++ for JavaScript (Emscripten)",
    instead: "build a program with wasi-sdk's clang, or with emcc's -sSTANDALONE_WASM if it needs no JavaScript",
    // Optimised outputs import everything from "a", by names of a letter or two.
    imports: ({ module, name }) =>
      module === "a"
        ? name.length <= 2
        : module === "env" && /^(_?emscripten_|_embind_|__syscall_|_abort_js$|_mmap_js$|__asyncjs__|invoke_[ijfdv]+$)/
          .test(name),
  },
  {
    what: "a dynamic library",
    instead: `${WASIP1}, linked statically`,
    imports: ({ module, name }) => /^GOT\.(mem|func)$/.test(module) || (module === "env" && name === "__memory_base"),
  },
  {
    what: "AssemblyScript without WASI",
    instead: "build it with @assemblyscript/wasi-shim, whose configuration asc extends",
    imports: isOfAssemblyScript,
  },
  {
    what: "Swift for JavaScript (JavaScriptKit)",
    instead: WASIP1,
    imports: ({ module }) => module === "javascript_kit",
  },
  {
    what: "a module for JavaScript, with glue of its own",
    instead: WASIP1,
    imports: ({ module }) => /^\.{0,2}\/|\.m?js$/.test(module),
  },
];

function isOfWasmBindgen(name: string): boolean {
  return /^__wb(indgen|g)_/.test(name);
}

/** `env.abort` takes a message, a file, a line and a column; `seed` and `trace` are beside it. */
function isOfAssemblyScript({ module, name, type }: NamedImport): boolean {
  if (module !== "env" || type === undefined) return false;
  const { params, results } = type;
  if (name === "abort") return params.length === 4 && results.length === 0;
  if (name === "trace") return params.length === 7 && results.length === 0;
  return name === "seed" && params.length === 0 && results.length === 1;
}

/**
 * What to add to an error about a module: what it was built for and what to build instead, if that is a known target.
 * Otherwise it is empty.
 *
 * @param imports its imports, or those that matter; only the first thousand are looked at
 * @param exports the same of its exports
 */
export function foreignHint(
  imports: Iterable<NamedImport>,
  exports: Iterable<{ readonly name: string }> = [],
): string {
  const seen = firstOf(imports);
  const names = firstOf(exports);
  const row = ROWS.find((row) =>
    seen.some((entry) => row.imports?.(entry)) || names.some(({ name }) => row.exports?.(name))
  );
  return row === undefined ? "" : `: this looks like ${row.what}: ${row.instead}`;
}

/** Names that are looked at: real ones of a target are among the first, and a module may have 100,000 imports. */
const SEEN_NAMES = 1_000;

function firstOf<T>(items: Iterable<T>): T[] {
  const first: T[] = [];
  for (const item of items) {
    if (first.length === SEEN_NAMES) break;
    first.push(item);
  }
  return first;
}
