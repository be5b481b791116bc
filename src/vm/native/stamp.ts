/**
 * The stamp of a metered module that is kept as a file: the version of metering, and a hash of the module that it was
 * made from. It finds mistakes, not attacks: whoever keeps the file is trusted.
 *
 * @module
 */

/** The version of metering. It changes when metered modules need another engine, or pay otherwise. */
export const METER_VERSION = 1;

/** The stamp: the version, the module's length and a hash, each as a little-endian word. */
export function stampOf(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  let [a, b] = [0x811c9dc5, bytes.length];
  for (let at = 0; at < bytes.length; at++) {
    a = Math.imul(a ^ bytes[at], 0x01000193);
    b = Math.imul(b ^ a, 0x85ebca6b) ^ b >>> 13;
  }
  const stamp = new Uint8Array(16);
  const view = new DataView(stamp.buffer);
  for (const [index, word] of [METER_VERSION, bytes.length, a, b].entries()) view.setInt32(index * 4, word, true);
  return stamp;
}
