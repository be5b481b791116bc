/**
 * What the bench computes. A program is a module with its own memory. It exports `run(size)`, which returns a checksum,
 * and perhaps `_initialize`. On every contender, its imports are functions that do nothing and return zeros.
 *
 * @module
 */

/** One row: a module, and the amount of its work. */
export interface Program {
  readonly name: string;
  readonly language: string;
  /** What it does, in a few words. */
  readonly what: string;
  /** Path of the module, relative to the folder of the list. The module may be compressed with gzip (`.gz`). */
  readonly file: string;
  /** The size of a warm `run`: 50 to 300 ms of interpretation. */
  readonly size: number;
  /** The size of the first `run` in a process: 20 to 200 ms of warm interpretation. */
  readonly coldSize: number;
  /** The result of `run(size)`. */
  readonly checksum: number;
  /** The result of `run(coldSize)`. */
  readonly coldChecksum: number;
}
