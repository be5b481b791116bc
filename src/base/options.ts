/**
 * Checks of options, shared by the layers: names are known, and values have the right type. They run before anything
 * starts.
 *
 * @module
 */

/**
 * Checks that all names in an object of options are known. Only own enumerable names count.
 *
 * @param what the kind of option, for the message: `limit`, `spawn option`
 * @throws {TypeError} if it is not such an object, or a name is unknown
 */
export function checkNames(what: string, given: unknown, known: readonly string[]): void {
  // A map or a list has no own names, so it would pass without effect.
  if (typeof given !== "object" || given === null || Symbol.iterator in given) {
    throw new TypeError(`${what}s must be an object, not ${shown(given)}`);
  }
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue;
    throw new TypeError(`unknown ${what} ${shown(name)}${hintOf(name, known)}`);
  }
}

/** The end of a message about an unknown name: a question, if a known name is near, or nothing. */
export function hintOf(name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  return near === undefined ? "" : `: did you mean ${shown(near)}?`;
}

/** Pairs of letters that `hintOf` compares for this name. */
export function comparedLetters(name: string, known: readonly string[]): number {
  const far = farFrom(name.length);
  const near = known.filter((it) => Math.abs(it.length - name.length) < far);
  return near.reduce((sum, it) => sum + it.length, 0) * name.length;
}

/** The distance of a name that is too far from one of so many letters. */
function farFrom(letters: number): number {
  return Math.ceil((letters + 1) / 4) + 1;
}

/** The known name that was probably meant: a few letters away, or one that contains the given name. */
function nearest(name: string, known: readonly string[]): string | undefined {
  const given = name.toLowerCase();
  const far = farFrom(given.length);
  const distances = known.map((it) => distance(given, it.toLowerCase(), far));
  const least = Math.min(...distances);
  if (least < far) return known[distances.indexOf(least)];
  return given.length > 2 ? known.find((it) => it.toLowerCase().includes(given)) : undefined;
}

/**
 * The number of letters to add, drop or replace to turn one text into the other; `far` if their lengths differ that
 * much.
 */
function distance(from: string, to: string, far: number): number {
  if (Math.abs(from.length - to.length) >= far) return far;
  let above = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const replaced = above[column - 1]! + (from[row - 1] === to[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, above[column]! + 1, current[column - 1]! + 1));
    }
    above = current;
  }
  return above[to.length]!;
}

/** A value as error messages show it. */
export function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}...` : value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function" || typeof value === "symbol") return `a ${typeof value}`;
  if (typeof value !== "object" || value === null) return String(value);
  return `a value of type ${Object.prototype.toString.call(value).slice("[object ".length, -1)}`;
}

/** Checks that a value is one of some words. @throws {TypeError} if it is not */
export function checkChoice(name: string, given: unknown, choices: readonly string[]): void {
  if (choices.includes(given as string)) return;
  throw new TypeError(`${name} must be ${choices.map(shown).join(" or ")}, not ${shown(given)}`);
}

/** Checks the type of an optional value. @throws {TypeError} if it has another type */
export function checkType(name: string, given: unknown, type: "string" | "function" | "object" | "boolean"): void {
  if (given === undefined || (typeof given === type && given !== null)) return;
  throw new TypeError(`${name} must be ${type === "object" ? "an" : "a"} ${type}, not ${shown(given)}`);
}

/** The longest delay of a timer in milliseconds. */
export const MAX_TIMER_MS = 2_147_483_647;

/**
 * Checks a time in milliseconds that a timer can wait.
 *
 * @throws {TypeError} if it is not a number
 * @throws {RangeError} if it is negative or too long
 */
export function checkDelay(name: string, given: unknown, mayBeAbsent = false): void {
  if (typeof given === "number" && given >= 0 && (given <= MAX_TIMER_MS || (mayBeAbsent && given === Infinity))) return;
  const Refusal = typeof given === "number" ? RangeError : TypeError;
  const orNone = mayBeAbsent ? ", or Infinity" : "";
  throw new Refusal(`${name} must be a number from 0 to ${MAX_TIMER_MS} ms${orNone}, not ${shown(given)}`);
}

/** Checks the types of members that must be there. @throws {TypeError} if one is missing, or has another type */
export function checkMembers(
  of: string,
  members: Readonly<Record<string, unknown>>,
  type: "string" | "function" | "object" | "boolean",
): void {
  // `null` stands for a missing member: `checkType` would let `undefined` pass.
  for (const name of Object.keys(members)) {
    const member = members[name] ?? null;
    if (typeof member !== type || member === null) checkType(`${of}.${name}`, member, type);
  }
}

/** Checks an optional signal, of any realm. @throws {TypeError} if it is not an `AbortSignal` */
export function checkSignal(given: unknown, name = "signal"): void {
  if (given === undefined || given === null) return;
  if (typeof given === "object" && "aborted" in given && "addEventListener" in given) return;
  throw new TypeError(`${name} must be an AbortSignal, not ${shown(given)}`);
}

/** Checks a method's name: with any other value the message would be invalid. @throws {TypeError} if it is not a string */
export function checkMethod(given: unknown): void {
  if (typeof given !== "string") throw new TypeError(`a method's name must be a string, not ${shown(given)}`);
}

