/**
 * TypeScript's own compiler, with its strictest settings. It reports what users of `tsc` see; Deno's check does not.
 *
 * @module
 */

import ts from "typescript";

/** Checks files, and emits what the options ask for. Throws with the compiler's message if it finds an error. */
export function diagnose(files: readonly string[], options: ts.CompilerOptions): void {
  const program = ts.createProgram(files, {
    target: ts.ScriptTarget.ESNext,
    lib: ["esnext", "dom", "dom.iterable", "dom.asynciterable"].map((name) => `lib.${name}.d.ts`),
    types: [],
    strict: true,
    ...options,
  });
  const diagnostics = [...ts.getPreEmitDiagnostics(program), ...program.emit().diagnostics];
  if (diagnostics.length === 0) return;
  const host = { getCanonicalFileName: String, getCurrentDirectory: Deno.cwd, getNewLine: () => "\n" };
  throw new Error(ts.formatDiagnostics(diagnostics, host));
}
