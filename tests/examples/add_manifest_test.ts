/**
 * The script that puts a manifest into a module.
 *
 * @module
 */

import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { compile, CompileError, ManifestError, manifestOf } from "@rivulet/rivulet";
import { addManifest } from "../../examples/guests/add_manifest.mts";
import { ROOT } from "../../tools/root.ts";
import { commandOf } from "./_child.ts";

const GUESTS = `${ROOT}examples/guests`;
const upper = await Deno.readFile(`${GUESTS}/prebuilt/upper.wasm`);
const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

Deno.test("a module gets a manifest, and a new one in place of the old", async () => {
  const once = await addManifest(upper, json({ name: "upper" }));
  assertEquals(manifestOf(await compile(once)), { name: "upper" });
  const long = { name: "upper", methods: Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`m${at}`, {}])) };
  const again = await addManifest(once, json(long));
  assertEquals(manifestOf(await compile(again))!.methods!.length, 300);
  const shorter = await addManifest(again, json({ name: "upper" }));
  assertEquals(shorter, once);
  assertEquals(shorter.subarray(0, upper.length), upper);
});

Deno.test("what is not a module, or not a manifest, is refused", async () => {
  await assertRejects(() => addManifest(upper.slice(0, -1), json({})), CompileError);
  await assertRejects(() => addManifest(upper, json({ name: 5 })), ManifestError, "name must be a string");
});

Deno.test("the script changes the file, and prints the manifest", async () => {
  const file = `${ROOT}dist/add_manifest.wasm`;
  await Deno.mkdir(`${ROOT}dist`, { recursive: true });
  await Deno.writeFile(file, upper);
  const [, script] = commandOf("examples/guests/add_manifest.mts");
  const args = ["run", "--allow-read", "--allow-write=dist", script!, file, `${GUESTS}/go/manifest.json`];
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  assertEquals(success, true, new TextDecoder().decode(stderr));
  assertStringIncludes(new TextDecoder().decode(stdout), "example-go");
  assertEquals(manifestOf(await compile(await Deno.readFile(file)))!.name, "example-go");
  await Deno.remove(file);
});
