/**
 * Shows a run: what it uses while it runs, its outcome, its messages and its log.
 *
 * @module
 */

/// <reference lib="dom" />
import { element, tell } from "./_elements.ts";
import { createPane } from "./_pane.ts";
import type { Outcome, Run, RunLimits, Watcher } from "./_session.ts";
import { formatBytes, formatNumber, formatTime, plural, visible, visibleLines } from "./_text.ts";

/** Characters of a result that are shown. */
const RESULT_LENGTH = 100_000;
/** Characters of a message in a line. */
const MESSAGE_LENGTH = 300;
const SAMPLE_MS = 100;
const PAGE_BYTES = 65_536;
/** Pages that a memory can have. */
const MAX_PAGES = 65_536;

const messages = createPane("messages");
const log = createPane("log");
const result = element("result");
let output = "";

/** Shows the messages and the log. */
export const watcher: Watcher = {
  onMessage: (from, line) => messages.add(line, from),
  onLog: (line) => log.add(line),
  onOutput: (text) => {
    if (output.length <= RESULT_LENGTH) output += text;
  },
};

/** Clears the last run. */
export function clearRun(): void {
  messages.clear();
  log.clear();
  output = "";
  result.textContent = "";
  delete result.dataset.kind;
  showUse({ fuelUsed: 0, memoryPages: 0 }, {}, 0);
}

/** Shows a run until it ends. */
export async function showRun(run: Run, limits: RunLimits): Promise<void> {
  const startedAt = performance.now();
  const sample = () => {
    showUse(run, limits, performance.now() - startedAt);
    showOutput();
  };
  tell("run-state", "running", "Running…");
  sample();
  const timer = setInterval(sample, SAMPLE_MS);
  const outcome = await run.outcome;
  clearInterval(timer);
  const elapsedMs = performance.now() - startedAt;
  sample();
  messages.flush();
  log.flush();
  showOutcome(outcome, elapsedMs);
}

function showUse(
  { fuelUsed, memoryPages }: Pick<Run, "fuelUsed" | "memoryPages">,
  limits: RunLimits,
  ms: number,
): void {
  const { fuel, memoryPages: maxPages = MAX_PAGES, deadlineMs } = limits;
  gauge("fuel", formatNumber(fuelUsed), fuelUsed, fuel);
  gauge("memory", `${plural(memoryPages, "page")}, ${formatBytes(memoryPages * PAGE_BYTES)}`, memoryPages, maxPages);
  gauge("time", formatTime(ms), ms, deadlineMs);
}

/** Shows a use, and its share of the limit. Without a limit, the share is zero. */
function gauge(name: string, text: string, value: number, max = Infinity): void {
  element(`${name}-used`).textContent = text;
  element(`${name}-progress`, HTMLProgressElement).value = Math.min(1, value / max);
}

function showOutput(): void {
  const text = visibleLines(output, RESULT_LENGTH);
  if (result.textContent !== text) result.textContent = text;
}

function showOutcome(outcome: Outcome, elapsedMs: number): void {
  const after = `after ${formatTime(elapsedMs)}`;
  const seen = `${plural(messages.count, "message")}, ${plural(log.count, "line")} of log`;
  switch (outcome.kind) {
    case "answered":
      tell("run-state", "answered", `Answered ${after}: ${seen}`);
      return showResult(outcome.kind, JSON.stringify(outcome.result, null, 2));
    case "filtered":
      tell("run-state", "answered", `Filtered ${after}: ${plural(log.count, "line")} of log`);
      return;
    case "refused": {
      const { code, message, data } = outcome;
      tell(
        "run-state",
        "failed",
        `Answered with an error ${after}: ${visible(message, MESSAGE_LENGTH)} (code ${code})`,
      );
      return showResult(outcome.kind, JSON.stringify({ code, message, data }, null, 2));
    }
    case "failed":
      tell("run-state", "failed", `${visible(outcome.what, MESSAGE_LENGTH)}, ${after}`);
      return showResult(outcome.kind, [output, outcome.detail].filter((text) => text !== "").join("\n"));
    case "stopped":
      tell("run-state", "stopped", `Stopped ${after}: ${seen}`);
      return;
  }
}

function showResult(kind: Outcome["kind"], text: string): void {
  result.dataset.kind = kind;
  result.textContent = visibleLines(text, RESULT_LENGTH);
}
