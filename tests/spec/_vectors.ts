/**
 * Vectors as scripts write them: `(v128.const i32x4 1 2 3 4)`. A vector is the list of its lanes, each a constant.
 *
 * @module
 */

import type { Constant } from "./script.ts";

/** The lanes of a vector, the first one in the lowest bits. */
export interface Vector {
  /** Bits of a lane. */
  readonly width: bigint;
  readonly lanes: readonly Constant[];
}

/** The lanes of a constant of type `v128`. Those of floats are of type `f32` or `f64`, and others `int`. */
export function vectorOf({ text }: Constant): Vector {
  const [shape, ...lanes] = text.split(" ");
  const [, sort, width, count] = /^([if])(\d+)x(\d+)$/.exec(shape)!;
  if (lanes.length !== Number(count)) throw new SyntaxError(`not ${count} lanes: ${text}`);
  return { width: BigInt(width), lanes: lanes.map((text) => ({ type: sort === "f" ? `f${width}` : "int", text })) };
}

/** The bits of a vector from those of its lanes. */
export function joined({ width, lanes }: Vector, bitsOf: (lane: Constant) => bigint): bigint {
  return lanes.reduceRight((bits, lane) => bits << width | BigInt.asUintN(Number(width), bitsOf(lane)), 0n);
}

/** The value of a lane of type `int`. */
export function integerOf({ text }: Constant): bigint {
  const [, sign, digits] = /^([-+]?)(.*)$/.exec(text.replaceAll("_", ""))!;
  return sign === "-" ? -BigInt(digits) : BigInt(digits);
}
