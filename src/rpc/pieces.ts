/**
 * Long JSON, parsed piece by piece with turns of the event loop in between: an engine parses a text at once, and a
 * mebibyte of objects of which no two are alike takes it 200 ms. A piece is as many elements or members in a row as are
 * short enough together; one that is too long itself is taken apart in turn. Values are what `JSON.parse` makes of the
 * whole, and what it refuses is refused.
 *
 * @module
 */

import { spend } from "../base/schedule.ts";
import { WORK } from "./work.ts";

/** Characters of a piece: 5 ms at the most. */
export const PIECE_LENGTH = 16_384;
/** Levels that are taken apart, each by a scan of its own. */
const MAX_LEVELS = 128;

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
/** `{` and `}`; `[` and `]` are these without bit 5, which nothing else outside of strings shares in valid JSON. */
const OPEN = 0x7b;
const CLOSE = 0x7d;
const BIT_5 = 0x20;

/** The value of a JSON text. @throws {SyntaxError} when it is not JSON */
export async function parseInPieces(text: string, levels: number = MAX_LEVELS): Promise<unknown> {
  const start = afterSpace(text, 0);
  const isArray = text[start] === "[";
  if (text.length <= PIECE_LENGTH || levels === 0 || !(isArray || text[start] === "{")) return await parsePiece(text);
  let end = text.length - 1;
  while (isSpace(text.charCodeAt(end))) end--;
  if (text[end] !== (isArray ? "]" : "}")) throw new SyntaxError("an array or object does not end");
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
  if (afterSpace(text, 0) === text.length) throw new SyntaxError("nothing between two commas");
  if (Array.isArray(whole)) {
    if (text.length > PIECE_LENGTH) whole.push(await parseInPieces(text, levels - 1));
    else for (const value of await parsePiece(`[${text}]`) as unknown[]) whole.push(value);
  } else if (text.length > PIECE_LENGTH) {
    const colon = afterSpace(text, afterString(text, afterSpace(text, 0)));
    if (text[colon] !== ":") throw new SyntaxError("a member has no name");
    setMember(whole, JSON.parse(text.slice(0, colon)), await parseInPieces(text.slice(colon + 1), levels - 1));
  } else {
    for (const [name, value] of Object.entries(await parsePiece(`{${text}}`) as object)) setMember(whole, name, value);
  }
}

/** As JSON.parse does: `__proto__` is a name like any other. */
function setMember(object: Record<string, unknown>, name: string, value: unknown): void {
  if (name !== "__proto__") object[name] = value;
  else Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
}

/** The pieces of what an array or object has between its brackets, as positions. */
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
  if (open !== 0) throw new SyntaxError("brackets do not match");
  endMember(end);
  pieces.push([from, to]);
  return pieces;
}

/** Where the string ends that begins at a place. */
function afterString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return at + 1;
  }
  throw new SyntaxError("a string does not end");
}

function afterSpace(text: string, start: number): number {
  let at = start;
  while (isSpace(text.charCodeAt(at))) at++;
  return at;
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}
