/**
 * The scripts among the examples. Each is run with the command in its opening comment, with exactly those permissions.
 *
 * @module
 */

import { assertEquals, assertMatch } from "@std/assert";
import { toText } from "@std/streams";
import config from "../../deno.json" with { type: "json" };
import { ROOT } from "../../tools/root.ts";
import { commandOf } from "./_child.ts";

/** Runs a command to its end. Returns its standard output, or fails with its standard error. */
async function run([, ...args]: readonly string[], input = ""): Promise<string> {
  const options = {
    args,
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  } as const;
  await using process = new Deno.Command(Deno.execPath(), options).spawn();
  const written = new Blob([input]).stream().pipeTo(process.stdin);
  const [output, errors] = await Promise.all([toText(process.stdout), toText(process.stderr), written]);
  const { code } = await process.status;
  assertEquals(code, 0, errors);
  return output;
}

Deno.test("call_plugin.ts calls a plugin that it has the permission to read", async () => {
  const output = await run(commandOf("examples/deno/call_plugin.ts"));
  assertEquals(output, "There are 9592 primes up to 100000.\n");
});

Deno.test("chain.ts pipes its input through two guests", async () => {
  const output = await run(commandOf("examples/deno/chain.ts"), "quiet\nplease\n");
  assertEquals(output.split("\n").map((line) => line.trim().replace(/\s+/, " ")), ["1 QUIET", "2 PLEASE", ""]);
});

Deno.test("workers.ts measures what a second worker gains", async () => {
  const output = await run([...commandOf("examples/deno/workers.ts"), "1"]);
  assertMatch(output, /^one worker: \d+\.\d calls a second, two: .*\ntwo workers answer \d+\.\d\d times as many\n$/);
});

Deno.test("in language_server.ts, a guest answers vscode-jsonrpc", async () => {
  const output = await run(commandOf("examples/deno/language_server.ts"));
  assertEquals(output.trimEnd().split("\n"), [
    "the server is todo",
    "it asks for todo.word",
    "FIXME in line 2, column 5",
    "FIXME in line 3, column 1",
    "it exited with code 0",
  ]);
});

Deno.test("demo.ts shows the tour", async () => {
  const output = await run(config.tasks.demo.command.split(" "));
  const shown = [
    "\npong\n",
    "\n{ count: 9592, limit: 100000 }\n",
    "the plugin called the host's echo 200 times\n",
    "ONE STREAM, THROUGH A SANDBOX\n",
    "limit: faulty.spin: ",
    "trap: faulty.trap: the guest trapped: unreachable",
    "exit: faulty.exit: the guest exited with code 3",
    "protocol: faulty.babble: ",
  ];
  assertEquals(shown.filter((text) => !output.includes(text)), [], output);
});
