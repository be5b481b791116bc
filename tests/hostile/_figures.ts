/**
 * Figures that the tests of a file compare with a bound. When the file is done, the greatest of each kind is printed.
 *
 * @module
 */

interface Figure {
  readonly value: number;
  readonly unit: string;
  readonly of: string;
}

const greatest = new Map<string, Figure>();

/** Records a figure of a kind, and the subject of the measurement. */
export function noteFigure(kind: string, value: number, unit: string, of: string): void {
  const known = greatest.get(kind);
  if (known === undefined || value > known.value) greatest.set(kind, { value, unit, of });
}

addEventListener("unload", () => {
  for (const [kind, { value, unit, of }] of greatest) {
    console.log(`${kind}: at most ${value.toFixed(1)} ${unit} (${of})`);
  }
});
