/**
 * The table of WASI preview 1. Each row has a function's name, its parameters by what they mean, and its handler. The
 * WebAssembly type and the bounds checks follow from the parameters: no handler runs unless every pointer is good.
 *
 * The functions link under `wasi_snapshot_preview1`, and under `wasi_unstable` with the layouts of that older snapshot.
 *
 * @see https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md
 * @module
 */

import { hostFunction } from "../vm/mod.ts";
import type { FuncTypeDescriptor, HostFunction, ImportDescriptor } from "../vm/mod.ts";
import { EBADF, EFAULT, ENOTDIR, ENOTSOCK, ENOTSUP, isInside, PREVIEW1, SIZES, UNSTABLE } from "./abi.ts";
import type { Answer, Errno, Layout } from "./abi.ts";
import { argsGet, argsSizesGet, environGet, environSizesGet } from "./args.ts";
import { clockResGet, clockTimeGet } from "./clock.ts";
import type { Context } from "./context.ts";
import {
  fdClose,
  fdFdstatGet,
  fdFdstatSetFlags,
  fdFilestatGet,
  fdPread,
  fdPwrite,
  fdRead,
  fdRenumber,
  fdSeek,
  fdTell,
  fdWrite,
  operation,
} from "./fd.ts";
import { pollOneoff } from "./poll.ts";
import { procExit, procRaise, schedYield } from "./proc.ts";
import { randomGet } from "./random.ts";

/**
 * The meaning of a parameter. `fd` is a descriptor, and `size` the length of the array before it. `T*` is a pointer to one
 * `T`, `T[]` to an array whose length is the next `size`. The handler itself checks a `pointer`.
 */
type Kind = "fd" | "size" | "u32" | "u64" | "pointer" | `${Pointee}*` | `${Pointee}[]`;
type Pointee = keyof typeof SIZES | "filestat" | "subscription";

/** The kinds in a list such as `"fd iovec[] size"`. */
type Kinds<List extends string> = List extends `${infer First} ${infer Rest}` ? [First, ...Kinds<Rest>] : [List];
type Arguments<List extends string> = List extends "" ? [] : ArgumentsOf<Kinds<List>>;
type ArgumentsOf<List extends string[]> = {
  [Index in keyof List]: List[Index] extends "u64" ? bigint : List[Index] extends Kind ? number : never;
};

/** A row of the table. */
interface Row {
  readonly name: string;
  readonly kinds: readonly Kind[];
  /** The handler. An errno is the result for all open descriptors, of any kind. A descriptor that is not open is `EBADF`. */
  readonly run: Handler | Errno;
}

type Handler = (context: Context, ...args: unknown[]) => Answer;

function row<const List extends string>(
  name: string,
  list: List,
  run: ((context: Context, ...args: Arguments<List>) => Answer) | Errno,
): Row {
  return { name, kinds: list.split(" ").filter((kind) => kind !== "") as Kind[], run: run as Handler | Errno };
}

/** The 46 functions. */
function rows(layout: Layout): Row[] {
  return [
    row("args_get", "pointer pointer", argsGet),
    row("args_sizes_get", "size* size*", argsSizesGet),
    row("environ_get", "pointer pointer", environGet),
    row("environ_sizes_get", "size* size*", environSizesGet),

    row("clock_res_get", "u32 u64*", clockResGet),
    row("clock_time_get", "u32 u64 u64*", clockTimeGet),

    row("fd_advise", "fd u64 u64 u32", operation("advise")),
    row("fd_allocate", "fd u64 u64", operation("allocate")),
    row("fd_close", "fd", fdClose),
    row("fd_datasync", "fd", operation("syncData")),
    row("fd_fdstat_get", "fd fdstat*", fdFdstatGet),
    row("fd_fdstat_set_flags", "fd u32", fdFdstatSetFlags),
    row("fd_fdstat_set_rights", "fd u64 u64", ENOTSUP),
    row("fd_filestat_get", "fd filestat*", (context, ...args) => fdFilestatGet(context, layout, ...args)),
    row("fd_filestat_set_size", "fd u64", operation("setSize")),
    row("fd_filestat_set_times", "fd u64 u64 u32", operation("setTimes")),
    row("fd_pread", "fd iovec[] size u64 size*", fdPread),
    row("fd_prestat_get", "fd prestat*", EBADF),
    row("fd_prestat_dir_name", "fd byte[] size", EBADF),
    row("fd_pwrite", "fd iovec[] size u64 size*", fdPwrite),
    row("fd_read", "fd iovec[] size size*", fdRead),
    row("fd_readdir", "fd byte[] size u64 size*", ENOTDIR),
    row("fd_renumber", "fd fd", fdRenumber),
    row("fd_seek", "fd u64 u32 u64*", (context, ...args) => fdSeek(context, layout, ...args)),
    row("fd_sync", "fd", operation("sync")),
    row("fd_tell", "fd u64*", fdTell),
    row("fd_write", "fd iovec[] size size*", fdWrite),

    row("path_create_directory", "fd byte[] size", ENOTDIR),
    row("path_filestat_get", "fd u32 byte[] size filestat*", ENOTDIR),
    row("path_filestat_set_times", "fd u32 byte[] size u64 u64 u32", ENOTDIR),
    row("path_link", "fd u32 byte[] size fd byte[] size", ENOTDIR),
    row("path_open", "fd u32 byte[] size u32 u64 u64 u32 fd*", ENOTDIR),
    row("path_readlink", "fd byte[] size byte[] size size*", ENOTDIR),
    row("path_remove_directory", "fd byte[] size", ENOTDIR),
    row("path_rename", "fd byte[] size fd byte[] size", ENOTDIR),
    row("path_symlink", "byte[] size fd byte[] size", ENOTDIR),
    row("path_unlink_file", "fd byte[] size", ENOTDIR),

    row("poll_oneoff", "subscription[] event[] size size*", (context, ...args) => pollOneoff(context, layout, ...args)),
    row("proc_exit", "u32", procExit),
    row("proc_raise", "u32", procRaise),
    row("sched_yield", "", schedYield),
    row("random_get", "byte[] size", randomGet),

    row("sock_accept", "fd u32 fd*", ENOTSOCK),
    row("sock_recv", "fd iovec[] size u32 size* u16*", ENOTSOCK),
    row("sock_send", "fd iovec[] size u32 size*", ENOTSOCK),
    row("sock_shutdown", "fd u32", ENOTSOCK),
  ];
}

