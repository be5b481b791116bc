/**
 * Values as bits: JavaScript's numbers do not preserve the payloads of NaN, and it has no vectors. So a binary gets, for
 * each exported function and global with floats or vectors, one more exported function that takes and returns integers.
 * All that is added comes after what is there.
 *
 * @module
 */

import { Cursor } from "../../src/vm/binary/cursor.ts";
import { valueTypeName } from "../../src/vm/binary/types.ts";
import type { ModuleRecord } from "../../src/vm/binary/types.ts";
import { HEADER, I32, I64, join, name, SECTION, section, sized, u32, vector } from "../../tools/binary.ts";
import type { Part } from "../../tools/binary.ts";

/** The name of an added function. No export of the suite begins like this. */
export function bitsOf(exported: string): string {
  return `bits of ${exported}`;
}

/** How the words of a type become a value on the stack, and a value of a local becomes words. */
interface Passing {
  readonly words: readonly number[];
  /** From the locals that begin at an index. */
  readonly read: (local: number) => Part;
  readonly write: (local: number) => Part;
}

const get = (local: number): number[] => [0x20, ...u32(local)];
const simd = (opcode: number, ...immediates: number[]): number[] => [0xfd, ...u32(opcode), ...immediates];
const plain = (type: number): Passing => ({ words: [type], read: get, write: get });
const reinterpreted = (type: number, from: number, to: number): Passing => ({
  words: [type],
  read: (local) => [...get(local), from],
  write: (local) => [...get(local), to],
});

const PASSING: Readonly<Record<string, Passing>> = {
  f32: reinterpreted(I32, 0xbe, 0xbc),
  f64: reinterpreted(I64, 0xbf, 0xbd),
  v128: {
    words: [I64, I64],
    // i64x2.splat, i64x2.replace_lane 1; i64x2.extract_lane.
    read: (local) => [...get(local), ...simd(0x12), ...get(local + 1), ...simd(0x1e, 1)],
    write: (local) => [...get(local), ...simd(0x1d, 0), ...get(local), ...simd(0x1d, 1)],
  },
};

/** Whether values of a type pass JavaScript as other ones. */
export function isBits(type: string): boolean {
  return type in PASSING;
}

function passingOf(type: number): Passing {
  return PASSING[valueTypeName(type as never)] ?? plain(type);
}

/** An added function: its type, and its body. */
interface Added {
  readonly name: string;
  readonly type: Part;
  readonly body: Part;
}

/** A binary with the functions that it needs, or the same binary if it needs none. */
export function withBits(bytes: Uint8Array<ArrayBuffer>, record: ModuleRecord): Uint8Array<ArrayBuffer> {
  const added = record.exports.flatMap((entry) => addedFor(record, entry));
  if (added.length === 0) return bytes;
  const { types, functions } = record;
  const parts: readonly (readonly [id: number, parts: readonly Part[]])[] = [
    [SECTION.type, added.map(({ type }) => type)],
    [SECTION.function, added.map((_, index) => u32(types.length + index))],
    [
      SECTION.export,
      added.map((entry, index) => join(name(bitsOf(entry.name)), [0], u32(functions.length + index))),
    ],
    [SECTION.code, added.map(({ body }) => sized(body))],
  ];
  return parts.reduce((bytes, [id, items]) => appended(bytes, id, items), bytes);
}

function addedFor(record: ModuleRecord, { kind, index, name }: ModuleRecord["exports"][number]): Added[] {
  const { types, functions, globals } = record;
  if (kind !== "function" && kind !== "global") return [];
  const { params, results } = kind === "function"
    ? types[functions[index]]
    : { params: [], results: [globals[index].value] };
  if (![...params, ...results].some((type) => isBits(valueTypeName(type)))) return [];
  const [taken, given] = [params.map(passingOf), results.map(passingOf)];
  const words = taken.flatMap(({ words }) => words);
  const code: Part[] = [vector(results.map((type) => [1, type]))];
  let local = 0;
  for (const { read, words } of taken) {
    code.push(read(local));
    local += words.length;
  }
  code.push([kind === "function" ? 0x10 : 0x23, ...u32(index)]);
  for (let result = given.length - 1; result >= 0; result--) code.push([0x21, ...u32(local + result)]);
  for (const [result, { write }] of given.entries()) code.push(write(local + result));
  const type = join([0x60], sized(words), sized(given.flatMap(({ words }) => words)));
  return [{ name, type, body: join(...code, [0x0b]) }];
}

/** The places of sections: the number of data segments comes before the code. */
const ORDER = [
  ...[SECTION.type, SECTION.import, SECTION.function, SECTION.table, SECTION.memory, SECTION.global, SECTION.export],
  ...[SECTION.start, SECTION.element, SECTION.dataCount, SECTION.code, SECTION.data],
];

/** A binary whose section has these items after its own. */
function appended(bytes: Uint8Array<ArrayBuffer>, id: number, items: readonly Part[]): Uint8Array<ArrayBuffer> {
  const cursor = new Cursor(bytes, HEADER.length, bytes.length);
  while (cursor.offset < bytes.length) {
    const start = cursor.offset;
    const found = cursor.u8();
    const size = cursor.u32();
    const end = cursor.offset + size;
    if (found === id) {
      const count = cursor.u32();
      const own = bytes.subarray(cursor.offset, end);
      const whole = section(id, u32(count + items.length), own, ...items);
      return join(bytes.subarray(0, start), whole, bytes.subarray(end));
    }
    // A custom section can be anywhere.
    if (found !== SECTION.custom && ORDER.indexOf(found as 1) > ORDER.indexOf(id as 1)) {
      return join(bytes.subarray(0, start), section(id, vector(items)), bytes.subarray(start));
    }
    cursor.skip(size);
  }
  return join(bytes, section(id, vector(items)));
}
