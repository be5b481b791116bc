/**
 * What the bench computes: a module of its own memory with `run(size)`, which gives a checksum, and perhaps
 * `_initialize`. Functions that it imports are linked, everywhere, to one that does nothing and gives zeros.
 *
 * @module
 */

/** One row: a module and how much work is asked of it. */
export interface Program {
  readonly name: string;
  readonly language: string;
  /** What it does, in a few words. */
  readonly what: string;
  /** Path of the module, perhaps compressed with gzip (`.gz`), seen from the folder of the list. */
  readonly file: string;
  /** What `run` is given when it is warm: 50 to 300 ms of interpretation. */
  readonly size: number;
  /** What `run` is given at its first call in a process: 20 to 200 ms of warm interpretation. */
  readonly coldSize: number;
  /** What `run(size)` gives. */
  readonly checksum: number;
  /** What `run(coldSize)` gives. */
  readonly coldChecksum: number;
}
