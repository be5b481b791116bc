/**
 * Makes text of a guest safe to show on a terminal, in a log or in an error message.
 *
 * @module
 */

/**
 * Control characters (C0 except the tab, DEL, C1), separators of lines and paragraphs, and characters that change the
 * direction of text: embeddings, overrides and isolates.
 */
// deno-lint-ignore no-control-regex
const UNPRINTABLE = /[\0-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/**
 * Replaces with U+FFFD each character that would move the cursor, start a line, control a terminal or change the
 * direction of text. Other text is returned unchanged.
 *
 * @param maxLength UTF-16 units; longer text is cut, and ends in `...`
 */
export function printable(text: string, maxLength: number = Infinity): string {
  if (text.length > maxLength) return `${printable(copyOf(text.slice(0, maxLength)))}...`;
  return text.replace(UNPRINTABLE, "\ufffd");
}

/** The same text. In V8, a part of a text keeps the whole one in memory. */
function copyOf(part: string): string {
  return JSON.parse(JSON.stringify(part));
}

/** The same in quotes, to be part of a sentence. */
export function quoted(text: string, maxLength: number): string {
  return JSON.stringify(printable(text, maxLength));
}
