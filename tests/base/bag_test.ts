/**
 * Collections of objects that come and go.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { Bag } from "../../src/base/bag.ts";
import { randomSource } from "../../tools/random.ts";

Deno.test("a bag has what a set has, whatever comes and goes", () => {
  const random = randomSource(1);
  const all = Array.from({ length: 20 }, (_, name) => ({ name, place: -1 }));
  const bag = new Bag<{ name: number; place: number }>();
  const set = new Set<object>();
  for (let step = 0; step < 2_000; step++) {
    const item = all[random(all.length)]!;
    if (set.has(item) || random(8) === 0) {
      bag.delete(item);
      set.delete(item);
    } else {
      bag.add(item);
      set.add(item);
    }
    assertEquals([bag.size, new Set<object>(bag)], [set.size, set]);
  }
});

Deno.test("a bag can change while it is iterated over", () => {
  const bag = new Bag<{ place: number }>();
  for (let count = 0; count < 5; count++) bag.add({ place: -1 });
  let seen = 0;
  for (const item of bag) {
    bag.delete(item);
    seen++;
  }
  assertEquals([seen, bag.size], [5, 0]);
});
