/**
 * The reading half of a connection. It reads the frames of a stream, and the messages of a batch, one after the other,
 * and lets the event loop turn between them. The peer decides what they do.
 *
 * @module
 */

import type { ByteReader } from "../base/ends.ts";
import { limitError } from "../base/limits.ts";
import type { LimitError } from "../base/limits.ts";
import { spend } from "../base/schedule.ts";
import { WORK } from "./costs.ts";
import { RpcProtocolError } from "./errors.ts";
import type { Frame, FrameDecoder } from "./framing/types.ts";
import { readMessage } from "./message.ts";
import type { Message } from "./message.ts";
import type { Protocol } from "./protocols/types.ts";

/**
 * Reads a stream to its end, or for as long as its frames are wanted. A cancelled stream is at its end.
 *
 * @param isWanted is called before each frame
 * @param take takes a frame; if it returns a promise, that is awaited before the next frame
 * @throws {TypeError} if a chunk is not bytes
 * @throws the stream's error
 */
export async function readFrames(
  reader: ByteReader,
  decoder: FrameDecoder,
  isWanted: () => boolean,
  take: (frame: NonNullable<Frame>) => Promise<void> | undefined,
): Promise<void> {
  for (let done = false; !done;) {
    const read = await reader.read();
    done = read.done;
    // By its tag, since it may come from another realm.
    if (!read.done && read.value?.[Symbol.toStringTag] !== "Uint8Array") {
      throw new TypeError("the readable stream has a chunk that is not a Uint8Array");
    }
    // Many connections may have received a chunk in this turn.
    let turn = spend(0);
    if (turn !== undefined) await turn;
    for (const frame of read.done ? decoder.end() : decoder.push(read.value)) {
      if (!isWanted()) return;
      const taken = frame && take(frame);
      if (taken !== undefined) await taken;
      turn = spend(workOf(frame));
      if (turn !== undefined) await turn;
    }
    // A chunk may have no frame: only empty lines, or the rest of a message that is too long.
    turn = spend((read.value?.length ?? 0) * WORK.byte);
    if (turn !== undefined) await turn;
  }
}

/** Why a batch of these values is refused, if it is. */
export function refuseBatch(
  values: readonly unknown[],
  most: number,
  { name, batches }: Protocol,
): RpcProtocolError | LimitError | undefined {
  if (!batches) return new RpcProtocolError("not a request", `message is a batch, and the protocol ${name} has none`);
  if (values.length > most) return limitError("batchMessages", most, `it has ${values.length}`);
  if (values.length === 0) return new RpcProtocolError("not a request", "message is an empty batch");
  return undefined;
}

/** The messages of a batch. */
export async function readInTurns(values: readonly unknown[]): Promise<readonly Message[]> {
  const messages: Message[] = [];
  for (const value of values) {
    const message = readMessage(value);
    messages.push(message);
    const turn = spend(message.kind === "invalid" ? WORK.fault : WORK.byte);
    if (turn !== undefined) await turn;
  }
  return messages;
}

function workOf(frame: Frame): number {
  if (frame === undefined) return WORK.header;
  return WORK.message + (frame instanceof Uint8Array ? frame.length * WORK.parsedByte : 0);
}
