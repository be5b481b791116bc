/**
 * Schemas of Zod and of Valibot, as users write them: what they accept and convert, what they refuse, and the types that
 * follow from them.
 *
 * @module
 */

import { assertEquals, assertRejects } from "@std/assert";
import { Peer, RpcError, SchemaError } from "@rivulet/rivulet/rpc";
import type { LocalMethods, RemoteMethods } from "@rivulet/rivulet/rpc";
import { Plugin } from "@rivulet/rivulet";
import * as v from "valibot";
import { z } from "zod";
import { guest } from "../_guests.ts";
import { crossed } from "../_wire.ts";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;
const check = <T extends true>(_proof?: T): void => {};

const zod = {
  find: {
    params: z.object({ text: z.string().min(2), limit: z.number().default(10) }),
    result: z.array(z.object({ at: z.coerce.date() })),
  },
  ping: { result: z.literal("pong") },
};

const valibot = {
  find: {
    params: v.object({ text: v.pipe(v.string(), v.minLength(2)), limit: v.optional(v.number(), 10) }),
    result: v.array(v.object({ at: v.pipe(v.string(), v.transform((text) => new Date(text)), v.date()) })),
  },
  ping: { result: v.literal("pong") },
};

interface Found {
  find(query: { text: string; limit?: number }): { at: Date }[];
  ping(params?: unknown): "pong";
}

Deno.test("interfaces follow from schemas, with what they convert from and to", () => {
  type FromZod = RemoteMethods<typeof zod>;
  check<Equal<ReturnType<FromZod["find"]>, { at: Date }[]>>();
  check<Equal<Parameters<FromZod["find"]>, [params: { text: string; limit?: number | undefined }]>>();
  check<Equal<Parameters<FromZod["ping"]>, [params?: unknown]>>();
  check<Equal<ReturnType<FromZod["ping"]>, "pong">>();
  check<Equal<Parameters<LocalMethods<typeof zod>["find"]>, [params: { text: string; limit: number }]>>();
  type FromValibot = RemoteMethods<typeof valibot>;
  check<Equal<ReturnType<FromValibot["find"]>, { at: Date }[]>>();
  check<Equal<Parameters<LocalMethods<typeof valibot>["find"]>, [params: { text: string; limit: number }]>>();
  check<Equal<ReturnType<LocalMethods<typeof valibot>["find"]>, { at: string }[]>>();
});

for (const [library, schemas] of Object.entries({ zod, valibot })) {
  Deno.test(`schemas of ${library} convert what passes, and refuse what is wrong with its place`, async () => {
    const [here, there] = crossed();
    const seen: unknown[] = [];
    await using _server = new Peer(there, {
      methods: {
        find: (params: unknown) => {
          seen.push(params);
          return (params as { text: string }).text === "wrong" ? [{ at: "never" }] : [{ at: "2026-11-26" }];
        },
        ping: () => "pang",
      },
    });
    await using peer = new Peer<Found>(here, { schemas: { remote: schemas } });
    const found = await peer.api.find({ text: "some" });
    assertEquals(found, [{ at: new Date("2026-11-26") }]);
    assertEquals(seen, [{ text: "some", limit: 10 }]);

    const sent = await assertRejects(() => peer.api.find({ text: "s" }), SchemaError);
    assertEquals([sent.part, sent.issues[0]!.path], ["params", ["text"]]);
    const got = await assertRejects(() => peer.api.find({ text: "wrong" }), SchemaError);
    assertEquals([got.part, got.issues[0]!.path], ["result", [0, "at"]]);
    await assertRejects(() => peer.api.ping(), SchemaError, 'the result of "ping" is wrong: result: Invalid');
  });

  Deno.test(`schemas of ${library} check the params of a plugin's calls of the host, in which their types are known`, async () => {
    const strings = { zod: z.string(), valibot: v.string() };
    const echo = { params: strings[library as keyof typeof strings] };
    await using plugin = new Plugin<RemoteMethods<typeof zod>, LocalMethods<{ echo: typeof echo }>>(
      await guest("c_plugin"),
      { methods: { echo: (text) => text.toUpperCase() }, schemas: { guest: schemas, host: { echo } }, onError() {} },
    );
    assertEquals(await plugin.api.ping(), "pong");
    // This guest sends numbers.
    await assertRejects(() => (plugin as Plugin).call("many_echo", 1), RpcError, "echo failed");
  });
}
