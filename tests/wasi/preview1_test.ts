/**
 * The table of WASI preview 1: names and types, the answer of each function that has nothing to work on, and pointers
 * at the edges of memory.
 *
 * @module
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { EBADF, EFAULT, EINVAL, ENOTDIR, ENOTSOCK, ENOTSUP, EPERM, ESPIPE, SUCCESS } from "../../src/wasi/abi.ts";
import { ExitError } from "../../src/wasi/mod.ts";
import { SNAPSHOTS, wantedOf, wasiImports } from "../../src/wasi/preview1.ts";
import { bytesOf, fakeContext, functionsOf, MEMORY_BYTES, putVectors } from "./_guest.ts";
import type { FakeContext } from "./_guest.ts";

/** Parameters as in C headers for preview 1: i for i32, I for i64. */
// deno-fmt-ignore
const SIGNATURES: Record<string, string> = {
  args_get: "ii",
  args_sizes_get: "ii",
  environ_get: "ii",
  environ_sizes_get: "ii",
  clock_res_get: "ii",
  clock_time_get: "iIi",
  fd_advise: "iIIi",
  fd_allocate: "iII",
  fd_close: "i",
  fd_datasync: "i",
  fd_fdstat_get: "ii",
  fd_fdstat_set_flags: "ii",
  fd_fdstat_set_rights: "iII",
  fd_filestat_get: "ii",
  fd_filestat_set_size: "iI",
  fd_filestat_set_times: "iIIi",
  fd_pread: "iiiIi",
  fd_prestat_get: "ii",
  fd_prestat_dir_name: "iii",
  fd_pwrite: "iiiIi",
  fd_read: "iiii",
  fd_readdir: "iiiIi",
  fd_renumber: "ii",
  fd_seek: "iIii",
  fd_sync: "i",
  fd_tell: "ii",
  fd_write: "iiii",
  path_create_directory: "iii",
  path_filestat_get: "iiiii",
  path_filestat_set_times: "iiiiIIi",
  path_link: "iiiiiii",
  path_open: "iiiiiIIii",
  path_readlink: "iiiiii",
  path_remove_directory: "iii",
  path_rename: "iiiiii",
  path_symlink: "iiiii",
  path_unlink_file: "iii",
  poll_oneoff: "iiii",
  proc_exit: "i",
  proc_raise: "i",
  sched_yield: "",
  random_get: "ii",
  sock_accept: "iii",
  sock_recv: "iiiiii",
  sock_send: "iiiii",
  sock_shutdown: "ii",
};

const NAMES = Object.keys(SIGNATURES);

Deno.test("preview1 has the 46 functions, with their types, in both snapshots", () => {
  assertEquals(NAMES.length, 46);
  for (const functions of SNAPSHOTS.values()) {
    assertEquals([...functions.keys()].toSorted(), NAMES.toSorted());
    for (const { name, type } of functions.values()) {
      assertEquals(type.params.map((type) => type === "i64" ? "I" : "i").join(""), SIGNATURES[name], name);
      assertEquals(type.results, name === "proc_exit" ? [] : ["i32"]);
    }
  }
});

Deno.test("preview1 checks every pointer, and every array is followed by its size", () => {
  for (const functions of SNAPSHOTS.values()) {
    for (const { name, kinds, pointers } of functions.values()) {
      const positions = kinds.flatMap((kind, at) => /[*\]]$/.test(kind) ? at : []);
      assertEquals(pointers.map(({ at }) => at), positions, name);
      for (const { at, size, count } of pointers) {
        assert(size > 0, `${name}: ${kinds[at]}`);
        if (kinds[at].endsWith("[]")) assert(count! > at && kinds[count!] === "size", name);
      }
    }
  }
});

Deno.test("wasiImports returns only the functions that a module imports", () => {
  const imports = [
    { module: "wasi_snapshot_preview1", name: "fd_write", kind: "function" as const },
    { module: "wasi_snapshot_preview1", name: "fd_wrote", kind: "function" as const },
    { module: "__proto__", name: "fd_write", kind: "function" as const },
    { module: "wasi_snapshot_preview1", name: "__proto__", kind: "function" as const },
  ];
  const given = wasiImports(wantedOf(imports), fakeContext());
  assertEquals(Object.keys(given), ["wasi_snapshot_preview1"]);
  assertEquals(Object.keys(given.wasi_snapshot_preview1), ["fd_write"]);
});

/** The functions that are refused on an open descriptor. On any other descriptor they answer EBADF. */
// deno-fmt-ignore
const REFUSED: Record<string, number> = {
  fd_advise: ESPIPE,
  fd_allocate: ESPIPE,
  fd_datasync: EINVAL,
  fd_sync: EINVAL,
  fd_fdstat_set_rights: ENOTSUP,
  fd_filestat_set_size: EINVAL,
  fd_filestat_set_times: EPERM,
  fd_pread: ESPIPE,
  fd_pwrite: ESPIPE,
  fd_prestat_get: EBADF,
  fd_prestat_dir_name: EBADF,
  fd_readdir: ENOTDIR,
  fd_seek: ESPIPE,
  fd_tell: ESPIPE,
  path_create_directory: ENOTDIR,
  path_filestat_get: ENOTDIR,
  path_filestat_set_times: ENOTDIR,
  path_link: ENOTDIR,
  path_open: ENOTDIR,
  path_readlink: ENOTDIR,
  path_remove_directory: ENOTDIR,
  path_rename: ENOTDIR,
  path_symlink: ENOTDIR,
  path_unlink_file: ENOTDIR,
  sock_accept: ENOTSOCK,
  sock_recv: ENOTSOCK,
  sock_send: ENOTSOCK,
  sock_shutdown: ENOTSOCK,
};

