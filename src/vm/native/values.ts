/**
 * Values that pass between JavaScript and the host's WebAssembly. Numbers pass as they are. They are converted here
 * already, so that what a conversion throws is not taken for a trap. A reference of a function has two forms: a function
 * of the host, and a function instance of `objects/`.
 *
 * @module
 */

import { EXTERNREF, FUNCREF, I32, I64 } from "../binary/types.ts";
import type { FuncType, ValueType } from "../binary/types.ts";
import { isPromiseLike, onRejection } from "../../base/callbacks.ts";
import { waitError } from "../errors.ts";
import { Func } from "../objects/function.ts";
import type { FunctionOwner, Value } from "../objects/function.ts";
import { adapterFor } from "./adapter.ts";
import { currentRun, HostFailure, Unwound } from "./meter.ts";
import type { HostFunc } from "./support.ts";
import { fromReference, refuseVectors, resultValues, toReference } from "../objects/values.ts";

/** The arguments of a call, as the host's WebAssembly takes them. @throws {TypeError} if one can't be converted */
export function argumentsOf(type: FuncType, args: readonly Value[]): readonly unknown[] {
  refuseVectors(type);
  const { params } = type;
  return params.length === 0 ? [] : params.map((type, index) => toHost(type, args[index]));
}

/** What a function of the host's WebAssembly returned, as JavaScript gets it. */
export function fromHostResult({ results }: FuncType, result: unknown): Value {
  if (results.length === 0) return undefined;
  if (results.length === 1) return fromHost(results[0], result);
  return (result as readonly unknown[]).map((value, index) => fromHost(results[index], value));
}

/** A host function's result, as the host's WebAssembly takes it. @throws {TypeError} if it can't be converted */
export function toHostResult(type: FuncType, result: Value): unknown {
  const { results } = type;
  if (results.length === 0) return undefined;
  if (results.length === 1) return toHost(results[0], result);
  return resultValues(type, result).map((value, index) => toHost(results[index], value));
}

/** What a stub ignores, because an answer follows. */
export function emptyResult({ results }: FuncType): unknown {
  if (results.length === 0) return undefined;
  const values = results.map((type) => type === I64 ? 0n : type === FUNCREF || type === EXTERNREF ? null : 0);
  return results.length === 1 ? values[0] : values;
}

const BIGINT = new BigInt64Array(1);
const WORD = new Int32Array(1);

/** A value for the host's WebAssembly. */
export function toHost(type: ValueType, value: Value): unknown {
  switch (type) {
    case I32:
      if (typeof value === "number") return value;
      WORD[0] = value as number;
      return WORD[0];
    case I64:
      if (typeof value === "bigint") return value;
      BIGINT[0] = value as bigint;
      return BIGINT[0];
    case FUNCREF:
      return rawOf(toReference(type, value));
    case EXTERNREF:
      return value;
    default:
      // As a typed array converts it.
      return typeof value === "number" ? value : +(value as number);
  }
}

/** A value of the host's WebAssembly. */
export function fromHost(type: ValueType, value: unknown): Value {
  return type === FUNCREF ? fromReference(funcOfRaw(value)) : value;
}

// References of functions

/** An instance whose functions may reach others as references. */
export interface FunctionSource extends FunctionOwner {
  /** The host's function at an index, if JavaScript can have it. */
  rawOf(index: number): HostFunc | undefined;
  /** The function instance of a function of the host, if it is of this instance. */
  funcOfRaw(raw: HostFunc): Func | undefined;
}

const FUNCS = new WeakMap<HostFunc, Func>();
const RAWS = new WeakMap<Func, HostFunc>();
const SOURCES = new Set<WeakRef<FunctionSource>>();
const DROPPED = new FinalizationRegistry<WeakRef<FunctionSource>>((source) => void SOURCES.delete(source));

/** Notes that a function of the host is that of a function instance. */
export function pair(func: Func, raw: HostFunc): void {
  FUNCS.set(raw, func);
  RAWS.set(func, raw);
}

/** Notes that references of an instance's functions may reach the host or other instances. */
export function addSource(instance: FunctionSource): void {
  const source = new WeakRef(instance);
  SOURCES.add(source);
  DROPPED.register(instance, source);
}

/** The function of the host for a reference. */
export function rawOf(reference: unknown): unknown {
  if (!(reference instanceof Func)) return reference;
  let raw = RAWS.get(reference);
  if (raw !== undefined) return raw;
  const { owner } = reference;
  raw = owner !== undefined && "rawOf" in owner ? (owner as FunctionSource).rawOf(reference.index) : undefined;
  raw ??= adapterFor(reference.type, (...args) => callReference(reference, args));
  pair(reference, raw);
  return raw;
}

/** The reference for a function of the host. */
export function funcOfRaw(raw: unknown): unknown {
  if (typeof raw !== "function") return raw;
  const known = FUNCS.get(raw as HostFunc);
  if (known !== undefined) return known;
  for (const source of SOURCES) {
    const func = source.deref()?.funcOfRaw(raw as HostFunc);
    if (func === undefined) continue;
    pair(func, raw as HostFunc);
    return func;
  }
  return raw;
}

/** Calls a function that no native instance has: the host's, or one of an interpreted instance. */
function callReference({ host, exported, type }: Func, args: readonly unknown[]): unknown {
  const run = currentRun();
  let result: unknown;
  try {
    result = (host ?? exported)(...args.map((value, index) => fromHost(type.params[index], value)));
    if (!run.isOver && !isPromiseLike(result)) return toHostResult(type, result);
  } catch (cause) {
    throw run.isOver ? new Unwound(run) : new HostFailure(cause);
  }
  onRejection(result, () => {});
  throw run.isOver ? new Unwound(run) : run.end(waitError());
}
