/**
 * The elements of the page, by their ids, and the little that is done to many of them.
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

/** What a line about a module or a run is about; the style sheet has a look for each. */
export type State = "none" | "busy" | "ready" | "running" | "answered" | "failed" | "stopped";

/** Says something in a line that is read out. */
export function tell(id: string, state: State, text: string): void {
  const line = element(id);
  line.dataset.state = state;
  line.textContent = text;
}

/** A button that does something. */
export function button(label: string, onClick: () => void): HTMLButtonElement {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = label;
  made.addEventListener("click", onClick);
  return made;
}

/**
 * Tells whether a button does anything at the moment. It is not disabled, since a button that is loses the focus, and
 * with it the place of who uses the keyboard.
 */
export function enable(button: HTMLButtonElement, isEnabled: boolean): void {
  button.ariaDisabled = String(!isEnabled);
}

/** Whether a button does anything at the moment. */
export function isEnabled(button: HTMLButtonElement): boolean {
  return button.ariaDisabled !== "true";
}
