/**
 * Two ends of streams without a connection: what one sends, the other receives after a turn of the event loop. Tests
 * see all messages, and can hold them back.
 *
 * @module
 */

import type { LimitError, RpcProtocolError } from "@rivulet/rivulet/rpc";
import { memoryOf } from "../../../src/rpc/costs.ts";
import { decodeMessages, type OpenedStream, type Tagged } from "../../../src/rpc/values/decode.ts";
import { type Encoded, encodeValue } from "../../../src/rpc/values/encode.ts";
import type { Accepted } from "../../../src/rpc/values/kinds.ts";
import { streamMethodOf } from "../../../src/rpc/values/stream_messages.ts";
import { type StreamPort, StreamTable } from "../../../src/rpc/values/streams.ts";

const ALL: ReadonlySet<Accepted> = new Set(["bytes", "streams"]);

/** One end. */
export interface Side {
  readonly table: StreamTable;
  /** What it has sent, parsed. */
  // deno-lint-ignore no-explicit-any -- tests look into it freely
  readonly sent: any[];
  /** What is wrong with what it has received. */
  readonly faults: (RpcProtocolError | LimitError)[];
  /** What passed streams of this side failed with. */
  readonly reported: unknown[];
  /** Whether it has room for short messages. */
  hasRoom: boolean;
  /** Passes a value to the other end, and returns what arrives there. */
  pass(value: unknown): Promise<Passed>;
  /** Takes a message of the other end. */
  receive(text: string): Promise<void>;
}

/** A value that has been passed. */
export interface Passed {
  // deno-lint-ignore no-explicit-any -- tests look into it freely
  readonly value: any;
  /** The streams as the passing end knows them. */
  readonly passed: readonly OpenedStream[];
  /** The streams as the other end knows them. */
  readonly opened: readonly OpenedStream[];
}

/** The ends; each passes to the other. */
export interface Pair {
  readonly one: Side;
  readonly other: Side;
  /** Holds chunks back until the returned function is called. */
  block(): () => void;
}

/** Makes a pair. The options are those of both ends. */
export function pair(options: Partial<StreamPort> = {}): Pair {
  const sides: Side[] = [];
  let gate = Promise.resolve();
  const make = (other: () => Side): Side => {
    const side: Side = {
      table: new StreamTable({
        accepts: ALL,
        openStreams: 64,
        queueBytes: 4 << 20,
        requestBytes: Infinity,
        send: async (text) => {
          side.sent.push(JSON.parse(text));
          await gate;
          await other().receive(text);
        },
        tell: (text) => {
          side.sent.push(JSON.parse(text));
          gate.then(() => other().receive(text));
        },
        hasRoom: () => side.hasRoom,
        report: (error) => side.reported.push(error),
        ...options,
      }),
      sent: [],
      faults: [],
      reported: [],
      hasRoom: true,
      async pass(value) {
        const { value: encoded, streams } = await encodeValue(value, {
          root: "params",
          accepts: ALL,
          nextId: side.table.nextId,
        }) as Encoded;
        const passed = side.table.pass(streams);
        const { message, tagged } = await decodeFor(other(), JSON.stringify({ params: encoded }));
        if (tagged?.fault !== undefined) throw tagged.fault;
        return { value: message.params, passed, opened: tagged?.streams ?? [] };
      },
      async receive(text) {
        const bytes = new TextEncoder().encode(text);
        const { message, tagged } = await decodeFor(side, text);
        const method = streamMethodOf(message.method)!;
        const fault = tagged?.fault ?? side.table.receive(method, message.params, bytes.length, memoryOf(bytes));
        if (fault !== undefined) side.faults.push(fault);
      },
    };
    return side;
  };
  sides.push(make(() => sides[1]!), make(() => sides[0]!));
  return {
    one: sides[0]!,
    other: sides[1]!,
    block() {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return () => {
        gate = Promise.resolve();
        resolve();
      };
    },
  };
}

// deno-lint-ignore no-explicit-any -- tests look into it freely
async function decodeFor(side: Side, text: string): Promise<{ message: any; tagged: Tagged | undefined }> {
  const message = JSON.parse(text);
  const all = await decodeMessages(message, { accepts: ALL, open: (kind, id) => side.table.open(kind, id) });
  return { message, tagged: all.get(message) };
}

/** A message about a stream as text. */
export function streamMessage(method: string, params: unknown): string {
  return JSON.stringify({ jsonrpc: "2.0", method: `$/stream/${method}`, params });
}
