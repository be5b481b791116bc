/**
 * A list of lines that never grows without end: the oldest go, and a line says how many. Text of a guest is only ever
 * text here, never markup.
 *
 * @module
 */

/// <reference lib="dom" />

const MOST_LINES = 500;
const MOST_CHARACTERS = 2_000;

/** A list element as a place for lines. */
export interface Pane {
  /** Adds a line; `kind` is its class. */
  add(text: string, kind?: string): void;
  clear(): void;
}

/** Makes a pane of a list. Lines appear with the next frame, so that a guest that writes much costs little. */
export function openPane(list: HTMLElement): Pane {
  let waiting: HTMLLIElement[] = [];
  let dropped = 0;
  let isScheduled = false;
  const note = document.createElement("li");
  note.className = "dropped";

  function show(): void {
    isScheduled = false;
    const isAtEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 8;
    list.append(...waiting);
    waiting = [];
    note.remove();
    while (list.childElementCount > MOST_LINES) {
      list.firstElementChild!.remove();
      dropped++;
    }
    if (dropped > 0) {
      note.textContent = `${dropped} earlier lines are not kept`;
      list.prepend(note);
    }
    if (isAtEnd) list.scrollTop = list.scrollHeight;
  }

  return {
    add(text, kind = "") {
      const line = document.createElement("li");
      line.className = kind;
      line.textContent = shortened(text);
      waiting.push(line);
      if (waiting.length > MOST_LINES) {
        waiting.shift();
        dropped++;
      }
      if (!isScheduled) requestAnimationFrame(show);
      isScheduled = true;
    },
    clear() {
      waiting = [];
      dropped = 0;
      list.replaceChildren();
    },
  };
}

/** A text that is not longer than a person reads. */
export function shortened(text: string, most: number = MOST_CHARACTERS): string {
  return text.length <= most ? text : `${text.slice(0, most)} … ${text.length - most} more characters`;
}
