/**
 * Reads a script of the official test suite (`.wast`): first s-expressions, then commands. Modules in the text format
 * stay text, and numbers stay as written. translate.ts converts them to binary.
 *
 * @see https://github.com/WebAssembly/spec/tree/main/interpreter#scripts
 * @module
 */

/** A node of the syntax: a list, a string's bytes, or an atom. */
export type Form =
  | { readonly kind: "list"; readonly items: readonly Form[]; readonly start: number; readonly end: number }
  | { readonly kind: "string"; readonly bytes: Uint8Array; readonly start: number; readonly end: number }
  | { readonly kind: "atom"; readonly text: string; readonly start: number; readonly end: number };

/** A module in the form of the script. A quoted one is a test of the text format itself. */
export type ModuleSource =
  | { readonly kind: "binary"; readonly bytes: Uint8Array }
  | { readonly kind: "text" | "quote"; readonly text: string };

/** `(i32.const 7)`, `(ref.extern 1)`: the name before the dot or the whole instruction, and the text after it. */
export interface Constant {
  readonly type: string;
  readonly text: string;
  /** Of the type `either`: what is also right. */
  readonly alternatives?: readonly Constant[];
}

/** An action of a script on an instance: it calls a function or reads a global. */
export interface Action {
  readonly kind: "invoke" | "get";
  readonly instance: string | undefined;
  readonly field: string;
  readonly args: readonly Constant[];
}

/** The content of one command. */
export type CommandBody =
  | { readonly kind: "module"; readonly name: string | undefined; readonly module: ModuleSource }
  | { readonly kind: "definition"; readonly name: string | undefined; readonly module: ModuleSource }
  | { readonly kind: "instance"; readonly name: string | undefined; readonly definition: string | undefined }
  | { readonly kind: "register"; readonly as: string; readonly instance: string | undefined }
  | { readonly kind: "action"; readonly action: Action }
  | { readonly kind: "assert_return"; readonly action: Action; readonly expected: readonly Constant[] }
  | { readonly kind: "assert_trap" | "assert_exhaustion"; readonly action: Action; readonly message: string }
  | { readonly kind: "assert_exception"; readonly action: Action }
  | {
    readonly kind: "assert_invalid" | "assert_malformed" | "assert_unlinkable" | "assert_module_trap";
    readonly module: ModuleSource;
    readonly message: string;
  };

/** A command and the line on which it starts. */
export type Command = CommandBody & { readonly line: number };

/** Reads the commands of a script. A script of only module fields is one module. */
export function readScript(source: string): Command[] {
  const forms = readForms(source);
  if (forms.length > 0 && !COMMANDS.has(headOf(forms[0]))) {
    return [{ kind: "module", name: undefined, module: { kind: "text", text: `(module ${source}\n)` }, line: 1 }];
  }
  const commands: Command[] = [];
  let line = 1;
  let at = 0;
  for (const form of forms) {
    for (; at < form.start; at++) if (source[at] === "\n") line++;
    commands.push({ ...readCommand(source, form), line });
  }
  return commands;
}

const COMMANDS = new Set([
  "module",
  "register",
  "invoke",
  "get",
  "assert_return",
  "assert_trap",
  "assert_exhaustion",
  "assert_exception",
  "assert_invalid",
  "assert_malformed",
  "assert_unlinkable",
]);

// Syntax

const TOKEN = /\s+|;;[^\n]*|\(;|\(|\)|"(?:[^"\\]|\\[^])*"|[^\s()";]+/y;
const COMMENT_EDGE = /\(;|;\)/g;

/** Reads all forms without recursion. */
export function readForms(source: string): Form[] {
  const top: Form[] = [];
  const open: { readonly items: Form[]; readonly start: number }[] = [];
  for (let at = 0; at < source.length;) {
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(source)?.[0];
    if (token === undefined) throw new SyntaxError(`unexpected ${JSON.stringify(source[at])} at ${at}`);
    const start = at;
    at = token === "(;" ? endOfComment(source, at) : at + token.length;
    const items = open.at(-1)?.items ?? top;
    if (token === "(") open.push({ items: [], start });
    else if (token === ")") {
      const list = open.pop();
      if (list === undefined) throw new SyntaxError(`unexpected ) at ${start}`);
      (open.at(-1)?.items ?? top).push({ kind: "list", ...list, end: at });
    } else if (token[0] === '"') items.push({ kind: "string", bytes: bytesOf(token.slice(1, -1)), start, end: at });
    else if (token !== "(;" && !token.startsWith(";;") && token.trim() !== "") {
      items.push({ kind: "atom", text: token, start, end: at });
    }
  }
  if (open.length > 0) throw new SyntaxError(`unclosed ( at ${open[0].start}`);
  return top;
}

/** The end of a block comment, which can contain others. */
function endOfComment(source: string, start: number): number {
  COMMENT_EDGE.lastIndex = start;
  for (let depth = 0;;) {
    const edge = COMMENT_EDGE.exec(source)?.[0];
    if (edge === undefined) throw new SyntaxError(`unclosed comment at ${start}`);
    depth += edge === "(;" ? 1 : -1;
    if (depth === 0) return COMMENT_EDGE.lastIndex;
  }
}

