/**
 * Fair scheduling of turns.
 *
 * @module
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { count, room, schedule, spend } from "../../src/base/schedule.ts";

/** A task of many slices that notes its turns. */
function task(name: string, slices: number, fuel: number, turns: string[]): Promise<void> {
  return new Promise((resolve) => {
    const slice = () => {
      turns.push(name);
      if (--slices > 0) schedule(slice);
      else resolve();
      return fuel;
    };
    schedule(slice);
  });
}

Deno.test("schedule runs the slices of tasks in turn", async () => {
  const turns: string[] = [];
  await Promise.all(["a", "b", "c"].map((name) => task(name, 5, 400_000, turns)));
  for (const name of ["a", "b", "c"]) {
    const places = turns.flatMap((turn, index) => turn === name ? [index] : []);
    const gaps = places.slice(1).map((place, index) => place - places[index]);
    assert(gaps.slice(1).every((gap) => gap <= 3), `${name} at ${places}`);
  }
});

Deno.test("schedule lets timers fire between turns of an endless task", async () => {
  let isOver = false;
  let slices = 0;
  const slice = () => {
    slices++;
    if (!isOver) schedule(slice);
    return 1_000_000;
  };
  schedule(slice);
  await new Promise((resolve) => setTimeout(resolve, 20));
  isOver = true;
  assert(slices > 1);
});

Deno.test("schedule lets timers fire in an endless chain of microtasks", async () => {
  let isOver = false;
  const slice = () => {
    if (!isOver) Promise.resolve().then(() => schedule(slice));
    return 1_000;
  };
  schedule(slice);
  await new Promise((resolve) => setTimeout(resolve, 20));
  isOver = true;
});

Deno.test("schedule runs ten thousand tasks in the order of their arrival", async () => {
  const turns: string[] = [];
  const names = Array.from({ length: 10_000 }, (_, index) => `${index}`);
  await Promise.all(names.map((name) => task(name, 1, 1_000, turns)));
  assertEquals(turns, names);
});

Deno.test("spend ends a turn that tasks and other work have used up together, and timers fire before the next turn", async () => {
  await new Promise((resolve) => setTimeout(resolve, 1));
  let fired = false;
  let waits = 0;
  for (let work = 0; work < 3_000_000; work += 100_000) {
    const turn = spend(100_000);
    if (turn === undefined) continue;
    setTimeout(() => fired = true, 0);
    await turn;
    if (++waits === 1) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assert(waits >= 2, `${waits} turns`);
  assert(fired);
});

Deno.test("spend within a slice counts in addition to the work that the slice returns", async () => {
  await new Promise((resolve) => setTimeout(resolve, 1));
  const order: string[] = [];
  await new Promise<void>((resolve) => {
    schedule(() => {
      void spend(2_000_000);
      schedule(() => {
        order.push("slice");
        resolve();
        return 0;
      });
      return 0;
    });
    order.push("caller");
  });
  assertEquals(order, ["caller", "slice"]);
});

Deno.test("a slice that throws, which no guest can cause, does not prevent the turns of others", async () => {
  const turns: string[] = [];
  assertThrows(
    () =>
      schedule(() => {
        schedule(() => (turns.push("other"), 0));
        throw new Error("a bug");
      }),
    Error,
    "a bug",
  );
  await new Promise((resolve) => setTimeout(resolve, 20));
  await task("later", 2, 10, turns);
  assertEquals(turns, ["other", "later", "later"]);
});

Deno.test("waiters of spend resume one after the other, and timers fire in between", async () => {
  let fired = 0;
  const chain = setInterval(() => fired++, 0);
  const seen = new Set<number>();
  void spend(2_000_000);
  await Promise.all(Array.from({ length: 20 }, async () => {
    await spend(0);
    seen.add(fired);
    // The work is counted after it is done.
    for (const end = performance.now() + 3; performance.now() < end;);
    await spend(900_000);
  }));
  clearInterval(chain);
  // In one turn none would. Browsers let a timer wait for 4 ms.
  assert(seen.size >= 5, `${seen.size} of 20 saw a timer that earlier waiters had not seen`);
});

Deno.test("work that is counted without waiting ends the turn, and no waiter pays for it with turns of its own", async () => {
  // Where nothing else counts turns exactly, timers do.
  const { setImmediate: later = (run: () => void): unknown => setTimeout(run, 0) } = globalThis as {
    readonly setImmediate?: (run: () => void) => unknown;
  };
  let turns = 0;
  let isOver = false;
  const turn = (): void => {
    turns++;
    if (!isOver) later(turn);
  };
  for (let answers = 0; answers < 1_000; answers++) count(5_000);
  later(turn);
  await spend(0);
  await spend(1_000_000);
  isOver = true;
  // It was 802 when each count waited for a turn of its own.
  assert(turns < 100, `${turns} turns`);
});

Deno.test("slices that take long for their fuel end turns too, and timers fire in between", async () => {
  let fired = 0;
  let isOver = false;
  const tick = (): void => {
    fired++;
    if (!isOver) setTimeout(tick, 0);
  };
  setTimeout(tick, 0);
  let slices = 0;
  await new Promise<void>((resolve) => {
    const slice = (): number => {
      for (const end = performance.now() + 10; performance.now() < end;);
      if (++slices < 20) schedule(slice);
      else resolve();
      return 1;
    };
    schedule(slice);
  });
  isOver = true;
  assert(fired >= 5, `${fired} timers`);
});

Deno.test("schedule runs no other slice until a promised one has ended, and counts its work", async () => {
  const turns: string[] = [];
  let isOver = false;
  const slicesOf = (name: string) => {
    const slice = async () => {
      for (let step = 0; step < 3; step++) {
        turns.push(name);
        await undefined;
      }
      if (!isOver) schedule(slice);
      return 400_000;
    };
    return slice;
  };
  for (const name of ["a", "b", "c"]) schedule(slicesOf(name));
  await new Promise((resolve) => setTimeout(resolve, 20));
  isOver = true;
  await new Promise<void>((resolve) => schedule(() => (resolve(), 0)));
  assertEquals(turns.join("").replaceAll(/aaa|bbb|ccc/g, ""), "");
});

Deno.test("room is what is left of the turn for a slice that is alone", async () => {
  const rooms: number[] = [];
  await new Promise<void>((resolve) => {
    schedule(() => {
      schedule(() => {
        spend(300_000);
        rooms.push(room());
        schedule(() => (resolve(), 0));
        rooms.push(room());
        return 0;
      });
      return 1_000_000;
    });
  });
  assertEquals(rooms, [700_000, 0]);
});
