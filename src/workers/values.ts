/**
 * Values between a host and a worker. What crosses is JSON, bytes, streams and errors: each side packs what it sends,
 * so that it arrives as if it had been passed to the plugin directly. Each side checks what it unpacks, within bounds.
 *
 * An error is a `Map` on its way, which neither JSON nor a guest can make.
 *
 * @module
 */

import { aClassOf, bytesOf, kindOf } from "../rpc/values/kinds.ts";
import { pathText } from "../rpc/values/paths.ts";
import { refusal } from "../rpc/values/refused.ts";
import { errorOf, fieldsOf, MAX_CHAIN } from "./errors.ts";
import type { KnownErrors } from "./errors.ts";
import { canMoveStreams } from "./streams.ts";
import type { AnyStream, Pipes } from "./streams.ts";
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

/** What a value is called in errors. */
interface Root {
  readonly root: string;
  /** Whether it is a list of such values. */
  readonly isList: boolean;
}

const RESULT: Root = { root: "result", isList: false };

/** What one side knows about all that it sends and receives. */
export interface Side {
  readonly errors: KnownErrors;
  /** Whether buffers that are sent may be moved, and not copied. */
  readonly moves: boolean;
  /** What streams are wrapped in, on the host's side. */
  readonly pipes?: Pipes;
}

/** Packs a value. @throws {TypeError} if it has no form here */
export function pack(value: unknown, how: Side, { root, isList }: Root = RESULT): Packed {
  const { errors, moves } = how;
  const transfer = new Set<Transferable>();
  let size = 0;
  /** Where the value is that is packed now. */
  const steps: (string | number)[] = [];
  const packError = (error: Error, chain: number, depth: number): Map<string, unknown> => {
    const number = errors.numberOf(error);
    const fields = Object.entries(fieldsOf(error, chain));
    const packed = fields.map(([name, field]): [string, unknown] => [name, packAny(field, depth + 1, chain + 1)]);
    if (number !== undefined) packed.push(["number", number]);
    return new Map(packed);
  };
  const packBytes = (value: object): unknown => {
    const bytes = bytesOf(value);
    size += bytes.byteLength;
    // What others can change meanwhile is copied now.
    if (!(bytes.buffer instanceof ArrayBuffer)) return bytes.slice();
    if (moves && bytes.buffer.byteLength === bytes.byteLength) transfer.add(bytes.buffer);
    return value;
  };
  const packStream = (stream: AnyStream): AnyStream => {
    const path = pathText(root, steps.slice(isList ? 1 : 0));
    if (!canMoveStreams()) throw refusal(`${path} is a stream, and this runtime can't pass streams to workers`);
    if (stream.locked) throw refusal(`${path} is a stream that is locked`);
    const packed = how.pipes?.around(stream) ?? stream;
    transfer.add(packed as Transferable);
    return packed;
  };
  const packList = (list: readonly unknown[], depth: number, chain: number): unknown[] => {
    const packed: unknown[] = [];
    const step = steps.push(0) - 1;
    for (let index = 0; index < list.length; index++) {
      steps[step] = index;
      packed.push(packAny(list[index], depth + 1, chain));
    }
    steps.pop();
    return packed;
  };
  const packRecord = (record: object, depth: number, chain: number): Record<string, unknown> => {
    const entries = Object.entries(record);
    const step = steps.push("") - 1;
    for (const entry of entries) {
      size += entry[0].length;
      steps[step] = entry[0];
      entry[1] = packAny(entry[1], depth + 1, chain);
    }
    steps.pop();
    return Object.fromEntries(entries);
  };
  const packAny = (value: unknown, depth: number, chain: number): unknown => {
    size += VALUE_SIZE;
    if (typeof value === "string") size += value.length;
    // As in JSON, these are left out.
    if (typeof value === "function" || typeof value === "symbol") return undefined;
    if (typeof value !== "object" || value === null) return value;
    if (depth > MAX_DEPTH) throw refusal("the value is nested too deeply, or contains itself");
    if (Array.isArray(value)) return packList(value, depth, chain);
    if (isError(value)) return chain > MAX_CHAIN ? undefined : packError(value, chain, depth);
    if ("toJSON" in value && typeof value.toJSON === "function") return packAny(value.toJSON(), depth + 1, chain);
    const kind = kindOf(value);
    switch (kind?.sentAs) {
      case "bytes":
        return packBytes(value);
      case "blob":
        return value;
      case "readable":
      case "writable":
        return packStream(value as AnyStream);
      case "nothing": {
        const path = pathText(root, steps.slice(isList ? 1 : 0));
        throw refusal(`${path} is ${aClassOf(value)}, which JSON would lose: ${kind!.hint}`);
      }
    }
    return packRecord(value, depth, chain);
  };
  const packed = packAny(value, 0, 0);
  return { value: packed, transfer: [...transfer], size };
}

/** Checks and unpacks a value. It belongs to this side: it is changed in place. @throws {ChannelFault} if it is not one */
export function unpack(value: unknown, { errors, pipes }: Side, bounds: Bounds): unknown {
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
    if (isStream(value)) return pipes?.around(value) ?? value;
    if (kindOf(value)?.sentAs === "blob") return value;
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

/** Memory that the other side shares could change after it was checked: it is not taken. */
function isBytes(value: object): value is ArrayBuffer | ArrayBufferView {
  return (ArrayBuffer.isView(value) ? value.buffer : value) instanceof ArrayBuffer;
}

function isStream(value: object): value is AnyStream {
  return value instanceof ReadableStream || value instanceof WritableStream;
}
