/**
 * What the bench runs on. Hypervisors shorten the name of a processor, so its family and model are added where the
 * system tells them.
 *
 * @module
 */

import { cpus, totalmem } from "node:os";

/** The machine: its processor, the number of its cores, its memory and system. */
export function machine(): string {
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  return `${processor()}, ${cpus().length} cores, ${gigabytes} GiB, ${Deno.build.os} ${Deno.build.arch}`;
}

function processor(): string {
  const name = cpus()[0]?.model.trim() ?? "unknown processor";
  let told;
  try {
    told = new TextDecoder().decode(new Deno.Command("lscpu", { env: { LC_ALL: "C" } }).outputSync().stdout);
  } catch {
    return name;
  }
  const [family, model] = ["CPU family", "Model"].map((field) =>
    new RegExp(`^${field}: +(\\d+)$`, "m").exec(told)?.[1]
  );
  return family === undefined || model === undefined ? name : `${name} (family ${family}, model ${model})`;
}
