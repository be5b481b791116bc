/**
 * Streams between a host and a worker. The runtime moves them. But a stream whose other end was in a worker that is
 * gone would wait for good, so the host puts a pipe around each, which fails with its worker.
 *
 * @module
 */

/** A stream in either direction. */
export type AnyStream = ReadableStream | WritableStream;

/** The streams of the host that a worker holds the other ends of. */
export class Pipes {
  readonly #end = new AbortController();

  /** What is sent in place of a stream of the host; and what the host gets in place of a stream of the worker. */
  around(stream: AnyStream): AnyStream {
    const { readable, writable } = new TransformStream();
    if (stream instanceof WritableStream) {
      this.#pipe(readable, stream);
      return writable;
    }
    this.#pipe(stream, writable);
    return readable;
  }

  /** The worker is gone: its streams fail with the reason. */
  end(reason: unknown): void {
    this.#end.abort(reason);
  }

  #pipe(from: ReadableStream, to: WritableStream): void {
    // Failures of one side reach the other.
    from.pipeTo(to, { signal: this.#end.signal }).catch(() => {});
  }
}

let isAble: boolean | undefined;

/** Whether the runtime can move streams to other threads. */
export function canMoveStreams(): boolean {
  if (isAble === undefined) {
    try {
      const stream = new ReadableStream();
      structuredClone(stream, { transfer: [stream as unknown as Transferable] });
      isAble = true;
    } catch {
      isAble = false;
    }
  }
  return isAble;
}