/**
 * Checks a program's arguments.
 *
 * @throws {TypeError} if they are not strings, or one contains a NUL, which would end it early
 */
export function checkArgs(args: readonly string[]): void {
  if (!Array.isArray(args)) throw new TypeError(`args must be a list of strings, not ${shown(args)}`);
  for (const [index, arg] of args.entries()) {
    if (!isText(arg)) refuseText(arg, `argument ${index}`);
  }
}

/**
 * Checks an environment.
 *
 * @throws {TypeError} if a name is empty or contains `=`, or a name or value is not a string without NUL
 */
export function checkEnv(env: Readonly<Record<string, string>>): void {
  if (typeof env !== "object" || env === null) {
    throw new TypeError(`env must be an object of strings, not ${shown(env)}`);
  }
  for (const [name, value] of Object.entries(env)) {
    if (name === "" || name.includes("=")) {
      throw new TypeError(`${JSON.stringify(name)} is not a valid name of an environment variable`);
    }
    for (const text of [name, value]) {
      if (!isText(text)) refuseText(text, `environment variable ${JSON.stringify(name)}`);
    }
  }
}

function isText(text: unknown): boolean {
  return typeof text === "string" && !text.includes("\0");
}

function refuseText(text: unknown, what: string): never {
  throw new TypeError(
    typeof text === "string" ? `${what} contains a NUL` : `${what} must be a string, not ${shown(text)}`,
  );
}

/**
 * Functions as a map: unlike an object, it has no `constructor` or `__proto__` for others to call.
 *
 * @param methods an object of functions, or an iterable of names and functions
 * @throws {TypeError} if one is not a function, or is in the object's prototype: methods of a class would be missing
 */
export function functionsByName(methods: object): Map<string, (...args: never) => unknown> {
  checkType("methods", methods, "object");
  const entries = Symbol.iterator in methods
    ? methods as Iterable<readonly [string, unknown]>
    : Object.entries(methods);
  const functions = new Map<string, (...args: never) => unknown>();
  if (!(Symbol.iterator in methods)) refuseInherited(methods);
  for (const [name, method] of entries) {
    if (typeof method !== "function") throw new TypeError(`method ${JSON.stringify(name)} is not a function`);
    functions.set(name, method as (...args: never) => unknown);
  }
  return functions;
}

/** Refuses methods of a class: as own properties they would be served, in a prototype they would be missing in silence. */
function refuseInherited(methods: object): void {
  // What all objects inherit, of any realm, has no prototype itself.
  for (let from = Object.getPrototypeOf(methods); from !== null; from = Object.getPrototypeOf(from)) {
    if (Object.getPrototypeOf(from) === null) return;
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(from))) {
      if (name === "constructor" || typeof value !== "function") continue;
      const key = /^[A-Za-z_$][\w$]*$/.test(name) ? name : "name";
      throw new TypeError(
        `method ${shown(name)} is in the prototype of methods, as those of a class are, and would not be served: ` +
          `pass an object of functions, such as { ${key}: (params) => service.${key}(params) }`,
      );
    }
  }
}

/** The error for a value that is not a module. */
export function notAModule(given: unknown): TypeError {
  return new TypeError(`expected a Module, not ${shown(given)}: pass \`await compile(bytes)\``);
}
