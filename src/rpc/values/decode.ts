/**
 * Tagged values of the other side to bytes and streams. Messages are decoded where they are, before anybody else sees
 * them. Long ones take several turns of the event loop, and no nesting is too deep.
 *
 * @module
 */

import { LimitError } from "../../base/limits.ts";
import { spend } from "../../base/schedule.ts";
import { quoted } from "../../base/text.ts";
import { BYTES_MEMORY, WORK } from "../costs.ts";
import { RpcProtocolError } from "../errors.ts";
import { fromBase64 } from "./base64.ts";
import { type Accepted, type StreamKind, TAGS } from "./kinds.ts";
import { pathText, type Step } from "./paths.ts";
import { isStreamId, streamMethodOf } from "./stream_messages.ts";

/** A stream that the other side has passed. */
export interface OpenedStream {
  readonly stream: ReadableStream<unknown> | WritableStream<unknown>;
  /** Ends it, since nobody will use it. Idempotent. */
  drop(reason: unknown): void;
  /** Says that it came with an answer. */
  keep(): void;
}

/** The tagged values of one message. */
export interface Tagged {
  /** Why the message is refused, if it is. All its streams were dropped. */
  readonly fault: RpcProtocolError | LimitError | undefined;
  readonly streams: readonly OpenedStream[];
  /** What its bytes use beside their text. */
  readonly memory: number;
}

/** What the decoder of a message needs. */
export interface DecodeOptions {
  readonly accepts: ReadonlySet<Accepted>;
  /**
   * Opens a stream that the other side has passed.
   *
   * @throws {LimitError} if too many are open
   * @throws {RpcProtocolError} if the id is in use
   */
  open(kind: StreamKind, id: number): OpenedStream;
}

/** The members of a message that may have tagged values. */
const MEMBERS: readonly string[] = ["params", "result", "error"];
const DOLLAR = 0x24;
/** UTF-16 units of a wrong value in an error. */
const SHOWN = 30;
/** Work after which a part of the walk ends, so that the event loop can turn inside a long list. */
const PART_WORK = 50_000;

type Container = Record<string | number, unknown>;

/** A container whose children are being looked at. */
interface Frame {
  readonly container: Container;
  /** The names of its members; `undefined` for an array. */
  readonly names: readonly string[] | undefined;
  readonly length: number;
  /** The next child. */
  at: number;
}

interface Walk extends DecodeOptions {
  readonly messages: readonly unknown[];
  /** How many messages were begun. */
  begun: number;
  /** The current message, and what was found in it. */
  message: unknown;
  /** Whether it may pass streams. */
  mayPass: boolean;
  fault: RpcProtocolError | LimitError | undefined;
  streams: OpenedStream[];
  memory: number;
  /** The way to where the walk is. JSON is as deep as `messageDepth` at the most. */
  readonly frames: Frame[];
  readonly tagged: Map<unknown, Tagged>;
}

/**
 * Decodes the values of a message, or of all messages of a batch, in place.
 *
 * @param value parsed JSON, which nobody else has
 * @returns what was found, by message, without those in which nothing was; a promise if the event loop has to turn
 */
export function decodeMessages(
  value: unknown,
  options: DecodeOptions,
): ReadonlyMap<unknown, Tagged> | Promise<ReadonlyMap<unknown, Tagged>> {
  return resume({
    accepts: options.accepts,
    open: (kind, id) => options.open(kind, id),
    messages: Array.isArray(value) ? value : [value],
    ...{ begun: 0, message: undefined, mayPass: false, fault: undefined, streams: [], memory: 0 },
    ...{ frames: [], tagged: new Map() },
  });
}

function resume(walk: Walk): Walk["tagged"] | Promise<Walk["tagged"]> {
  for (;;) {
    const frame = walk.frames.at(-1);
    if (frame === undefined) {
      endMessage(walk);
      if (walk.begun === walk.messages.length) return walk.tagged;
    }
    const turn = spend(frame === undefined ? beginMessage(walk, walk.messages[walk.begun++]) : scan(frame, walk));
    if (turn !== undefined) return turn.then(() => resume(walk));
  }
}

function beginMessage(walk: Walk, message: unknown): number {
  if (isObject(message) && !Array.isArray(message)) {
    walk.message = message;
    walk.mayPass = !Object.hasOwn(message, "error") && streamMethodOf(message.method) === undefined;
    enter(message, MEMBERS.filter((name) => Object.hasOwn(message, name)), walk);
  }
  return WORK.container;
}

