/**
 * JSON-RPC 2.0 messages: bytes to checked messages, and messages to text. Where one message ends and the next begins
 * is framing.ts's matter; what is done about a message is the peer's.
 *
 * `params` may be any JSON value, not only an array or an object as the specification has it: plugin kits send single
 * values.
 *
 * @see https://www.jsonrpc.org/specification
 * @module
 */

import { LimitError, limitError } from "../_limits.ts";
import { checkMethod } from "../_options.ts";
import { printable, quoted } from "../_text.ts";
import { parseInPieces, PIECE_LENGTH } from "./_pieces.ts";
import { ErrorCode, RpcError, RpcProtocolError } from "./errors.ts";

/**
 * What ties an answer to its request. Numbers are safe integers: others do not survive JSON exactly.
 *
 * @example
 * ```ts
 * import type { RequestId } from "@rivulet/rivulet/rpc";
 *
 * const running = new Map<RequestId, AbortController>();
 * running.set(1, new AbortController()).set("a", new AbortController());
 * console.log(running.size); // 2
 * ```
 */
export type RequestId = string | number | null;

/** A call or, without `id`, a notification, which has no answer. */
export interface RequestMessage {
  readonly kind: "request";
  readonly id: RequestId | undefined;
  readonly method: string;
  /** `undefined` when the message has none. */
  readonly params: unknown;
}

/** An answer. Its id is as received: no other than that of a pending call has a meaning. */
export interface ResponseMessage {
  readonly kind: "response";
  readonly id: unknown;
  readonly outcome: { readonly result: unknown } | { readonly error: RpcError | RpcProtocolError };
}

/** JSON that is neither; `id` is what its error answer carries. */
export interface InvalidMessage {
  readonly kind: "invalid";
  readonly id: RequestId;
  readonly error: RpcProtocolError;
}

/** One element of a batch, or a message that is none. */
export type Message = RequestMessage | ResponseMessage | InvalidMessage;

/** UTF-16 units of an error answer's message that are kept. */
const ERROR_LENGTH = 10_000;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** `{` and `}`; `[` and `]` are these without bit 5, which no other byte outside strings shares in valid JSON. */
const OPEN = 0x7b;
const CLOSE = 0x7d;
const BIT_5 = 0x20;

const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lenientDecoder = new TextDecoder();

/**
 * The JSON value that the bytes of one message hold, or what is wrong with them; a promise, during which the bytes are
 * not to change, if they are many. Nesting is measured before anything is
 * parsed, by one pass without recursion, since engines differ in how deep they parse and what they do beyond.
 *
 * @param depth how many arrays and objects may be open at once
 */
export function parseJson(
  bytes: Uint8Array,
  depth: number,
): unknown | RpcProtocolError | LimitError | Promise<unknown> {
  if (isDeeper(bytes, depth)) return limitError("messageDepth", depth, excerpt(bytes));
  let text: string;
  try {
    text = strictDecoder.decode(bytes);
  } catch {
    return new RpcProtocolError("not UTF-8", `message is not UTF-8: ${excerpt(bytes)}`);
  }
  const notJson = () => new RpcProtocolError("not JSON", `message is not JSON: ${excerpt(bytes)}`);
  if (text.length > PIECE_LENGTH) return parseInPieces(text).catch(notJson);
  try {
    return JSON.parse(text);
  } catch {
    return notJson();
  }
}

/** Whether this came in place of bytes, or of the value that they hold. */
export function isRefusal(value: unknown): value is RpcProtocolError | LimitError {
  return value instanceof RpcProtocolError || value instanceof LimitError;
}

/** Whether more than `depth` brackets are open at any place. Exact for JSON; other bytes may get either answer. */
function isDeeper(bytes: Uint8Array, depth: number): boolean {
  let open = 0;
  let inString = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === QUOTE) inString = !inString;
    else if (inString) i += byte === BACKSLASH ? 1 : 0;
    else if ((byte | BIT_5) === OPEN && ++open > depth) return true;
    else if ((byte | BIT_5) === CLOSE) open--;
  }
  return false;
}

function excerpt(bytes: Uint8Array): string {
  const shown = 60;
  return quoted(lenientDecoder.decode(bytes.subarray(0, shown)), shown) + (bytes.length > shown ? "..." : "");
}

