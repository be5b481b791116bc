/**
 * Builds the programs that the benchmark runs, from sources in the package registries, into prebuilt/, compressed:
 * `deno task bench:programs`. With names of programs, it builds only these. C needs clang with wasi-libc. Rust needs
 * both, and the target wasm32-wasip1 or Debian's packages. If a toolchain is missing, a line says so and the old file
 * stays.
 *
 * @module
 */

import { findDebianRust } from "../../tools/debian_rust.ts";
import { CLANG, pack, run } from "../_build.ts";

const HERE = new URL("./", import.meta.url).pathname;
const WORK = `${HERE}build/`;

/** Crates whose C sources are used, at exactly these versions. */
const CRATES = { "lua-src": "547.1.0", "libsqlite3-sys": "0.35.0" };

let fetched: Promise<Record<string, string>> | undefined;

/** The folder of each crate's source. Cargo fetches and checks all of them together, once. */
function crateSources(): Promise<Record<string, string>> {
  return fetched ??= fetchSources();
}

async function fetchSources(): Promise<Record<string, string>> {
  const folder = `${WORK}crates`;
  await Deno.mkdir(`${folder}/src`, { recursive: true });
  await Deno.writeTextFile(`${folder}/src/lib.rs`, "");
  const dependencies = Object.entries(CRATES).map(([name, version]) => `${name} = "=${version}"`).join("\n");
  await Deno.writeTextFile(
    `${folder}/Cargo.toml`,
    `[package]\nname = "sources"\nversion = "0.0.0"\nedition = "2021"\n[workspace]\n[dependencies]\n${dependencies}\n`,
  );
  await run(["cargo", "vendor", "--quiet", "vendor"], folder);
  return Object.fromEntries(Object.keys(CRATES).map((name) => [name, `${folder}/vendor/${name}`]));
}

async function link(name: string, args: string[]): Promise<void> {
  const flags = ["--target=wasm32-wasi", "-O2", "-mexec-model=reactor", "-Wl,--strip-all", "-w"];
  await run([CLANG, ...flags, ...args, "-o", `${WORK}${name}.wasm`], HERE);
  await pack(`${WORK}${name}.wasm`, `${HERE}prebuilt/${name}.wasm.gz`);
}

async function lua(): Promise<void> {
  const source = `${(await crateSources())["lua-src"]}/lua-5.4.7`;
  const left = new Set(["lua", "luac", "loslib", "liolib", "linit", "loadlib", "ldblib"]);
  const files = [...Deno.readDirSync(source)].map(({ name }) => name)
    .filter((name) => name.endsWith(".c") && !left.has(name.slice(0, -2))).sort();
  const emulated = ["SIGNAL", "PROCESS_CLOCKS"].map((what) => `-D_WASI_EMULATED_${what}`);
  const libraries = ["-lwasi-emulated-signal", "-lwasi-emulated-process-clocks"];
  const include = ["-include", `${HERE}c/lua_without_host.h`];
  await link("lua", [
    `-I${HERE}c`,
    `${HERE}c/lua.c`,
    ...include,
    ...emulated,
    ...libraries,
    `-I${source}`,
    ...files.map((file) => `${source}/${file}`),
  ]);
}

async function sqlite(): Promise<void> {
  const source = `${(await crateSources())["libsqlite3-sys"]}/sqlite3`;
  const options = ["OS_OTHER=1", "THREADSAFE=0", "OMIT_LOAD_EXTENSION", "OMIT_WAL", "TEMP_STORE=3", "OMIT_JSON"];
  await link("sqlite", [
    `${HERE}c/sqlite.c`,
    ...options.map((name) => `-DSQLITE_${name}`),
    `-I${source}`,
    `${source}/sqlite3.c`,
  ]);
}

/** A program in Rust is a static library. clang links it, as it links the programs in C. */
function rust(name: string): () => Promise<void> {
  return async () => {
    const debian = await findDebianRust();
    const args = ["build", "--quiet", "--locked", "--release", "--target=wasm32-wasip1", `--features=${name}`];
    const command = [debian?.cargo ?? "cargo", ...args, `--target-dir=${WORK}rust`, ...debian?.args ?? []];
    await run(command, `${HERE}rust`, debian?.env);
    // Rust's threads refer to functions of pthreads that Debian's wasi-libc lacks. Nothing here starts a thread.
    const flags = ["-Wl,--export=run,--unresolved-symbols=ignore-all,--stack-first,-zstack-size=1048576"];
    await link(name, [...flags, `${WORK}rust/wasm32-wasip1/release/librivulet_bench_programs.a`]);
  };
}

const BUILDS: Readonly<Record<string, () => Promise<void>>> = {
  lua,
  sqlite,
  ...Object.fromEntries(["json", "markdown", "regex", "deflate", "sha512"].map((name) => [name, rust(name)])),
};

await Deno.mkdir(`${HERE}prebuilt`, { recursive: true });
for (const [name, build] of Object.entries(BUILDS)) {
  if (Deno.args.length > 0 && !Deno.args.includes(name)) continue;
  try {
    await build();
    console.log(`${name}: ${(await Deno.stat(`${HERE}prebuilt/${name}.wasm.gz`)).size} bytes`);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    console.log(`${name}: not built, ${error.message}`);
  }
}
