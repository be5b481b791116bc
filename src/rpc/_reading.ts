/**
 * The reading half of a connection: takes the frames of a stream, and the messages of a batch, one after the other, and
 * lets the event loop turn when they were work enough for one turn. What they bring about is the peer's matter.
 *
 * @module
 */

import { limitError } from "../_limits.ts";
import type { LimitError } from "../_limits.ts";
import { spend } from "../_schedule.ts";
import { WORK } from "./_work.ts";
import { RpcProtocolError } from "./errors.ts";
import { type Frame, type FrameDecoder, HEADER } from "./framing.ts";
import { readMessage } from "./message.ts";
import type { Message } from "./message.ts";

/**
 * Reads a stream to its end, which a cancelled one is at, or until it is not wanted any more.
 *
 * @param isWanted asked before each frame
 * @param take takes a frame; a promise that it returns is awaited before the next
 * @throws {TypeError} when a chunk is no bytes
 * @throws the stream's error
 */
export async function readFrames(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  decoder: FrameDecoder,
  isWanted: () => boolean,
  take: (frame: Frame) => Promise<void> | undefined,
): Promise<void> {
  for (let done = false; !done;) {
    const read = await reader.read();
    done = read.done;
    // By its tag, for one of another realm.
    if (!read.done && read.value?.[Symbol.toStringTag] !== "Uint8Array") {
      throw new TypeError("the readable gave a chunk that is not a Uint8Array");
    }
    // Many may have got a chunk in this turn.
    let turn = spend(0);
    if (turn !== undefined) await turn;
    for (const frame of read.done ? decoder.end() : decoder.push(read.value)) {
      if (!isWanted()) return;
      const taken = frame === HEADER ? undefined : take(frame);
      if (taken !== undefined) await taken;
      turn = spend(workOf(frame));
      if (turn !== undefined) await turn;
    }
    // Of a chunk that had nothing in it but empty lines, or the rest of what is too long.
    turn = spend((read.value?.length ?? 0) * WORK.byte);
    if (turn !== undefined) await turn;
  }
}

/** Why a batch of these values is not served, if it is not. */
export function refuseBatch(values: readonly unknown[], most: number): RpcProtocolError | LimitError | undefined {
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

function workOf(frame: Frame | typeof HEADER): number {
  if (frame === HEADER) return WORK.header;
  return WORK.message + (frame instanceof Uint8Array ? frame.length * WORK.parsedByte : 0);
}
