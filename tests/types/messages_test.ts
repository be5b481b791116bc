/**
 * What TypeScript's compiler says about programs that use the package: which it accepts, which it refuses with which
 * message, and what an editor completes. `tests/rpc/types_test.ts` has more that must compile, without messages.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { toText } from "@std/streams";
import { ROOT } from "../../tools/root.ts";
import type { Found } from "./_compiler.ts";

/** What each program begins with. */
const PRELUDE = `
import { Plugin, type Module, type PluginOptions, type StandardSchema } from "@rivulet/rivulet";
import { Peer, type Duplex, type PeerOptions } from "@rivulet/rivulet/rpc";
interface Guest {
  ping(): string;
  greet(name: string): string;
  sleep(milliseconds: number): void;
  add(a: number, b: number): number;
  sum(...terms: number[]): number;
  find?(query?: { text: string }): string[];
  readonly version: string;
}
interface Host {
  echo(text: string): string;
  log(line: string): void;
  trace?(line: string): void;
}
interface Wide {
  join(a: string, b: string): string;
}
declare const text: StandardSchema<string>, number: StandardSchema<number>;
declare const module: Module, duplex: Duplex, plugin: Plugin<Guest>, peer: Peer<Guest>;
const signal = AbortSignal.timeout(1_000);
`;

async function check(programs: readonly string[]): Promise<Found[]> {
  const args = ["run", "--allow-read", "--allow-env", "tests/types/_compiler.ts"];
  const options = { args, cwd: ROOT, stdin: "piped", stdout: "piped", stderr: "inherit" } as const;
  await using child = new Deno.Command(Deno.execPath(), options).spawn();
  const input = new Blob([JSON.stringify(programs.map((program) => PRELUDE + program))]);
  const [output] = await Promise.all([toText(child.stdout), input.stream().pipeTo(child.stdin)]);
  return JSON.parse(output);
}

const ACCEPTED: readonly string[] = [
  // A call's options, in every form.
  `await plugin.api.sleep(5_000, { deadlineMs: 100 });`,
  `await plugin.api.sleep(5_000, { deadlineMs: 100, signal });`,
  `await plugin.api.ping(undefined, { deadlineMs: 100 });`,
  `await plugin.call("sleep", 5_000, { deadlineMs: 100, signal });`,
  `await plugin.call("ping");`,
  `await peer.api.sleep(5_000, { signal });`,
  `const found: string[] = await plugin.api.find({ text: "x" }); const pong: string = await plugin.call("ping");`,
  `await new Plugin(module).api.anything({ of: "any type" }, { deadlineMs: 100 });`,
  // Host methods: all that are required.
  `new Plugin<Guest, Host>(module, { methods: { echo: (text) => text, log() {} } });`,
  `new Plugin<Guest, Host>(module, { methods: { echo: (text) => text, log() {}, trace() {} }, limits: { fuel: 1 } });`,
  `new Plugin<Guest, Host>(module, { methods: { echo: (text, { peer }) => peer.call("greet", text), log() {} } });`,
  `new Plugin<Guest, Host>(module, { methods: new Map([["echo", (params: unknown) => params]]) });`,
  `new Plugin<Guest, Partial<Host>>(module); new Plugin<Guest, Partial<Host>>(module, { methods: { log() {} } });`,
  `new Plugin(module); new Plugin<Guest>(module, {}); new Plugin(module, { name: "x" });`,
  `new Plugin(module, { methods: { echo: (params) => params, negate: (params: number) => -params } });`,
  `const options: PluginOptions<Guest, Host> = { methods: { echo: (text) => text, log() {} } };
   new Plugin<Guest, Host>(module, options); new Plugin(module, options);`,
  `new Peer<Guest, Host>(duplex, { methods: { echo: (text) => text, log() {} } });`,
  `new Peer(duplex); new Peer(duplex, {}); new Peer<Guest>(duplex, { signal }); new Peer<Guest, Partial<Host>>(duplex);`,
  // Schemas of the methods' types.
  `new Plugin<Guest>(module, { schemas: { guest: { greet: { params: text, result: text }, ping: { result: text } } } });`,
  `new Plugin<Guest, Host>(module, { methods: { echo: (text) => text, log() {} }, schemas: { host: { echo: { params: text } } } });`,
  `new Plugin(module, { schemas: { guest: { anything: { result: number } }, host: { other: { params: text } } } });`,
  `new Peer<Guest>(duplex, { schemas: { remote: { greet: { result: text } } } });`,
  `class Mine extends Plugin<Guest> { constructor() { super(module, { name: "mine" }); } }`,
];

