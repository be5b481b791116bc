/**
 * Runs one script of the official suite. It runs the commands in order, and judges each assertion separately. It
 * compares values bit by bit, and messages by their beginning.
 *
 * @module
 */

import * as engine from "./_engine.ts";
import type { Imports, Instance, Module, Value } from "./_engine.ts";
import { readScript } from "./script.ts";
import type { Action, Command, Constant, ModuleSource } from "./script.ts";
import { SYNONYMS } from "./skips.ts";
import { isNumber, keyOf, numbersOf, toBinary } from "./translate.ts";
import { integerOf, joined, vectorOf } from "./_vectors.ts";

/** The outcome of a command, or of a script that can't be read. `failure` is undefined if it is as expected. */
export interface Outcome {
  readonly line: number;
  readonly kind: Command["kind"] | "script";
  readonly failure: string | undefined;
}

/** Whether a command is one of the suite's assertions. */
export function isAssertion({ kind }: Outcome): boolean {
  return kind.startsWith("assert_");
}

/** A case that was not as expected. */
class Failure extends Error {}

/** Runs a script. */
export async function runScript(source: string): Promise<Outcome[]> {
  let commands: readonly Command[];
  try {
    commands = readScript(source);
  } catch (error) {
    return [{ line: 0, kind: "script", failure: describe(error) }];
  }
  const script = new Script(numbersOf(commands), await engine.createSpectest());
  const outcomes: Outcome[] = [];
  for (const command of commands) {
    const { line, kind } = command;
    outcomes.push({ line, kind, failure: await script.failureOf(command) });
  }
  return outcomes;
}

class Script {
  readonly #numbers: ReadonlyMap<string, bigint>;
  readonly #registered: Map<string, Instance>;
  readonly #instances = new Map<string, Instance>();
  readonly #definitions = new Map<string, Module | Failure>();
  /** The last instance, or the reason why it is missing. */
  #current: Instance | Failure = new Failure("no module yet");
  /** The reason why the instance with a name is missing. */
  readonly #missing = new Map<string, Failure>();
  /** The same for a module name that should have been registered. */
  readonly #unregistered = new Map<string, Failure>();

  constructor(numbers: ReadonlyMap<string, bigint>, spectest: Instance) {
    this.#numbers = numbers;
    this.#registered = new Map([["spectest", spectest]]);
  }

  async failureOf(command: Command): Promise<string | undefined> {
    try {
      await this.#run(command);
      return undefined;
    } catch (error) {
      return asFailure(error).message;
    }
  }

  async #run(command: Command): Promise<void> {
    switch (command.kind) {
      case "module":
        return await this.#define(command.name, () => this.#instantiate(compile(command.module)));
      case "definition":
        return this.#keepDefinition(command.name, command.module);
      case "instance":
        return await this.#define(command.name, () => this.#instantiate(this.#definition(command.definition)));
      case "register":
        return this.#register(command.as, command.instance);
      case "action":
        await this.#act(command.action);
        return;
      case "assert_return":
        return this.#compare(await this.#act(command.action), command.expected);
      case "assert_trap":
      case "assert_exhaustion":
        return await expectError(engine.Trap, command.message, () => this.#act(command.action));
      case "assert_module_trap":
        return await expectError(engine.Trap, command.message, () => this.#instantiate(compile(command.module)));
      case "assert_unlinkable":
        return await expectError(engine.LinkError, command.message, () => this.#instantiate(compile(command.module)));
      case "assert_invalid":
      case "assert_malformed":
        return await expectError(engine.CompileError, command.message, () => validate(command.module));
      case "assert_exception":
        throw new Failure("exception handling is not supported");
    }
  }

  async #define(name: string | undefined, make: () => Promise<Instance>): Promise<void> {
    try {
      this.#current = await make();
      if (name !== undefined) this.#instances.set(name, this.#current);
    } catch (error) {
      this.#current = asFailure(error);
      if (name !== undefined) this.#missing.set(name, this.#current);
      throw this.#current;
    }
  }

  #register(name: string, of: string | undefined): void {
    try {
      this.#registered.set(name, this.#instance(of));
    } catch (error) {
      if (error instanceof Failure) this.#unregistered.set(name, error);
      throw error;
    }
  }

  #instantiate(module: Module): Promise<Instance> {
    for (const { module: name } of module.imports) {
      const failure = this.#unregistered.get(name);
      if (failure !== undefined) throw failure;
    }
    const imports: Record<string, Imports[string]> = Object.create(null);
    for (const [name, instance] of this.#registered) imports[name] = instance.exports;
    return engine.link(module, imports);
  }