/** Checks one JSON value (an element of a batch, or what `parseJson` gave) against the protocol. */
export function readMessage(value: unknown): Message {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return invalid(undefined, "it is not an object");
  }
  // JSON has no `undefined`, so that stands for "missing" in all that follows.
  const { jsonrpc, id, method, params, result, error } = value as { readonly [key: string]: unknown };
  if (method === undefined && (id !== undefined || result !== undefined || error !== undefined)) {
    return { kind: "response", id, outcome: readOutcome(jsonrpc, result, error) };
  }
  if (jsonrpc !== "2.0") return invalid(id, 'its "jsonrpc" is not "2.0"');
  if (typeof method !== "string") return invalid(id, 'its "method" is not a string');
  if (result !== undefined || error !== undefined) return invalid(id, "it has both a method and an outcome");
  if (id !== undefined && !isRequestId(id)) return invalid(id, 'its "id" is neither a string nor a safe integer');
  return { kind: "request", id, method, params };
}

function readOutcome(jsonrpc: unknown, result: unknown, error: unknown): ResponseMessage["outcome"] {
  if (jsonrpc !== "2.0") return malformed('its "jsonrpc" is not "2.0"');
  if (result !== undefined && error !== undefined) return malformed('it has both a "result" and an "error"');
  if (result !== undefined) return { result };
  if (error === undefined) return malformed('it has neither a "result" nor an "error"');
  if (typeof error !== "object" || error === null) return malformed('its "error" is not an object');
  const { code, message, data } = error as { readonly [key: string]: unknown };
  if (!Number.isSafeInteger(code)) return malformed('its error\'s "code" is not an integer');
  if (typeof message !== "string") return malformed('its error\'s "message" is not a string');
  // A message is for people to read; what is for programs is in `data`.
  return { error: new RpcError(code as number, printable(message, ERROR_LENGTH), data) };
}

function malformed(reason: string): { readonly error: RpcProtocolError } {
  return { error: new RpcProtocolError("not an answer", `message is not a valid answer: ${reason}`) };
}

function invalid(id: unknown, reason: string): InvalidMessage {
  const error = new RpcProtocolError("not a request", `message is not a valid request: ${reason}`);
  return { kind: "invalid", id: isRequestId(id) ? id : null, error };
}

function isRequestId(id: unknown): id is RequestId {
  return typeof id === "string" || id === null || Number.isSafeInteger(id);
}

/**
 * A value as JSON text; `undefined` becomes `null`.
 *
 * @throws {TypeError} when the value has no JSON form: a function, a bigint, a cycle, ...
 */
export function toJson(value: unknown): string {
  const text = JSON.stringify(value ?? null);
  if (text === undefined) throw new TypeError(`a ${typeof value} has no JSON form`);
  return text;
}

/** The JSON text of a request's params. @throws {TypeError} when there is none, or the method's name is not text */
export function toParams(method: unknown, params: unknown): string {
  checkMethod(method);
  return toJson(params);
}

/** The text of a call or, without `id`, of a notification; `params` is JSON text, and always sent. */
export function encodeRequest(id: number | undefined, method: string, params: string): string {
  const head = id === undefined ? "" : `"id":${id},`;
  return `{"jsonrpc":"2.0",${head}"method":${JSON.stringify(method)},"params":${params}}`;
}

/** The text of an answer that succeeded. @throws {TypeError} when `result` has no JSON form */
export function encodeResult(id: RequestId, result: unknown): string {
  return `${answerHead(id)},"result":${toJson(result)}}`;
}

/** The text of an error answer. @throws {TypeError} when `data` has no JSON form */
export function encodeError(id: RequestId, code: number, message: string, data?: unknown): string {
  const tail = data === undefined ? "" : `,"data":${toJson(data)}`;
  return `${answerHead(id)},"error":{"code":${code},"message":${JSON.stringify(message)}${tail}}}`;
}

function answerHead(id: RequestId): string {
  return `{"jsonrpc":"2.0","id":${JSON.stringify(id)}`;
}

/**
 * The text of the error answer for whatever a handler threw: an `RpcError` as it is. Nothing else is the other side's
 * business, since messages of errors have paths, queries and secrets in them.
 *
 * @throws {TypeError} when the `data` of an `RpcError` has no JSON form
 */
export function encodeFailure(id: RequestId, thrown: unknown): string {
  if (thrown instanceof RpcError) return encodeError(id, thrown.code, thrown.message, thrown.data);
  return encodeError(id, ErrorCode.internalError, "internal error");
}
