/**
 * Rebuilds what the bench keeps as WebAssembly, the kernels and the peers:
 * `deno task bench:build kernels,coremark,wasm3,wasmi`.
 *
 * It needs Debian's `clang-19`, `lld-19` and `wasi-libc`. For wasm3 it also needs `pip` and `tar`, which fetch the
 * source. For wasmi it also needs Debian's `rustc-web`, `cargo-web` and `rust-web-src`, and the registry of crates. If a
 * part can't be built, a line says so and the old file stays.
 *
 * @module
 */

import { findDebianRust } from "../tools/debian_rust.ts";
import type { DebianRust } from "../tools/debian_rust.ts";
import { CLANG, pack, run } from "./_build.ts";
import { kernels } from "./kernels/kernels.ts";

const FOLDER = import.meta.dirname!;

/** Plain WebAssembly: some peers support nothing else. */
const KERNEL_FLAGS = [
  ...["--target=wasm32", "-O2", "-nostdlib", "-ffreestanding", "-fno-builtin", "-mno-reference-types"],
  ...["-Wall", "-Wextra", "-Wl,--no-entry,--strip-debug"],
];
/** The last release of wasm3, in the package that contains its source. */
const WASM3 = "pywasm3==0.5.0";
/** Each operation of wasm3 ends with a call of the next. Without tail calls, that would be recursion. */
const WASM3_FLAGS = [
  ...["--target=wasm32-wasi", "-mexec-model=reactor", "-O3", "-mtail-call", "-mbulk-memory", "-fno-strict-aliasing"],
  ...["-DNDEBUG", "-Dd_m3VerboseErrorMessages=0", "-Wl,--strip-debug,--wrap=ReadLEB_i7,-z,stack-size=4194304"],
];
/** Each operation of wasmi ends with a call of the next one, too. */
const WASMI_FLAGS = [
  ...["-Ctarget-feature=+tail-call", "-Clinker-flavor=wasm-ld", "-Clink-arg=-zstack-size=4194304"],
  // Panics name source files. Keep the machine's folders out of them.
  ...[["/usr/lib/rustlib/src/rust", "/rust"], [`${Deno.env.get("HOME")}/.cargo/registry/src`, "/crates"]]
    .map((paths) => `--remap-path-prefix=${paths.join("=")}`),
];

/** A library that is called again and again, in WebAssembly that wasm3 knows. */
const COREMARK_FLAGS = [
  ...["-Clink-arg=-mexec-model=reactor", "-Clink-arg=-Wl,--export=run", "-Ctarget-cpu=mvp"],
  "-Ctarget-feature=+mutable-globals,+sign-ext,+bulk-memory,+nontrapping-fptoint",
];

/** What can be built, by name. */
const TARGETS: Readonly<Record<string, () => Promise<void>>> = {
  async kernels() {
    for (const { name, file } of kernels) {
      await run([CLANG, ...KERNEL_FLAGS, `kernels/${name}.c`, "-o", `kernels/${file}`], FOLDER);
    }
  },
  async wasm3() {
    const folder = await Deno.makeTempDir();
    try {
      await run(["pip", "download", "--no-deps", "--no-binary", ":all:", WASM3], folder);
      await run(["tar", "xf", `${WASM3.replace("==", "-")}.tar.gz`, "--strip-components=1"], folder);
      const names = await Array.fromAsync(Deno.readDir(`${folder}/wasm3`), ({ name }) => name);
      const sources = names.filter((name) => name.endsWith(".c")).sort().map((name) => `${folder}/wasm3/${name}`);
      const output = `${folder}/peer.wasm`;
      await run(
        [CLANG, ...WASM3_FLAGS, "-I", `${folder}/wasm3`, "peers/wasm3/peer.c", ...sources, "-o", output],
        FOLDER,
      );
      await pack(output, `${FOLDER}/peers/wasm3/peer.wasm.gz`);
      await Deno.copyFile(`${folder}/LICENSE`, `${FOLDER}/peers/wasm3/LICENSE`);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
  async coremark() {
    const { cargo, args, env } = await findRust();
    const folder = `${FOLDER}/coremark`;
    const target = "wasm32-wasip1";
    const flags = `--config=target.${target}.rustflags=${JSON.stringify(COREMARK_FLAGS)}`;
    await run([cargo, "build", "--locked", "--release", `--target=${target}`, ...args, flags], folder, env);
    await Deno.copyFile(`${folder}/target/${target}/release/coremark_program.wasm`, `${folder}/coremark.wasm`);
    await Deno.chmod(`${folder}/coremark.wasm`, 0o644);
  },
  async wasmi() {
    const debian = await findRust();
    const folder = `${FOLDER}/peers/wasmi`;
    const target = "wasm32-unknown-unknown";
    const args = [
      ...["build", "--locked", "--release", `--target=${target}`, "-Zbuild-std=std,panic_abort"],
      `--config=target.${target}.linker="wasm-ld-19"`,
      `--config=target.${target}.rustflags=${JSON.stringify(WASMI_FLAGS)}`,
    ];
    await run([debian.cargo, ...args], folder, debian.env);
    await pack(`${folder}/target/${target}/release/wasmi_peer.wasm`, `${folder}/peer.wasm.gz`);
  },
};

/** Both crates build the standard library from source: its own build uses features that peers do not support. */
async function findRust(): Promise<DebianRust> {
  const debian = await findDebianRust();
  if (debian === undefined) throw new Error("Debian's packages of Rust for WebAssembly are needed");
  return debian;
}

if (import.meta.main) {
  for (const name of Deno.args[0]?.split(",") ?? Object.keys(TARGETS)) {
    if (!(name in TARGETS)) throw new TypeError(`${name} is not one of ${Object.keys(TARGETS)}`);
    try {
      await TARGETS[name]!();
      console.log(`built ${name}`);
    } catch (error) {
      console.log(`not built: ${name}: ${error instanceof Error ? error.message : error}`);
      Deno.exitCode = 1;
    }
  }
}
