/**
 * Permissions: what is left of what a plugin asks for and what it is granted, and that plugins keep to it.
 *
 * @module
 */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { effectivePermissions, LimitError, PermissionError, Plugin, PluginError } from "@rivulet/rivulet";
import type { FailedRequest, PermissionLimits, Permissions } from "@rivulet/rivulet";
import { randomSource } from "../../../tools/random.ts";
import { answering, asking, ENVIRONMENT, withManifest } from "../_manifest_guests.ts";

type Given = Partial<Permissions> | undefined;

const NONE: Permissions = { methods: [], env: [], limits: {} };
const ALL: Permissions = { methods: "*", env: "*", limits: {} };

const TABLE: readonly (readonly [what: string, asked: Given, granted: Given, effective: Permissions])[] = [
  ["nobody restricts anything", undefined, undefined, ALL],
  ["an absent list is empty", {}, undefined, NONE],
  ["an absent list is empty for the host too", undefined, {}, NONE],
  ["the plugin asks for nothing", NONE, ALL, NONE],
  ["the host grants nothing", ALL, NONE, NONE],
  ["all and all", ALL, ALL, ALL],
  ["all and a list", { methods: "*" }, { methods: ["a"] }, { ...NONE, methods: ["a"] }],
  ["a list and all", { methods: ["a"] }, { methods: "*" }, { ...NONE, methods: ["a"] }],
  ["lists that share nothing", { methods: ["a"] }, { methods: ["b"] }, NONE],
  ["lists are sorted, without duplicates", { env: ["b", "a", "b"] }, { env: ["c", "b", "a"] }, {
    ...NONE,
    env: ["a", "b"],
  }],
  ["names of the language's own objects", { methods: ["__proto__", "constructor"] }, { methods: ["constructor"] }, {
    ...NONE,
    methods: ["constructor"],
  }],
  ["the name * in a list is a name", { methods: ["*"] }, { methods: ["a"] }, NONE],
  ["the lower of two limits", { limits: { fuel: 5, memoryPages: 2 } }, { limits: { fuel: 3, memoryPages: 4 } }, {
    ...NONE,
    limits: { fuel: 3, memoryPages: 2 },
  }],
  ["a limit of one side", { limits: { fuel: 5 } }, { limits: { deadlineMs: 7 } }, {
    ...NONE,
    limits: { fuel: 5, deadlineMs: 7 },
  }],
  ["no limit is absent", { limits: { fuel: Infinity } }, undefined, NONE],
  ["a limit of 0", { limits: { fuel: 0 } }, { limits: { fuel: 9 } }, { ...NONE, limits: { fuel: 0 } }],
];

for (const [what, asked, granted, effective] of TABLE) {
  Deno.test(`effectivePermissions: ${what}`, () => {
    assertEquals(effectivePermissions(asked, granted), effective);
    assertEquals(
      JSON.stringify(effectivePermissions(granted, asked)),
      JSON.stringify(effective),
      "the other way round",
    );
  });
}

/** Whether one list is not more than another. */
function isWithin(one: readonly string[] | "*", other: readonly string[] | "*" | undefined): boolean {
  if (other === "*") return true;
  return one !== "*" && one.every((name) => (other ?? []).includes(name));
}

Deno.test("effective permissions are never more than what is asked or granted, nor less than both", () => {
  const below = randomSource(11);
  const names = ["a", "b", "c", "d", "*", "__proto__"];
  const list = () => [undefined, "*" as const, names.filter(() => below(2) === 0).reverse()][below(3)];
  const limit = () => [undefined, Infinity, 0, below(10)][below(4)];
  const given = (): Partial<Permissions> => ({
    methods: list(),
    env: list(),
    limits: [undefined, { fuel: limit(), deadlineMs: limit() }][below(2)] as PermissionLimits | undefined,
  });
  for (let round = 0; round < 2_000; round++) {
    const sides = [given(), given()] as const;
    const effective = effectivePermissions(...sides);
    const shown = JSON.stringify([sides, effective]);
    for (const side of sides) {
      assert(isWithin(effective.methods, side.methods) && isWithin(effective.env, side.env), shown);
      for (const name of ["fuel", "deadlineMs"] as const) {
        assert((effective.limits[name] ?? Infinity) <= (side.limits?.[name] ?? Infinity), shown);
      }
    }
    for (const list of ["methods", "env"] as const) {
      for (const name of names) {
        const isInBoth = sides.every((side) => isWithin([name], side[list]));
        assertEquals(isWithin([name], effective[list]), isInBoth, shown);
      }
    }
    assertEquals(effectivePermissions(effective, sides[0]), effective, "it is final");
    assertEquals(effectivePermissions(JSON.parse(JSON.stringify(effective)), undefined), effective, "JSON keeps it");
  }
});

