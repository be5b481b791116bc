/**
 * The rules for the repository's text. They say which files may import which, which names no file under src may use,
 * and where tests are. They also say how files open and how long they are. Pages must name and link to things that
 * exist.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import ts from "typescript";
import { BOUNDS, LIMITS } from "../src/base/limits.ts";
import type { LimitName, LimitRow } from "../src/base/limits.ts";
import config from "../deno.json" with { type: "json" };
import { RUNTIMES } from "../tools/runtimes.ts";

const ROOT = new URL("../", import.meta.url);

/** The files that all wings of the virtual machine may import. */
const GROUND: readonly string[] = ["src/vm/errors.ts", "src/vm/limits.ts"];

/**
 * The layers, which are folders of src, and the wings of the virtual machine and of WASI. Each has a list of the files
 * or whole wings outside itself that it may import. Every file may import the base.
 */
const ARROWS: ReadonlyMap<string, readonly string[]> = new Map([
  ["src/base/", []],
  ["src/vm/errors.ts", []],
  ["src/vm/limits.ts", []],
  ["src/vm/binary/", GROUND],
  ["src/vm/costs.ts", ["src/vm/binary/", "src/vm/limits.ts"]],
  ["src/vm/objects/", ["src/vm/binary/", ...GROUND]],
  ["src/vm/engine.ts", ["src/vm/objects/", "src/vm/binary/", ...GROUND]],
  ["src/vm/budget.ts", ["src/vm/engine.ts"]],
  ["src/vm/interpreter/", [
    ...["src/vm/engine.ts", "src/vm/budget.ts", "src/vm/costs.ts", "src/vm/objects/", "src/vm/binary/"],
    ...GROUND,
  ]],
  ["src/vm/native/", [
    ...["src/vm/engine.ts", "src/vm/budget.ts", "src/vm/costs.ts", "src/vm/objects/", "src/vm/binary/"],
    ...GROUND,
  ]],
  ["src/vm/run/", ["src/vm/engine.ts", "src/vm/budget.ts", "src/vm/objects/", ...GROUND]],
  ["src/vm/", [
    "src/vm/run/",
    "src/vm/interpreter/mod.ts",
    "src/vm/engine.ts",
    "src/vm/objects/",
    "src/vm/binary/",
    ...GROUND,
  ]],
  // The files above import nothing of the native engine: who needs only the interpreter gets no more.
  ["src/vm/choose.ts", [
    "src/vm/",
    "src/vm/native/mod.ts",
    "src/vm/interpreter/mod.ts",
    "src/vm/engine.ts",
    "src/vm/binary/",
    ...GROUND,
  ]],
  ["src/wasi/descriptors/", ["src/wasi/abi.ts"]],
  ["src/wasi/", ["src/wasi/descriptors/", "src/vm/mod.ts", "src/vm/binary/foreign.ts"]],
  ["src/rpc/", []],
  ["src/plugin/manifest/", ["src/vm/mod.ts", "src/rpc/mod.ts"]],
  ["src/plugin/instance/", [
    ...["src/vm/mod.ts", "src/wasi/mod.ts", "src/rpc/mod.ts", "src/rpc/request_caller.ts"],
    ...["admission", "call", "errors", "exit", "observer", "options"].map((name) => `src/plugin/${name}.ts`),
  ]],
  ["src/plugin/lifetimes/", ["src/plugin/instance/", "src/plugin/call.ts", "src/plugin/errors.ts", "src/rpc/mod.ts"]],
  ["src/plugin/", [
    ...["src/plugin/lifetimes/", "src/plugin/instance/", "src/plugin/manifest/"],
    ...["src/vm/mod.ts", "src/wasi/mod.ts", "src/rpc/mod.ts"],
    ...["src/rpc/framing/framings.ts", "src/rpc/protocols/protocols.ts"],
    ...["src/rpc/schemas/check.ts", "src/rpc/trace.ts"],
    ...["kinds", "refused"].map((name) => `src/rpc/values/${name}.ts`),
  ]],
  ["src/workers/", [
    ...["src/vm/mod.ts", "src/vm/choose.ts", "src/wasi/mod.ts", "src/rpc/mod.ts", "src/plugin/mod.ts"],
    ...["src/rpc/failures.ts", "src/rpc/schemas/check.ts", "src/rpc/schemas/handlers.ts", "src/rpc/trace.ts"],
    ...["discard", "kinds", "paths", "refused"].map((name) => `src/rpc/values/${name}.ts`),
    ...[
      "src/plugin/admission.ts",
      "src/plugin/options.ts",
      "src/plugin/instance/hosting.ts",
      "src/plugin/manifest/manifest.ts",
      "src/plugin/observer.ts",
    ],
    ...["src/vm/engine.ts", "src/vm/integrity.ts", "src/vm/binary/custom.ts"],
  ]],
  ["mod.ts", ["src/vm/mod.ts", "src/vm/choose.ts", "src/wasi/mod.ts", "src/rpc/mod.ts", "src/plugin/mod.ts"]],
]);

