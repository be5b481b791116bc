/**
 * Values between a host and a worker. What crosses is JSON, bytes, streams and errors: each side packs what it sends,
 * so that it arrives as if it had been passed to the plugin directly. Each side checks what it unpacks, within bounds.
 *
 * An error is a `Map` on its way, which neither JSON nor a guest can make.
 *
 * @module
 */

import { errorOf, fieldsOf, MAX_CHAIN } from "./errors.ts";
import type { KnownErrors } from "./errors.ts";
import { ChannelFault } from "./messages.ts";

/** Levels of what is sent: a cyclic value has more. */
const MAX_DEPTH = 1_000;
/** What a value counts beside its text and its bytes. */
const VALUE_SIZE = 8;

/** What is sent. */
export interface Packed {
  readonly value: unknown;
  /** What moves to the other side, and is gone from this one. */
  readonly transfer: Transferable[];
  /** About its bytes. */
  readonly size: number;
}

/** The largest value that is taken. */
export interface Bounds {
  /** Levels of arrays and objects. */
  readonly depth: number;
  /** Text in UTF-16 units, bytes, and 1 for each value. */
  readonly size: number;
}

/**
 * Packs a value.
 *
 * @param moves whether its buffers may be moved, and not copied
 * @throws {TypeError} if it has no form here
 */
export function pack(value: unknown, errors: KnownErrors, moves: boolean): Packed {
  const transfer = new Set<Transferable>();
  let size = 0;
  const packError = (error: Error, chain: number, depth: number): Map<string, unknown> => {
    const number = errors.numberOf(error);
    const fields = Object.entries(fieldsOf(error, chain));
    const packed = fields.map(([name, field]): [string, unknown] => [name, packAny(field, name, depth + 1, chain + 1)]);
    if (number !== undefined) packed.push(["number", number]);
    return new Map(packed);
  };
  const packAny = (value: unknown, path: string, depth: number, chain: number): unknown => {
    size += VALUE_SIZE;
    if (typeof value === "string") size += value.length;
    // As in JSON, these are left out.
    if (typeof value === "function" || typeof value === "symbol") return undefined;
    if (typeof value !== "object" || value === null) return value;
    if (depth > MAX_DEPTH) throw new TypeError(`${path} is nested too deeply, or contains itself`);
    if (isError(value)) return chain > MAX_CHAIN ? undefined : packError(value, chain, depth);
    if ("toJSON" in value && typeof value.toJSON === "function") return packAny(value.toJSON(), path, depth + 1, chain);
    if (isBytes(value)) {
      size += value.byteLength;
      const buffer = ArrayBuffer.isView(value) ? value.buffer : value;
      if (moves && buffer instanceof ArrayBuffer && buffer.byteLength === value.byteLength) transfer.add(buffer);
      return value;
    }
    if (isStream(value)) {
      transfer.add(value);
      return value;
    }
    if (typeof Blob !== "undefined" && value instanceof Blob) return value;
    if (Array.isArray(value)) return value.map((item, index) => packAny(item, `${path}[${index}]`, depth + 1, chain));
    if (value instanceof Map || value instanceof Set) {
      throw new TypeError(`${path} is a ${value instanceof Map ? "Map" : "Set"}, which has no JSON form`);
    }
    const entries = Object.entries(value);
    for (const [name] of entries) size += name.length;
    return Object.fromEntries(entries.map(([name, it]) => [name, packAny(it, `${path}.${name}`, depth + 1, chain)]));
  };
  const packed = packAny(value, "the value", 0, 0);
  return { value: packed, transfer: [...transfer], size };
}

/** Checks and unpacks a value. It belongs to this side: it is changed in place. @throws {ChannelFault} if it is not one */
export function unpack(value: unknown, errors: KnownErrors, bounds: Bounds): unknown {
  let left = bounds.size;
  const take = (size: number): void => {
    left -= size;
    if (left < 0) throw new ChannelFault("it sent a value that is longer than the limits allow");
  };
  const unpackError = (fields: ReadonlyMap<unknown, unknown>, chain: number, depth: number): unknown => {
    const known = errors.original(fields.get("number") as number);
    if (known !== undefined) return known.error;
    const unpacked = new Map<unknown, unknown>();
    for (const [name, field] of fields) unpacked.set(name, unpackAny(field, depth + 1, chain + 1));
    const error = errorOf(unpacked, chain);
    if (error === undefined) throw new ChannelFault("it sent an error that is not one");
    const number = fields.get("number");
    if (typeof number === "number") errors.note(error, number);
    return error;
  };
  const unpackAny = (value: unknown, depth: number, chain: number): unknown => {
    take(1);
    if (typeof value === "string") take(value.length);
    if (typeof value !== "object" || value === null) return value;
    if (depth > bounds.depth) throw new ChannelFault("it sent a value that is nested deeper than the limits allow");
    if (Array.isArray(value)) {
      take(value.length);
      for (let index = 0; index < value.length; index++) value[index] = unpackAny(value[index], depth + 1, chain);
      return value;
    }
    if (value instanceof Map) return unpackError(value, chain, depth);
    if (isBytes(value)) {
      take(value.byteLength);
      return value;
    }
    if (isStream(value) || (typeof Blob !== "undefined" && value instanceof Blob)) return value;
    if (Object.getPrototypeOf(value) !== Object.prototype) throw new ChannelFault("it sent an object that is not data");
    for (const name of Object.keys(value)) {
      take(name.length);
      const before = (value as Record<string, unknown>)[name];
      const after = unpackAny(before, depth + 1, chain);
      if (after !== before) {
        Object.defineProperty(value, name, { value: after, writable: true, enumerable: true, configurable: true });
      }
    }
    return value;
  };
  return unpackAny(value, 0, 0);
}

/** A `DOMException` is not an `Error` of the language in all runtimes. */
function isError(value: object): value is Error {
  return value instanceof Error || (typeof DOMException !== "undefined" && value instanceof DOMException);
}

function isBytes(value: object): value is ArrayBuffer | ArrayBufferView {
  return ArrayBuffer.isView(value) || value instanceof ArrayBuffer;
}

function isStream(value: object): value is ReadableStream | WritableStream {
  return value instanceof ReadableStream || value instanceof WritableStream;
}
