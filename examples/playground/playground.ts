/**
 * The playground: takes a module, from a file or the examples, and runs it as the form says. `deno task playground`
 * builds it into dist/playground and serves it.
 *
 * @module
 */

/// <reference lib="dom" />
import { compile } from "@rivulet/rivulet";
import type { Module } from "@rivulet/rivulet";
import { button, element, enable, isEnabled, tell } from "./_elements.ts";
import { type Example, EXAMPLES } from "./examples.ts";
import { readForm, setCall, setMode } from "./_form.ts";
import { hideModule, showModule } from "./_module_view.ts";
import { clearRun, showRun, watcher } from "./_run_view.ts";
import { type Run, startRun } from "./_session.ts";
import { visible } from "./_text.ts";

/** Characters of a file's name, and of an error about the file. */
const NAME_LENGTH = 80;
const ERROR_LENGTH = 500;

const start = element("start", HTMLButtonElement);
const stop = element("stop", HTMLButtonElement);
const file = element("file", HTMLInputElement);
const drop = element("drop");

let module: Module | undefined;
let run: Run | undefined;
let loading = new AbortController();

/** Replaces the current module. The last one that was requested wins. */
async function load(name: string, example: Example | undefined, open: (signal: AbortSignal) => Promise<Blob>) {
  loading.abort();
  loading = new AbortController();
  const { signal } = loading;
  run?.stop();
  module = undefined;
  enable(start, false);
  hideModule();
  tell("module-state", "busy", `Reading ${visible(name, NAME_LENGTH)}…`);
  if (run === undefined) clearRun();
  tell("run-state", "none", "Choose a module first");
  try {
    const bytes = await open(signal);
    const compiled = await compile(bytes.stream(), { signal });
    signal.throwIfAborted();
    module = compiled;
    showModule(compiled, name, bytes.size);
    offer(example);
    enable(start, run === undefined);
    tell("module-state", "ready", `Ready: ${visible(name, NAME_LENGTH)}`);
    if (run === undefined) tell("run-state", "ready", "Ready");
  } catch (error) {
    if (signal.aborted) return;
    const { name: kind, message } = error as Error;
    tell(
      "module-state",
      "failed",
      `${visible(name, NAME_LENGTH)} is refused. ${kind}: ${visible(message, ERROR_LENGTH)}`,
    );
  }
}

/** Prepares the form for an example. */
function offer(example: Example | undefined): void {
  const calls = example?.calls ?? [];
  element("calls-group").hidden = calls.length === 0;
  element("calls").replaceChildren(
    ...calls.map(([method, params]) => button(`${method} ${params}`.trim(), () => setCall(method, params))),
  );
  if (example === undefined) return;
  setMode(example.calls === undefined ? "filter" : "call");
  if (calls.length > 0) setCall(...calls[0]!);
}

function loadFile(chosen: File | undefined): void {
  if (chosen !== undefined) load(chosen.name, undefined, () => Promise.resolve(chosen));
}

function loadExample(example: Example): void {
  load(`${example.file}.wasm`, example, async (signal) => {
    const response = await fetch(`guests/${example.file}.wasm`, { signal });
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    return await response.blob();
  });
}

async function onSubmit(): Promise<void> {
  if (module === undefined || !isEnabled(start)) return;
  const form = readForm();
  if (form === undefined) return;
  enable(start, false);
  enable(stop, true);
  clearRun();
  run = startRun(module, form.task, form.limits, watcher);
  await showRun(run, form.limits);
  run = undefined;
  enable(stop, false);
  enable(start, module !== undefined);
}

element("examples").append(...EXAMPLES.map((example) => button(example.label, () => loadExample(example))));
element("form").addEventListener("submit", (event) => {
  event.preventDefault();
  onSubmit();
});
stop.addEventListener("click", () => {
  if (isEnabled(stop)) run?.stop();
});
file.addEventListener("change", () => {
  loadFile(file.files?.[0]);
  // Then choosing the same file again, after it changed, fires an event.
  file.value = "";
});

// A file may be dropped anywhere. Otherwise, a drop beside the field would make the browser leave the page.
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  drop.classList.add("over");
});
for (const name of ["dragleave", "drop"]) document.addEventListener(name, () => drop.classList.remove("over"));
document.addEventListener("drop", (event) => {
  event.preventDefault();
  loadFile(event.dataTransfer?.files[0]);
});
