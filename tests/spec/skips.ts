/**
 * The cases of the official suite that are not passed, each with its reason, and the faults that the suite and this
 * library describe in different words. An entry that no case needs any more fails the run.
 *
 * @module
 */

/** Cases that count as skipped: those of matching files, and lines if given, that fail in this way. */
export interface Skip {
  readonly suite: RegExp;
  readonly file: RegExp;
  readonly lines?: readonly number[];
  /** What the failure starts with. */
  readonly failure: string;
  readonly reason: string;
}

/** All of them. */
export const SKIPS: readonly Skip[] = [
  { suite: /^wg-/, file: /./, failure: "text format only", reason: "tests the text format, which is not read here" },
  { suite: /^wg-/, file: /^simd_/, failure: "SIMD is not supported", reason: "needs SIMD" },
];

/** The same fault in the suite's words and in this library's. */
export const SYNONYMS: readonly (readonly [suite: string, ours: string])[] = [];
