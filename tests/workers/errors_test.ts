/**
 * Errors between a host and a worker, for all rows of the table of classes.
 *
 * @module
 */

import { assert, assertEquals, assertInstanceOf, assertStrictEquals } from "@std/assert";
import {
  CompileError,
  EngineError,
  ExitError,
  LimitError,
  LinkError,
  ManifestError,
  PermissionError,
  PluginError,
  RpcClosedError,
  RpcError,
  RpcProtocolError,
  SchemaError,
  Trap,
} from "@rivulet/rivulet";
import * as root from "@rivulet/rivulet";
import * as rpc from "@rivulet/rivulet/rpc";
import * as vm from "@rivulet/rivulet/vm";
import * as wasi from "@rivulet/rivulet/wasi";
import { IntegrityError, InternalError } from "@rivulet/rivulet/vm";
import { KnownErrors, MAX_CHAIN } from "../../src/workers/errors.ts";
import { pack, unpack } from "../../src/workers/values.ts";

const BOUNDS = { depth: 100, size: 100_000 };

/** Passes a value from one side to the other. */
function across(value: unknown, from = new KnownErrors(true), to = new KnownErrors(false)): unknown {
  const { value: packed } = pack(value, { errors: from, moves: false });
  return unpack(structuredClone(packed), { errors: to, moves: false }, BOUNDS);
}

/** What can be compared of a cause. */
function withoutStack(cause: unknown): unknown {
  if (!(cause instanceof Error)) return cause;
  return { class: cause.constructor, message: cause.message, fields: { ...cause }, cause: withoutStack(cause.cause) };
}

const details = { text: "it failed", exitCode: 3, fuelUsed: 12, logs: ["a", "b"] };
const frame = { functionIndex: 1, functionName: "f", moduleName: undefined };

const ERRORS: readonly Error[] = [
  new PluginError("exit", { plugin: "p", method: "m" }, details, { cause: new LimitError("fuel", 5, "used up") }),
  new RpcError(-5, "no", { more: [1, "a"] }),
  new RpcError(-5, "no"),
  new RpcProtocolError("not JSON", "bad"),
  new RpcClosedError("closed"),
  new LimitError("fuel", Infinity, "used up", { cause: undefined }),
  new Trap("unreachable", [frame, { ...frame, moduleName: "a" }], { cause: new Error("inner", { cause: "text" }) }),
  new LinkError("no import"),
  new CompileError("bad header", 4),
  new EngineError("no JSPI", { cause: new Error("refused") }),
  new InternalError("a bug"),
  new IntegrityError("sha256-a", "sha256-b"),
  new PermissionError("p", "m", "manifest"),
  new ManifestError("manifest", "no name"),
  new SchemaError("m", "params", [{ message: "not a number", path: ["a", 1] }]),
  new ExitError(129, "SIGHUP"),
  new ExitError(1),
  new TypeError("type"),
  new RangeError("range"),
  new SyntaxError("syntax"),
  new ReferenceError("reference"),
  new Error("plain", { cause: { data: 1 } }),
];

Deno.test("every error class that the package exports is among those that are tested here", () => {
  const tested = new Set(ERRORS.map(({ constructor }) => constructor));
  const exported = [root, vm, rpc, wasi].flatMap((entry) => Object.values(entry))
    .filter((value): value is typeof Error => typeof value === "function" && value.prototype instanceof Error);
  assertEquals(exported.filter((it) => !tested.has(it)).map(({ name }) => name), []);
});

for (const error of ERRORS) {
  Deno.test(`${error.name} (${error.message.split("\n")[0]}) arrives as an error of its class, with its fields and cause`, () => {
    const revived = across(error) as Error;
    assert(revived !== error);
    assertStrictEquals(revived.constructor, error.constructor);
    assertEquals([revived.name, revived.message], [error.name, error.message]);
    assertEquals({ ...revived }, { ...error });
    assertEquals(Object.hasOwn(revived, "cause"), Object.hasOwn(error, "cause"));
    assertEquals(withoutStack(revived.cause), withoutStack(error.cause));
    assert(typeof revived.stack === "string");
  });
}

Deno.test("a DOMException keeps its name, and an error of another class its name and message", () => {
  const abort = across(new DOMException("stop", "AbortError")) as DOMException;
  assertInstanceOf(abort, DOMException);
  assertEquals([abort.name, abort.message], ["AbortError", "stop"]);
  class Mine extends Error {
    override readonly name = "Mine";
    readonly secret = 5;
  }
  const mine = across(new Mine("m")) as Error;
  assertStrictEquals(mine.constructor, Error);
  assertEquals([mine.name, mine.message, "secret" in mine], ["Mine", "m", false]);
});

Deno.test("a chain of causes ends after eight, and an error that causes itself is no problem", () => {
  const loop = new Error("loop");
  loop.cause = loop;
  let depth = 0;
  for (let at = across(loop) as Error | undefined; at !== undefined; at = at.cause as Error | undefined) depth++;
  assertEquals(depth, MAX_CHAIN + 1);
});

Deno.test("an error of the host comes back as the same object, and one that it has forgotten as one of its class", () => {
  const [host, worker] = [new KnownErrors(true), new KnownErrors(false)];
  const original = new RangeError("mine");
  const revived = across(original, host, worker);
  assertStrictEquals(across(revived, worker, host), original);
  for (let error = 0; error < 300; error++) across(new Error(`${error}`), host, worker);
  const late = across(revived, worker, host);
  assert(late !== original);
  assertInstanceOf(late, RangeError);
});

Deno.test("a hidden error says nothing, and comes back as the original, which may be any value", () => {
  for (const original of [new Error("secret"), "secret", undefined, null]) {
    const [host, worker] = [new KnownErrors(true), new KnownErrors(false)];
    const revived = across(host.hide(original), host, worker) as Error;
    assertEquals(revived.message, "a method of the host failed");
    assertStrictEquals(across(revived, worker, host), original);
  }
});

Deno.test("errors whose members throw are errors still", () => {
  const odd = new Error("odd");
  Object.defineProperty(odd, "message", {
    get() {
      throw new Error("no");
    },
  });
  assertEquals((across(odd) as Error).message, "");
});
