/**
 * Draws results as a picture: how many times slower than native WebAssembly each interpreter computes, by engine.
 * `deno run -A bench/picture.ts` draws it from results.json.
 *
 * @module
 */

import { geomean } from "./statistics.ts";
import type { EngineResults, Results } from "./results.ts";

const WIDTH = 760;
const LEFT = 210;
const RIGHT = 70;
const TOP = 66;
const BAR = 18;
const GAP = 22;
const FOOT = 44;
/** The scale begins at 1: as fast as native. */
const STEPS = [1, 2, 5, 10, 20, 50, 100, 200];

const SHOWN: readonly { readonly name: string; readonly label: string }[] = [
  { name: "rivulet", label: "Rivulet" },
  { name: "wasm3", label: "wasm3 in WebAssembly" },
  { name: "wasmi", label: "wasmi in WebAssembly" },
];

/** A bar: its interpreter, and how many times slower that is. */
interface Bar {
  readonly name: string;
  readonly label: string;
  readonly ratio: number;
}

/** The picture as SVG. It is readable on light and dark backgrounds. */
export function pictureOf({ engines, date, machine }: Results): string {
  const groups = Object.values(engines).map((engine) => ({ engine, bars: barsOf(engine) }))
    .filter(({ bars }) => bars.length > 0);
  const most = STEPS.find((step) => groups.every(({ bars }) => bars.every(({ ratio }) => ratio <= step))) ??
    STEPS.at(-1)!;
  const x = (ratio: number) => LEFT + (WIDTH - LEFT - RIGHT) * Math.log(ratio) / Math.log(most);
  const parts: string[] = [];
  let y = TOP;
  for (const { engine, bars } of groups) {
    parts.push(text(16, y + 13, `${engine.version}`, "engine"), text(16, y + 31, engine.compiler, "note"));
    for (const { name, label, ratio } of bars) {
      const width = Math.max(1, x(ratio) - LEFT);
      parts.push(
        `<rect class="${name}" x="${LEFT}" y="${y}" width="${width.toFixed(1)}" height="${BAR - 2}" rx="2">` +
          `<title>${label}: ${ratio.toFixed(1)} times slower</title></rect>`,
      );
      parts.push(text(LEFT + width + 6, y + 13, `${ratio.toFixed(1)}x`, "value"));
      y += BAR;
    }
    y += GAP;
  }
  const bottom = y - GAP + 6;
  const grid = STEPS.filter((step) => step <= most).map((step) =>
    `<line x1="${x(step)}" x2="${x(step)}" y1="${TOP - 8}" y2="${bottom}"/>` +
    text(x(step), bottom + 16, step === 1 ? "native" : `${step}x`, "tick")
  );
  const height = bottom + FOOT;
  const said = groups.map(({ engine, bars }) =>
    `${engine.version}: ${bars.map(({ label, ratio }) => `${label} ${ratio.toFixed(1)}`).join(", ")}`
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="title desc">
<title id="title">Interpreters against native WebAssembly</title>
<desc id="desc">Times slower than native WebAssembly, geometric mean of all programs. ${said.join(". ")}.</desc>
<style>
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.ground { fill: #ffffff }
.head { font-size: 15px; font-weight: 600 }
.engine, .value { font-weight: 600 }
.note, .tick { fill: #59636e; font-size: 11px }
.tick { text-anchor: middle }
line { stroke: #8c959f; stroke-opacity: .35 }
.rivulet { fill: #0969da }
.wasm3 { fill: #b35900 }
.wasmi { fill: #8c959f }
@media (prefers-color-scheme: dark) {
  .ground { fill: #0d1117 }
  text { fill: #e6edf3 }
  .note, .tick { fill: #9198a1 }
  .rivulet { fill: #4493f8 }
  .wasm3 { fill: #db8b3a }
  .wasmi { fill: #7d8590 }
}
</style>
<rect class="ground" width="100%" height="100%" rx="6"/>
${text(16, 24, "Times slower than native WebAssembly: shorter is better", "head")}
${legend()}
<g>${grid.join("")}</g>
${parts.join("\n")}
${text(16, height - 8, `Geometric mean of all programs, warm, on a logarithmic scale. ${machine}, ${date}.`, "note")}
</svg>
`;
}

function barsOf({ suites }: EngineResults): Bar[] {
  const rows = Object.values(suites["compute"] ?? {});
  return SHOWN.flatMap(({ name, label }) => {
    const ratios = rows.flatMap((row) => {
      const [own, native] = [row[name]?.median, row["native"]?.median];
      return own === undefined || native === undefined ? [] : own / native;
    });
    // A mean of fewer programs would not be comparable.
    return ratios.length > 0 && ratios.length === rows.length ? { name, label, ratio: geomean(ratios) } : [];
  });
}

function legend(): string {
  return SHOWN.map(({ name, label }, index) => {
    const at = 16 + index * 180;
    return `<rect class="${name}" x="${at}" y="36" width="12" height="12" rx="2"/>${text(at + 18, 46, label, "note")}`;
  }).join("");
}

function text(x: number, y: number, content: string, name: string): string {
  const escaped = content.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text class="${name}" x="${x.toFixed(1)}" y="${y}">${escaped}</text>`;
}

if (import.meta.main) {
  const folder = import.meta.dirname!;
  const results = JSON.parse(await Deno.readTextFile(`${folder}/results.json`)) as Results;
  await Deno.writeTextFile(`${folder}/results.svg`, pictureOf(results));
}
