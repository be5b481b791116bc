/**
 * Text that a guest has made, for people to read: on a terminal, in a log, in an error's message. What text means is
 * its reader's matter.
 *
 * @module
 */

/**
 * Controls (C0 but the tab, DEL, C1), the separators of lines and paragraphs, and what turns the direction of text
 * around: the embeddings and overrides, and the isolates.
 */
// deno-lint-ignore no-control-regex
const UNPRINTABLE = /[\0-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/**
 * One line of text that does nothing but show: each character that would move a cursor, begin a line, speak to a terminal
 * or turn the text around is a U+FFFD instead. Text without any comes back as it is.
 *
 * @param maxLength UTF-16 units; of longer text these, and `...`
 */
export function printable(text: string, maxLength: number = Infinity): string {
  if (text.length > maxLength) return `${printable(text.slice(0, maxLength))}...`;
  return text.replace(UNPRINTABLE, "\ufffd");
}

/** The same in quotes, as a part of a sentence. */
export function quoted(text: string, maxLength: number): string {
  return JSON.stringify(printable(text, maxLength));
}
