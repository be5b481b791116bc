/**
 * The table of WASI preview 1: one row a function, with its parameters and its handler, or the errno that POSIX has for
 * what a process without files and sockets asks. From the parameters follow the WebAssembly type and the bounds checks:
 * no handler runs unless every pointer is good.
 *
 * Linked under `wasi_snapshot_preview1`, and under `wasi_unstable`, the snapshot before, with that one's layouts.
 *
 * @see https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md
 * @module
 */

import { hostFunction } from "../vm/mod.ts";
import type { HostFunction, ImportDescriptor } from "../vm/mod.ts";
import {
  EBADF,
  EFAULT,
  EINVAL,
  ENOTDIR,
  ENOTSOCK,
  ENOTSUP,
  EPERM,
  ESPIPE,
  isInside,
  PREVIEW1,
  SIZES,
  UNSTABLE,
} from "./abi.ts";
import type { Errno, Layout } from "./abi.ts";
import { argsGet, argsSizesGet, environGet, environSizesGet } from "./args.ts";
import { clockResGet, clockTimeGet } from "./clock.ts";
import type { Answer, Context } from "./context.ts";
import { fdClose, fdFdstatGet, fdFdstatSetFlags, fdFilestatGet, fdRead, fdRenumber, fdWrite } from "./fd.ts";
import { pollOneoff } from "./poll.ts";
import { procExit, procRaise, schedYield } from "./proc.ts";
import { randomGet } from "./random.ts";

/**
 * What a parameter is: a descriptor, a count of what an array before it has, another integer, a pointer to one `T` (`T*`)
 * or to as many as the next `size` says (`T[]`), or a pointer that the handler checks.
 */
type Kind = "fd" | "size" | "u32" | "u64" | "pointer" | `${Pointee}*` | `${Pointee}[]`;
type Pointee = keyof typeof SIZES | "filestat" | "subscription";

/** The kinds in a list such as `"fd iovec[] size"`. */
type Kinds<List extends string> = List extends `${infer First} ${infer Rest}` ? [First, ...Kinds<Rest>] : [List];
type Arguments<List extends string> = List extends "" ? [] : {
  [Index in keyof Kinds<List>]: Kinds<List>[Index] extends Kind ? Kinds<List>[Index] extends "u64" ? bigint : number
    : never;
};

/** A row of the table. */
export interface Row {
  readonly name: string;
  readonly kinds: readonly Kind[];
  /** The handler; or what a call with open descriptors is answered, where others get `EBADF`. */
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

    row("fd_advise", "fd u64 u64 u32", ESPIPE),
    row("fd_allocate", "fd u64 u64", ESPIPE),
    row("fd_close", "fd", fdClose),
    row("fd_datasync", "fd", EINVAL),
    row("fd_fdstat_get", "fd fdstat*", fdFdstatGet),
    row("fd_fdstat_set_flags", "fd u32", fdFdstatSetFlags),
    row("fd_fdstat_set_rights", "fd u64 u64", ENOTSUP),
    row("fd_filestat_get", "fd filestat*", (context, fd, filestat) => fdFilestatGet(context, layout, fd, filestat)),
    row("fd_filestat_set_size", "fd u64", EINVAL),
    row("fd_filestat_set_times", "fd u64 u64 u32", EPERM),
    row("fd_pread", "fd iovec[] size u64 size*", ESPIPE),
    row("fd_prestat_get", "fd prestat*", EBADF),
    row("fd_prestat_dir_name", "fd byte[] size", EBADF),
    row("fd_pwrite", "fd iovec[] size u64 size*", ESPIPE),
    row("fd_read", "fd iovec[] size size*", fdRead),
    row("fd_readdir", "fd byte[] size u64 size*", ENOTDIR),
    row("fd_renumber", "fd fd", fdRenumber),
    row("fd_seek", "fd u64 u32 u64*", ESPIPE),
    row("fd_sync", "fd", EINVAL),
    row("fd_tell", "fd u64*", ESPIPE),
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

    row(
      "poll_oneoff",
      "subscription[] event[] size size*",
      (context, from, to, count, size) => pollOneoff(context, layout, from, to, count, size),
    ),
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

/** One snapshot: its functions by name, and how large its structures are. */
interface Snapshot {
  readonly rows: ReadonlyMap<string, Row>;
  readonly sizes: Readonly<Record<Pointee, number>>;
}

function snapshot(layout: Layout): Snapshot {
  const { filestat, subscription } = layout;
  return {
    rows: new Map(rows(layout).map((row) => [row.name, row])),
    sizes: { ...SIZES, filestat: filestat.size, subscription: subscription.size },
  };
}

/** The snapshots by the names that modules import from. */
export const SNAPSHOTS: ReadonlyMap<string, Snapshot> = new Map([
  ["wasi_snapshot_preview1", snapshot(PREVIEW1)],
  ["wasi_unstable", snapshot(UNSTABLE)],
]);

/** The functions of WASI that a module imports, for one process. */
export function wasiImports(
  imports: readonly ImportDescriptor[],
  context: Context,
): Record<string, Record<string, HostFunction>> {
  const modules: Record<string, Record<string, HostFunction>> = Object.create(null);
  for (const { module, name } of imports) {
    const snapshot = SNAPSHOTS.get(module);
    const row = snapshot?.rows.get(name);
    if (row !== undefined) (modules[module] ??= Object.create(null))[name] = bind(row, snapshot!.sizes, context);
  }
  return modules;
}

/** A pointer among the parameters: `count` is the position of how many things of `size` bytes it points to. */
interface PointerCheck {
  readonly at: number;
  readonly size: number;
  readonly count: number | undefined;
}

function bind({ name, kinds, run }: Row, sizes: Snapshot["sizes"], context: Context): HostFunction {
  const checks = kinds.flatMap((kind, at) => pointerCheck(kinds, kind, at, sizes) ?? []);
  const fds = kinds.flatMap((kind, at) => kind === "fd" ? at : []);
  const handle: Handler = typeof run === "function"
    ? run
    : (_context, ...args) => fds.every((at) => context.fds.has(args[at] as number)) ? run : EBADF;
  const call = (...args: unknown[]): Answer => {
    for (let at = 0; at < args.length; at++) args[at] = unsigned(args[at] as number | bigint);
    for (const { at, size, count } of checks) {
      const length = count === undefined ? size : size * (args[count] as number);
      if (!isInside(context.memory, args[at] as number, length)) return EFAULT;
    }
    return handle(context, ...args);
  };
  const params = kinds.map((kind) => kind === "u64" ? "i64" as const : "i32" as const);
  return hostFunction({ params, results: name === "proc_exit" ? [] : ["i32"] }, call);
}

function pointerCheck(
  kinds: readonly Kind[],
  kind: Kind,
  at: number,
  sizes: Snapshot["sizes"],
): PointerCheck | undefined {
  const match = /^(\w+)(\*|\[\])$/.exec(kind);
  if (match === null) return undefined;
  const size = sizes[match[1] as Pointee];
  return { at, size, count: match[2] === "*" ? undefined : kinds.indexOf("size", at) };
}

function unsigned(value: number | bigint): number | bigint {
  return typeof value === "bigint" ? BigInt.asUintN(64, value) : value >>> 0;
}
