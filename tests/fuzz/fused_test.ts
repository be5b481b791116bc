/**
 * Every fused op, from its name alone. Programs whose translation has the op must have the same effects here as on the
 * host's own WebAssembly. They must also have the same effects and the same fuel without fusing and in slices.
 *
 * @module
 */

import { assert } from "@std/assert";
import { compileSync } from "../../src/vm/mod.ts";
import { disassemble } from "../../src/vm/interpreter/disassemble.ts";
import { FUSED } from "../../src/vm/interpreter/fused_ops.ts";
import { codeOf } from "../../tools/code_of.ts";
import { wat } from "../../tools/wat.ts";
import { isSame, text } from "./compare.ts";
import { programsFor } from "./_fused_program.ts";
import type { Program } from "./_fused_program.ts";
import { pick, randomSource } from "../../tools/random.ts";
import type { Random } from "../../tools/random.ts";
import { hostSide, ownSide } from "./_sides.ts";
import type { Argument, Observation } from "./_sides.ts";
import { randomNumber } from "./_values.ts";

/** Calls of each function of a program. */
const CALLS = 24;
/** Values that are often equal, or differ by one. */
const SMALL: readonly number[] = [0, 1, -1, 2, 3];
/** Addresses: some are in bounds, some at the end of the page, and some far away. */
const ADDRESSES: readonly number[] = [
  ...[0, 1, 4, 8, 60, 1000, 0x2000, 0x3fff, 0x4000, 0x7ffc, 0x8000, 65524, 65528, 65529, 65532, 65533, 65534, 65535],
  ...[65536, -1, -2, -4, -8, -65536, 0x7fffffff, -0x80000000, 0x7fff8000],
];

function argument(random: Random, type: string, { hasMemory, showsNaN, deciding }: Program): Argument {
  const kind = random(8);
  if (kind < 2 && deciding.length > 0) {
    const number = pick(random, deciding);
    return type === "I" ? BigInt.asIntN(64, number) : Number(BigInt.asIntN(32, number));
  }
  if (kind === 2) return type === "I" ? 0n : 0;
  if (type === "i" && hasMemory && kind > 3) return pick(random, ADDRESSES);
  const number = kind > 5 ? pick(random, SMALL) : randomNumber(random, type);
  if (type === "I") return BigInt(number);
  return showsNaN && !Number.isFinite(number) ? 0.25 : number;
}

/** Runs a program on all sides. Returns the observations on the host's machine. */
async function run(name: string, program: Program, random: Random): Promise<Observation[]> {
  const bytes = wat(program.text) as Uint8Array<ArrayBuffer>;
  const [module, stepping] = [compileSync(bytes), compileSync(bytes)];
  codeOf(stepping).stepping = true;
  const functions = module.exports.filter(({ kind }) => kind === "function");
  for (const [index] of functions.entries()) {
    const lines = disassemble(codeOf(module), index).split("\n");
    assert(!program.isExact || lines.some((line) => line.split(" ")[1] === name), `${name}: ${lines.join("\n")}`);
  }
  const host = hostSide(bytes, module);
  const whole = await ownSide(module, { slice: Infinity });
  const slices = await ownSide(module, { slice: 1 });
  const steps = await ownSide(stepping, { slice: 1 });
  const observations: Observation[] = [];
  for (const { name: exported } of functions) {
    for (let call = 0; call < CALLS; call++) {
      const args = program.params.map((type) => argument(random, type, program));
      const expected = await host.step(exported, args);
      const own = await whole.step(exported, args);
      const same = (side: string, a: Observation, b: Observation, withFuel: boolean) =>
        assert(
          isSame(a, b, withFuel),
          `${name}, ${side}: ${exported}(${args.join(", ")})\n${text(a, b)}\n${text(b, a)}\n${program.text}`,
        );
      same("host and own", expected, own, false);
      same("whole and in slices", own, await slices.step(exported, args), true);
      // A trap charges only the instructions up to the last branch. In steps, each instruction is charged alone.
      same("whole and in steps", own, await steps.step(exported, args), own.traps.length === 0);
      observations.push(expected);
    }
  }
  return observations;
}

for (const name of FUSED) {
  Deno.test(`${name} has the effect of its parts`, async () => {
    const random = randomSource(1);
    const programs = programsFor(name, random);
    const observations: Observation[] = [];
    for (const program of programs) {
      const seen = await run(name, program, random);
      if (program.isExact) observations.push(...seen);
    }
    const finished = observations.filter(({ traps }) => traps.length === 0);
    assert(finished.length > 0, "some calls finish");
    assert(!programs[0].hasMemory || finished.length < observations.length, "some accesses trap");
    const paths = new Set(finished.map(({ seen }) => seen[1]));
    if (/^(br_|jump)/.test(name)) assert(paths.size === 2, `the branch goes both ways: ${[...paths]}`);
  });
}
