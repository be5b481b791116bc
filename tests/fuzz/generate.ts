/**
 * Generates random valid modules as bytes, the same module for the same seed. A global that the caller sets bounds the
 * work of a function: calls and rounds of loops count it down. The imports are a few functions and, in some modules, a
 * memory, a table and a global.
 *
 * @module
 */

import { binary, name, section, u32, vector } from "../../tools/binary.ts";
import type { Part } from "../../tools/binary.ts";
import { counted } from "./_counted.ts";
import { typeIndex } from "./_draft.ts";
import type { Body, Draft, DraftGlobal } from "./_draft.ts";
import { burn, expressions } from "./_expressions.ts";
import { pick, randomSource } from "../../tools/random.ts";
import type { Random } from "../../tools/random.ts";
import { statement } from "./_statements.ts";
import { TYPE_CODES } from "./_values.ts";
import { VECTORS } from "./_vectors.ts";
import { randomConstant, zero } from "./_writer.ts";

/** Functions of the host, under the module name `env`. */
const HOST_TYPES: Readonly<Record<string, string>> = { log: "i:", mix: "iIF:i", pair: "I:iI" };

/** Pages of memory. */
const MEMORY_LIMITS = { initial: 1, maximum: 3 } as const;
/** Elements of each table. */
const TABLE_LIMITS = { initial: 10, maximum: 14 } as const;

/** A generated module. */
export interface Generated {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The number of its nodes. Each of them can be omitted. */
  readonly nodes: number;
}

/**
 * The style of a module. `plain` is without host functions and without instructions that cost more than one unit of
 * fuel. `counted` is plain, and its last global counts the executed instructions that cost fuel. `everything` has all
 * instructions of numbers and references, and host functions. Each is also there with SIMD. What has vectors is not
 * exported then, since JavaScript can't hold them.
 */
export type Style = "everything" | "plain" | "counted" | "simd" | "plain simd" | "counted simd";

/**
 * Generates a module from its seed.
 *
 * @param omit numbers of the nodes that are replaced by constants, or removed
 */
export function generate(
  seed: number,
  omit: ReadonlySet<number> = new Set(),
  style: Style = "everything",
): Generated {
  const random = randomSource(seed);
  const imports = { memory: random(4) === 0, table: random(4) === 0, global: random(4) === 0 };
  const isPlain = /plain|counted/.test(style);
  const hasVectors = style.endsWith("simd");
  const hosts = isPlain ? [] : Object.values(HOST_TYPES);
  const own = Array.from({ length: 2 + random(4) }, (_, index) => randomSignature(random, hasVectors && index > 0));
  const functions = [...hosts, ...own];
  const globals = randomGlobals(random, imports.global);
  if (hasVectors) globals.push({ type: "V", mutable: true }, { type: "V", mutable: false });
  const element = pick(random, "re");
  const draft: Draft = {
    random,
    omit,
    nodes: 0,
    isPlain,
    hasVectors,
    risk: pick(random, [0, 2, 10]),
    types: [],
    functions,
    globals,
    fuel: imports.global ? 1 : 0,
    tables: ["r", element, "r"],
    slots: Array.from({ length: TABLE_LIMITS.initial }, () => random(5) === 0 ? null : random(functions.length)),
    data: 2,
    elements: ["r", "r", element],
  };
  for (let count = random(3); count > 0; count--) typeIndex(draft, randomSignature(random, hasVectors));
  for (const signature of functions) typeIndex(draft, signature);
  const counter = style.startsWith("counted") ? globals.length : undefined;
  const bodies = functions.slice(hosts.length).map((signature) => functionBody(draft, signature, counter));
  if (counter !== undefined) globals.push({ type: "I", mutable: true });
  return { bytes: assemble(draft, imports, bodies), nodes: draft.nodes };
}

function randomSignature(random: Random, hasVectors: boolean): string {
  const types = "iiiIIIffFFre" + (hasVectors ? "VV" : "");
  const letters = (most: number) => Array.from({ length: random(most) }, () => pick(random, types)).join("");
  return `${letters(5)}:${letters(4)}`;
}

/** Perhaps an imported global, the fuel, one of each type, and some more. */
function randomGlobals(random: Random, hasImport: boolean): DraftGlobal[] {
  return [
    ...hasImport ? [{ type: "I", mutable: true }] : [],
    { type: "i", mutable: true },
    ...Array.from("iIfFre", (type) => ({ type, mutable: random(4) > 0 })),
    { type: "I", mutable: true },
  ];
}