function endMessage(walk: Walk): void {
  const { message, fault, streams, memory } = walk;
  if (fault !== undefined) { for (const stream of streams) stream.drop(fault); }
  if (fault !== undefined || streams.length > 0 || memory > 0) walk.tagged.set(message, { fault, streams, memory });
  walk.fault = undefined;
  walk.streams = [];
  walk.memory = 0;
}

/** Decodes children of a container, and returns the work that it took. */
function scan(frame: Frame, walk: Walk): number {
  const { container, names, length } = frame;
  for (let work = 0;; work += visit(container, names === undefined ? frame.at++ : names[frame.at++]!, walk)) {
    if (work >= PART_WORK || walk.frames.at(-1) !== frame) return work;
    if (frame.at === length) {
      walk.frames.pop();
      return work;
    }
  }
}

function visit(parent: Container, key: string | number, walk: Walk): number {
  const value = parent[key];
  if (!isObject(value)) return WORK.member;
  const names = Array.isArray(value) ? undefined : Object.keys(value);
  const tag = names === undefined ? undefined : tagIn(names);
  // An error has no tagged form. What it contains may.
  if (tag === undefined || parent === walk.message && key === "error") return enter(value, names, walk);
  try {
    return decodeTag(parent, key, tag, value[tag], walk);
  } catch (error) {
    if (!(error instanceof RpcProtocolError || error instanceof LimitError)) throw error;
    walk.fault = error instanceof LimitError
      ? error
      : new RpcProtocolError(error.fault, `message has a wrong value: ${pathOf(walk)} ${error.message}`);
    walk.frames.length = 0;
    return WORK.fault;
  }
}

/** Goes on with the children of a container, and returns the work for it alone. */
function enter(container: Container, names: readonly string[] | undefined, walk: Walk): number {
  const length = names === undefined ? container.length as number : names.length;
  if (length > 0) walk.frames.push({ container, names, length, at: 0 });
  return WORK.container;
}

/** The tag of an object that has no other member. */
function tagIn(names: readonly string[]): string | undefined {
  const [name] = names;
  return names.length === 1 && name!.charCodeAt(0) === DOLLAR && TAGS.has(name!) ? name : undefined;
}

/** Puts what a tag stands for in its place, and returns the work that it took. */
function decodeTag(parent: Container, key: string | number, tag: string, content: unknown, walk: Walk): number {
  const needed = TAGS.get(tag);
  if (needed !== undefined && !walk.accepts.has(needed)) throw wrong(`has a ${tag}, but nobody agreed to ${needed}`);
  if (tag === "$literal") {
    if (!isObject(content) || Array.isArray(content)) throw wrong("has a $literal that is not an object");
    parent[key] = content;
    return WORK.tag + enter(content, Object.keys(content), walk);
  }
  if (tag === "$bytes") {
    const bytes = typeof content === "string" ? fromBase64(content) : undefined;
    if (bytes === undefined) throw wrong(`has a $bytes that is not padded base64: ${shownPart(content)}`);
    parent[key] = bytes;
    walk.memory += BYTES_MEMORY;
    return WORK.tag + (content as string).length * WORK.byte;
  }
  if (!isStreamId(content)) throw wrong(`has a ${tag} that is not a whole number: ${shownPart(content)}`);
  if (!walk.mayPass) throw wrong(`has a ${tag}, and streams are for params and results`);
  const opened = walk.open(tag.slice(1) as StreamKind, content);
  walk.streams.push(opened);
  parent[key] = opened.stream;
  return WORK.stream;
}

function wrong(what: string): RpcProtocolError {
  return new RpcProtocolError("value", what);
}

/** Where the walk is: the child of each container that it has looked at last. */
function pathOf({ frames }: Walk): string {
  const [root, ...path] = frames.map(({ names, at }): Step => names === undefined ? at - 1 : names[at - 1]!);
  return pathText(String(root), path);
}

function shownPart(content: unknown): string {
  return typeof content === "string" ? quoted(content, SHOWN) : Array.isArray(content) ? "an array" : typeof content;
}

function isObject(value: unknown): value is Container {
  return typeof value === "object" && value !== null;
}
