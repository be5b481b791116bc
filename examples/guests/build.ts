/**
 * Rebuilds the example guests: `deno task guests`, or `deno task guests --only=c,zig`, with `--out=FOLDER` to leave the
 * modules that are checked in alone. A guest whose toolchain is missing is skipped, with the reason.
 *
 * It installs what npm has (AssemblyScript, Zig) in the guest's folder, and no other toolchain.
 *
 * @module
 */
import { dirname, fromFileUrl, join, resolve } from "@std/path";
