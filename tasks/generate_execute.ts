/**
 * Writes src/vm/interpreter/execute.ts, the dispatch loop. With `--check` it writes nothing and fails if the file on disk differs.
 *
 * @module
 */

import { executeSource } from "./_execute_source.ts";

const OUTPUT = new URL("../src/vm/interpreter/execute.ts", import.meta.url);

const formatter = new Deno.Command(Deno.execPath(), {
  args: ["fmt", "--ext=ts", "--line-width=120", "-"],
  stdin: "piped",
  stdout: "piped",
}).spawn();
const writer = formatter.stdin.getWriter();
await writer.write(new TextEncoder().encode(await executeSource()));
await writer.close();
const formatted = new TextDecoder().decode((await formatter.output()).stdout);
if (formatted === "") throw new Error("the generated loop does not parse");

if (Deno.args.includes("--check")) {
  if (await Deno.readTextFile(OUTPUT) !== formatted) {
    console.error(
      "src/vm/interpreter/execute.ts differs from what src/vm/interpreter/ops.ts generates: run `deno task generate`",
    );
    Deno.exit(1);
  }
} else await Deno.writeTextFile(OUTPUT, formatted);
