/**
 * A list that keeps the last lines. However many lines arrive, the page holds a few, and changes a few times a second.
 *
 * @module
 */

/// <reference lib="dom" />
import { element } from "./_elements.ts";
import { formatNumber, plural, visible } from "./_text.ts";

/** The number of lines that are kept. */
const LINES = 200;
/** Characters of a line that are shown: the length that lines are cut to, and the note about the cut. */
const LINE_LENGTH = 1_100;
/** Milliseconds between two changes of the page. */
const FLUSH_MS = 100;

/** A list of lines. */
export interface Pane {
  /** How many lines there were. */
  readonly count: number;
  /** Adds a line, with a word before it that names the sender. */
  add(line: string, sender?: string): void;
  /** Shows the added lines immediately. */
  flush(): void;
  clear(): void;
}

interface Line {
  readonly line: string;
  readonly sender: string | undefined;
}

/** Makes a pane of the elements `id`, `id-count` and `id-dropped`. */
export function createPane(id: string): Pane {
  const [pane, counter, dropped] = [element(id), element(`${id}-count`), element(`${id}-dropped`)];
  let waiting: Line[] = [];
  let count = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    const isAtEnd = pane.scrollTop + pane.clientHeight >= pane.scrollHeight - 2;
    pane.append(...waiting.map(rowOf));
    waiting = [];
    while (pane.childElementCount > LINES) pane.firstElementChild!.remove();
    counter.textContent = count === 0 ? "" : formatNumber(count);
    dropped.hidden = count <= LINES;
    dropped.textContent = `The first ${plural(count - LINES, "line")} are not kept.`;
    if (isAtEnd) pane.scrollTop = pane.scrollHeight;
  };

  return {
    get count() {
      return count;
    },
    add(line, sender) {
      count++;
      waiting.push({ line, sender });
      if (waiting.length > LINES) waiting.shift();
      timer ??= setTimeout(flush, FLUSH_MS);
    },
    flush,
    clear() {
      waiting = [];
      count = 0;
      pane.replaceChildren();
      flush();
    },
  };
}

function rowOf({ line, sender }: Line): HTMLElement {
  const row = document.createElement("p");
  if (sender !== undefined) {
    const label = document.createElement("span");
    label.className = "sender";
    label.textContent = sender;
    row.dataset.sender = sender;
    row.append(label, " ");
  }
  const text = document.createElement("span");
  text.textContent = visible(line, LINE_LENGTH);
  row.append(text);
  return row;
}
