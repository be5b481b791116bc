/**
 * TypeScript's own compiler, as strict as it gets: for what users of `tsc` see, which Deno's check does not tell.
 *
 * @module
 */

import ts from "typescript";

/** Checks files, and emits what the options say. Throws the compiler's words if it finds an error. */
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
