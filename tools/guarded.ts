/**
 * Typed arrays that refuse what typed arrays ignore: reads and writes beyond their ends. The checked build of the
 * virtual machine uses them; see tasks/checked.ts. They are a hundred times slower than the arrays that they guard.
 *
 * @module
 */

/** The arrays that are guarded here. */
export type Guardable =
  | Int32Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>
  | BigInt64Array<ArrayBuffer>
  | BigUint64Array<ArrayBuffer>;

/** A place that does not exist was read or written. It is a fault of the virtual machine; no guest may cause it. */
export class GuardError extends Error {
  override readonly name = "GuardError";
}

/** Position of the first argument that is an index, by the name of the method. */
const INDICES: Readonly<Record<string, number>> = { fill: 1, copyWithin: 0, slice: 0, subarray: 0 };

const RAW = new WeakMap<object, Guardable>();

/** Guards an array: its elements and ranges are checked at each access. */
export function guarded<T extends Guardable>(array: T, what: string): T {
  const { length } = array;
  const check = (index: unknown, end: number) => {
    if (!(Number.isInteger(index) && index as number >= 0 && index as number <= end)) {
      throw new GuardError(`${what}: no place ${index} in ${length}`);
    }
  };
  const guard = new Proxy(array, {
    get(target, key) {
      if (isIndex(key)) {
        check(Number(key), length - 1);
        return target[Number(key)];
      }
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== "function") return value;
      return (...args: unknown[]) => {
        const from = INDICES[key as string];
        if (from !== undefined) { for (const index of args.slice(from)) check(index, length); }
        return value.apply(target, args);
      };
    },
    set(target, key, value) {
      if (!isIndex(key)) return false;
      check(Number(key), length - 1);
      target[Number(key)] = value;
      return true;
    },
  });
  RAW.set(guard, array);
  return guard;
}

/** The array behind a guarded one, for code that makes its own checks. */
export function rawOf<T extends Guardable>(guard: T): T {
  return RAW.get(guard) as T;
}

/** Whether a typed array would treat the key as an index, within its bounds or not. */
function isIndex(key: string | symbol): boolean {
  return typeof key === "string" && (key === "-0" || String(Number(key)) === key);
}

/** Checks an index of a guarded array that is accessed without its guard. */
export function indexIn(array: { readonly length: number }, index: number, what: string): number {
  if (index >= 0 && index < array.length) return index;
  throw new GuardError(`${what}: no place ${index} in ${array.length}`);
}

/** Checks a register of the frame that ends before `end`. */
export function registerIn(index: number, start: number, end: number): number {
  if (index >= start && index < end) return index;
  throw new GuardError(`register word ${index} is not in the frame from ${start} to ${end}`);
}
