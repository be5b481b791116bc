/**
 * `@std/streams` for tests and examples, from npm's `deno-std`: see assert.ts beside this file for why.
 *
 * @module
 */

import * as std from "deno-std/streams/mod.js";

/** The parts of `@std/streams` that tests and examples use. */
interface Streams {
  concatReadableStreams<T>(...streams: ReadableStream<T>[]): ReadableStream<T>;
  mergeReadableStreams<T>(...streams: ReadableStream<T>[]): ReadableStream<T>;
  readonly TextLineStream: new (options?: { readonly allowCR?: boolean }) => TransformStream<string, string>;
  toBytes(stream: ReadableStream<Uint8Array>): Promise<Uint8Array>;
  toText(stream: ReadableStream<string> | ReadableStream<Uint8Array>): Promise<string>;
  toJson(stream: ReadableStream<string> | ReadableStream<Uint8Array>): Promise<unknown>;
}

const typed = std as unknown as Streams;

export const concatReadableStreams: Streams["concatReadableStreams"] = typed.concatReadableStreams;
export const mergeReadableStreams: Streams["mergeReadableStreams"] = typed.mergeReadableStreams;
export const TextLineStream: Streams["TextLineStream"] = typed.TextLineStream;
export const toBytes: Streams["toBytes"] = typed.toBytes;
export const toText: Streams["toText"] = typed.toText;
export const toJson: Streams["toJson"] = typed.toJson;
