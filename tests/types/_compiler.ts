/**
 * Type-checks programs as users write them, with TypeScript's own compiler, and lists what an editor offers to complete.
 * It reads the compiler's libraries, so it is a program of its own: standard input has the programs, standard output
 * what was found.
 *
 * @module
 */

import ts from "typescript";
import { toText } from "@std/streams";
import config from "../../deno.json" with { type: "json" };
import { ROOT } from "../../tools/root.ts";

/** What was found in one program. */
export interface Found {
  /** The compiler's messages: all lines of each. */
  readonly messages: readonly string[];
  /** What an editor offers at the first `|` between quotes. */
  readonly completions: readonly string[];
}

/** Where an editor completes. */
const CARET = '"|"';

function check(programs: readonly string[]): Found[] {
  const texts = new Map(programs.map((text, index) => [`${ROOT}tests/types/program_${index}.ts`, text]));
  const host: ts.LanguageServiceHost = {
    getCompilationSettings: () => ({
      target: ts.ScriptTarget.ESNext,
      lib: ["esnext", "dom", "dom.iterable", "dom.asynciterable"].map((name) => `lib.${name}.d.ts`),
      types: [],
      strict: true,
      noEmit: true,
      allowImportingTsExtensions: true,
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      paths: Object.fromEntries(
        Object.entries(config.exports).map(([name, path]) => [config.name + name.slice(1), [ROOT + path.slice(2)]]),
      ),
    }),
    getScriptFileNames: () => [...texts.keys()],
    getScriptVersion: () => "1",
    getScriptSnapshot: (path) => {
      const text = texts.get(path) ?? ts.sys.readFile(path);
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
    },
    getCurrentDirectory: () => ROOT,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    fileExists: (path) => texts.has(path) || ts.sys.fileExists(path),
    readFile: (path) => texts.get(path) ?? ts.sys.readFile(path),
    directoryExists: ts.sys.directoryExists,
  };
  const service = ts.createLanguageService(host);
  return [...texts].map(([path, text]) => {
    const diagnostics = [...service.getSyntacticDiagnostics(path), ...service.getSemanticDiagnostics(path)];
    const caret = text.indexOf(CARET);
    const offered = caret < 0 ? undefined : service.getCompletionsAtPosition(path, caret + 1, undefined);
    return {
      messages: diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n")),
      completions: (offered?.entries ?? []).map(({ name }) => name),
    };
  });
}

if (import.meta.main) console.log(JSON.stringify(check(JSON.parse(await toText(Deno.stdin.readable)))));
