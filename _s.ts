import { cycles, soak } from "./tests/hostile/soak.ts";
for (const [what, cycle] of await cycles()) {
  if (what.includes("worker")) {
    const t = performance.now();
    const r = await soak(cycle, 10000);
    console.log(what, r, ((performance.now() - t) / 1000).toFixed(0) + " s");
  }
}
Deno.exit(0);
