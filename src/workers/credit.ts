/**
 * Backpressure over `postMessage`, whose queue has no bound. Each message counts a size. While the host is behind with
 * more than a window, no guest of the worker runs: neither logs nor host calls can swamp the host's thread.
 *
 * @module
 */

import { count, hold, spend } from "../base/schedule.ts";
import { ChannelFault } from "./messages.ts";

/** What a message counts beside its content: 256 small ones fill a window, which take the host a few milliseconds. */
export const MESSAGE_SIZE = 1_024;
/** What the worker sends at most before its guests wait. */
const WINDOW = 256 << 10;
/** What the host reads before it says so. Less than half of a window, or a worker could wait for good. */
const REPORT = 32 << 10;
/** Units of fuel for a message in the host, and for each unit of size: 10 µs, 10 ns. */
const MESSAGE_WORK = 5_000;
const SIZE_WORK = 5;
/** Unread messages of one worker that nobody asked for. Its guests wait at a few hundred, so this many are an attack. */
const MAX_UNREAD = 20_000;

/** The worker's side. */
export class Sending {
  #unread = 0;
  #letGo: (() => void) | undefined;

  /** A message of this size is sent. */
  sent(size: number): void {
    this.#unread += size;
    if (this.#unread > WINDOW) this.#letGo ??= hold();
  }

  /** The host has read so much. */
  wasRead(size: number): void {
    // A host counts answers to pings too.
    this.#unread = Math.max(0, this.#unread - size);
    if (this.#unread > WINDOW / 2) return;
    this.#letGo?.();
    this.#letGo = undefined;
  }
}

/** The host's side. */
export class Receiving {
  readonly #report: (size: number) => void;
  readonly #maxSize: number;
  #owed = 0;
  #unread = 0;
  #isWaiting = false;

  /**
   * @param report tells the worker how much was read
   * @param maxSize what it may send before it is read, in all messages together
   */
  constructor(report: (size: number) => void, maxSize: number) {
    this.#report = report;
    this.#maxSize = maxSize;
  }

  /** A message of this size has arrived. @throws {ChannelFault} if the worker sends although it should wait */
  received(size: number, isAnswer: boolean): void {
    this.#owed += size;
    const isTooMuch = (!isAnswer && ++this.#unread > MAX_UNREAD) || this.#owed > this.#maxSize;
    if (isTooMuch) throw new ChannelFault("it sent more than it may before it is read");
    const work = MESSAGE_WORK + Math.min(size, WINDOW) * SIZE_WORK;
    if (this.#isWaiting) {
      count(work);
      return;
    }
    const turn = spend(work);
    if (turn === undefined) {
      if (this.#owed >= REPORT) this.#tell();
      return;
    }
    this.#isWaiting = true;
    turn.then(() => {
      this.#isWaiting = false;
      this.#tell();
    });
  }

  #tell(): void {
    this.#report(this.#owed);
    this.#owed = this.#unread = 0;
  }
}
