/**
 * Values of this side to what `JSON.stringify` may write. Bytes and streams become tagged values, and what JSON would
 * lose is refused with its path. A value that is plain JSON is returned as it is, after one walk: a fifth of the time
 * that `JSON.stringify` takes.
 *
 * @module
 */

import { toBase64 } from "./base64.ts";
import { type Accepted, aClassOf, bytesOf, type Kind, kindOf, type StreamKind, TAGS } from "./kinds.ts";
import { jsonText } from "./json.ts";
import { pathText, type Step } from "./paths.ts";
import { refusal, tooLong } from "./refused.ts";

/** A stream of this side in a value. It is not locked yet. */
export interface PassedStream {
  readonly kind: StreamKind;
  readonly id: number;
  readonly stream: ReadableStream<unknown> | WritableStream<unknown>;
}

/** A value that `JSON.stringify` may write, and the streams in it. */
export interface Encoded {
  readonly value: unknown;
  readonly streams: readonly PassedStream[];
}

/** What the encoder of one value needs to know. */
export interface EncodeOptions {
  /** What the value is called in a path: `params`. */
  readonly root: string;
  readonly accepts: ReadonlySet<Accepted>;
  /** Counts the ids of passed streams. Without it, streams are refused. */
  readonly nextId: (() => number) | undefined;
}

/** Bytes of one binary value. Its base64 is a string of 384 MiB; V8's longest has 512. */
const MAX_BYTES = 256 << 20;
/** Levels after which `JSON.stringify` has to tell whether there is a cycle. */
const SUSPECT_DEPTH = 500;

const DOLLAR = 0x24;
const NONE: readonly PassedStream[] = [];

/**
 * Encodes a value.
 *
 * @returns a promise only if a `Blob` has to be read
 * @throws {TypeError} if JSON would lose a part of it that the other side does not read, or a stream is locked
 * @throws {RangeError} if a binary value is too long for a message
 */
export function encodeValue(value: unknown, options: EncodeOptions): Encoded | Promise<Encoded> {
  if (typeof value !== "object" || value === null) return { value, streams: NONE };
  const walk: Walk = { ...options, path: [], streams: undefined, reads: undefined };
  const encoded: Encoded = { value: encodeObject(value, walk), streams: walk.streams ?? NONE };
  const { reads } = walk;
  if (reads === undefined) return encoded;
  // Only now: if the rest of the value were refused, nobody would hear of a blob that can't be read.
  const all = Promise.all(reads.map((read) => read())).then(() => encoded);
  // Nor does anybody where blobs are refused.
  all.catch(() => {});
  return all;
}

interface Walk extends EncodeOptions {
  readonly path: Step[];
  streams: PassedStream[] | undefined;
  /** They read the blobs. */
  reads: (() => Promise<void>)[] | undefined;
}

/** The value itself, or what stands for it. */
function encodeObject(value: object, walk: Walk): unknown {
  if (walk.path.length === SUSPECT_DEPTH) jsonText(value, walk.root, walk.path);
  if (Array.isArray(value)) return encodeArray(value, walk);
  const isPlain = Object.getPrototypeOf(value) === Object.prototype;
  if (!isPlain) {
    const kind = kindOf(value);
    if (kind !== undefined) return encodeKind(value, kind, walk);
    // The JSON form of a date is a string.
    if (value instanceof Date) return value;
  }
  const { toJSON } = value as { readonly toJSON?: unknown };
  if (typeof toJSON === "function") return encodeJson(value as HasJson, walk);
  return encodeMembers(value, isPlain, walk);
}

function encodeArray(values: readonly unknown[], walk: Walk): readonly unknown[] {
  let copy: unknown[] | undefined;
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    if (typeof value !== "object" || value === null) continue;
    walk.path.push(index);
    const encoded = encodeObject(value, walk);
    walk.path.pop();
    if (encoded !== value) (copy ??= values.slice())[index] = encoded;
  }
  return copy ?? values;
}

