/**
 * Standard base64 with padding (RFC 4648, section 4). Newer engines have it built in; for others there are tables here.
 *
 * @module
 */

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const DIGITS = new TextEncoder().encode(LETTERS);
const PADDING = 0x3d;
/** Bytes that become text letter by letter, ten times as fast: a message may have many short values. */
const FEW_BYTES = 24;
/** In {@linkcode VALUES}: not a digit. */
const NONE = 0xff;
/** The value of each byte of text. */
const VALUES = new Uint8Array(256).fill(NONE);
for (const [value, digit] of DIGITS.entries()) VALUES[digit] = value;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

interface NativeEncoding {
  readonly toBase64?: () => string;
}

interface NativeDecoding {
  readonly fromBase64?: (text: string, options: { readonly lastChunkHandling: "strict" }) => Uint8Array<ArrayBuffer>;
}

/** Bytes as base64. */
export function toBase64(bytes: Uint8Array): string {
  if (bytes.length <= FEW_BYTES) return encodeFew(bytes);
  const { toBase64 } = bytes as NativeEncoding;
  return toBase64 === undefined ? encodeByTable(bytes) : toBase64.call(bytes);
}

/** The bytes of a base64 text; `undefined` if it is not canonical: other digits, spaces, no padding, stray bits. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (text.length % 4 !== 0) return undefined;
  const { fromBase64 } = Uint8Array as NativeDecoding;
  if (fromBase64 === undefined) return decodeByTable(text);
  try {
    const bytes = fromBase64.call(Uint8Array, text, { lastChunkHandling: "strict" });
    // The built-in one skips spaces.
    return Math.ceil(bytes.length / 3) * 4 === text.length ? bytes : undefined;
  } catch {
    return undefined;
  }
}

/** What `toBase64` does where the engine does not. */
export function encodeByTable(bytes: Uint8Array): string {
  if (bytes.length <= FEW_BYTES) return encodeFew(bytes);
  const text = new Uint8Array(Math.ceil(bytes.length / 3) * 4);
  let at = 0;
  for (let from = 0; from < bytes.length; from += 3) {
    const three = bytes[from]! << 16 | (bytes[from + 1] ?? 0) << 8 | (bytes[from + 2] ?? 0);
    text[at++] = DIGITS[three >> 18]!;
    text[at++] = DIGITS[three >> 12 & 63]!;
    text[at++] = DIGITS[three >> 6 & 63]!;
    text[at++] = DIGITS[three & 63]!;
  }
  const missing = (3 - bytes.length % 3) % 3;
  return decoder.decode(text.fill(PADDING, text.length - missing));
}

function encodeFew(bytes: Uint8Array): string {
  let text = "";
  for (let from = 0; from < bytes.length; from += 3) {
    const left = bytes.length - from;
    const three = bytes[from]! << 16 | (bytes[from + 1] ?? 0) << 8 | (bytes[from + 2] ?? 0);
    text += LETTERS[three >> 18]! + LETTERS[three >> 12 & 63]!;
    text += (left > 1 ? LETTERS[three >> 6 & 63]! : "=") + (left > 2 ? LETTERS[three & 63]! : "=");
  }
  return text;
}

/** What `fromBase64` does where the engine does not. */
export function decodeByTable(text: string): Uint8Array<ArrayBuffer> | undefined {
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const digits = encoder.encode(padding === 0 ? text : text.slice(0, -padding));
  // A character beyond ASCII takes several bytes, none of them a digit.
  if (text.length % 4 !== 0 || digits.length + padding !== text.length) return undefined;
  const bytes = new Uint8Array(text.length / 4 * 3 - padding);
  let all = 0;
  let bits = 0;
  let rest = 0;
  let at = 0;
  for (const digit of digits) {
    const value = VALUES[digit]!;
    all |= value;
    rest = (rest << 6 | value) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = rest >> bits;
    }
  }
  const hasStrayBits = (rest & (1 << bits) - 1) !== 0;
  return all > 63 || hasStrayBits ? undefined : bytes;
}
