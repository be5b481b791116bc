/**
 * The host's tables and globals as `objects/` sees them: references of functions are function instances there.
 *
 * @module
 */

import { FUNCREF, V128, valueTypeName } from "../binary/types.ts";
import type { ReferenceType, ValueType } from "../binary/types.ts";
import type { Global, HostGlobal } from "../objects/global.ts";
import type { HostTable, Table } from "../objects/table.ts";
import { Func } from "../objects/function.ts";
import { TableUsers } from "./meter.ts";
import type { Meter } from "./meter.ts";
import { funcOfRaw, rawOf } from "./values.ts";
import { theHost } from "./support.ts";
import type { RawGlobal, RawTable } from "./support.ts";

/** A table of the host, with what it wraps. */
interface WrappedTable extends HostTable {
  readonly raw: RawTable;
}

/** A global of the host, with what it wraps. */
interface WrappedGlobal extends HostGlobal {
  readonly raw: RawGlobal;
}

const USERS = new WeakMap<RawTable, TableUsers>();

/** The instances that have a table, or functions in it. */
export function usersOf(raw: RawTable): TableUsers {
  let users = USERS.get(raw);
  if (users === undefined) USERS.set(raw, users = new TableUsers());
  return users;
}

/** An owner of functions that counts fuel. */
interface Owner {
  readonly meter?: Meter;
}

/** A table of the host. */
export function hostTable(raw: RawTable, element: ReferenceType): WrappedTable {
  const isFunctions = element === FUNCREF;
  const toRaw = (reference: unknown) => {
    if (!isFunctions) return reference;
    if (reference instanceof Func) (reference.owner as Owner | undefined)?.meter?.linkTable(usersOf(raw));
    return rawOf(reference);
  };
  return {
    raw,
    get length() {
      return raw.length;
    },
    get: (index) => isFunctions ? funcOfRaw(raw.get(index)) : raw.get(index),
    set: (index, reference) => raw.set(index, toRaw(reference)),
    grow(delta, reference) {
      try {
        return raw.grow(delta, toRaw(reference));
      } catch {
        return -1;
      }
    },
  };
}

/** The host's table of an imported one. */
export function rawTable(table: Table): RawTable {
  const make = () => {
    const { Table } = theHost();
    const { element, length, declaredMaximum } = table;
    // Growing asks us first, so the host's own maximum is only that of the type.
    const type = { element: element === FUNCREF ? "anyfunc" : "externref", initial: length };
    const raw = declaredMaximum === undefined
      ? new Table(type, null)
      : new Table({ ...type, maximum: declaredMaximum }, null);
    return hostTable(raw, element);
  };
  return (table.hostTable(make) as WrappedTable).raw;
}

/** A global of the host. */
export function hostGlobal(raw: RawGlobal, type: ValueType): WrappedGlobal {
  const isFunction = type === FUNCREF;
  return {
    raw,
    get value() {
      return isFunction ? funcOfRaw(raw.value) : raw.value;
    },
    set value(value) {
      raw.value = isFunction ? rawOf(value) : value;
    },
  };
}

/** What stands for an imported global: the host's, or the value of an immutable one. */
export function rawGlobal(global: Global): unknown {
  const { value: type, mutable } = global.type;
  if (!mutable && type !== V128) return type === FUNCREF ? rawOf(global.reference) : global.value;
  const make = (value: unknown) => {
    const name = type === FUNCREF ? "anyfunc" : valueTypeName(type);
    return hostGlobal(new (theHost().Global)({ value: name, mutable }, type === FUNCREF ? rawOf(value) : value), type);
  };
  return (global.hostGlobal(make) as WrappedGlobal).raw;
}
