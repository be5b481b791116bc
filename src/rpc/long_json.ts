/**
 * Long JSON, parsed in pieces, with turns of the event loop in between. `JSON.parse` would hold the thread: a mebibyte
 * of objects of which no two are alike takes it 200 ms. A piece is a run of elements or members that are short enough
 * together. A longer element is cut into pieces itself. The result is what `JSON.parse` would return for the whole, or
 * an error if it would throw.
 *
 * @module
 */

import { spend } from "../base/schedule.ts";
import { WORK } from "./costs.ts";

/** Characters of a piece: 5 ms at the most. */
export const PIECE_LENGTH = 16_384;
/** Levels of nesting that are cut into pieces; each takes a scan. */
const MAX_LEVELS = 128;

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
/** `{` and `}`. `[` and `]` are the same without bit 5. Outside strings, valid JSON has no other such pair. */
const OPEN = 0x7b;
const CLOSE = 0x7d;
const BIT_5 = 0x20;

/** Parses a JSON text. @throws {SyntaxError} if it is not JSON */
export async function parseInPieces(text: string, levels: number = MAX_LEVELS): Promise<unknown> {
  const start = afterSpace(text, 0);
  const isArray = text[start] === "[";
  if (text.length <= PIECE_LENGTH || levels === 0 || !(isArray || text[start] === "{")) return await parsePiece(text);
  let end = text.length - 1;
  while (isSpace(text.charCodeAt(end))) end--;
  if (text[end] !== (isArray ? "]" : "}")) throw new SyntaxError("unclosed array or object");
  const whole: Container = isArray ? [] : {};
  const pieces = piecesOf(text, start + 1, end);
  if (pieces.length === 1 && afterSpace(text, start + 1) === end) return whole;
  await spend(text.length * WORK.byte);
  for (const [from, to] of pieces) await addPiece(whole, text.slice(from, to), levels);
  return whole;
}

type Container = unknown[] | Record<string, unknown>;

async function parsePiece(text: string): Promise<unknown> {
  const value: unknown = JSON.parse(text);
  const turn = spend(text.length * WORK.parsedByte);
  if (turn !== undefined) await turn;
  return value;
}

async function addPiece(whole: Container, text: string, levels: number): Promise<void> {
  if (afterSpace(text, 0) === text.length) throw new SyntaxError("missing value");
  if (Array.isArray(whole)) {
    if (text.length > PIECE_LENGTH) whole.push(await parseInPieces(text, levels - 1));
    else for (const value of await parsePiece(`[${text}]`) as unknown[]) whole.push(value);
  } else if (text.length > PIECE_LENGTH) {
    const colon = afterSpace(text, afterString(text, afterSpace(text, 0)));
    if (text[colon] !== ":") throw new SyntaxError("missing name");
    setMember(whole, JSON.parse(text.slice(0, colon)), await parseInPieces(text.slice(colon + 1), levels - 1));
  } else {
    for (const [name, value] of Object.entries(await parsePiece(`{${text}}`) as object)) setMember(whole, name, value);
  }
}

/** Sets a member as `JSON.parse` does: `__proto__` is an ordinary name. */
function setMember(object: Record<string, unknown>, name: string, value: unknown): void {
  if (name !== "__proto__") object[name] = value;
  else Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
}

/** The pieces of the text between the brackets of an array or object, as positions. */
function piecesOf(text: string, start: number, end: number): [from: number, to: number][] {
  const pieces: [number, number][] = [];
  let from = start;
  let to = start - 1;
  const endMember = (at: number): void => {
    if (to >= from && at - from > PIECE_LENGTH) {
      pieces.push([from, to]);
      from = to + 1;
    }
    to = at;
  };
  let open = 0;
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = afterString(text, at) - 1;
    else if (code === COMMA && open === 0) endMember(at);
    else if ((code | BIT_5) === OPEN) open++;
    else if ((code | BIT_5) === CLOSE && --open < 0) break;
  }
  if (open !== 0) throw new SyntaxError("unmatched brackets");
  endMember(end);
  pieces.push([from, to]);
  return pieces;
}

/** The position after the string that begins at `start`. */
function afterString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return at + 1;
  }
  throw new SyntaxError("unclosed string");
}

function afterSpace(text: string, start: number): number {
  let at = start;
  while (isSpace(text.charCodeAt(at))) at++;
  return at;
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}
