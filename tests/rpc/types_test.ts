/**
 * Tests of src/rpc/types.ts: code that the type checker must accept, and, under `@ts-expect-error`, code that it must
 * refuse. The calls go to a peer whose other side echoes, so that they also run.
 */

import {
  type CallArguments,
  type MethodName,
  type Methods,
  type ParamsOf,
  Peer,
  type PeerOptions,
  type ResultOf,
} from "@rivulet/rivulet/rpc";
import { assertEquals } from "@std/assert";
import { crossed } from "../_wire.ts";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;
const check = <T extends true>(_proof?: T): void => {};

interface Guest {
  ping(): string;
  prime_sieve(limit: number): { count: number; limit: number };
  find: (query?: { text: string }) => Promise<string[]>;
  optional?(text: string): void;
  then(text: string): string;
  readonly version: string;
}

interface Host {
  echo(params: string): string;
  log(line: string): void;
}

Deno.test("types can be derived from an interface without an index signature", () => {
  check<Equal<MethodName<Guest>, "ping" | "prime_sieve" | "find" | "optional" | "then">>();
  check<Equal<ParamsOf<Guest, "ping">, undefined>>();
  check<Equal<ParamsOf<Guest, "prime_sieve">, number>>();
  check<Equal<ParamsOf<Guest, "find">, { text: string } | undefined>>();
  check<Equal<ResultOf<Guest, "find">, string[]>>();
  check<Equal<ResultOf<Guest, "optional">, void>>();
  check<Equal<CallArguments<Guest, "prime_sieve">[0], number>>();
  check<Equal<MethodName<Methods>, string>>();
  check<Equal<ResultOf<Methods, string>, unknown>>();
});

Deno.test("Peer types calls, notifications, batches and the api by the remote interface", async () => {
  const [there, here] = crossed();
  await using _echo = new Peer(there, {
    methods: new Map(["ping", "prime_sieve", "find", "optional"].map((name) => [name, (params: unknown) => params])),
  });
  await using peer = new Peer<Guest, Host>(here, {
    methods: { echo: (text) => text.toUpperCase(), log: (line, { notification }) => void [line, notification] },
  });

  const sieve: { count: number; limit: number } = await peer.call("prime_sieve", 10);
  assertEquals<unknown>(sieve, 10);
  const pong: string = await peer.api.ping();
  assertEquals<unknown>(pong, null);
  const found: string[] = await peer.api.find({ text: "x" }, { signal: AbortSignal.timeout(10_000) });
  assertEquals<unknown>(found, { text: "x" });
  await peer.notify("optional", "text");
  await peer.notify("ping");

  const results = await peer.batch([
    { method: "ping" },
    { method: "prime_sieve", params: 5 },
    { method: "find", notification: true },
  ]);
  check<
    Equal<typeof results, [
      PromiseSettledResult<string>,
      PromiseSettledResult<{ count: number; limit: number }>,
      PromiseSettledResult<undefined>,
    ]>
  >();
  assertEquals(results.map(({ status }) => status), ["fulfilled", "fulfilled", "fulfilled"]);
});

/** Only for the type checker: never called. */
export function refused(peer: Peer<Guest, Host>): void {
  // @ts-expect-error no such method
  peer.call("pong");
  // @ts-expect-error not a method
  peer.call("version");
  // @ts-expect-error params are needed
  peer.call("prime_sieve");
  // @ts-expect-error params of another type
  peer.call("prime_sieve", "10");
  // @ts-expect-error it takes none
  peer.call("ping", 1);
  // @ts-expect-error no such method
  peer.api.pong();
  // @ts-expect-error params of another type
  peer.api.prime_sieve("10");
  // @ts-expect-error options are not params
  peer.notify("prime_sieve", 1, {});
  // @ts-expect-error params are needed
  peer.batch([{ method: "prime_sieve" }]);
  // @ts-expect-error params of another method
  peer.batch([{ method: "prime_sieve", params: { text: "x" } }]);

  const options: PeerOptions<Guest, Host>[] = [
    { methods: { echo: (text, { peer }) => peer.call("ping").then(() => text), log() {} } },
    // @ts-expect-error a method is missing
    { methods: { log() {} } },
    // @ts-expect-error methods are missing
    {},
    // @ts-expect-error the result is of another type
    { methods: { echo: (text) => text.length, log() {} } },
    // @ts-expect-error the params are of another type
    { methods: { echo: (params: number) => `${params}`, log() {} } },
    // @ts-expect-error no such method
    { methods: { echo: (text) => text, log() {}, shout: (text: string) => text } },
  ];
  const untyped: PeerOptions[] = [
    // Methods with the same names as those of a Map must keep their parameter types.
    { methods: { get: (params, { id }) => [params, id], size: (params: string[]) => params.length, keys() {} } },
    { methods: new Map([["get", (params: unknown) => params]]) },
    // @ts-expect-error not a function
    { methods: { get: 1 } },
  ];
  const anything: Promise<unknown> = new Peer({} as TransformStream).call("anything", { at: "all" });
  // @ts-expect-error neither an interface nor a type of methods
  type Wrong = Peer<string>;
  void [options, untyped, anything, 0 as unknown as Wrong];
}