/** The folders beside the package, each with the parts of the repository's code that it may import. */
const ROOMS: ReadonlyMap<string, readonly string[]> = new Map([
  ["tools/", ["src/"]],
  ["examples/", ["tools/"]],
  ["bench/", ["mod.ts", "src/", "tools/"]],
  ["tasks/", ["mod.ts", "src/", "tools/", "bench/", "examples/"]],
  ["tests/", ["mod.ts", "src/", "tools/", "bench/", "examples/", "tasks/"]],
]);

/** Names that only runtimes have and not the web's standards, the host's WebAssembly, and makers of code from text. */
const FOREIGN_NAMES: ReadonlySet<string> = new Set([
  ...["Buffer", "Bun", "Deno", "process", "require"],
  ...["WebAssembly", "eval", "Function"],
]);

/** Where such names are allowed: Node has no Web Workers, and the native engine is the host's. */
const ALLOWED_NAMES: readonly { readonly path: string; readonly name: string }[] = [
  { path: "src/workers/node.ts", name: "process" },
  { path: "src/vm/native/", name: "WebAssembly" },
];

const MAX_LINES = 400;

/** Paths that CONTRIBUTING.md names and the repository lacks: the official suite is in another repository. */
const OUTSIDE: ReadonlySet<string> = new Set(["WebAssembly/testsuite", "shared/spec-testsuite"]);

/** Files of one algorithm or one loop, which would not be clearer in two files, and their maximum lengths. */
const LONGER_FILES: ReadonlyMap<string, number> = new Map([
  ["src/vm/binary/validate_body.ts", 670],
  ["src/vm/interpreter/call.ts", 700],
  ["src/vm/interpreter/translate.ts", 900],
  ["src/vm/interpreter/execute.ts", 3_000],
]);

/** Folders of files that tools made or others wrote. */
const NOT_OURS: ReadonlySet<string> = new Set([".git", ".zig-cache", "build", "dist", "node_modules", "target"]);

/** The paths, from the root, of all files under a folder with this ending. */
function filesUnder(folder: string, ending: string): string[] {
  return [...Deno.readDirSync(new URL(folder, ROOT))].flatMap(({ name, isDirectory }) => {
    if (isDirectory) return NOT_OURS.has(name) ? [] : filesUnder(`${folder}${name}/`, ending);
    return name.endsWith(ending) ? [`${folder}${name}`] : [];
  }).sort();
}

function read(path: string): string {
  return Deno.readTextFileSync(new URL(path, ROOT));
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(new URL(path, ROOT)) !== undefined;
  } catch {
    return false;
  }
}

/** The target of a link or relative specifier in the file at `path`, as a path from the root. Others stay unchanged. */
function resolve(specifier: string, path: string): string {
  if (!specifier.startsWith(".")) return specifier;
  return new URL(specifier, new URL(path, ROOT)).href.slice(ROOT.href.length);
}

/** The files of the package. */
const sources: ReadonlyMap<string, ts.SourceFile> = new Map(
  ["mod.ts", ...filesUnder("src/", ".ts")].map((path) => [
    path,
    ts.createSourceFile(path, read(path), ts.ScriptTarget.Latest),
  ]),
);

/** Every TypeScript file of the repository. */
const everything: readonly string[] = [
  ...sources.keys(),
  ...[...ROOMS.keys()].flatMap((room) => filesUnder(room, ".ts")),
];

/** All files from which a file imports or re-exports, in any form. */
function importsOf(path: string): string[] {
  return ts.preProcessFile(read(path)).importedFiles.map(({ fileName }) => resolve(fileName, path));
}

/** The folder of a file, with a slash at its end. The root is the empty string. */
function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/") + 1);
}

function layerOf(path: string): string | undefined {
  const layers = [...ARROWS.keys()].filter((layer) => layer.endsWith("/") ? path.startsWith(layer) : path === layer);
  return layers.sort((one, other) => other.length - one.length)[0];
}

Deno.test("each layer imports only what it may, and nothing from outside the package", () => {
  const wrong = [...sources.keys()].flatMap((path) => {
    const layer = layerOf(path);
    if (layer === undefined) return [`${path} belongs to no layer`];
    const isAllowed = (target: string) => {
      const of = layerOf(target);
      return of === layer || of === "src/base/" || ARROWS.get(layer)!.some((it) => it === target || it === of);
    };
    return importsOf(path).filter((target) => !isAllowed(target)).map((target) => `${path} imports ${target}`);
  });
  assertEquals(wrong, []);
});

