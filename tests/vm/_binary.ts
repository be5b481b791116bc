/**
 * Assembles modules byte by byte, for tests of what the text format can't say.
 *
 * @module
 */

/** The magic number and the version. */
export const HEADER: readonly number[] = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/** An unsigned LEB128. */
export function u32(value: number): number[] {
  const bytes: number[] = [];
  for (; value > 0x7f; value = Math.floor(value / 128)) bytes.push(value % 128 | 0x80);
  return [...bytes, value];
}

/** A name: its length and its UTF-8. */
export function name(text: string): number[] {
  const bytes = new TextEncoder().encode(text);
  return [...u32(bytes.length), ...bytes];
}

/** A vector of items: their number and themselves. */
export function vector(items: readonly (readonly number[])[]): number[] {
  return [...u32(items.length), ...items.flat()];
}

/** A section: its number, its size and its contents. */
export function section(id: number, contents: readonly number[]): number[] {
  return [id, ...u32(contents.length), ...contents];
}

/** A function body without locals: its size, no locals, the instructions and `end`. */
export function body(instructions: readonly number[]): number[] {
  return [...u32(instructions.length + 2), 0, ...instructions, 0x0b];
}

/** A module of sections. */
export function binary(...sections: readonly (readonly number[])[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([...HEADER, ...sections.flat()]);
}

/** Sections of one type `() -> ()` and one function of that type with these instructions. */
export function functionSections(instructions: readonly number[]): number[][] {
  return [
    section(1, vector([[0x60, 0, 0]])),
    section(3, vector([[0]])),
    section(10, vector([body(instructions)])),
  ];
}

/** A function that gives numbers from 0 to below `limit`, the same ones for the same seed. */
export function randomNumbers(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = Math.imul(state, 1664525) + 1013904223 >>> 0;
    return Math.floor(state / 2 ** 32 * limit);
  };
}
