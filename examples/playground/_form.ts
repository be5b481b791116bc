/**
 * Reads the form: a task and the limits of its run. If a field is wrong, the message appears beside it.
 *
 * @module
 */

/// <reference lib="dom" />
import { element } from "./_elements.ts";
import type { RunLimits, Task } from "./_session.ts";

/** What can be done with a guest. */
export type Mode = Task["kind"];

const modes = [...document.querySelectorAll<HTMLInputElement>("input[name=mode]")];
const method = element("method", HTMLInputElement);
const params = element("params", HTMLTextAreaElement);
const text = element("text", HTMLTextAreaElement);
const start = element("start", HTMLButtonElement);

/** An error of a field whose text is not valid. */
class FieldError extends Error {
  readonly field: HTMLElement;

  constructor(field: HTMLElement, message: string) {
    super(message);
    this.field = field;
  }
}

/** Reads the form. If a field is wrong, returns undefined and focuses the field. */
export function readForm(): { readonly task: Task; readonly limits: RunLimits } | undefined {
  for (const field of document.querySelectorAll<HTMLElement>("[aria-invalid]")) setError(field, undefined);
  try {
    const task = readTask();
    const fuel = readLimit("fuel", Number.MAX_SAFE_INTEGER);
    const memoryPages = readLimit("memory-pages", 65_536);
    const deadlineMs = readLimit("deadline-ms", 2_147_483_647);
    return { task, limits: { fuel, memoryPages, deadlineMs } };
  } catch (error) {
    if (!(error instanceof FieldError)) throw error;
    setError(error.field, error.message);
    error.field.focus();
    return undefined;
  }
}

/** Which fields are shown. */
export function setMode(mode: Mode): void {
  for (const radio of modes) radio.checked = radio.value === mode;
  element("call-fields").hidden = mode !== "call";
  element("filter-fields").hidden = mode !== "filter";
  start.textContent = mode === "call" ? "Call" : "Filter";
}

/** Sets the fields of a call. */
export function setCall(calledMethod: string, itsParams: string): void {
  method.value = calledMethod;
  params.value = itsParams;
}

for (const radio of modes) radio.addEventListener("change", () => setMode(radio.value as Mode));
// A browser may restore what was chosen before a reload.
setMode((modes.find(({ checked }) => checked)?.value ?? "call") as Mode);

function readTask(): Task {
  if (modes.find(({ checked }) => checked)!.value === "filter") return { kind: "filter", text: text.value };
  if (method.value.trim() === "") throw new FieldError(method, "A call needs the name of a method.");
  return { kind: "call", method: method.value.trim(), params: readParams() };
}

function readParams(): unknown {
  if (params.value.trim() === "") return undefined;
  try {
    return JSON.parse(params.value);
  } catch (error) {
    throw new FieldError(params, `This is not JSON: ${(error as Error).message}`);
  }
}

/** A limit, or undefined for an empty field. */
function readLimit(id: string, most: number): number | undefined {
  const field = element(id, HTMLInputElement);
  const digits = field.value.replace(/[\s,_]/g, "");
  if (digits === "") return undefined;
  const value = /^\d+$/.test(digits) ? Number(digits) : NaN;
  if (value >= 1 && value <= most) return value;
  if (value > most) {
    throw new FieldError(field, `A whole number of ${most.toLocaleString("en-US")} or less, or nothing.`);
  }
  throw new FieldError(field, "A whole number of 1 or more, or nothing.");
}

function setError(field: HTMLElement, message: string | undefined): void {
  field.ariaInvalid = message === undefined ? null : "true";
  element(`${field.id}-error`).textContent = message ?? "";
}