Deno.test("tools imports only the package, and no other folder imports tests", () => {
  const wrong = [...ROOMS].flatMap(([room, allowed]) => {
    const isAllowed = (target: string) => [room, ...allowed].some((it) => target.startsWith(it));
    return filesUnder(room, ".ts").flatMap((path) =>
      importsOf(path).filter((target) => everything.includes(target) && !isAllowed(target))
        .map((target) => `${path} imports ${target}`)
    );
  });
  assertEquals(wrong, []);
});

Deno.test("only files in the same folder or its subfolders import a file whose name begins with _", () => {
  const isPrivate = (path: string) => path.slice(folderOf(path).length).startsWith("_");
  const wrong = everything.flatMap((path) =>
    importsOf(path).filter((target) => isPrivate(target) && !path.startsWith(folderOf(target)))
      .map((target) => `${path} imports ${target}`)
  );
  assertEquals(wrong, []);
  assertEquals(filesUnder("tools/", "").filter((path) => isPrivate(path) || folderOf(path) !== "tools/"), []);
});

Deno.test("the folder of a test mirrors the folder of its source", () => {
  const folders = new Set([...sources.keys()].map(folderOf));
  const mirrors = [...folders].map((folder) => folder.split("/")[1]!).filter((layer) => layer !== "");
  const tests = everything.filter((path) => path.endsWith("_test.ts") && mirrors.includes(path.split("/")[1]!));
  const wrong = tests.filter((path) => {
    const mirrored = path.replace("tests/", "src/").replace("_test.ts", ".ts");
    if (!folders.has(folderOf(mirrored))) return true;
    const name = mirrored.slice(folderOf(mirrored).length - 1);
    return [...sources.keys()].some((source) => source.endsWith(name)) && !sources.has(mirrored);
  });
  assertEquals(wrong, []);
  assert(tests.length > 30);
});

Deno.test("no file imports itself through others, even for a type", () => {
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, importers: readonly string[]): void => {
    if (importers.includes(path)) cycles.push([...importers.slice(importers.indexOf(path)), path].join(" -> "));
    else if (path.endsWith(".ts") && !done.has(path)) {
      for (const target of importsOf(path)) visit(target, [...importers, path]);
    }
    done.add(path);
  };
  for (const path of everything) visit(path, []);
  assertEquals(cycles, []);
});

