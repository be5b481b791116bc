/**
 * Guests killed in each state. Deno's runner looks for timers that are left, and the heap must not grow.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { growth, killMany, kills } from "./kills.ts";

const EACH = 40;
const COUNT = 100;

const states = await kills();

for (const [state, kill] of states) {
  Deno.test(`a guest that is killed leaves no timer: ${state}`, async () => {
    for (let count = 0; count < EACH; count++) await kill();
  });
}

Deno.test(`${COUNT} guests that are killed in each of these states leave nothing on the heap`, async () => {
  const killOne = () => Promise.all(Array.from(states.values(), (kill) => kill()));
  const [before, after] = await killMany(killOne, COUNT);
  assertEquals(growth(before, after, COUNT), "", Deno.inspect({ before, after }));
});
