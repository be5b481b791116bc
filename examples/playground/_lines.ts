/**
 * The lines of a byte stream, for observers. Lines are cut, decoded, and passed on while the bytes flow.
 *
 * @module
 */

/** Characters of a line that are kept. */
const LINE_LENGTH = 1_000;

/** Receives lines, each without its end. */
export type LineSink = (line: string) => void;

/** A stream that passes bytes through unchanged, and calls `onLine` with each line. */
export function tapLines(onLine: LineSink): TransformStream<Uint8Array, Uint8Array> {
  const { push, end } = splitLines(onLine);
  return new TransformStream({
    transform(chunk, controller) {
      push(chunk);
      controller.enqueue(chunk);
    },
    flush: end,
  });
}

/** Reads a stream to its end and calls `onLine` with each line. */
export async function readLines(stream: ReadableStream<Uint8Array>, onLine: LineSink): Promise<void> {
  const { push, end } = splitLines(onLine);
  await readChunks(stream, push);
  end();
}

/** Reads a stream to its end. It uses a reader, since WebKit 2.50 has no iterable streams. */
export async function readChunks(stream: ReadableStream<Uint8Array>, onChunk: (chunk: Uint8Array) => void) {
  const reader = stream.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) onChunk(next.value);
}

function splitLines(onLine: LineSink): { push(chunk: Uint8Array): void; end(): void } {
  const decoder = new TextDecoder();
  let line = "";
  let length = 0;
  const add = (text: string) => {
    line += text.slice(0, Math.max(0, LINE_LENGTH - line.length));
    length += text.length;
  };
  const hand = () => {
    onLine(length > line.length ? `${line}… (${length - line.length} more characters)` : line);
    line = "";
    length = 0;
  };
  return {
    push(chunk) {
      const [first, ...others] = decoder.decode(chunk, { stream: true }).split("\n");
      add(first!);
      for (const text of others) {
        hand();
        add(text);
      }
    },
    end() {
      add(decoder.decode());
      if (length > 0) hand();
    },
  };
}
