/**
 * JSON-RPC 2.0 messages: bytes to checked messages, and messages to text.
 *
 * `params` may be any JSON value. The specification allows only arrays and objects, but plugin kits send single values.
 *
 * @see https://www.jsonrpc.org/specification
 * @module
 */

import { LimitError, limitError } from "../base/limits.ts";
import { printable, quoted } from "../base/text.ts";
import { parseInPieces, PIECE_LENGTH } from "./long_json.ts";
import { ErrorCode, RpcError, RpcProtocolError } from "./errors.ts";

/** What an answer and its request have in common. A number is a safe integer, since JSON may round others. */
export type RequestId = string | number | null;

/** A call, or a notification if it has no `id`. */
export interface RequestMessage {
  readonly kind: "request";
  readonly id: RequestId | undefined;
  readonly method: string;
  /** `undefined` if the message has none. */
  readonly params: unknown;
  /** The message as it was received, with members that JSON-RPC does not know. */
  readonly source: unknown;
}

/** An answer. Its id is unchecked: it has a meaning only if a pending call has the same. */
export interface ResponseMessage {
  readonly kind: "response";
  readonly id: unknown;
  readonly outcome: { readonly result: unknown } | { readonly error: RpcError | RpcProtocolError | LimitError };
}

/** JSON that is neither. Its error answer has this `id`. */
export interface InvalidMessage {
  readonly kind: "invalid";
  readonly id: RequestId;
  readonly error: RpcProtocolError;
}

/** A message, or an element of a batch. */
export type Message = RequestMessage | ResponseMessage | InvalidMessage;

/** UTF-16 units of an error answer's message; the rest is cut. */
const ERROR_LENGTH = 10_000;

/** UTF-16 units of a text that is sent again with each report of progress, or each call for a request. */
const REPEATED_LENGTH = 1_000;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** `{` and `}`. `[` and `]` are the same without bit 5. Outside strings, valid JSON has no other such pair. */
const OPEN = 0x7b;
const CLOSE = 0x7d;
const BIT_5 = 0x20;

const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lenientDecoder = new TextDecoder();

/**
 * Parses one message. Nesting is checked first, by one pass without recursion: engines differ in how deep they parse,
 * and in what happens beyond.
 *
 * @param depth the deepest nesting that is allowed
 * @returns the value, or what is wrong with the bytes; for a long message a promise, and the bytes must not change
 * meanwhile
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

/** Whether this is an error in place of a frame or a value. */
export function isRefusal(value: unknown): value is RpcProtocolError | LimitError {
  return value instanceof RpcProtocolError || value instanceof LimitError;
}

/** Whether more than `depth` brackets are open at any place. Exact for JSON, arbitrary for other bytes. */
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

/** Checks one JSON value, a message or an element of a batch, against the protocol. */
export function readMessage(value: unknown): Message {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return invalid(undefined, "it is not an object");
  }
  // JSON has no `undefined`, so below it means "missing".
  const { jsonrpc, id, method, params, result, error } = value as { readonly [key: string]: unknown };
  if (method === undefined && (id !== undefined || result !== undefined || error !== undefined)) {
    return { kind: "response", id, outcome: readOutcome(jsonrpc, result, error) };
  }
  if (jsonrpc !== "2.0") return invalid(id, 'its "jsonrpc" is not "2.0"');
  if (typeof method !== "string") return invalid(id, 'its "method" is not a string');
  if (result !== undefined || error !== undefined) return invalid(id, "it has both a method and an outcome");
  if (id !== undefined && !isRequestId(id)) return invalid(id, 'its "id" is neither a string nor a safe integer');
  return { kind: "request", id, method, params, source: value };
}

function readOutcome(jsonrpc: unknown, result: unknown, error: unknown): ResponseMessage["outcome"] {
  if (jsonrpc !== "2.0") return malformed('its "jsonrpc" is not "2.0"');
  if (result !== undefined && error !== undefined) return malformed('it has both a "result" and an "error"');
  if (result !== undefined) return { result };
  if (error === undefined) return malformed('it has neither a "result" nor an "error"');
  if (typeof error !== "object" || error === null) return malformed('its "error" is not an object');
  const { code, message, data } = error as { readonly [key: string]: unknown };
  if (!Number.isSafeInteger(code)) return malformed('its error "code" is not an integer');
  if (typeof message !== "string") return malformed('its error "message" is not a string');
  // The message is for people; `data` is for programs.
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

/** Whether an id or a token of the other side may be repeated in any number of messages of this side. */
export function isShortId(id: unknown): id is string | number {
  return typeof id === "string" ? id.length <= REPEATED_LENGTH : Number.isSafeInteger(id);
}

/**
 * A value as JSON text; `undefined` becomes `null`.
 *
 * @throws {TypeError} if the value has no JSON form: a function, a bigint, a cycle, ...
 */
export function toJson(value: unknown): string {
  const text = JSON.stringify(value ?? null);
  if (text === undefined) throw new TypeError(`a ${typeof value} has no JSON form`);
  return text;
}

const encoder = new TextEncoder();

/** Bytes of a message that is longer than `most`; `undefined` for one that is not. */
export function bytesBeyond(text: string, most: number): number | undefined {
  // A UTF-16 unit has at most three bytes.
  if (text.length * 3 <= most) return undefined;
  const { length } = encoder.encode(text);
  return length > most ? length : undefined;
}

/** The text of a call, or of a notification if there is no `id`. `params` is JSON text; `members` are any others. */
export function encodeRequest(
  id: number | undefined,
  method: string,
  params: string | undefined,
  members: Readonly<Record<string, unknown>> = {},
): string {
  const head = id === undefined ? "" : `"id":${id},`;
  let tail = params === undefined ? "" : `,"params":${params}`;
  for (const name in members) tail += `,${JSON.stringify(name)}:${toJson(members[name])}`;
  return `{"jsonrpc":"2.0",${head}"method":${JSON.stringify(method)}${tail}}`;
}

/** The text of a successful answer. `result` is JSON text. */
export function encodeResult(id: RequestId, result: string): string {
  return `${answerHead(id)},"result":${result}}`;
}

/** The text of an error answer. `data` is JSON text. */
export function encodeError(id: RequestId, code: number, message: string, data?: string): string {
  return `${answerHead(id)},"error":${errorText(code, message, data)}}`;
}

/** The text of an error. `data` is JSON text. */
export function errorText(code: number, message: string, data?: string): string {
  return `{"code":${code},"message":${JSON.stringify(message)}${data === undefined ? "" : `,"data":${data}`}}`;
}

function answerHead(id: RequestId): string {
  return `{"jsonrpc":"2.0","id":${JSON.stringify(id)}`;
}

/**
 * The text of the error answer for what a handler threw. An `RpcError` is sent as it is. Of anything else nothing is
 * sent, since error messages can contain paths, queries and secrets.
 *
 * @param encode makes the JSON text of an `RpcError`'s data, and may throw
 */
export function encodeFailure(id: RequestId, thrown: unknown, encode: (data: unknown) => string = toJson): string {
  if (!(thrown instanceof RpcError)) return encodeError(id, ErrorCode.internalError, "internal error");
  const { code, message, data } = thrown;
  return encodeError(id, code, message, data === undefined ? undefined : encode(data));
}
