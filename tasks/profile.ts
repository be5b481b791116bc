/**
 * Counts which ops follow each other when real programs run, to choose the pairs that are worth fusing. It runs a copy
 * of the source, whose loop counts how often each address is reached.
 *
 * ```sh
 * deno task profile             # programs of bench/programs and plugins of examples/guests, each with the same weight
 * deno task profile lua sqlite  # only these
 * ```
 *
 * @module
 */

import { load } from "../bench/contenders/rivulet.ts";
import { programs } from "../bench/programs/programs.ts";
import { copyFolder } from "../tools/copy_folder.ts";
import { readModule } from "../tools/read_module.ts";
import { ROOT } from "../tools/root.ts";
import { executeSource } from "./_execute_source.ts";

/** Ops that may continue elsewhere, not with the op that follows. */
const LEFT = /^(jump|br_|return|call|unreachable)/;
/** Rows of each table. */
const ROWS = Number(Deno.args.find((arg) => arg.startsWith("--rows="))?.slice(7) ?? 40);

type Interpreter = Awaited<ReturnType<typeof countingInterpreter>>;
type Module = import("../src/vm/mod.ts").Module;

/** A module, and the work that it does. */
interface Workload {
  readonly name: string;
  readonly file: string;
  run(vm: Interpreter, module: Module): Promise<unknown>;
}

function call(plugin: string, method: string, params: unknown): Workload {
  return {
    name: `${plugin}.${method}`,
    file: `${ROOT}examples/guests/${plugin}_plugin.wasm`,
    async run(vm, module) {
      await using plugin = new vm.Plugin(module, { methods: { echo: (value: unknown) => value } });
      await plugin.call(method, params);
    },
  };
}

const plugins: readonly Workload[] = ["prebuilt/c", "prebuilt/zig", "prebuilt/assemblyscript", "build/rust", "build/go"]
  .map((plugin) => call(plugin, "many_echo", 50));

const computations: readonly Workload[] = programs.map(({ name, file, coldSize }) => ({
  name,
  file: `${ROOT}bench/programs/${file}`,
  run: async (vm, module) => await (await load(vm, module)).run(coldSize),
}));

/** A copy of the interpreter that counts, as modules. */
async function countingInterpreter() {
  const folder = await Deno.makeTempDir({ prefix: "profile-" });
  await copyFolder(`${ROOT}src`, folder);
  const source = await executeSource("COUNTS[pc] = COUNTS[pc]! + 1;");
  await Deno.writeTextFile(
    `${folder}/vm/interpreter/execute.ts`,
    `${source}
export const COUNTS = new Float64Array(CODE.length);
`,
  );
  const part = (name: string) => import(`file://${folder}/${name}`);
  return {
    ...await part("plugin/plugin.ts") as typeof import("../src/plugin/plugin.ts"),
    ...await part("vm/mod.ts") as typeof import("../src/vm/mod.ts"),
    ...await part("vm/interpreter/arena.ts") as typeof import("../src/vm/interpreter/arena.ts"),
    ...await part("vm/interpreter/disassemble.ts") as typeof import("../src/vm/interpreter/disassemble.ts"),
    ...await part("vm/interpreter/ops.ts") as typeof import("../src/vm/interpreter/ops.ts"),
    ...await part("vm/interpreter/mod.ts") as typeof import("../src/vm/interpreter/mod.ts"),
    ...await part("vm/module.ts") as typeof import("../src/vm/module.ts"),
    COUNTS: (await part("vm/interpreter/execute.ts")).COUNTS as Float64Array,
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

const names = Deno.args.filter((arg) => !arg.startsWith("--"));
const list = [...computations, ...plugins].filter(({ name }) => names.length === 0 || names.includes(name));
const vm = await countingInterpreter();
const ops: Shares = new Map();
const pairs: Shares = new Map();
try {
  for (const { name, file, run } of list) {
    const bytes = await readModule(Deno.readFile, file).catch(() => undefined);
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
    count(vm.codeOf(vm.preparedOf(module)), 1 / total / list.length);
  }
} finally {
  await vm.remove();
}
print("ops", ops);
print("pairs that one op could do, with the share of all dispatches that each saves", pairs);

/** Adds up the ops and pairs of all functions that are translated. */
function count(code: import("../src/vm/interpreter/arena.ts").ModuleCode, weight: number): void {
  const { CODE, DESTINATION, ENTRY_WORDS } = vm;
  const starts = [...code.entries.filter((entry) => entry !== 0), vm.codeTop()].sort((a, b) => a - b);
  for (let index = 0; index < starts.length - 1; index++) {
    const locals = CODE[starts[index]! + 2]!;
    const placed = [...vm.opsBetween(starts[index]! + ENTRY_WORDS, starts[index + 1]!)];
    const arrivals = new Set(placed.flatMap(({ targets }) => targets));
    for (const [place, { at, name }] of placed.entries()) {
      const share = vm.COUNTS[at]! * weight;
      if (share === 0) continue;
      add(ops, name, share);
      const before = placed[place - 1];
      if (before === undefined || arrivals.has(at) || LEFT.test(before.name)) continue;
      const destination = DESTINATION[CODE[before.at]!]!;
      const register = destination === 0 ? -1 : CODE[before.at + destination]!;
      const slot = vm.opOperands(name).find((operand, word) =>
        "abc".includes(operand.at(-1)!) && CODE[at + 1 + word] === register
      );
      const relation = slot === undefined ? ";" : `${slot}${register >= locals ? ":" : "="}`;
      add(pairs, `${name}[${relation}${before.name}]`, share);
    }
  }
}
