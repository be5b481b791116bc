/**
 * Rust for WebAssembly as Debian packages it, for machines where rustup cannot fetch `wasm32-wasip1`: the packages
 * `rustc-web`, `cargo-web`, `rust-web-src`, `clang-19`, `lld-19`, `wasi-libc`.
 * If that target is installed, this file is not needed.
 *
 * @module
 */

/** The arguments that `cargo build` needs for Debian's compiler, and its environment. */
export interface DebianRust {
  cargo: string;
  args: string[];
  env: Record<string, string>;
}

const CARGO = "/usr/bin/cargo";
const RUSTC = "/usr/bin/rustc";
const CLANG = "/usr/bin/clang-19";
const SOURCE = "/usr/lib/rustlib/src/rust";

const RUSTFLAGS = [
  // Debian's Rust includes no linker and no libc, so Debian's clang and wasi-libc are used.
  "-Clinker-flavor=gcc",
  "-Clink-self-contained=no",
  "-Clink-arg=--target=wasm32-wasi",
  "-Clink-arg=-nodefaultlibs",
  "-Clink-arg=-L/usr/lib/wasm32-wasi",
  "-Clink-arg=-lc",
  // Its wasi-libc lacks pthread_join and pthread_detach. No guest can have a thread for them, so stubs that trap do.
  "-Clink-arg=-Wl,--unresolved-symbols=ignore-all",
  // Panics name source files. Keep the machine's folders out of them.
  `--remap-path-prefix=${SOURCE}=/rust`,
];

/** Debian's Rust, or `undefined` where it is not installed. */
export async function findDebianRust(): Promise<DebianRust | undefined> {
  try {
    await Promise.all([CARGO, RUSTC, CLANG, `${SOURCE}/library/std`].map((path) => Deno.stat(path)));
  } catch {
    return undefined;
  }
  return {
    cargo: CARGO,
    args: [
      // The packages hold the standard library's source, not its build.
      "-Zbuild-std=std,panic_abort",
      `--config=target.wasm32-wasip1.linker=${JSON.stringify(CLANG)}`,
      `--config=target.wasm32-wasip1.rustflags=${JSON.stringify(RUSTFLAGS)}`,
    ],
    env: { RUSTC, RUSTC_BOOTSTRAP: "1" },
  };
}