Deno.test("effective permissions are frozen, and later changes of what was given have no effect", () => {
  const methods = ["a"];
  const granted = { methods, limits: { fuel: 5 } };
  const effective = effectivePermissions(undefined, granted);
  methods.push("b");
  granted.limits.fuel = 9;
  assertEquals(effective, { ...NONE, methods: ["a"], limits: { fuel: 5 } });
  for (const part of [effective, effective.methods, effective.env, effective.limits]) assert(Object.isFrozen(part));
});

const WRONG: readonly (readonly [given: unknown, error: typeof TypeError | typeof RangeError, message: string])[] = [
  [{ method: ["a"] }, TypeError, 'unknown permission "method": did you mean "methods"?'],
  [null, TypeError, "permissions must be an object, not null"],
  [["a"], TypeError, "must be an object"],
  [{ methods: "a" }, TypeError, 'permissions.methods must be a list of names or "*", not "a"'],
  [{ env: [5] }, TypeError, "permissions.env[0] must be a string, not 5"],
  [{ env: new Set(["a"]) }, TypeError, "permissions.env must be a list"],
  [{ limits: { fuel: -1 } }, RangeError, "permissions.limits.fuel must be"],
  [{ limits: { fuel: "5" } }, TypeError, "permissions.limits.fuel must be"],
  [{ limits: { memoryPages: 1.5 } }, RangeError, "permissions.limits.memoryPages must be a whole number"],
  [{ limits: { messageBytes: 5 } }, TypeError, 'unknown permitted limit "messageBytes"'],
];

Deno.test("Plugin refuses permissions that are malformed", () => {
  const module = withManifest(answering("1"), {});
  for (const [permissions, type, message] of WRONG) {
    assertThrows(() => new Plugin(module, { permissions: permissions as Given }), type, message);
  }
});

Deno.test("Plugin.permissions is what is asked for, granted and offered", () => {
  const manifest = { permissions: { methods: ["read", "write"], env: ["HOME", "LANG"], limits: { fuel: 500 } } };
  const plugin = new Plugin(withManifest(answering("1"), manifest), {
    methods: { list: () => 1, read: () => 2, remove: () => 3 },
    env: { LANG: "en", PATH: "/", HOME: "/home" },
    limits: { fuel: 2_000_000, deadlineMs: 1_000 },
    permissions: { methods: "*", env: ["LANG", "PATH"], limits: { memoryPages: 64, fuel: 1_000 } },
  });
  const permissions: Permissions = {
    methods: ["read"],
    env: ["LANG"],
    limits: { fuel: 500, memoryPages: 64, deadlineMs: 1_000 },
  };
  assertEquals(plugin.permissions, permissions);
  assert(Object.isFrozen(plugin.permissions));
});

Deno.test("a plugin without manifest and permissions may use all that it is offered, and the data says so", () => {
  const plugin = new Plugin(withManifest(answering("1"), {}), { methods: [["b", () => 1], ["a", () => 2]] });
  assertEquals(plugin.permissions, { methods: ["a", "b"], env: [], limits: { memoryPages: 32_767 } });
});

const UNKNOWN = { code: -32601 };

/** What the guest gets if it calls the host's `read`. */
async function answerTo(asked: Given, granted: Given): Promise<Record<string, unknown>> {
  const module = withManifest(asking("read"), { permissions: asked });
  await using plugin = new Plugin(module, {
    methods: { read: () => "text" },
    permissions: granted,
    onError: () => {},
    limits: { deadlineMs: 10_000 },
  });
  return await plugin.call("go") as Record<string, unknown>;
}