Deno.test("no file of the package names a runtime, the host's WebAssembly, or a function that makes code from text", () => {
  const named: string[] = [];
  for (const [path, source] of sources) {
    const visit = (node: ts.Node): void => {
      const isAllowed = (name: string) => ALLOWED_NAMES.some((it) => path.startsWith(it.path) && name === it.name);
      if (ts.isIdentifier(node) && FOREIGN_NAMES.has(node.text) && !isAllowed(node.text)) {
        const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
        named.push(`${path}:${line + 1} names ${node.text}`);
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  assertEquals(named, []);
});

Deno.test("every entry of the package checks the runtime before it imports anything else", () => {
  const entries = Object.values(config.exports).map((path) => path.replace("./", ""));
  assertEquals(entries.filter((path) => importsOf(path)[0] !== "src/base/requirements.ts"), []);
});

Deno.test("every file opens with a comment that describes it", () => {
  const opening = (path: string) => /^\/\*\*[^]*?\*\//.exec(read(path))?.[0] ?? "";
  assertEquals(everything.filter((path) => opening(path) === ""), []);
  assertEquals([...sources.keys()].filter((path) => !opening(path).includes("\n * @module\n")), []);
});

Deno.test("files have at most 400 lines without the examples in comments, or at most their listed length", () => {
  const wrong = [...sources.keys()].flatMap((path) => {
    const lines = read(path).replaceAll(/^ \* ```ts\n( \*.*\n)*? \* ```\n/gm, "").split("\n").length - 1;
    const most = LONGER_FILES.get(path) ?? MAX_LINES;
    if (lines > most) return [`${path} has ${lines} lines of ${most}`];
    return LONGER_FILES.has(path) && lines <= MAX_LINES ? [`${path} need not be listed`] : [];
  });
  assertEquals(wrong, []);
});

Deno.test("examples import the package like its users", () => {
  const isUsers = (specifier: string) => !specifier.startsWith("src/") && specifier !== "mod.ts";
  const paths = filesUnder("examples/", ".ts");
  const wrong = paths.flatMap((path) =>
    importsOf(path).filter((it) => !isUsers(it)).map((it) => `${path} imports ${it}`)
  );
  assertEquals(wrong, []);
});

/** The targets of the links on a page, without those in code. */
function linksOf(path: string): string[] {
  const text = read(path).replaceAll(/^```[^]*?^```|`[^`\n]*`/gm, "");
  const links = [...text.matchAll(/\]\(([^)\s]+)\)|^\[[^\]]+\]: (\S+)$/gm)].map(([, inline, listed]) =>
    inline ?? listed!
  );
  const labels = new Set([...text.matchAll(/^(\[[^\]]+\]): /gm)].map(([, label]) => label));
  const unlisted = [...text.matchAll(/\](\[[^\]]+\])/g)].map(([, label]) => label!).filter((label) =>
    !labels.has(label)
  );
  return [...links, ...unlisted];
}

/** The anchors of a page's headings. */
function anchorsOf(path: string): string[] {
  const headings = read(path).replaceAll(/^```[^]*?^```/gm, "").matchAll(/^#+ (.*)$/gm);
  return Array.from(
    headings,
    ([, text]) => text!.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-"),
  );
}

Deno.test("links lead to files and headings that exist, and addresses use https", () => {
  const files = new Set(filesUnder("", ""));
  const isAlive = (link: string, path: string): boolean => {
    if (/^\w+:/.test(link)) return link.startsWith("https://") && URL.canParse(link);
    const [page, anchor] = link.split("#");
    const target = page === "" ? path : resolve(`./${page}`, path);
    return files.has(target) && (anchor === undefined || anchorsOf(target).includes(anchor));
  };
  const pages = filesUnder("", ".md");
  const dead = pages.flatMap((path) =>
    linksOf(path).filter((link) => !isAlive(link, path)).map((link) => `${path}: ${link}`)
  );
  assertEquals(dead, []);
  assert(pages.flatMap(linksOf).length > 20);
});

/** The paths that a page writes as code: they have a slash or the ending of a file, and no spaces. */
function pathsIn(page: string): string[] {
  const words = [...read(page).replaceAll(/^```[^]*?^```/gm, "").matchAll(/`([^`\s]+)`/g)].map(([, word]) => word!);
  return words.filter((word) => /^\.?\w[\w/.]*$/.test(word) && (word.includes("/") || /\w\.(ts|md|json)$/.test(word)));
}

Deno.test("every file that CONTRIBUTING.md names exists", () => {
  const paths = pathsIn("CONTRIBUTING.md").filter((path) => !OUTSIDE.has(path));
  assertEquals(paths.filter((path) => !exists(path)), []);
  assert(paths.length > 40);
});

/** Shown only in the repository. Elsewhere its text describes it. */
const PICTURE = "bench/results.svg";

Deno.test("pages of the package link only to pages of the package", () => {
  const isPublished = (path: string) => config.publish.include.some((it) => path === it || path.startsWith(`${it}/`));
  const wrong = filesUnder("", ".md").filter(isPublished).flatMap((path) =>
    linksOf(path).filter((link) => !/^\w+:|^#/.test(link))
      .map((link) => resolve(`./${link.split("#")[0]}`, path))
      .filter((target) => !isPublished(target) && target !== PICTURE).map((target) => `${path} links to ${target}`)
  );
  assertEquals(wrong, []);
});

Deno.test("the README builds plugins with the commands of the examples", () => {
  const [text] = /\n## Writing a plugin\n[^]*?\n## /.exec(read("README.md")) ?? [];
  const commands = [...text!.matchAll(/ `([^`]+)` +\|$/gm)].flatMap(([, command]) => command!.split(" && "));
  const pages = read("examples/guests/README.md");
  assertEquals(commands.filter((command) => !pages.includes(command)), []);
  assert(commands.length > 5);
});

Deno.test("the README names the tested runtimes", () => {
  const [text] = /\n## Where it runs\n[^]*?\n## /.exec(read("README.md")) ?? [];
  const versions = Object.values(RUNTIMES).map((name) => {
    const [program, version] = name.split("@") as [string, string];
    if (program === "node") return version.replace(/\.\d+$/, "");
    return version.replace(/^1\.(\d{4})(\d\d)(\d\d)\.\d+$/, "$1-$2-$3"); // workerd's version contains its date
  });
  assertEquals(versions.filter((version) => !text!.includes(version)), []);
});

/** A default in the format of the pages. */
function defaultOf({ byDefault, unit }: LimitRow): string {
  if (byDefault === Infinity) return "none";
  if (unit !== "bytes") return `${byDefault.toLocaleString("en-US")} ${unit}`;
  return byDefault % (1 << 20) === 0 ? `${byDefault / (1 << 20)} MiB` : `${byDefault / (1 << 10)} KiB`;
}

for (const page of ["README.md", "SECURITY.md"]) {
  Deno.test(`${page} has the limits of the rows`, () => {
    const [section] = /\n## Limits\n[^]*?\n\|[^]*?\n\n/.exec(read(page)) ?? [""];
    const lines = section!.split("\n").filter((line) => line.startsWith("| `"));
    const cells = lines.map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
    const rows = Object.entries(LIMITS) as [LimitName, LimitRow][];
    assertEquals(cells, rows.map(([name, row]) => [`\`${name}\``, BOUNDS[name], defaultOf(row)]));
  });
}