const ESCAPE = /\\(?:u\{([0-9a-fA-F_]+)\}|([0-9a-fA-F]{2})|([^]))/g;
const ESCAPED: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r" };

/** The bytes of a string literal: UTF-8, with escapes for single bytes. */
function bytesOf(literal: string): Uint8Array {
  const encoder = new TextEncoder();
  const bytes: number[] = [];
  let at = 0;
  const add = (text: string) => {
    for (const byte of encoder.encode(text)) bytes.push(byte);
  };
  for (const { 0: escape, 1: scalar, 2: hex, 3: letter, index } of literal.matchAll(ESCAPE)) {
    add(literal.slice(at, index));
    at = index + escape.length;
    if (hex !== undefined) bytes.push(parseInt(hex, 16));
    else if (scalar !== undefined) add(String.fromCodePoint(parseInt(scalar.replaceAll("_", ""), 16)));
    else add(ESCAPED[letter] ?? letter);
  }
  add(literal.slice(at));
  return Uint8Array.from(bytes);
}

// Commands

const textOf = (bytes: Uint8Array): string => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);

function headOf(form: Form): string {
  const first = form.kind === "list" ? form.items[0] : undefined;
  return first?.kind === "atom" ? first.text : "";
}

/** The items of a list form, taken from the front. */
class Items {
  readonly #items: readonly Form[];
  #at = 1;

  constructor(form: Form) {
    if (form.kind !== "list") throw new SyntaxError(`a list is expected at ${form.start}`);
    this.#items = form.items;
  }

  next(): Form {
    const form = this.#items[this.#at++];
    if (form === undefined) throw new SyntaxError("the list ends too early");
    return form;
  }

  rest(): readonly Form[] {
    return this.#items.slice(this.#at);
  }

  /** Takes an atom that is one of these words. */
  word(words: RegExp): string | undefined {
    const form = this.#items[this.#at];
    if (form?.kind !== "atom" || !words.test(form.text)) return undefined;
    this.#at++;
    return form.text;
  }

  string(): string {
    const form = this.next();
    if (form.kind !== "string") throw new SyntaxError(`a string is expected at ${form.start}`);
    return textOf(form.bytes);
  }
}

const NAME = /^\$/;

function readCommand(source: string, form: Form): CommandBody {
  const kind = headOf(form);
  const items = new Items(form);
  switch (kind) {
    case "module": {
      const sort = items.word(/^(definition|instance)$/);
      const name = items.word(NAME);
      if (sort === "instance") return { kind: "instance", name, definition: items.word(NAME) };
      return { kind: sort === "definition" ? "definition" : "module", name, module: readModule(source, form) };
    }
    case "register":
      return { kind, as: items.string(), instance: items.word(NAME) };
    case "invoke":
    case "get":
      return { kind: "action", action: readAction(form) };
    case "assert_return":
      return { kind, action: readAction(items.next()), expected: items.rest().map(readConstant) };
    case "assert_exception":
      return { kind, action: readAction(items.next()) };
    case "assert_trap":
    case "assert_exhaustion": {
      const subject = items.next();
      if (headOf(subject) !== "module") return { kind, action: readAction(subject), message: items.string() };
      return { kind: "assert_module_trap", module: readModule(source, subject), message: items.string() };
    }
    case "assert_invalid":
    case "assert_malformed":
    case "assert_unlinkable":
      return { kind, module: readModule(source, items.next()), message: items.string() };
    default:
      throw new SyntaxError(`unknown command ${kind} at ${form.start}`);
  }
}

function readModule(source: string, form: Form): ModuleSource {
  const items = new Items(form);
  const isDefinition = items.word(/^definition$/) !== undefined;
  items.word(NAME);
  const sort = items.word(/^(binary|quote)$/);
  const rest = items.rest();
  if (sort === undefined) {
    const start = isDefinition ? rest[0]?.start ?? form.end - 1 : form.start;
    return { kind: "text", text: (isDefinition ? "(module " : "") + source.slice(start, form.end) };
  }
  const bytes = Uint8Array.from(rest.flatMap((item) => item.kind === "string" ? [...item.bytes] : []));
  return sort === "binary" ? { kind: sort, bytes } : { kind: "quote", text: textOf(bytes) };
}

function readAction(form: Form): Action {
  const kind = headOf(form);
  if (kind !== "invoke" && kind !== "get") throw new SyntaxError(`an action is expected at ${form.start}`);
  const items = new Items(form);
  return { kind, instance: items.word(NAME), field: items.string(), args: items.rest().map(readConstant) };
}

function readConstant(form: Form): Constant {
  const rest = new Items(form).rest();
  if (headOf(form) === "either") return { type: "either", text: "", alternatives: rest.map(readConstant) };
  const text = rest.map((item) => item.kind === "atom" ? item.text : "?").join(" ");
  return { type: headOf(form).replace(/\.const$/, ""), text };
}
