/**
 * Rebuilds the example guests: `deno task guests`, or `deno task guests --only=c,zig`. With `--out=FOLDER` it does not
 * touch the modules that are checked in. A guest whose toolchain is missing is skipped, with the reason.
 *
 * It installs what npm has (AssemblyScript, Zig) in the guest's own folder, and no other toolchain.
 *
 * @module
 */
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { findDebianRust } from "../../tools/debian_rust.ts";
import { addManifest } from "./add_manifest.mts";

/** A language that guests are written in. */
export type Language = "c" | "rust" | "go" | "assemblyscript" | "zig";

/** One guest and how it is built. */
export interface Guest {
  language: Language;
  /** The folder that the command runs in, beside this file. */
  directory: string;
  /** The first word names a tool of the language's toolchain. `{output}` stands for the path of the module. */
  command: readonly string[];
  /** The module's path in `directory`, if the command does not accept an output path. */
  artifact?: string;
  /** The manifest's path in `directory`, if the linker does not put it into the module. */
  manifest?: string;
  /** The module's path, in the folder of this file or in the one that `--out` names. */
  output: string;
}

/** The linker keeps the name section, so that the stack of a trap has names. */
const CLANG = ["clang", "-O2", "-Wall", "-Wextra", "-Wl,--strip-debug,--stack-first,-z,stack-size=262144"];
/** A printf without floating point is half the size. */
const SMALL_PRINTF = "-lc-printscan-no-floating-point";
const CARGO = ["cargo", "build", "--locked", "--release", "--target=wasm32-wasip1", "--target-dir=target"];

/** Every guest. Those in `prebuilt` are checked in. */
export const GUESTS: readonly Guest[] = [
  {
    language: "c",
    directory: "c",
    command: [...CLANG, "plugin.c", "rpc.c", "json.c", SMALL_PRINTF, "-o", "{output}"],
    output: "prebuilt/c_plugin.wasm",
  },
  {
    language: "c",
    directory: "c",
    command: [...CLANG, "ledger.c", "rpc.c", "json.c", SMALL_PRINTF, "-o", "{output}"],
    output: "prebuilt/ledger.wasm",
  },
  {
    language: "c",
    directory: "c",
    command: [...CLANG, "streams.c", "json.c", SMALL_PRINTF, "-o", "{output}"],
    output: "prebuilt/streams.wasm",
  },
  {
    language: "c",
    directory: "c",
    command: [...CLANG, "faulty.c", "rpc.c", "json.c", SMALL_PRINTF, "-o", "{output}"],
    output: "prebuilt/faulty.wasm",
  },
  {
    language: "c",
    directory: "c",
    command: [...CLANG, "upper.c", "-o", "{output}"],
    output: "prebuilt/upper.wasm",
  },
  {
    language: "c",
    directory: "c",
    command: [...CLANG, "language_server.c", "json.c", SMALL_PRINTF, "-o", "{output}"],
    output: "prebuilt/language_server.wasm",
  },
  {
    language: "rust",
    directory: "rust",
    command: [...CARGO, "--package=number_lines"],
    artifact: "target/wasm32-wasip1/release/number_lines.wasm",
    output: "prebuilt/number_lines.wasm",
  },
  {
    language: "rust",
    directory: "rust",
    command: [...CARGO, "--package=plugin"],
    artifact: "target/wasm32-wasip1/release/plugin.wasm",
    output: "build/rust_plugin.wasm",
  },
  {
    language: "go",
    directory: "go",
    command: ["go", "build", "-trimpath", "-ldflags=-s -w", "-o", "{output}", "."],
    manifest: "manifest.json",
    output: "build/go_plugin.wasm",
  },
  {
    language: "assemblyscript",
    directory: "assemblyscript",
    command: ["npm", "run", "build", "--", "--outFile", "{output}"],
    manifest: "manifest.json",
    output: "prebuilt/assemblyscript_plugin.wasm",
  },
  {
    language: "zig",
    directory: "zig",
    command: [
      ...["zig", "build-exe", "plugin.zig", "-target", "wasm32-wasi", "-O", "ReleaseSmall"],
      ...["--stack", "1048576", "--cache-dir", ".zig-cache", "-femit-bin={output}"],
    ],
    output: "prebuilt/zig_plugin.wasm",
  },
];

/** The replacement for the first word of a command, the words after the last, and the environment. */
interface Toolchain {
  tool: readonly string[];
  extra?: readonly string[];
  env?: Record<string, string>;
}

const FOLDER = dirname(fileURLToPath(import.meta.url));

