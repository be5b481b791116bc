/**
 * A JSON reader for small plugins. It checks a text and finds the members of an object; it builds no tree. A value is
 * the piece of text that spells it.
 */

/** How deep objects and arrays may nest: the reader recurses. */
const MAX_DEPTH = 64;

/** What `at` returns beyond the end of a text. */
const END: i32 = -1;

function at(text: string, index: i32): i32 {
  return index < text.length ? text.charCodeAt(index) : END;
}

function isDigit(code: i32): bool {
  return code >= 0x30 && code <= 0x39;
}

function isHexDigit(code: i32): bool {
  return isDigit(code) || ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x66);
}

// Every skip function takes where something begins, and returns where it ends, or -1 when it is not well formed.

function skipSpace(text: string, index: i32): i32 {
  while (true) {
    const code = at(text, index);
    if (code != 0x20 && code != 0x09 && code != 0x0d && code != 0x0a) return index;
    index++;
  }
}

function skipDigits(text: string, index: i32): i32 {
  if (!isDigit(at(text, index))) return -1;
  while (isDigit(at(text, index))) index++;
  return index;
}

function skipString(text: string, index: i32): i32 {
  if (at(text, index) != 0x22) return -1;
  while (true) {
    const code = at(text, ++index);
    if (code < 0x20) return -1;
    if (code == 0x22) return index + 1;
    if (code != 0x5c) continue;
    const escape = at(text, ++index);
    if (escape == 0x75) {
      for (let digit = 0; digit < 4; digit++) {
        if (!isHexDigit(at(text, ++index))) return -1;
      }
    } else if (escape == END || !'"\\/bfnrt'.includes(String.fromCharCode(escape))) {
      return -1;
    }
  }
}

function skipNumber(text: string, index: i32): i32 {
  if (at(text, index) == 0x2d) index++;
  index = at(text, index) == 0x30 ? index + 1 : skipDigits(text, index);
  if (index != -1 && at(text, index) == 0x2e) index = skipDigits(text, index + 1);
  if (index != -1 && (at(text, index) | 0x20) == 0x65) {
    const sign = at(text, ++index);
    if (sign == 0x2b || sign == 0x2d) index++;
    index = skipDigits(text, index);
  }
  return index;
}

function skipWord(text: string, index: i32, word: string): i32 {
  return text.substr(index, word.length) == word ? index + word.length : -1;
}

function skipValue(text: string, index: i32, depth: i32): i32 {
  const first = at(text, index);
  if (first == 0x22) return skipString(text, index);
  if (first == 0x74) return skipWord(text, index, "true");
  if (first == 0x66) return skipWord(text, index, "false");
  if (first == 0x6e) return skipWord(text, index, "null");
  if (first != 0x7b && first != 0x5b) return skipNumber(text, index);
  if (depth == 0) return -1;

  const isObject = first == 0x7b;
  const close = isObject ? 0x7d : 0x5d;
  index = skipSpace(text, index + 1);
  if (at(text, index) == close) return index + 1;
  while (true) {
    if (isObject) {
      index = skipString(text, index);
      if (index == -1) return -1;
      index = skipSpace(text, index);
      if (at(text, index) != 0x3a) return -1;
      index = skipSpace(text, index + 1);
    }
    index = skipValue(text, index, depth - 1);
    if (index == -1) return -1;
    index = skipSpace(text, index);
    const next = at(text, index);
    if (next == close) return index + 1;
    if (next != 0x2c) return -1;
    index = skipSpace(text, index + 1);
  }
}

/** Is the whole text one JSON value? The functions below take only texts that are. */
export function isJson(text: string): bool {
  const end = skipValue(text, skipSpace(text, 0), MAX_DEPTH);
  return end != -1 && skipSpace(text, end) == text.length;
}

/** The JSON text of a member of an object; null when there is none, or the value is not an object. */
export function member(text: string, name: string): string | null {
  let index = skipSpace(text, 0);
  if (at(text, index) != 0x7b) return null;
  const key = `"${name}"`;
  index = skipSpace(text, index + 1);
  while (at(text, index) == 0x22) {
    const keyEnd = skipString(text, index);
    const found = text.substring(index, keyEnd) == key;
    const start = skipSpace(text, skipSpace(text, keyEnd) + 1); // past the colon
    const end = skipValue(text, start, MAX_DEPTH);
    if (found) return text.substring(start, end);
    index = skipSpace(text, end);
    if (at(text, index) == 0x2c) index = skipSpace(text, index + 1);
  }
  return null;
}

/** Reads a whole number of at most 15 digits, sent as `5` or as `[5]`; -1 when the value is something else. */
export function wholeNumber(value: string): i64 {
  if (value.startsWith("[")) value = value.slice(1, -1).trim();
  if (value.length > 15 || skipDigits(value, 0) != value.length) return -1;
  return I64.parseInt(value);
}
