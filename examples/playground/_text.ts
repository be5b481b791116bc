/**
 * Makes a guest's text safe to show. Its length is bounded. Characters that are invisible, or that reorder the text
 * around them, are written out. The result is text: the caller must not insert it as markup.
 *
 * @module
 */

/** Controls except the tab, format characters such as those for direction, line separators, and lone surrogates. */
const INVISIBLE = /[^\P{C}\t]|[\p{Zl}\p{Zp}]/gu;

const NUMBERS = new Intl.NumberFormat("en");

/** Text of one line: at most this many characters, the invisible ones as `\u{…}`. */
export function visible(text: string, length: number): string {
  const shown = text.length > length ? text.slice(0, length) : text;
  const safe = shown.replace(INVISIBLE, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);
  return shown === text ? safe : `${safe}… (${formatNumber(text.length - length)} more)`;
}

/** The same for text with several lines. */
export function visibleLines(text: string, length: number): string {
  const cut = text.length > length ? `\n… (${formatNumber(text.length - length)} more characters)` : "";
  return text.slice(0, length).split(/\r?\n/).map((line) => visible(line, Infinity)).join("\n") + cut;
}

/** A number with separators: 1,234,567. */
export function formatNumber(value: number): string {
  return NUMBERS.format(value);
}

/** A number and a noun: 1 page, 2 pages. */
export function plural(count: number, noun: string): string {
  return `${formatNumber(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** A number of bytes, such as 34.6 KiB. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return plural(bytes, "byte");
  const kibibytes = bytes / 1024;
  return kibibytes < 1024 ? `${round(kibibytes)} KiB` : `${round(kibibytes / 1024)} MiB`;
}

/** A time, such as 12 ms or 1.5 s. */
export function formatTime(milliseconds: number): string {
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}

function round(value: number): string {
  return formatNumber(Math.round(value * 10) / 10);
}
