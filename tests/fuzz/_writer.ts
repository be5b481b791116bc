/**
 * Instructions with constants, as bytes. The assembler of tests/vm does not have them.
 *
 * @module
 */

import { F32_NANS, F64_NANS, randomNumber, TYPE_CODES } from "./_values.ts";
import { pick } from "../../tools/random.ts";
import type { Random } from "../../tools/random.ts";

const VIEW = new DataView(new ArrayBuffer(8));

/** A signed LEB128. */
export function signed(value: number | bigint): number[] {
  const bytes: number[] = [];
  for (let rest = BigInt(value);; rest >>= 7n) {
    const low = Number(rest & 0x7fn);
    if (rest >= -64n && rest < 64n) return [...bytes, low];
    bytes.push(low | 0x80);
  }
}

/** `t.const`, with the value in each lane of 64 bits if it is a vector, or `ref.null` for a reference type. */
export function constant(type: string, value: number | bigint): number[] {
  switch (type) {
    case "i":
      return [0x41, ...signed(value)];
    case "I":
      return [0x42, ...signed(value)];
    case "f":
      VIEW.setFloat32(0, value as number, true);
      return [0x43, ...bytes(4)];
    case "F":
      VIEW.setFloat64(0, value as number, true);
      return [0x44, ...bytes(8)];
    case "V":
      VIEW.setBigInt64(0, BigInt(value), true);
      return [0xfd, 0x0c, ...bytes(8), ...bytes(8)];
    default:
      return [0xd0, TYPE_CODES[type]];
  }
}

/** The default constant. */
export function zero(type: string): number[] {
  return constant(type, type === "I" ? 0n : 0);
}

/** A NaN constant of the float type, with any payload. */
export function nan(random: Random, type: string): number[] {
  if (type === "f") VIEW.setUint32(0, pick(random, F32_NANS), true);
  else VIEW.setBigUint64(0, pick(random, F64_NANS), true);
  return type === "f" ? [0x43, ...bytes(4)] : [0x44, ...bytes(8)];
}

/** A constant with an edge value, NaNs with payloads included, or null for reference types. */
export function randomConstant(random: Random, type: string): number[] {
  if (type === "V") return randomVector(random);
  if ((type === "f" || type === "F") && random(8) === 0) return nan(random, type);
  return type === "r" || type === "e" ? zero(type) : constant(type, randomNumber(random, type));
}

/** A constant vector. Each half has edge values of one type, NaNs included, or any bytes. */
function randomVector(random: Random): number[] {
  return [0xfd, 0x0c, ...randomHalf(random), ...randomHalf(random)];
}

function randomHalf(random: Random): Uint8Array {
  const type = pick(random, "biIfF");
  if (type === "b") VIEW.setBigUint64(0, BigInt(random(2 ** 32)) << 32n | BigInt(random(2 ** 32)));
  else if (type === "i" || type === "f") {
    return Uint8Array.from([...randomBits(random, type), ...randomBits(random, type)]);
  } else return Uint8Array.from(randomBits(random, type));
  return bytes(8).slice();
}

/** The bytes of a random number. */
function randomBits(random: Random, type: string): number[] {
  if (type === "i") VIEW.setInt32(0, randomNumber(random, type) as number, true);
  else if (type === "I") VIEW.setBigInt64(0, randomNumber(random, type) as bigint, true);
  else return randomConstant(random, type).slice(1);
  return [...bytes(type === "i" ? 4 : 8)];
}

function bytes(count: number): Uint8Array {
  return new Uint8Array(VIEW.buffer, 0, count);
}
