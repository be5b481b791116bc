/**
 * Which values JSON would lose, and what becomes of each: bytes and streams are sent as tagged values if the other side
 * reads them, and all others are refused.
 *
 * @module
 */

import { checkChoice, shown } from "../../base/options.ts";

/** What both sides of a connection may have agreed to, beside plain JSON. */
export type Accepted = "bytes" | "streams";

const ACCEPTED: readonly Accepted[] = ["bytes", "streams"];

/** The two directions of a passed stream, each named by its tag without `$`. */
export type StreamKind = "readable" | "writable";

/** The only member of a tagged value, with what it needs. `$literal` is an ordinary object that looks like one. */
export const TAGS: ReadonlyMap<string, Accepted | undefined> = new Map([
  ["$bytes", "bytes"],
  ["$readable", "streams"],
  ["$writable", "streams"],
  ["$literal", undefined],
]);

/** A kind of value that JSON would lose. */
export interface Kind {
  /** What it is sent as; `nothing` is always refused. */
  readonly sentAs: "bytes" | "blob" | StreamKind | "nothing";
  /** What to do if it is refused, whatever the other side accepts. */
  readonly hint?: string;
}

const BYTES: Kind = { sentAs: "bytes" };
const BLOB: Kind = { sentAs: "blob" };
const MAP: Kind = { sentAs: "nothing", hint: "pass `Object.fromEntries(map)` or `[...map]`" };
const SET: Kind = { sentAs: "nothing", hint: "pass `[...set]`" };
const ERROR: Kind = { sentAs: "nothing", hint: "pass its `message`, or throw it" };
const ENTRIES: Kind = { sentAs: "nothing", hint: "pass `Object.fromEntries(it)` or `[...it]`" };
const ITERATOR: Kind = { sentAs: "nothing", hint: "pass `[...it]`" };
const WEAK: Kind = { sentAs: "nothing", hint: "nothing can read what is in it" };

/** By the tag that `Object.prototype.toString` shows, which is the same for values of other realms. */
const KINDS: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ["ArrayBuffer", BYTES],
  ["SharedArrayBuffer", BYTES],
  ["Blob", BLOB],
  ["File", BLOB],
  ["ReadableStream", { sentAs: "readable" }],
  ["WritableStream", { sentAs: "writable" }],
  ["TransformStream", { sentAs: "nothing", hint: "pass its `readable` or its `writable`" }],
  ["Map", MAP],
  ["Set", SET],
  ["WeakMap", WEAK],
  ["WeakSet", WEAK],
  ["WeakRef", { sentAs: "nothing", hint: "pass what `deref()` returns" }],
  ["Promise", { sentAs: "nothing", hint: "await it first" }],
  ["Error", ERROR],
  ["DOMException", ERROR],
  ["RegExp", { sentAs: "nothing", hint: "pass its `source` and its `flags`" }],
  ["Symbol", { sentAs: "nothing", hint: "pass its `description`" }],
  ["Headers", ENTRIES],
  ["FormData", ENTRIES],
  ["URLSearchParams", { sentAs: "nothing", hint: "pass `String(it)`" }],
  ["Request", { sentAs: "nothing", hint: "pass the parts of it that the other side needs" }],
  ["Response", { sentAs: "nothing", hint: "pass the parts of it that the other side needs" }],
  ...["Generator", "Array Iterator", "Map Iterator", "Set Iterator"].map((tag) => [tag, ITERATOR] as const),
  ["AsyncGenerator", { sentAs: "nothing", hint: "pass `ReadableStream.from(it)`" }],
]);

/** Checks and copies what both sides have agreed to. @throws {TypeError} if it is not a list of known words */
export function checkAccepts(given: readonly Accepted[] = []): ReadonlySet<Accepted> {
  if (!Array.isArray(given)) throw new TypeError(`accepts must be a list, not ${shown(given)}`);
  for (const [index, word] of given.entries()) checkChoice(`accepts[${index}]`, word, ACCEPTED);
  return new Set(given);
}

/** The kind of an object that is neither plain nor an array, if JSON would lose it. */
export function kindOf(value: object): Kind | undefined {
  if (ArrayBuffer.isView(value)) return BYTES;
  const kind = KINDS.get(classOf(value));
  // A class may know its own JSON form.
  return kind?.sentAs === "nothing" && "toJSON" in value && typeof value.toJSON === "function" ? undefined : kind;
}

/** The name of a value's class, as the engine shows it: `Uint8Array`. */
export function classOf(value: object): string {
  return Object.prototype.toString.call(value).slice("[object ".length, -1);
}

/** The same with an article: `a Uint8Array`. */
export function aClassOf(value: object): string {
  const name = classOf(value);
  return `${/^[AEIO]/.test(name) ? "an" : "a"} ${name}`;
}

/** The bytes of a typed array, a `DataView` or a buffer, not copied. @throws {TypeError} if they were transferred */
export function bytesOf(value: object): Uint8Array {
  // Those that were transferred have the length 0 too. Making another view of them throws.
  if (value instanceof Uint8Array && (value.length > 0 || isAttached(value.buffer))) return value;
  if (!ArrayBuffer.isView(value)) return new Uint8Array(value as ArrayBufferLike);
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
}

function isAttached(buffer: ArrayBufferLike): boolean {
  return (buffer as { readonly detached?: boolean }).detached === false;
}
