/**
 * The elements of the page, by their ids, and the few operations on many of them.
 *
 * @module
 */

/// <reference lib="dom" />

/** The element with an id. @throws {Error} if the page has none, or one of another class */
export function element(id: string): HTMLElement;
export function element<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind;
export function element(id: string, kind: new () => HTMLElement = HTMLElement): HTMLElement {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`the page has no ${kind.name} #${id}`);
  return found;
}

/** The state that a line about a module or a run reports. The style sheet has a style for each. */
export type State = "none" | "busy" | "ready" | "running" | "answered" | "failed" | "stopped";

/** Shows text in a line that screen readers announce. */
export function tell(id: string, state: State, text: string): void {
  const line = element(id);
  line.dataset.state = state;
  line.textContent = text;
}

/** Makes a button. */
export function button(label: string, onClick: () => void): HTMLButtonElement {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = label;
  made.addEventListener("click", onClick);
  return made;
}

/**
 * Sets whether a button does anything at the moment. It is never disabled: a disabled button loses the focus, and a
 * keyboard user loses the place with it.
 */
export function enable(button: HTMLButtonElement, isEnabled: boolean): void {
  button.ariaDisabled = String(!isEnabled);
}

/** Whether a button does anything at the moment. */
export function isEnabled(button: HTMLButtonElement): boolean {
  return button.ariaDisabled !== "true";
}
