/**
 * Tagged values of the other side to bytes and streams. Messages are decoded where they are, before anybody else sees
 * them. Long ones take several turns of the event loop, and no nesting is too deep.
 *
 * @module
 */

import { LimitError } from "../../base/limits.ts";
import { spend } from "../../base/schedule.ts";
import { quoted } from "../../base/text.ts";
import { WORK } from "../costs.ts";
import { RpcProtocolError } from "../errors.ts";
import { fromBase64 } from "./base64.ts";
import { type Accepted, type StreamKind, TAGS } from "./kinds.ts";
import { pathIn } from "./paths.ts";
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

type Container = Record<string | number, unknown>;

interface Walk extends DecodeOptions {
  readonly messages: readonly unknown[];
  /** How many messages were begun. */
  begun: number;
  /** The current message, its fault and its streams. */
  message: unknown;
  /** Whether it may pass streams. */
  mayPass: boolean;
  fault: RpcProtocolError | LimitError | undefined;
  streams: OpenedStream[];
  /** Parts of the current message that were not looked at. */
  readonly unseen: Container[];
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
    ...{ begun: 0, message: undefined, mayPass: false, fault: undefined, streams: [], unseen: [], tagged: new Map() },
  });
}

function resume(walk: Walk): Walk["tagged"] | Promise<Walk["tagged"]> {
  for (;;) {
    const container = walk.unseen.pop();
    if (container === undefined) {
      endMessage(walk);
      if (walk.begun === walk.messages.length) return walk.tagged;
      beginMessage(walk, walk.messages[walk.begun++]);
      continue;
    }
    const turn = spend(scan(container, walk));
    if (turn !== undefined) return turn.then(() => resume(walk));
  }
}

function beginMessage(walk: Walk, message: unknown): void {
  if (!isObject(message) || Array.isArray(message)) return;
  walk.message = message;
  walk.mayPass = !Object.hasOwn(message, "error") && streamMethodOf(message.method) === undefined;
  for (const name of MEMBERS) {
    if (!Object.hasOwn(message, name)) continue;
    // An error has no tagged form. What it contains may.
    if (name !== "error") visit(message, name, walk);
    else if (isObject(message[name])) walk.unseen.push(message[name]);
  }
}

function endMessage(walk: Walk): void {
  const { message, fault, streams } = walk;
  if (fault !== undefined) { for (const stream of streams) stream.drop(fault); }
  if (fault !== undefined || streams.length > 0) walk.tagged.set(message, { fault, streams });
  walk.fault = undefined;
  walk.streams = [];
}

/** Decodes the children of a container, and returns the work that it took. */
function scan(container: Container, walk: Walk): number {
  let work = WORK.container;
  if (Array.isArray(container)) {
    for (let index = 0; index < container.length; index++) work += visit(container, index, walk);
  } else {
    for (const name in container) work += visit(container, name, walk);
  }
  return work;
}

function visit(parent: Container, key: string | number, walk: Walk): number {
  const value = parent[key];
  if (!isObject(value) || walk.fault !== undefined) return WORK.member;
  const tag = tagOf(value);
  if (tag === undefined) {
    walk.unseen.push(value);
    return WORK.member;
  }
  const content = value[tag];
  const opened = walk.streams.length;
  try {
    parent[key] = decodeTag(tag, content, walk);
  } catch (error) {
    if (!(error instanceof RpcProtocolError || error instanceof LimitError)) throw error;
    const path = pathIn(walk.message as object, parent, key);
    walk.fault = error instanceof LimitError
      ? error
      : new RpcProtocolError(error.fault, `message has a wrong value: ${path} ${error.message}`);
    walk.unseen.length = 0;
  }
  const bytes = typeof content === "string" ? content.length * WORK.byte : 0;
  return WORK.tag + bytes + (walk.streams.length - opened) * WORK.stream;
}

/** The tag of an object that has no other member. */
function tagOf(value: Container): string | undefined {
  let tag: string | undefined;
  for (const name in value) {
    if (tag !== undefined || name.charCodeAt(0) !== DOLLAR || !TAGS.has(name)) return undefined;
    tag = name;
  }
  return tag;
}

function decodeTag(tag: string, content: unknown, walk: Walk): unknown {
  const needed = TAGS.get(tag);
  if (needed !== undefined && !walk.accepts.has(needed)) throw wrong(`has a ${tag}, but nobody agreed to ${needed}`);
  if (tag === "$literal") {
    if (!isObject(content) || Array.isArray(content)) throw wrong("has a $literal that is not an object");
    walk.unseen.push(content);
    return content;
  }
  if (tag === "$bytes") {
    const bytes = typeof content === "string" ? fromBase64(content) : undefined;
    if (bytes === undefined) throw wrong(`has a $bytes that is not padded base64: ${shownPart(content)}`);
    return bytes;
  }
  if (!isStreamId(content)) throw wrong(`has a ${tag} that is not a whole number: ${shownPart(content)}`);
  if (!walk.mayPass) throw wrong(`has a ${tag}, and streams are for params and results`);
  const opened = walk.open(tag.slice(1) as StreamKind, content);
  walk.streams.push(opened);
  return opened.stream;
}

function wrong(what: string): RpcProtocolError {
  return new RpcProtocolError("value", what);
}

function shownPart(content: unknown): string {
  return typeof content === "string" ? quoted(content, SHOWN) : Array.isArray(content) ? "an array" : typeof content;
}

function isObject(value: unknown): value is Container {
  return typeof value === "object" && value !== null;
}
