/**
 * Whether a module's bytes are the expected ones, by their hash. The format is that of pages and package managers, such
 * as `sha256-` and the hash in base64.
 *
 * @see https://www.w3.org/TR/sri-2/#integrity-metadata-description
 * @module
 */

import { shown } from "../base/options.ts";
import { IntegrityError } from "./errors.ts";

/** Standard base64. Its padding may be left out. */
const FORMAT = /^sha(256|384|512)-([A-Za-z0-9+/]+)={0,2}$/;

/** Bits that a character of base64 has. */
const BITS_PER_CHARACTER = 6;

/** A checked integrity. */
export interface ExpectedHash {
  /** As it was given. */
  readonly text: string;
  readonly bits: string;
  /** Without padding. */
  readonly base64: string;
}

/**
 * Checks an optional integrity.
 *
 * @throws {TypeError} if it does not have the format, or the runtime has no hash functions
 */
export function expectedHash(given: unknown): ExpectedHash | undefined {
  if (given === undefined) return undefined;
  const [, bits, base64] = FORMAT.exec(typeof given === "string" ? given : "") ?? [];
  if (bits === undefined || base64!.length !== Math.ceil(Number(bits) / BITS_PER_CHARACTER)) {
    throw new TypeError(`integrity must be like "sha256-" and 32 bytes in base64, not ${shown(given)}`);
  }
  if (globalThis.crypto?.subtle === undefined) {
    throw new TypeError("integrity can't be checked: there is no crypto.subtle, which pages have only over https");
  }
  return { text: given as string, bits, base64: base64! };
}

/** Checks bytes. @throws {IntegrityError} if they have another hash */
export async function checkIntegrity(bytes: Uint8Array<ArrayBuffer>, expected: ExpectedHash): Promise<void> {
  const hash = new Uint8Array(await crypto.subtle.digest(`SHA-${expected.bits}`, bytes));
  const base64 = btoa(String.fromCharCode(...hash));
  if (base64.replace(/=+$/, "") === expected.base64) return;
  throw new IntegrityError(expected.text, `sha${expected.bits}-${base64}`);
}
