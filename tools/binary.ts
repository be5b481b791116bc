/**
 * Writes modules of any size, well formed or not. Each part is bytes, and nothing is checked. Lengths and counts are
 * right unless a test passes its own.
 *
 * @module
 */

/** Some bytes of a module. */
export type Part = Uint8Array | readonly number[];

/** Numbers of the sections. */
export const SECTION = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
  dataCount: 12,
} as const;

/** Value types. */
export const I32 = 0x7f;
export const I64 = 0x7e;
export const FUNCREF = 0x70;
export const EXTERNREF = 0x6f;

/** The magic number and the version. */
export const HEADER: readonly number[] = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/** Parts one after the other. */
export function join(...parts: readonly Part[]): Uint8Array<ArrayBuffer> {
  return joinAll(parts);
}

/** Parts of a list, one after the other. The list may be too long to be arguments. */
export function joinAll(parts: readonly Part[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** The same bytes, repeated. */
export function repeat(part: Part, count: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(part.length * count);
  bytes.set(part.length <= bytes.length ? part : []);
  for (let filled = part.length; filled < bytes.length; filled *= 2) bytes.copyWithin(filled, 0, filled);
  return bytes;
}

/** An unsigned LEB128 of up to 64 bits, so that counts can exceed what is allowed. */
export function u32(value: number): number[] {
  const bytes: number[] = [];
  for (; value > 0x7f; value = Math.floor(value / 128)) bytes.push(value % 128 | 0x80);
  return [...bytes, value];
}

/** A signed LEB128 of an integer of up to 32 bits. */
export function s32(value: number): number[] {
  const bytes: number[] = [];
  for (; value < -64 || value > 63; value >>= 7) bytes.push(value & 0x7f | 0x80);
  return [...bytes, value & 0x7f];
}

/** Bytes after their length. */
export function sized(...parts: readonly Part[]): Uint8Array<ArrayBuffer> {
  const contents = join(...parts);
  return join(u32(contents.length), contents);
}

/** A name. */
export function name(text: string): Uint8Array<ArrayBuffer> {
  return sized(new TextEncoder().encode(text));
}

/** Items after their count. */
export function vector(list: readonly Part[]): Uint8Array<ArrayBuffer> {
  return join(u32(list.length), joinAll(list));
}

/** The same item `count` times, after the count. */
export function items(count: number, item: Part): Uint8Array<ArrayBuffer> {
  return join(u32(count), repeat(item, count));
}

/** A section. */
export function section(id: number, ...parts: readonly Part[]): Uint8Array<ArrayBuffer> {
  return join([id], sized(...parts));
}

/** A module of sections. */
export function binary(...sections: readonly Part[]): Uint8Array<ArrayBuffer> {
  return join(HEADER, ...sections);
}

/** A function type. */
export function funcType(params: Part, results: Part = []): Uint8Array<ArrayBuffer> {
  return join([0x60], sized(params), sized(results));
}

/** A body: its declarations of locals, and its instructions. `end` is added. */
export function body(instructions: Part, locals: Part = [0]): Uint8Array<ArrayBuffer> {
  return sized(locals, instructions, [0x0b]);
}

/** Sections of one type `() -> ()` and one function of that type with these instructions. */
export function functionSections(instructions: Part): Uint8Array<ArrayBuffer>[] {
  return [
    section(SECTION.type, vector([funcType([])])),
    section(SECTION.function, vector([[0]])),
    section(SECTION.code, vector([body(instructions)])),
  ];
}

/** The parts of a module of functions. */
export interface Functions {
  /** Types; `() -> ()` by default. */
  readonly types?: readonly Part[];
  /** The type of each body. */
  readonly bodies: readonly (readonly [type: number, body: Part])[];
  /** Sections between the function section and the export section, in their order. */
  readonly before?: readonly Part[];
  /** Sections between the export section and the code section. */
  readonly after?: readonly Part[];
}

/** A module of functions. The first is exported as `f`. */
export function functions(
  { types = [funcType([])], bodies, before = [], after = [] }: Functions,
): Uint8Array<ArrayBuffer> {
  return binary(
    section(SECTION.type, vector(types)),
    section(SECTION.function, vector(bodies.map(([type]) => u32(type)))),
    ...before,
    section(SECTION.export, [1], name("f"), [0, 0]),
    ...after,
    section(SECTION.code, vector(bodies.map(([, body]) => body))),
  );
}

/** A module with one function `() -> ()`, exported as `f`. */
export function oneFunction(instructions: Part, locals?: Part, before: readonly Part[] = []): Uint8Array<ArrayBuffer> {
  return functions({ bodies: [[0, body(instructions, locals)]], before });
}