Deno.test("a method that is not permitted is answered like one that does not exist", async () => {
  assertEquals((await answerTo(undefined, undefined)).result, "text");
  assertEquals((await answerTo({ methods: ["read"] }, { methods: ["read"] })).result, "text");
  await using plugin = new Plugin(withManifest(asking("read"), {}), { limits: { deadlineMs: 10_000 } });
  const { error: unknown } = await plugin.call("go") as { error: { code: number } };
  assertEquals(unknown.code, UNKNOWN.code);
  for (
    const [asked, granted] of [[{ methods: [] }, undefined], [undefined, {}], [{ methods: "*" }, {
      methods: [],
    }]] as const
  ) {
    assertEquals((await answerTo(asked, granted)).error, unknown);
  }
});

Deno.test("the host is told of a method that it offers and that the plugin may not call, and who does not permit it", async () => {
  for (
    const [asked, granted, missing, why] of [
      [{ methods: [] }, undefined, "manifest", "its manifest does not ask for it"],
      [{ methods: [] }, {}, "manifest", "its manifest does not ask for it"],
      [{ methods: ["read"] }, {}, "permissions", "the option permissions does not grant it"],
      [undefined, {}, "permissions", "the option permissions does not grant it"],
    ] as const
  ) {
    const seen: [unknown, FailedRequest][] = [];
    await using plugin = new Plugin(withManifest(asking("read"), { permissions: asked }), {
      name: "curious",
      methods: { read: () => "text" },
      permissions: granted,
      onError: (error, request) => seen.push([error, request]),
      limits: { deadlineMs: 10_000 },
    });
    await plugin.call("go");
    const [[error, request], ...others] = seen as [[PermissionError, FailedRequest]];
    assert(error instanceof PermissionError);
    assertEquals(error.message, `the plugin curious called "read", which it may not: ${why}`);
    assertEquals([error.plugin, error.method, error.missing], ["curious", "read", missing]);
    assertEquals([request, others], [{ method: "read", id: "g" }, []]);
  }
});

Deno.test("the host is not told of methods that it does not offer", async () => {
  const seen: unknown[] = [];
  await using plugin = new Plugin(withManifest(asking("write"), { permissions: {} }), {
    methods: { read: () => "text" },
    onError: (error) => seen.push(error),
    limits: { deadlineMs: 10_000 },
  });
  await plugin.call("go");
  assertEquals(seen, []);
});

Deno.test("a plugin sees only the variables of the environment that are permitted", async () => {
  const module = withManifest(ENVIRONMENT, { permissions: { env: ["A", "B", "D"] } });
  const env = { A: "1", B: "2", C: "3" };
  await using one = new Plugin(module, { env });
  assertEquals(await one.call("go"), "A=1,B=2,");
  await using other = new Plugin(module, { env, permissions: { env: ["B", "C"] } });
  assertEquals(await other.call("go"), "B=2,");
  await using none = new Plugin(module, { env, permissions: {} });
  assertEquals(await none.call("go"), "");
});

Deno.test("a plugin has the lowest limit of its options, its manifest and its permissions", async () => {
  const module = withManifest(asking("read"), { permissions: { methods: "*", limits: { fuel: 60 } } });
  const methods = { read: () => "text" };
  for (const [fuel, granted, reached] of [[40, 50, 40], [50, 40, 40], [90, 100, 60]] as const) {
    const permissions: Given = { methods: "*", limits: { fuel: granted } };
    await using plugin = new Plugin(module, { methods, limits: { fuel }, permissions });
    assertEquals(plugin.permissions.limits.fuel, reached);
    const { cause } = await assertRejects(() => plugin.call("go"), PluginError);
    assert(cause instanceof LimitError);
    assertEquals([cause.limit, cause.value], ["fuel", reached]);
  }
});

Deno.test("a call's own deadline is at most the permitted one", async () => {
  const module = withManifest('(module (memory (export "memory") 1) (func (export "_start") (loop (br 0))))', {
    permissions: { limits: { deadlineMs: 20 } },
  });
  for (const deadlineMs of [Infinity, 60_000, 10]) {
    await using plugin = new Plugin(module, { limits: { deadlineMs: 30_000 } });
    assertEquals(plugin.permissions.limits.deadlineMs, 20);
    const { cause } = await assertRejects(() => plugin.call("go", null, { deadlineMs }), PluginError);
    assert(cause instanceof LimitError);
    assertEquals([cause.limit, cause.value], ["deadlineMs", Math.min(deadlineMs, 20)]);
  }
});