for (const [name, errno] of Object.entries(REFUSED)) {
  Deno.test(`${name} answers ${errno} on a stream and EBADF on anything else, and does nothing`, () => {
    const context = fakeContext();
    const before = context.memory.bytes.slice();
    for (const fd of [0, 1, 2]) assertEquals(functionsOf(context)[name](...goodArguments(name, fd)), errno);
    for (const fd of [3, 4, -1, 0x7fffffff]) {
      assertEquals(functionsOf(context)[name](...goodArguments(name, fd)), EBADF);
    }
    assertEquals(context.memory.bytes, before);
    assertEquals([context.stdin.state, context.stdout.state, context.stderr.state], ["open", "open", "open"]);
  });
}

Deno.test("path_link and path_rename answer EBADF if either descriptor is not open", () => {
  for (const name of ["path_link", "path_rename"]) {
    const [first, second] = kindsOf(name).flatMap((kind, at) => kind === "fd" ? at : []);
    for (const at of [first, second]) {
      const args = goodArguments(name, 0);
      args[at] = 3;
      assertEquals(functionsOf(fakeContext())[name](...args), EBADF, name);
    }
  }
});

// Pointers

const EDGES = [MEMORY_BYTES - 1, MEMORY_BYTES, 0x7fff_ffff, 0xffff_fffc, 0xffff_ffff];

function kindsOf(name: string): readonly string[] {
  return SNAPSHOTS.get("wasi_snapshot_preview1")!.get(name)!.kinds;
}

/** Arguments that point into memory. Each pointer is 1,024 bytes from the one before, and arrays have two items. */
function goodArguments(name: string, fd: number): (number | bigint)[] {
  return kindsOf(name).map((kind, at) => {
    if (kind === "fd") return fd;
    if (kind === "size") return 2;
    if (kind === "u64") return 0n;
    return kind === "u32" ? 0 : 1024 * (at + 1);
  });
}

/** A context in which reading, writing and polling would succeed. */
function readyContext(name: string): FakeContext {
  const context = fakeContext();
  context.stdin.push(bytesOf("input"));
  if (name !== "poll_oneoff") putVectors(context, 1024 * 2, [32_768, 3], [32_800, 3]);
  return context;
}

for (const snapshot of SNAPSHOTS.keys()) {
  for (const name of NAMES) {
    const pointers = kindsOf(name).flatMap((kind, at) => /^pointer$|\*$|\[\]$/.test(kind) ? at : []);
    if (pointers.length === 0) continue;
    Deno.test(`${snapshot}.${name} answers EFAULT to a pointer outside of memory, and does nothing`, async () => {
      const fd = name === "fd_write" ? 1 : 0;
      const good = readyContext(name);
      assert(await functionsOf(good, snapshot)[name](...goodArguments(name, fd)) !== EFAULT);
      for (const at of pointers) {
        for (const edge of EDGES) {
          const context = readyContext(name);
          const before = context.memory.bytes.slice();
          const args = goodArguments(name, fd);
          args[at] = edge | 0;
          assertEquals(await functionsOf(context, snapshot)[name](...args), EFAULT, `argument ${at}: ${edge}`);
          assertEquals(context.memory.bytes, before);
          assertEquals(context.stdin.size, 5);
          assertEquals(context.stdout.size, 0);
        }
      }
    });
  }
}

for (const name of NAMES) {
  const sizes = kindsOf(name).flatMap((kind, at) => kind === "size" ? at : []);
  if (sizes.length === 0) continue;
  Deno.test(`${name} answers EFAULT to an array longer than memory, without wrapping around`, async () => {
    for (const at of sizes) {
      // 2^29 iovecs, 2^32 / 48 subscriptions and so on are a few bytes in 32-bit arithmetic.
      for (const count of [65_536, 0x1000_0000, 0x2000_0000, 0x0555_5556, 0x7fff_ffff, 0xffff_ffff]) {
        const context = readyContext(name);
        const before = context.memory.bytes.slice();
        const args = goodArguments(name, name === "fd_write" ? 1 : 0);
        args[at] = count | 0;
        assertEquals(await functionsOf(context)[name](...args), EFAULT, `argument ${at}: ${count}`);
        assertEquals(context.memory.bytes, before);
        assertEquals(context.stdin.size, 5);
      }
    }
  });
}

Deno.test("a pointer to the last bytes of memory is valid, and so is address 0", () => {
  for (const at of [0, MEMORY_BYTES - 4]) {
    const context = fakeContext();
    assertEquals(functionsOf(context).args_sizes_get(at, 8), SUCCESS);
    assertEquals(context.memory.view.getUint32(at, true), 2);
  }
});

Deno.test("without a memory, every pointer is EFAULT", () => {
  const context = fakeContext({ memoryBytes: 0 });
  for (const name of NAMES.filter((name) => kindsOf(name).some((kind) => kind.endsWith("*")))) {
    assertEquals(functionsOf(context)[name](...goodArguments(name, 0)), EFAULT, name);
  }
});

Deno.test("proc_exit has no result, and throws an ExitError with the unsigned code", () => {
  const error = assertThrows(() => functionsOf(fakeContext()).proc_exit(-1), ExitError);
  assertEquals([error.code, error.signal], [0xffff_ffff, null]);
});
