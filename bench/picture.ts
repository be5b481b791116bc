/**
 * Draws results as a picture: how many times slower than native WebAssembly our engines and the interpreters compute.
 * `deno run -A bench/picture.ts` draws it from results.json.
 *
 * @module
 */

import { geomean } from "./statistics.ts";
import { measuredOn } from "./results.ts";
import type { EngineResults, Results } from "./results.ts";

const WIDTH = 760;
const LEFT = 230;
const RIGHT = 70;
const TOP = 66;
const BAR = 18;
const GAP = 22;
const FOOT = 60;
/** The scale begins at 1: as fast as native. */
const STEPS = [1, 2, 5, 10, 20, 50, 100, 200];

const SHOWN: readonly { readonly name: string; readonly label: string }[] = [
  { name: "rivulet", label: "Rivulet" },
  { name: "interpreter", label: "Rivulet's interpreter" },
  { name: "wasm3", label: "wasm3 in WebAssembly" },
  { name: "wasmi", label: "wasmi in WebAssembly" },
];

/** A bar: its contender, and how many times slower that is, or why it can't take part. */
type Bar =
  & { readonly name: string; readonly label: string }
  & ({ readonly ratio: number } | { readonly absent: string });

/** The picture as SVG. It is readable on light and dark backgrounds. */
export function pictureOf(results: Results): string {
  const groups = Object.values(results.engines).map((engine) => ({ engine, bars: barsOf(engine) }))
    .filter(({ bars }) => bars.length > 0);
  const greatest = Math.max(...groups.flatMap(({ bars }) => bars.map((bar) => "ratio" in bar ? bar.ratio : 1)));
  const most = STEPS.find((step) => greatest <= step) ?? STEPS.at(-1)!;
  const x = (ratio: number) => LEFT + (WIDTH - LEFT - RIGHT) * Math.log(ratio) / Math.log(most);
  const parts: string[] = [];
  let y = TOP;
  for (const { engine, bars } of groups) {
    parts.push(text(16, y + 13, `${engine.version}`, "engine"), text(16, y + 31, engine.compiler, "note"));
    for (const bar of bars) {
      const { name, label } = bar;
      const width = "ratio" in bar ? Math.max(1, x(bar.ratio) - LEFT) : 1;
      parts.push(
        `<rect class="${name}" x="${LEFT}" y="${y}" width="${width.toFixed(1)}" height="${BAR - 2}" rx="2">` +
          `<title>${label}: ${wordsOf(bar)}</title></rect>`,
      );
      if ("ratio" in bar) parts.push(text(LEFT + width + 6, y + 13, `${figure(bar.ratio)}x`, "value"));
      else parts.push(text(LEFT + width + 6, y + 13, bar.absent, "note"));
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
    `${engine.version}: ${
      bars.map((bar) => `${bar.label} ${"ratio" in bar ? figure(bar.ratio) : bar.absent}`).join(", ")
    }`
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="title desc">
<title id="title">Rivulet and interpreters against native WebAssembly</title>
<desc id="desc">Times slower than native WebAssembly, geometric mean of all programs. ${said.join(". ")}.</desc>
<style>
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.ground { fill: #ffffff }
.head { font-size: 15px; font-weight: 600 }
.engine, .value { font-weight: 600 }
.note, .tick { fill: #59636e; font-size: 11px }
.tick { text-anchor: middle }
line { stroke: #8c959f; stroke-opacity: .35 }
.rivulet { fill: #1a7f37 }
.interpreter { fill: #0969da }
.wasm3 { fill: #b35900 }
.wasmi { fill: #8c959f }
@media (prefers-color-scheme: dark) {
  .ground { fill: #0d1117 }
  text { fill: #e6edf3 }
  .note, .tick { fill: #9198a1 }
  .rivulet { fill: #3fb950 }
  .interpreter { fill: #4493f8 }
  .wasm3 { fill: #db8b3a }
  .wasmi { fill: #7d8590 }
}
</style>
<rect class="ground" width="100%" height="100%" rx="6"/>
${text(16, 24, "Times slower than native WebAssembly: shorter is better", "head")}
${legend()}
<g>${grid.join("")}</g>
${parts.join("\n")}
${text(16, height - 24, "Geometric mean of all programs, warm, on a logarithmic scale.", "note")}
${text(16, height - 8, measuredOn(results, "compute"), "note")}
</svg>
`;
}

function barsOf({ suites, absent }: EngineResults): Bar[] {
  const rows = Object.values(suites["compute"] ?? {});
  return SHOWN.flatMap(({ name, label }): Bar[] => {
    if (rows.length > 0 && absent[name] !== undefined) return [{ name, label, absent: absent[name] }];
    const ratios = rows.flatMap((row) => {
      const [own, native] = [row[name]?.min, row["native"]?.min];
      return own === undefined || native === undefined ? [] : own / native;
    });
    // A mean of fewer programs would not be comparable.
    return ratios.length > 0 && ratios.length === rows.length ? [{ name, label, ratio: geomean(ratios) }] : [];
  });
}

function wordsOf(bar: Bar): string {
  return "ratio" in bar ? `${figure(bar.ratio)} times slower` : bar.absent;
}

/** Two digits behind the point where one would hide a difference. */
function figure(ratio: number): string {
  return ratio.toFixed(ratio < 10 ? 2 : 1);
}

function legend(): string {
  return SHOWN.map(({ name, label }, index) => {
    const at = 16 + index * 175;
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
