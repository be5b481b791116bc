/**
 * Tells which ops follow each other when real programs run, so that what is worth fusing is chosen by counting. It runs
 * a copy of the source whose loop counts how often each address is reached.
 *
 * ```sh
 * deno task profile             # programs of bench/programs and plugins of examples/guests, each with the same weight
 * deno task profile lua sqlite  # only these
 * ```
 *
 * @module
 */

import { programs } from "../bench/programs/programs.ts";
import { executeSource } from "./_execute_source.ts";

const ROOT = new URL("../", import.meta.url);
/** Rows of each table. */
const ROWS = Number(Deno.args.find((arg) => arg.startsWith("--rows="))?.slice(7) ?? 40);

type Interpreter = Awaited<ReturnType<typeof countingInterpreter>>;
type Module = import("../src/vm/mod.ts").Module;

/** A module, and what is done with it. */
interface Workload {
  readonly name: string;
  readonly file: URL;
  run(vm: Interpreter, module: Module): Promise<unknown>;
}

function call(plugin: string, method: string, params: unknown): Workload {
  return {
    name: `${plugin}.${method}`,
    file: new URL(`examples/guests/${plugin}_plugin.wasm`, ROOT),
    async run(vm, module) {
      await using plugin = new vm.Plugin(module, { methods: { echo: (value: unknown) => value } });
      await plugin.call(method, params);
    },
  };
}

const plugins: readonly Workload[] = ["prebuilt/c", "prebuilt/zig", "prebuilt/assemblyscript", "build/rust", "build/go"]
  .map((plugin) => call(plugin, "many_echo", 50));

function programWorkloads(): Workload[] {
  return programs.map((program) => ({
    name: program.name,
    file: new URL(`bench/programs/${program.file}`, ROOT),
    async run(vm, module) {
      const stubs: Record<string, Record<string, () => number>> = {};
      for (const { module: from, name } of module.imports) (stubs[from] ??= {})[name] = () => 0;
      const instance = await vm.instantiate(module, stubs);
      if ("_initialize" in instance.exports) await instance.call("_initialize");
      await instance.call("run", [program.coldSize]);
    },
  }));
}

/** A copy of the interpreter that counts, as modules. */
async function countingInterpreter() {
  const folder = await Deno.makeTempDir({ prefix: "profile-" });
  for (const part of ["", "vm/", "wasi/", "rpc/"]) {
    await Deno.mkdir(`${folder}/${part}`, { recursive: true });
    for await (const { name, isFile } of Deno.readDir(new URL(`src/${part}`, ROOT))) {
      if (isFile) await Deno.copyFile(new URL(`src/${part}${name}`, ROOT), `${folder}/${part}${name}`);
    }
  }
  const source = await executeSource("COUNTS[pc] = COUNTS[pc]! + 1;");
  await Deno.writeTextFile(
    `${folder}/vm/execute.ts`,
    `${source}
export const COUNTS = new Float64Array(CODE.length);
`,
  );
  const load = (name: string) => import(`file://${folder}/${name}`);
  return {
    ...await load("plugin.ts") as typeof import("../src/plugin.ts"),
    ...await load("vm/mod.ts") as typeof import("../src/vm/mod.ts"),
    ...await load("vm/code.ts") as typeof import("../src/vm/code.ts"),
    ...await load("vm/ops.ts") as typeof import("../src/vm/ops.ts"),
    ...await load("vm/module.ts") as typeof import("../src/vm/module.ts"),
    COUNTS: (await load("vm/execute.ts")).COUNTS as Float64Array,
    remove: () => Deno.remove(folder, { recursive: true }),
  };
}

async function read(file: URL): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await Deno.readFile(file);
  if (!file.pathname.endsWith(".gz")) return bytes;
  return await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).bytes();
}

type Shares = Map<string, number>;

function add(shares: Shares, name: string, share: number): void {
  shares.set(name, (shares.get(name) ?? 0) + share);
}

function print(title: string, shares: Shares): void {
  console.log(`\n${title}`);
  const rows = [...shares].sort((a, b) => b[1] - a[1]).slice(0, ROWS);
  for (const [name, share] of rows) console.log(`${(share * 100).toFixed(2).padStart(6)} %  ${name}`);
}

const names = Deno.args.filter((arg) => !arg.startsWith("--"));
const list = [...programWorkloads(), ...plugins].filter(({ name }) => names.length === 0 || names.includes(name));
const vm = await countingInterpreter();
const ops: Shares = new Map();
const pairs: Shares = new Map();
try {
  for (const { name, file, run } of list) {
    const bytes = await read(file).catch(() => undefined);
    if (bytes === undefined) {
      console.log(`${name}: not built`);
      continue;
    }
    vm.flushCode();
    vm.COUNTS.fill(0);
    const module = await vm.compile(bytes);
    await run(vm, module);
    const total = vm.COUNTS.reduce((sum, count) => sum + count, 0);
    console.log(`${name}: ${total.toExponential(2)} ops`);
    count(vm.codeOf(module), 1 / total / list.length);
  }
} finally {
  await vm.remove();
}
print("ops", ops);
print("what one op could do: each saves so much of all dispatches", pairs);

/** Adds up the ops and pairs of all functions that are translated. */
function count(code: import("../src/vm/code.ts").ModuleCode, weight: number): void {
  const { CODE, OP_NAMES, OP_WORDS, DESTINATION, ENTRY_WORDS } = vm;
  const starts = [...code.entries.filter((entry) => entry !== 0), vm.codeTop()].sort((a, b) => a - b);
  for (let index = 0; index < starts.length - 1; index++) {
    const frame = CODE[starts[index]! + 2]!;
    const places: number[] = [];
    const targets = new Set<number>();
    for (let pc = starts[index]! + ENTRY_WORDS; pc < starts[index + 1]!;) {
      places.push(pc);
      const name = OP_NAMES[CODE[pc]!]!;
      const operands = vm.opOperands(name);
      for (const [place, operand] of operands.entries()) if (operand.endsWith("t")) targets.add(CODE[pc + 1 + place]!);
      const cases = /^br_table/.test(name) ? CODE[pc + 1 + operands.indexOf("n")]! + 1 : 0;
      pc += OP_WORDS[CODE[pc]!]!;
      for (let each = 0; each < cases; each++, pc += 2) targets.add(CODE[pc]!);
    }
    for (const [place, pc] of places.entries()) {
      const share = vm.COUNTS[pc]! * weight;
      if (share === 0) continue;
      const name = OP_NAMES[CODE[pc]!]!;
      add(ops, name, share);
      const before = places[place - 1];
      if (before === undefined || targets.has(pc)) continue;
      const first = OP_NAMES[CODE[before]!]!;
      if (/^(jump|br_table|return|call|unreachable)/.test(first)) continue;
      const destination = DESTINATION[CODE[before]!]!;
      const register = destination === 0 ? -1 : CODE[before + destination]!;
      const slot = vm.opOperands(name).find((operand, at) =>
        "abc".includes(operand.at(-1)!) && CODE[pc + 1 + at] === register
      );
      const relation = slot === undefined ? ";" : `${slot}${register >= frame ? ":" : "="}`;
      if (!/^br_/.test(first)) add(pairs, `${name}[${relation}${first}]`, share);
    }
  }
}
