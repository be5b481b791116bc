/**
 * Tells which ops follow each other when real programs run, so that what is worth fusing is chosen by counting. It runs
 * a copy of the source whose loop counts how often each address is reached.
 *
 * ```sh
 * deno task profile                       # the programs of bench/programs, each with the same weight
 * deno task profile lua sqlite            # only these
 * deno task profile --file=x.wasm:run:100 # an exported function of a module without imports, and its argument
 * ```
 *
 * @module
 */

import { executeSource } from "./_execute_source.ts";

const ROOT = new URL("../", import.meta.url);
/** Rows of each table. */
const ROWS = Number(Deno.args.find((arg) => arg.startsWith("--rows="))?.slice(7) ?? 40);

interface Workload {
  readonly name: string;
  readonly file: string | URL;
  readonly export: string;
  readonly size: number;
}

async function workloads(): Promise<Workload[]> {
  const files = Deno.args.filter((arg) => arg.startsWith("--file=")).map((arg) => arg.slice(7).split(":"));
  if (files.length > 0) {
    return files.map(([file, name, size]) => ({ name: name!, file: file!, export: name!, size: Number(size) }));
  }
  const names = Deno.args.filter((arg) => !arg.startsWith("--"));
  const { programs } = await import(new URL("bench/programs/programs.ts", ROOT).href);
  return (programs as readonly { name: string; file: string; coldSize: number }[])
    .filter(({ name }) => names.length === 0 || names.includes(name))
    .map(({ name, file, coldSize }) => ({
      name,
      file: new URL(`bench/programs/prebuilt/${file}`, ROOT),
      export: "run",
      size: coldSize,
    }));
}

/** A copy of the interpreter that counts, as modules. */
async function countingInterpreter() {
  const folder = await Deno.makeTempDir({ prefix: "profile-" });
  for await (const { name } of Deno.readDir(new URL("src/vm", ROOT))) {
    await Deno.copyFile(new URL(`src/vm/${name}`, ROOT), `${folder}/${name}`);
  }
  const source = await executeSource("COUNTS[pc] = COUNTS[pc]! + 1;");
  await Deno.writeTextFile(`${folder}/execute.ts`, `${source}\nexport const COUNTS = new Float64Array(CODE.length);\n`);
  const load = (name: string) => import(`file://${folder}/${name}`);
  return {
    ...await load("mod.ts") as typeof import("../src/vm/mod.ts"),
    ...await load("code.ts") as typeof import("../src/vm/code.ts"),
    ...await load("ops.ts") as typeof import("../src/vm/ops.ts"),
    ...await load("module.ts") as typeof import("../src/vm/module.ts"),
    COUNTS: (await load("execute.ts")).COUNTS as Float64Array,
    remove: () => Deno.remove(folder, { recursive: true }),
  };
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

const list = await workloads();
const vm = await countingInterpreter();
const ops: Shares = new Map();
const pairs: Shares = new Map();
try {
  for (const { name, file, export: exported, size } of list) {
    vm.flushCode();
    vm.COUNTS.fill(0);
    const module = await vm.compile(await Deno.readFile(file));
    const stubs = Object.fromEntries(module.imports.map((entry) => [entry.module, {} as Record<string, () => number>]));
    for (const entry of module.imports) stubs[entry.module]![entry.name] = () => 0;
    const instance = await vm.instantiate(module, stubs);
    if (module.exports.some((entry) => entry.name === "_initialize")) await instance.call("_initialize");
    vm.COUNTS.fill(0);
    await instance.call(exported, [size]);
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
