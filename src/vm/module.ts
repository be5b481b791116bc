/**
 * A compiled module as users hold it. compile.ts and choose.ts make one.
 *
 * @module
 */

import { checkNames, shown } from "../base/options.ts";
import { copySections } from "./binary/custom.ts";
import { valueTypeName } from "./binary/types.ts";
import type { Export, ExternKind, FuncType, ModuleRecord, ValueType } from "./binary/types.ts";
import type { EngineChoice, EngineModule } from "./engine.ts";
import { InternalError } from "./errors.ts";
import type { FuncTypeDescriptor } from "./objects/function.ts";

/** Options of {@linkcode Module.customSections}. */
export interface CustomSectionOptions {
  /** The most bytes to copy, of all sections with the name. By default there is no limit but the module's own size. */
  readonly maxBytes?: number;
}

/** An import that a module declares. */
export interface ImportDescriptor {
  /** The first of its two names, the module's. */
  readonly module: string;
  /** The second, its own. */
  readonly name: string;
  /** The kind of value that it must be. */
  readonly kind: ExternKind;
  /** The type, if it is a function. */
  readonly type?: FuncTypeDescriptor;
}

/** An export of a module. */
export interface ExportDescriptor {
  /** Its name. */
  readonly name: string;
  /** The kind of value that it is. */
  readonly kind: ExternKind;
  /** The type, if it is a function. */
  readonly type?: FuncTypeDescriptor;
}

const PREPARED = new WeakMap<Module, EngineModule>();
/** The descriptors made so far; all functions of a type share one. */
const DESCRIPTORS = new WeakMap<FuncType, FuncTypeDescriptor>();

/** The module as its engine has prepared it. */
export function preparedOf(module: Module): EngineModule {
  const prepared = PREPARED.get(module);
  if (prepared === undefined) throw new InternalError("the module was not compiled by this library");
  return prepared;
}

/**
 * A decoded and validated module, made by {@linkcode compile}. It is immutable, and any number of instances may share
 * it.
 *
 * @example
 * ```ts
 * import { compile, instantiate } from "@rivulet/rivulet/vm";
 * import type { Module } from "@rivulet/rivulet/vm";
 *
 * // (module (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add))
 * const bytes = Uint8Array.fromBase64("AGFzbQEAAAABBwFgAn9/AX8DAgEABwcBA2FkZAAACgkBBwAgACABags=");
 * const module: Module = await compile(bytes);
 * console.log(module.exports.map(({ name }) => name)); // [ "add" ]
 * const [one, other] = await Promise.all([instantiate(module), instantiate(module)]);
 * console.log(await one.call("add", [1, 2]), await other.call("add", [3, 4])); // 3 7
 * ```
 */
export class Module {
  #imports: readonly ImportDescriptor[] | undefined;
  #exports: readonly ExportDescriptor[] | undefined;

  /** @ignore made by `compile` */
  constructor(prepared: EngineModule) {
    PREPARED.set(this, prepared);
  }

  /** The engine that runs it, and why it is that one. */
  get engine(): EngineChoice {
    return preparedOf(this).engine;
  }

  /** Its name, if the name section has one. */
  get name(): string | undefined {
    return preparedOf(this).record.names.module;
  }

  /** Its imports, in the module's order. The list is made once and frozen. */
  get imports(): readonly ImportDescriptor[] {
    const { imports, types } = preparedOf(this).record;
    return this.#imports ??= Object.freeze(imports.map(({ module, name, type }) =>
      Object.freeze(
        type.kind === "function"
          ? { module, name, kind: type.kind, type: describe(types[type.typeIndex]) }
          : { module, name, kind: type.kind },
      )
    ));
  }

  /** Its exports, in the module's order. The list is made once and frozen. */
  get exports(): readonly ExportDescriptor[] {
    const { record } = preparedOf(this);
    return this.#exports ??= Object.freeze(record.exports.map((entry) => describeExport(record, entry)));
  }

  /** The export with a name, if it exists. The lookup takes constant time. */
  export(name: string): ExportDescriptor | undefined {
    const { record } = preparedOf(this);
    const entry = record.exportsByName.get(name);
    return entry === undefined ? undefined : describeExport(record, entry);
  }

  /** A copy of the bytes that it was compiled from. */
  bytes(): Uint8Array<ArrayBuffer> {
    return preparedOf(this).record.bytes.slice();
  }

  /**
   * The contents of all custom sections with a name, in the module's order. Each is a copy in a buffer of its own, as
   * `WebAssembly.Module.customSections` returns them. A module keeps all its bytes, and so all its custom sections.
   *
   * @throws {LimitError} if they have more bytes together than `maxBytes`; then nothing is copied
   * @throws {TypeError} if the name is not a string, or an option is unknown or of the wrong type
   */
  customSections(name: string, options: CustomSectionOptions = {}): Uint8Array<ArrayBuffer>[] {
    if (typeof name !== "string") throw new TypeError(`a section's name must be a string, not ${shown(name)}`);
    checkNames("custom section option", options, ["maxBytes"]);
    const { maxBytes = Infinity } = options;
    if (typeof maxBytes !== "number" || Number.isNaN(maxBytes)) {
      throw new TypeError(`maxBytes must be a number, not ${shown(maxBytes)}`);
    }
    const { customSections, bytes } = preparedOf(this).record;
    const found = customSections.filter((section) => section.name === name).map(({ contents }) => contents);
    return copySections(bytes, found, name, maxBytes);
  }
}

function describeExport({ functions, types }: ModuleRecord, { name, kind, index }: Export): ExportDescriptor {
  return Object.freeze(kind === "function" ? { name, kind, type: describe(types[functions[index]]) } : { name, kind });
}

function describe(type: FuncType): FuncTypeDescriptor {
  let descriptor = DESCRIPTORS.get(type);
  if (descriptor === undefined) {
    const names = (types: readonly ValueType[]) => Object.freeze(types.map(valueTypeName));
    descriptor = Object.freeze({ params: names(type.params), results: names(type.results) });
    DESCRIPTORS.set(type, descriptor);
  }
  return descriptor;
}