/** Runs a command and returns its output. If it fails or is not found, throws with all its output. */
async function run(command: readonly string[], cwd: string, env?: Record<string, string>): Promise<string> {
  const [program, ...args] = command;
  const { success, stdout, stderr } = await new Deno.Command(program!, { args, cwd, env, stdin: "null" }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  if (!success) throw new Error(`${command.join(" ")}\n${out}${err}`);
  return out!;
}

function runs(command: readonly string[], cwd: string): Promise<boolean> {
  return run(command, cwd).then(() => true, () => false);
}

function exists(path: string): Promise<boolean> {
  return Deno.stat(path).then(() => true, () => false);
}

/** Installs what a guest's package.json pins, unless it is installed. Returns the reason if it cannot. */
async function installNpm(directory: string): Promise<string | undefined> {
  if (!await runs(["npm", "--version"], directory)) return "no npm";
  if (!await exists(join(directory, "node_modules"))) await run(["npm", "install"], directory);
}

/** Finds each language's toolchain for the guests in `directory`: a toolchain, or the reason why there is none. */
const TOOLCHAINS: Readonly<Record<Language, (directory: string) => Promise<Toolchain | string>>> = {
  async c(directory) {
    const sdk = Deno.env.get("WASI_SDK_PATH");
    for (const compiler of [...(sdk ? [join(sdk, "bin", "clang")] : []), "clang-19", "clang"]) {
      const tool = [compiler, "--target=wasm32-wasi"];
      if (await runs([...tool, "-fsyntax-only", "upper.c"], directory)) return { tool };
    }
    return "no clang with a WASI libc: set WASI_SDK_PATH to wasi-sdk's folder, or install Debian's clang-19 and wasi-libc";
  },
  async rust(directory) {
    const library = await run(["rustc", "--print=target-libdir", "--target=wasm32-wasip1"], directory).catch(() => "");
    if (library !== "" && await exists(library.trim())) return { tool: ["cargo"] };
    const debian = await findDebianRust();
    if (debian) return { tool: [debian.cargo], extra: debian.args, env: debian.env };
    return "no Rust with the target: rustup target add wasm32-wasip1";
  },
  async go(directory) {
    if (!await runs(["go", "version"], directory)) return "no Go";
    return { tool: ["go"], env: { GOOS: "wasip1", GOARCH: "wasm" } };
  },
  async assemblyscript(directory) {
    return await installNpm(directory) ?? { tool: ["npm"] };
  },
  async zig(directory) {
    return await installNpm(directory) ?? { tool: ["npx", "zig"] };
  },
};

/** Builds one guest into `out`, and returns the path of the module. */
async function build(guest: Guest, toolchain: Toolchain, out: string): Promise<string> {
  const directory = join(FOLDER, guest.directory);
  const output = join(out, guest.output);
  const command = [...toolchain.tool, ...guest.command.slice(1), ...toolchain.extra ?? []];
  await Deno.mkdir(dirname(output), { recursive: true });
  await run(command.map((word) => word.replace("{output}", output)), directory, toolchain.env);
  if (guest.artifact) await Deno.copyFile(join(directory, guest.artifact), output);
  if (guest.manifest) {
    const manifest = await Deno.readFile(join(directory, guest.manifest));
    await Deno.writeFile(output, await addManifest(await Deno.readFile(output), manifest));
  }
  await Deno.chmod(output, 0o644);
  return output;
}

/**
 * Builds the guests of the given languages into a folder, one after the other.
 *
 * @returns The reason for each language that was skipped.
 * @throws {Error} with the compiler's message, if a guest does not build.
 */
export async function buildGuests(
  languages: readonly Language[],
  out: string,
  log: (line: string) => void,
): Promise<Map<Language, string>> {
  const skipped = new Map<Language, string>();
  for (const language of languages) {
    const guests = GUESTS.filter((guest) => guest.language === language);
    const toolchain = await TOOLCHAINS[language](join(FOLDER, guests[0]!.directory));
    for (const guest of guests) {
      if (typeof toolchain === "string") {
        skipped.set(language, toolchain);
        log(`skipped ${guest.output}: ${toolchain}`);
      } else {
        const { size } = await Deno.stat(await build(guest, toolchain, out));
        log(`built ${guest.output}, ${size} bytes`);
      }
    }
  }
  return skipped;
}

if (import.meta.main) {
  const { values } = parseArgs({
    args: Deno.args,
    options: { only: { type: "string" }, out: { type: "string", default: FOLDER } },
  });
  const known = Object.keys(TOOLCHAINS) as Language[];
  const asked = values.only?.split(",") ?? known;
  const unknown = asked.filter((name) => !known.some((language) => language === name));
  if (unknown.length > 0) throw new Error(`--only=${unknown.join(",")}: the languages are ${known.join(", ")}`);
  await buildGuests(known.filter((language) => asked.includes(language)), resolve(values.out), console.log);
}
