/**
 * A guest's text, made safe to show: of bounded length, and with what would be invisible or reorder the text around it
 * written out. It makes text; that text never becomes markup is the business of those who show it.
 *
 * @module
 */

/** Controls but for the tab, format characters such as those for direction, line separators, and halves of pairs. */
const INVISIBLE = /[^\P{C}\t]|[\p{Zl}\p{Zp}]/gu;

const NUMBERS = new Intl.NumberFormat("en");

/** Text of one line: at most so many characters of it, the invisible ones as `\u{…}`. */
export function visible(text: string, length: number): string {
  const shown = text.length > length ? text.slice(0, length) : text;
  const safe = shown.replace(INVISIBLE, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);
  return shown === text ? safe : `${safe}… (${formatNumber(text.length - length)} more)`;
}

/** The same of text with several lines. */
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