function encodeMembers(object: object, isPlain: boolean, walk: Walk): unknown {
  const values = object as Readonly<Record<string, unknown>>;
  let copy: Record<string, unknown> | undefined;
  let members = 0;
  let isTag = false;
  // A plain object inherits no names, so this is faster than a list of its keys, and the same.
  for (const name in values) {
    if (!isPlain && !Object.hasOwn(values, name)) continue;
    let value = values[name];
    if (typeof value === "object" && value !== null) {
      walk.path.push(name);
      const encoded = encodeObject(value, walk);
      walk.path.pop();
      if (encoded !== value) setMember(copy ??= { ...values }, name, encoded);
      value = encoded;
    }
    if (value === undefined || typeof value === "function" || typeof value === "symbol") continue;
    members++;
    if (name.charCodeAt(0) === DOLLAR) isTag ||= TAGS.has(name);
  }
  const encoded = copy ?? values;
  return isTag && members === 1 && walk.accepts.size > 0 ? { $literal: encoded } : encoded;
}

/** Sets a member of which the object has a copy: `__proto__` is an ordinary name. */
function setMember(object: Record<string, unknown>, name: string, value: unknown): void {
  if (name !== "__proto__") object[name] = value;
  else Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
}

interface HasJson {
  readonly toJSON: (key: string) => unknown;
}

/** An object that makes its own JSON form. */
function encodeJson(value: HasJson, walk: Walk): unknown {
  const json = value.toJSON(String(walk.path.at(-1) ?? ""));
  if (typeof json !== "object" || json === null) return json;
  // `JSON.stringify` asks no second time.
  if (json === value || "toJSON" in json) return encodeMembers({ ...json, toJSON: undefined }, true, walk);
  return encodeObject(json, walk);
}

function encodeKind(value: object, { sentAs, hint }: Kind, walk: Walk): unknown {
  switch (sentAs) {
    case "nothing":
      throw refusal(`${pathOf(walk)} is ${aClassOf(value)}, which JSON would lose: ${hint}`);
    case "bytes":
      checkAgreed("bytes", value, walk);
      return { $bytes: textOf(value, walk) };
    case "blob":
      checkAgreed("bytes", value, walk);
      return encodeBlob(value as Blob, walk);
    default:
      checkAgreed("streams", value, walk);
      return encodeStream(value as PassedStream["stream"], sentAs, walk);
  }
}

function encodeBlob(blob: Blob, walk: Walk): unknown {
  const tag = { $bytes: "" };
  const path = pathOf(walk);
  checkSize(blob.size, path);
  (walk.reads ??= []).push(async () => void (tag.$bytes = toBase64(new Uint8Array(await blob.arrayBuffer()))));
  return tag;
}

function encodeStream(stream: PassedStream["stream"], kind: StreamKind, walk: Walk): unknown {
  const path = pathOf(walk);
  if (walk.nextId === undefined) {
    throw refusal(`${path} is ${aClassOf(stream)}: streams are for params and results`);
  }
  if (stream.locked) throw refusal(`${path} is ${aClassOf(stream)} that is locked`);
  walk.streams ??= [];
  if (walk.streams.some((passed) => passed.stream === stream)) {
    throw refusal(`${path} is ${aClassOf(stream)} that is passed twice`);
  }
  const id = walk.nextId();
  walk.streams.push({ kind, id, stream });
  return { [`$${kind}`]: id };
}

function textOf(value: object, walk: Walk): string {
  let bytes: Uint8Array;
  try {
    bytes = bytesOf(value);
  } catch (cause) {
    throw refusal(`${pathOf(walk)} is ${aClassOf(value)} whose bytes were transferred`, { cause });
  }
  checkSize(bytes.length, walk);
  return toBase64(bytes);
}

function checkSize(size: number, where: Walk | string): void {
  if (size <= MAX_BYTES) return;
  const path = typeof where === "string" ? where : pathOf(where);
  throw tooLong(`${path} has ${size} bytes, and one message takes at most ${MAX_BYTES}: pass a stream`);
}

function checkAgreed(needed: Accepted, value: object, walk: Walk): void {
  if (walk.accepts.has(needed)) return;
  const remedy = needed === "bytes" ? ", or encode it yourself" : "";
  throw refusal(
    `${pathOf(walk)} is ${aClassOf(value)}: the other side has not agreed to ${needed}; ` +
      `pass \`accepts: ["${needed}"]\` if it reads them${remedy}`,
  );
}

/** Where the walk is. */
function pathOf({ root, path }: Walk): string {
  return pathText(root, path);
}