/** A function, and what follows from its parameters. */
export interface WasiFunction extends Row {
  readonly type: FuncTypeDescriptor;
  readonly pointers: readonly PointerCheck[];
  /** The positions of descriptors among the parameters. */
  readonly descriptors: readonly number[];
}

/** A pointer among the parameters. */
interface PointerCheck {
  /** Its position. */
  readonly at: number;
  /** The bytes of what it points to, or of an item of the array. */
  readonly size: number;
  /** The position of the array's length. */
  readonly count: number | undefined;
}

/** The functions of the two snapshots, by the names under which modules import them. */
export const SNAPSHOTS: ReadonlyMap<string, ReadonlyMap<string, WasiFunction>> = new Map([
  ["wasi_snapshot_preview1", functions(PREVIEW1)],
  ["wasi_unstable", functions(UNSTABLE)],
]);

function functions(layout: Layout): ReadonlyMap<string, WasiFunction> {
  const sizes = { ...SIZES, filestat: layout.filestat.size, subscription: layout.subscription.size };
  return new Map(
    rows(layout).map((row) => {
      const { name, kinds } = row;
      const type: FuncTypeDescriptor = {
        params: kinds.map((kind) => kind === "u64" ? "i64" : "i32"),
        results: name === "proc_exit" ? [] : ["i32"],
      };
      const pointers = kinds.flatMap((kind, at): PointerCheck | [] => {
        const [, pointee, suffix] = /^(\w+)(\*|\[\])$/.exec(kind) ?? [];
        if (pointee === undefined) return [];
        return { at, size: sizes[pointee as Pointee], count: suffix === "*" ? undefined : kinds.indexOf("size", at) };
      });
      const descriptors = kinds.flatMap((kind, at) => kind === "fd" ? at : []);
      return [name, { ...row, type, pointers, descriptors }];
    }),
  );
}

/** A function of WASI as a module imports it. */
export interface WantedFunction extends WasiFunction {
  /** The snapshot by which the module knows it. */
  readonly snapshot: string;
  /** Whether the module declares it with its type. */
  readonly isTyped: boolean;
}

/** The functions of WASI that a list of imports names. A list may name one a hundred thousand times. */
export function wantedOf(imports: readonly ImportDescriptor[]): readonly WantedFunction[] {
  const typed = new Map<WasiFunction, WantedFunction>();
  const others = new Map<WasiFunction, WantedFunction>();
  for (const { module: snapshot, name, type } of imports) {
    const found = SNAPSHOTS.get(snapshot)?.get(name);
    if (found === undefined) continue;
    const isTyped = type !== undefined && isSame(type, found.type);
    const listed = isTyped ? typed : others;
    if (!listed.has(found)) listed.set(found, { ...found, snapshot, isTyped });
  }
  return [...typed.values(), ...others.values()];
}

function isSame(one: FuncTypeDescriptor, other: FuncTypeDescriptor): boolean {
  return sameNames(one.params, other.params) && sameNames(one.results, other.results);
}

function sameNames(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name, index) => name === other[index]);
}

/** The functions of WASI that a module imports, for one process. */
export function wasiImports(
  wanted: readonly WantedFunction[],
  context: Context,
): Record<string, Record<string, HostFunction>> {
  const modules: Record<string, Record<string, HostFunction>> = Object.create(null);
  for (const found of wanted) {
    const bound = modules[found.snapshot] ??= Object.create(null) as Record<string, HostFunction>;
    const run = bind(found, context);
    // Imported twice with two types, it is refused with one of them: what declares the type decides, and comes last.
    bound[found.name] = found.isTyped ? run : hostFunction(found.type, run);
  }
  return modules;
}

function bind({ pointers, descriptors, run }: WasiFunction, context: Context): HostFunction {
  return (...args: unknown[]): Answer => {
    for (let at = 0; at < args.length; at++) args[at] = unsigned(args[at] as number | bigint);
    for (const { at, size, count } of pointers) {
      const length = count === undefined ? size : size * (args[count] as number);
      if (!isInside(context.memory, args[at] as number, length)) return EFAULT;
    }
    if (typeof run === "function") return run(context, ...args);
    return descriptors.every((at) => context.descriptors.has(args[at] as number)) ? run : EBADF;
  };
}

function unsigned(value: number | bigint): number | bigint {
  return typeof value === "bigint" ? BigInt.asUintN(64, value) : value >>> 0;
}
