/**
 * JSON-RPC 2.0 over stdin and stdout, one message a line. List the methods in a map and pass it to `serve`.
 *
 * AssemblyScript has no exceptions to catch and no closures, so a method answers by calling `reply` or `fail`.
 */

import { fd, fd_write, iovec } from "@assemblyscript/wasi-shim/assembly/bindings/wasi_snapshot_preview1";
import { isJson, member, wholeNumber } from "./json";

export namespace ErrorCode {
  export const PARSE_ERROR = -32700;
  export const INVALID_REQUEST = -32600;
  export const METHOD_NOT_FOUND = -32601;
  export const INVALID_PARAMS = -32602;
  export const SERVER_ERROR = -32000;
}

/** A longer line is answered with an error and forgotten. The error's data name the limit, as the host's own errors do. */
const LINE_BYTES = 64 * 1024 - 1;

export class Request {
  /** `id` and `params` are JSON text. A request without an id is a notification, which gets no answer. */
  constructor(private id: string | null, public params: string) {}

  /** Answers with a result, as JSON text. */
  reply(result: string): void {
    const id = this.id;
    if (id) send(`{"jsonrpc":"2.0","id":${id},"result":${result}}`);
  }

  /** Answers with an error. `message` must need no escapes, `data` is JSON text. */
  fail(code: i32, message: string, data: string = "null"): void {
    const id = this.id;
    const error = `{"code":${code.toString()},"message":"${message}","data":${data}}`;
    if (id) send(`{"jsonrpc":"2.0","id":${id},"error":${error}}`);
  }

  isNotification(): bool {
    return this.id === null;
  }
}

export type Methods = Map<string, (request: Request) => void>;

let methods: Methods = new Map();

/** Calls to the host that wait for their reply: null, until the reply's JSON text is stored. */
const replies = new Map<i64, string | null>();
let nextId: i64 = 0;

/** Serves requests until the end of stdin. */
export function serve(table: Methods): void {
  methods = table;
  while (receive()) {}
}

/**
 * Calls a method of the host and waits for its reply; requests that come meanwhile are served first. Takes the params
 * and returns the result as JSON text; null when the host answered with an error.
 */
export function callHost(method: string, params: string): string | null {
  const id = nextId++;
  replies.set(id, null);
  send(`{"jsonrpc":"2.0","id":${id.toString()},"method":"${method}","params":${params}}`);
  while (replies.get(id) == null) {
    if (!receive()) {
      log("stdin ended during a call to the host");
      process.exit(1);
    }
  }
  const reply = replies.get(id)!;
  replies.delete(id);
  return member(reply, "result");
}

export function log(line: string): void {
  writeAll(2, line + "\n");
}

function send(message: string): void {
  writeAll(1, message + "\n");
}

const io = memory.data(offsetof<iovec>() + sizeof<usize>(), 8);

/** fd_write may take less than it is offered. */
function writeAll(descriptor: fd, text: string): void {
  const bytes = String.UTF8.encode(text);
  const vector = changetype<iovec>(io);
  const written = io + offsetof<iovec>();
  vector.buf = changetype<usize>(bytes);
  vector.buf_len = bytes.byteLength;
  while (vector.buf_len > 0) {
    if (fd_write(descriptor, io, 1, written) != 0) process.exit(1);
    vector.buf += load<usize>(written);
    vector.buf_len -= load<usize>(written);
  }
}

/** Reads one line and acts on it. False at the end of stdin. */
function receive(): bool {
  const length = readLine();
  if (length < 0) return false;
  if (length > LINE_BYTES) {
    const limit = LINE_BYTES.toString();
    new Request("null", "").fail(
      ErrorCode.INVALID_REQUEST,
      `line longer than ${limit} bytes`,
      `{"limit":"lineBytes","value":${limit}}`,
    );
    return true;
  }
  const message = String.UTF8.decodeUnsafe(changetype<usize>(line), length);
  if (!isJson(message)) {
    new Request("null", "").fail(ErrorCode.PARSE_ERROR, "parse error");
    return true;
  }

  const id = member(message, "id");
  const method = member(message, "method");
  if (method && method.startsWith('"')) {
    handleRequest(method.slice(1, -1), new Request(id, member(message, "params") || "null"));
  } else if (id && !method && (member(message, "result") || member(message, "error"))) {
    const call = wholeNumber(id);
    if (replies.has(call) && replies.get(call) == null) replies.set(call, message);
    else log("ignored a reply to no call of ours");
  } else {
    new Request("null", "").fail(ErrorCode.INVALID_REQUEST, "neither a request nor a reply");
  }
  return true;
}

function handleRequest(method: string, request: Request): void {
  // Notifications such as $/cancelRequest are for programs that can do two things at once.
  if (request.isNotification() && method.startsWith("$/")) return;
  log("serving " + method);
  if (methods.has(method)) {
    const run = methods.get(method);
    run(request);
  } else {
    request.fail(ErrorCode.METHOD_NOT_FOUND, "method not found");
  }
}

const line = new ArrayBuffer(LINE_BYTES);
const input = new ArrayBuffer(4096);
let inputStart = 0;
let inputEnd = 0;

/** Reads a line into `line`, without its newline. Returns its length, LINE_BYTES + 1 when too long, -1 at the end of stdin. */
function readLine(): i32 {
  let length = 0;
  while (true) {
    if (inputStart == inputEnd) {
      inputStart = 0;
      inputEnd = process.stdin.read(input);
      if (inputEnd == 0) return length > 0 ? length : -1;
    }
    const byte = load<u8>(changetype<usize>(input) + inputStart++);
    if (byte == 0x0a) return length;
    if (length < LINE_BYTES) store<u8>(changetype<usize>(line) + length, byte);
    if (length <= LINE_BYTES) length++;
  }
}