  #keepDefinition(name = "", source: ModuleSource): void {
    try {
      this.#definitions.set(name, compile(source));
    } catch (error) {
      this.#definitions.set(name, asFailure(error));
      throw error;
    }
  }

  #definition(name = ""): Module {
    const module = this.#definitions.get(name) ?? new Failure(`no definition ${name}`);
    if (module instanceof Failure) throw module;
    return module;
  }

  #instance(name: string | undefined): Instance {
    const instance = name === undefined
      ? this.#current
      : this.#instances.get(name) ?? this.#missing.get(name) ?? new Failure(`no instance ${name}`);
    if (instance instanceof Failure) throw instance;
    return instance;
  }

  async #act({ kind, instance: name, field, args }: Action): Promise<Value[]> {
    const instance = this.#instance(name);
    if (kind === "get") return [await engine.getGlobal(instance, field)];
    return await engine.call(instance, field, args.map((arg) => this.#value(arg)));
  }

  #value(constant: Constant): Value {
    const type = valueType(constant);
    if (type === "v128") return { type, bits: joined(vectorOf(constant), (lane) => this.#bits(lane)) };
    if (isNumber(constant)) return { type, bits: this.#bits(constant) } as Value;
    return { type, reference: constant.type === "ref.null" ? null : Number(constant.text) } as Value;
  }

  #bits(constant: Constant): bigint {
    return constant.type === "int" ? integerOf(constant) : this.#numbers.get(keyOf(constant))!;
  }

  #compare(actual: readonly Value[], expected: readonly Constant[]): void {
    if (actual.length !== expected.length) {
      throw new Failure(`expected ${expected.length} values, not ${actual.length}`);
    }
    for (const [index, constant] of expected.entries()) {
      if (!this.#matches(actual[index], constant)) {
        throw new Failure(`expected ${constant.type} ${constant.text}, found ${valueText(actual[index])}`);
      }
    }
  }

  #matches(actual: Value, expected: Constant): boolean {
    const { alternatives } = expected;
    if (alternatives !== undefined) return alternatives.some((alternative) => this.#matches(actual, alternative));
    if ("bits" in actual) {
      if (actual.type !== expected.type) return false;
      if (actual.type !== "v128") return this.#matchesBits(actual.bits, expected);
      const { width, lanes } = vectorOf(expected);
      return lanes.every((lane, index) => {
        return this.#matchesBits(BigInt.asUintN(Number(width), actual.bits >> width * BigInt(index)), lane, width);
      });
    }
    switch (expected.type) {
      case "ref.null":
        return actual.reference === null;
      case "ref.func":
        return typeof actual.reference === "function";
      default:
        return actual.reference === Number(expected.text);
    }
  }

  /** Whether the unsigned bits of a number, or of a lane of some width, are as expected. */
  #matchesBits(bits: bigint, expected: Constant, width?: bigint): boolean {
    const { type, text } = expected;
    if (text.startsWith("nan:") && !isNumber(expected)) return matchesNan(bits, type as "f32" | "f64", text);
    return bits === (width === undefined ? this.#bits(expected) : BigInt.asUintN(Number(width), this.#bits(expected)));
  }
}

const NAN_BITS = {
  f32: { sign: 1n << 31n, canonical: 0x7fc00000n },
  f64: { sign: 1n << 63n, canonical: 0x7ff8000000000000n },
} as const;

/** A canonical NaN has only the first bit of its payload set, an arithmetic one at least that. Any sign is valid. */
function matchesNan(bits: bigint, type: "f32" | "f64", pattern: string): boolean {
  const { sign, canonical } = NAN_BITS[type];
  const unsigned = bits & ~sign;
  return pattern === "nan:canonical" ? unsigned === canonical : (unsigned & canonical) === canonical;
}

function compile(source: ModuleSource): Module {
  return engine.compileBinary(binaryOf(source));
}

/** Validates a module, and compiles it if it is valid. The engine may lack what the validator knows. */
function validate(source: ModuleSource): void {
  const bytes = binaryOf(source);
  engine.validateBinary(bytes);
  engine.compileBinary(bytes);
}

function binaryOf(source: ModuleSource): Uint8Array<ArrayBuffer> {
  if (source.kind === "quote") throw new Failure("text format only");
  if (source.kind === "binary") return source.bytes as Uint8Array<ArrayBuffer>;
  try {
    return toBinary(source.text);
  } catch (error) {
    throw new Failure(`not translated: ${String(error).split("\n").slice(0, 2).join(" ")}`);
  }
}

type ErrorClass = abstract new (...args: never[]) => Error;

async function expectError(type: ErrorClass, message: string, run: () => unknown): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (error instanceof Failure) throw error;
    if (!(error instanceof type)) throw new Failure(`${describe(error)}, expected ${type.name}: ${message}`);
    if (!saysTheSame(message, error.message)) throw new Failure(`${error.message}, expected: ${message}`);
    return;
  }
  throw new Failure(`no error, expected ${type.name}: ${message}`);
}

function saysTheSame(suite: string, ours: string): boolean {
  // The suite can name an element that the reason of a trap does not name.
  if (ours.startsWith(suite) || suite.startsWith(ours.split("\n")[0])) return true;
  return SYNONYMS.some(([theirs, words, only]) =>
    suite.startsWith(theirs) && ours.startsWith(words) && (only === undefined || only === engine.engineName())
  );
}

function asFailure(error: unknown): Failure {
  return error instanceof Failure ? error : new Failure(describe(error));
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message.split("\n")[0]}` : String(error);
}

function valueType({ type, text }: Constant): Value["type"] {
  switch (type) {
    case "i32":
    case "i64":
    case "f32":
    case "f64":
    case "v128":
      return type;
    case "ref.func":
      return "funcref";
    case "ref.null":
      return text === "func" || text === "funcref" ? "funcref" : "externref";
    case "ref.extern":
      return "externref";
    default:
      throw new Failure(`${type} is not supported: a value of the script`);
  }
}

function valueText(value: Value): string {
  return "bits" in value ? `${value.type} 0x${value.bits.toString(16)}` : `${value.type} ${String(value.reference)}`;
}
