/**
 * The log of an instance: passing on its lines, and keeping the first and the last of them for errors.
 *
 * @module
 */

import { onRejection } from "../../base/callbacks.ts";
import type { ReadableEnd } from "../../base/ends.ts";
import { readLines } from "../../base/streams.ts";

/** Lines that an error shows from the beginning of the log, and as many from its end. */
const SHOWN_LINES = 10;

/** The first and the last lines of a log: a panic's first line says what happened, the last ones where. */
export class LogExcerpt {
  readonly #first: string[] = [];
  readonly #last: string[] = [];
  #leftOut = 0;

  /** Adds a line. */
  add(line: string): void {
    if (this.#first.length < SHOWN_LINES) {
      this.#first.push(line);
      return;
    }
    this.#last.push(line);
    if (this.#last.length <= SHOWN_LINES) return;
    this.#last.shift();
    this.#leftOut++;
  }

  /** The lines so far, with a line in the place of those that are left out. */
  get lines(): readonly string[] {
    const between = this.#leftOut === 0 ? [] : [`(${this.#leftOut} lines are left out)`];
    return [...this.#first, ...between, ...this.#last];
  }
}

/** What a log is read with. */
export interface LogOptions {
  /** Bytes of the log. */
  readonly logBytes: number;
  /** Bytes of a line. */
  readonly logLineBytes: number;
  /** Receives the lines, and may throw or reject. */
  readonly onLog: ((line: string) => unknown) | undefined;
  /** Called with the reason if `onLog` fails. It is not called again. */
  readonly failed: (reason: unknown) => void;
}

/** Reads a log to its end. Never rejects. */
export async function readLog(
  stream: ReadableEnd,
  excerpt: LogExcerpt,
  { logBytes, logLineBytes, onLog, failed }: LogOptions,
): Promise<void> {
  let rejected: { readonly error: unknown } | undefined;
  const log = (line: string) => {
    if (rejected !== undefined) throw rejected.error;
    onRejection(onLog?.(line), (error) => {
      rejected = { error };
      failed(error);
    });
  };
  try {
    const dropped = await readLines(stream, { lineBytes: logLineBytes, totalBytes: logBytes }, (line) => {
      excerpt.add(line);
      log(line);
    });
    if (dropped > 0) log(`(${dropped} bytes of log were dropped: the limit is ${logBytes})`);
  } catch (error) {
    failed(error);
  }
}