/** A function. If the index of a global is passed, that global counts the function's instructions. */
function functionBody(draft: Draft, signature: string, counter: number | undefined): number[] {
  const { random } = draft;
  const [params, results] = signature.split(":");
  const types = "iiIIfFre" + (draft.hasVectors ? "VV" : "");
  const scratch = (draft.hasVectors ? "V" : "") + "iIfF";
  // Zeroing eight locals would cost a unit of fuel.
  const most = draft.isPlain ? 8 - scratch.length : 5;
  const extra = Array.from({ length: random(most) }, () => pick(random, types)).join("") + scratch;
  const body: Body = {
    draft,
    code: [],
    locals: params + extra,
    results,
    labels: [{ types: results, clean: false }],
    statement,
    vectors: draft.hasVectors ? VECTORS : undefined,
    budget: pick(random, [20, 80, 200, 500]),
  };
  burn(body);
  const depth = 4 + random(6);
  for (let count = 1 + random(8); count > 0; count--) statement(body, depth);
  expressions(body, results, depth);
  const locals = vector(Array.from(extra, (type) => [1, TYPE_CODES[type]]));
  const code = counter === undefined ? body.code : counted(body.code, counter);
  return [...u32(locals.length + code.length + 1), ...locals, ...code, 0x0b];
}

interface DraftImports {
  readonly memory: boolean;
  readonly table: boolean;
  readonly global: boolean;
}

function assemble(
  draft: Draft,
  imports: DraftImports,
  bodies: readonly (readonly number[])[],
): Uint8Array<ArrayBuffer> {
  const { random, functions, globals, tables, slots } = draft;
  const hosts = draft.isPlain ? [] : Object.keys(HOST_TYPES);
  const own = functions.slice(hosts.length);
  const memory = [1, MEMORY_LIMITS.initial, MEMORY_LIMITS.maximum];
  const tableTypes = tables.map((type) => [TYPE_CODES[type], 1, TABLE_LIMITS.initial, TABLE_LIMITS.maximum]);
  const globalTypes = globals.map(({ type, mutable }) => [TYPE_CODES[type], Number(mutable)]);
  const imported = (
    field: string,
    kind: number,
    type: readonly number[],
  ) => [...name("env"), ...name(field), kind, ...type];
  const exported = (types: string, field: string, kind: number, index: number) =>
    types.includes("V") ? [] : [[...name(field), kind, ...u32(index)]];
  const reference = (index: number | null) => index === null ? [...zero("r"), 0x0b] : [0xd2, ...u32(index), 0x0b];
  const offset = [...zero("i"), 0x0b];
  const starts = own.flatMap((signature, index) => signature === ":" ? [hosts.length + index] : []);
  const bytes = (count: number) => Array.from({ length: count }, () => random(256));
  const contents: readonly (readonly [id: number, contents: Part])[] = [
    [1, vector(draft.types.map(functionType))],
    [
      2,
      vector([
        ...hosts.map((host) => imported(host, 0, u32(typeIndex(draft, HOST_TYPES[host])))),
        ...imports.table ? [imported("table", 1, tableTypes[0])] : [],
        ...imports.memory ? [imported("memory", 2, memory)] : [],
        ...imports.global ? [imported("global", 3, globalTypes[0])] : [],
      ]),
    ],
    [3, vector(own.map((signature) => u32(typeIndex(draft, signature))))],
    [4, vector(tableTypes.slice(imports.table ? 1 : 0))],
    [5, vector(imports.memory ? [] : [memory])],
    [
      6,
      vector(
        globals.slice(imports.global ? 1 : 0).map(({ type }, index) => [
          ...globalTypes[index + (imports.global ? 1 : 0)],
          ...index === 0 ? [0x41, 50] : index > 7 ? zero(type) : randomConstant(random, type),
          0x0b,
        ]),
      ),
    ],
    [
      7,
      vector([
        ...own.flatMap((types, index) => exported(types, `f${hosts.length + index}`, 0, hosts.length + index)),
        ...tables.flatMap((type, index) => exported(type, `table${index}`, 1, index)),
        ...exported("", "memory", 2, 0),
        ...globals.flatMap(({ type }, index) =>
          exported(type, index === draft.fuel ? "fuel" : `global${index}`, 3, index)
        ),
      ]),
    ],
    [8, starts.length > 0 && random(4) === 0 ? u32(starts[0]) : []],
    [
      9,
      vector([
        [4, ...offset, ...vector(slots.map(reference))],
        [5, TYPE_CODES.r, ...vector([0, 1, 2].map((slot) => reference(slots[slot])))],
        [5, TYPE_CODES[draft.elements[2]], ...vector([0, 1, 2].map(() => [...zero(draft.elements[2]), 0x0b]))],
        [3, 0, ...vector(functions.map((_, index) => u32(index)))],
      ]),
    ],
    [12, u32(draft.data)],
    [10, vector(bodies)],
    [11, vector([[0, ...offset, ...u32(64), ...bytes(64)], [1, ...u32(8), ...bytes(8)]])],
  ];
  return binary(
    ...contents.filter(([id, { length }]) => id !== 8 || length > 0).map(([id, part]) => section(id, part)),
  );
}

function functionType(signature: string): number[] {
  const [params, results] = signature.split(":");
  const codes = (letters: string) => vector(Array.from(letters, (type) => [TYPE_CODES[type]]));
  return [0x60, ...codes(params), ...codes(results)];
}
