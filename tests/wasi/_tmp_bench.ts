import { spawn } from "../../src/wasi/mod.ts";
import { CAT, program } from "./_guest.ts";
const cat = program(CAT);
for (const chunk of [65536, 4096, 1 << 20]) {
  const total = 100 << 20;
  let sent = 0;
  const source = new ReadableStream<Uint8Array>({ pull(c) { if (sent >= total) return c.close(); sent += chunk; c.enqueue(new Uint8Array(chunk)); } });
  const start = performance.now();
  const p = spawn(cat);
  let got = 0, chunks = 0;
  for await (const c of source.pipeThrough(p)) { got += c.length; chunks++; }
  const ms = performance.now() - start;
  console.log(chunk, got === total || got, `${(total / 1048576 / ms * 1000).toFixed(0)} MiB/s`, chunks, "fuel", (await p.status).fuelUsed, Deno.memoryUsage().rss >> 20);
}
