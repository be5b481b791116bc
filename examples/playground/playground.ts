/**
 * The playground: connects the page's controls with modules and runs. What is shown of a module and what a run does are
 * files of their own.
 *
 * @module
 */

/// <reference lib="dom" />

import "./_symbols.ts";
import { compile } from "@rivulet/rivulet";
import type { Module, Process } from "@rivulet/rivulet";
import { showModule } from "./_module_view.ts";
import { openPane, shortened } from "./_pane.ts";
import { callMethod, explain, runFilter } from "./_run.ts";
import type { Limits, Watcher } from "./_run.ts";

/** How often the meters are read, in milliseconds. */
const METER_MS = 100;
const MOST_RESULT = 100_000;

class Stopped extends Error {
  override readonly name = "Stopped";
}

type State = "idle" | "running" | "answered" | "failed" | "stopped";

const state = byId("state");
const result = byId("result");
const stop = byId<HTMLButtonElement>("stop");
const buttons = [byId<HTMLButtonElement>("call-button"), byId<HTMLButtonElement>("filter-button")];
const traffic = openPane(byId("traffic"));
const log = openPane(byId("log"));

let module: Module | undefined;
let running: Process | undefined;
/** The module that was asked for last: an answer for an earlier one comes too late. */
let asked = 0;

function byId<Kind extends HTMLElement = HTMLElement>(id: string): Kind {
  return document.getElementById(id) as Kind;
}

// The module

async function load(name: string, read: () => Promise<Uint8Array<ArrayBuffer>>): Promise<void> {
  const turn = ++asked;
  running?.kill(new Stopped("another module was chosen"));
  module = undefined;
  update();
  const status = byId("module-state");
  byId("module").hidden = true;
  status.className = "";
  status.textContent = `Reading ${name} …`;
  try {
    const bytes = await read();
    const compiled = await compile(bytes);
    if (turn !== asked) return;
    module = compiled;
    const [facts, imports, exports] = [byId("facts"), byId("imports"), byId("exports")];
    const view = { facts, imports, exports, importsCount: byId("imports-count"), exportsCount: byId("exports-count") };
    showModule(view, compiled, name, bytes.length);
    byId("module").hidden = false;
    status.textContent = `${name} is ready.`;
  } catch (error) {
    if (turn !== asked) return;
    status.className = "refused";
    status.textContent = `${name} is refused. ${explain(error)}`;
  }
  update();
}

function loadFile(file: File | undefined): void {
  if (file === undefined) return;
  byId<HTMLSelectElement>("example").value = "";
  load(file.name, async () => new Uint8Array(await file.arrayBuffer()));
}

async function listExamples(): Promise<void> {
  const names: string[] = await (await fetch("guests.json")).json();
  byId("example").append(...names.map((name) => new Option(name, name)));
}

// A run

function limits(): Limits {
  return { fuel: limit("fuel"), deadlineMs: limit("deadline"), memoryPages: limit("pages") };
}

/** The number in a field. An empty field is an error: as NaN it would be no limit at all. */
function limit(id: string): number {
  const field = byId<HTMLInputElement>(id);
  if (!field.checkValidity()) throw new RangeError(`limit of ${id}: ${field.validationMessage}`);
  return field.valueAsNumber;
}

async function run(work: (module: Module, watcher: Watcher) => Promise<string>): Promise<void> {
  if (module === undefined || running !== undefined) return;
  traffic.clear();
  log.clear();
  result.textContent = "";
  show("running");
  const start = performance.now();
  let process: Process | undefined;
  const readMeters = () => showMeters(process, performance.now() - start);
  const timer = setInterval(readMeters, METER_MS);
  const watcher: Watcher = {
    onStart(started) {
      process = running = started;
      update();
    },
    onMessage: (direction, text) => traffic.add(text, direction),
    onLog: (line) => log.add(line),
  };
  try {
    result.textContent = shortened(await work(module, watcher), MOST_RESULT);
    show("answered");
  } catch (error) {
    result.textContent = shortened(explain(error), MOST_RESULT);
    show(error instanceof Stopped ? "stopped" : "failed");
  }
  process?.kill();
  await process?.status;
  clearInterval(timer);
  readMeters();
  running = undefined;
  update();
}

function show(now: State): void {
  state.textContent = now;
  state.className = `badge ${now}`;
}

function showMeters(process: Process | undefined, ms: number): void {
  const kibibytes = (process?.memoryPages ?? 0) * 64;
  byId("fuel-used").textContent = (process?.fuelUsed ?? 0).toLocaleString("en");
  byId("memory-used").textContent = kibibytes < 1024 ? `${kibibytes} KiB` : `${(kibibytes / 1024).toFixed(1)} MiB`;
  byId("time-used").textContent = ms < 10_000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** Lets the buttons be pressed that mean something now. */
function update(): void {
  for (const button of buttons) button.disabled = module === undefined || running !== undefined;
  stop.disabled = running === undefined;
}

// The controls

byId("file").addEventListener("change", () => loadFile(byId<HTMLInputElement>("file").files?.[0]));
byId("example").addEventListener("change", () => {
  const name = byId<HTMLSelectElement>("example").value;
  if (name === "") return;
  byId<HTMLInputElement>("file").value = "";
  load(name, async () => new Uint8Array(await (await fetch(`guests/${name}`)).arrayBuffer()));
});

const drop = byId("drop");
for (const type of ["dragover", "dragleave", "drop"]) {
  drop.addEventListener(type, (event) => {
    event.preventDefault();
    drop.classList.toggle("over", type === "dragover");
    if (type === "drop") loadFile((event as DragEvent).dataTransfer?.files[0]);
  });
}

byId("call").addEventListener("submit", (event) => {
  event.preventDefault();
  run(async (module, watcher) => {
    const params = byId<HTMLTextAreaElement>("params").value.trim();
    const value = params === "" ? null : JSON.parse(params);
    const answer = await callMethod(module, byId<HTMLInputElement>("method").value, value, limits(), watcher);
    return JSON.stringify(answer, null, 2) ?? "undefined";
  });
});

byId("filter").addEventListener("submit", (event) => {
  event.preventDefault();
  run((module, watcher) => runFilter(module, byId<HTMLTextAreaElement>("input").value, limits(), watcher));
});

stop.addEventListener("click", () => running?.kill(new Stopped("stopped by you")));

update();
listExamples().catch(() => byId("example").closest<HTMLElement>(".field")!.hidden = true);