const ONE_PARAMETER = (name: string) =>
  `"a method takes one parameter: declare \`${name}\` with a tuple, (params: [a: A, b: B]), or with an object"`;
const NAMES = '"ping" | "greet" | "sleep" | "add" | "sum" | "find"';

/** Programs that must not compile, and a part of the only message. */
const REFUSED: readonly (readonly [program: string, message: string])[] = [
  [`plugin.call("great", "x");`, `'"great"' is not assignable to parameter of type '${NAMES}'`],
  [`plugin.api.great("x");`, "Did you mean 'greet'?"],
  [`plugin.call("version", "x");`, `'"version"' is not assignable to parameter of type '${NAMES}'`],
  [`peer.notify("grep", "x");`, `'"grep"' is not assignable to parameter of type '${NAMES}'`],
  [`plugin.call("greet");`, "Expected 2-3 arguments, but got 1."],
  [`plugin.api.greet();`, "Expected 1-2 arguments, but got 0."],
  [`plugin.api.greet(5);`, "'number' is not assignable to parameter of type 'string'"],
  [`plugin.api.greet("x", { deadline: 5 });`, "Did you mean to write 'deadlineMs'?"],
  [`peer.api.greet("x", { deadlineMs: 5 });`, "'deadlineMs' does not exist in type 'PeerCallOptions'"],
  [`plugin.call("add", 1, 2);`, `'1' is not assignable to parameter of type '${ONE_PARAMETER("add")}'`],
  [`plugin.api.add(1, 2);`, `'1' is not assignable to parameter of type '${ONE_PARAMETER("add")}'`],
  [`plugin.api.sum([1, 2]);`, `'number[]' is not assignable to parameter of type '${ONE_PARAMETER("sum")}'`],
  [`new Plugin<Guest, Host>(module);`, "Expected 2 arguments, but got 1."],
  [`new Plugin<Guest, Host>(module, {});`, "Property 'methods' is missing in type '{}'"],
  [
    `new Plugin<Guest, Host>(module, { methods: { log() {} } });`,
    "Property 'echo' is missing in type '{ log(): void; }'",
  ],
  [`new Peer<Guest, Host>(duplex);`, "Expected 2 arguments, but got 1."],
  [`new Peer<Guest, Host>(duplex, { signal });`, "Property 'methods' is missing in type '{ signal: AbortSignal; }'"],
  [
    `new Plugin<Guest, Host>(module, { methods: { echo: (text) => text, log() {}, lag() {} } });`,
    "'lag' does not exist in type 'Handlers<Guest, Host>'",
  ],
  [
    `new Plugin<Guest, Host>(module, { methods: { echo: (text) => text.length, log() {} } });`,
    "Type 'number' is not assignable to type 'string | PromiseLike<string>'.",
  ],
  [
    `new Plugin<Guest>(module, { schemas: { guest: { greet: { result: number } } } });`,
    "Type 'number' is not assignable to type 'string'",
  ],
  [
    `new Plugin<Guest>(module, { schemas: { guest: { great: { result: text } } } });`,
    "but 'great' does not exist in type 'RemoteSchemas<Guest>'. Did you mean to write 'greet'?",
  ],
  [`new Plugin<Guest, Wide>(module, { methods: { join: (a: string, b: string) => a + b } });`, ONE_PARAMETER("join")],
];

const OFFERS = ["ping", "greet", "sleep", "add", "sum", "find"].sort();

/** Programs in which an editor offers the names of all methods. */
const COMPLETED: readonly string[] = [
  `plugin.call("|");`,
  `plugin.call("|", "x");`,
  `plugin.api["|"]`,
  `peer.call("|");`,
  `peer.notify("|");`,
];

const programs = [...ACCEPTED, ...REFUSED.map(([program]) => program), ...COMPLETED];
const results = await check(programs);
const found = (program: string): Found => results[programs.indexOf(program)]!;

Deno.test("programs that use options of calls and complete host methods compile", () => {
  for (const program of ACCEPTED) assertEquals(found(program).messages, [], program);
});

Deno.test("programs with a wrong name, wrong params or missing host methods are refused, with a message that helps", () => {
  for (const [program, expected] of REFUSED) {
    const { messages } = found(program);
    assertStringIncludes(messages[0] ?? "(accepted)", expected, program);
    assertEquals(messages.length, 1, program);
  }
});

Deno.test("an editor completes the names of methods", () => {
  for (const program of COMPLETED) assertEquals(found(program).completions.toSorted(), OFFERS, program);
});
