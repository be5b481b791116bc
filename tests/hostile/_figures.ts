/**
 * Figures that the tests of a file measure against a bound: the greatest of each kind is printed when the file is done.
 *
 * @module
 */

interface Figure {
  readonly value: number;
  readonly unit: string;
  readonly of: string;
}

const greatest = new Map<string, Figure>();

/** Notes a figure of a kind, and what it was measured of. */
export function noteFigure(kind: string, value: number, unit: string, of: string): void {
  const known = greatest.get(kind);
  if (known === undefined || value > known.value) greatest.set(kind, { value, unit, of });
}

addEventListener("unload", () => {
  for (const [kind, { value, unit, of }] of greatest) {
    console.log(`${kind}: at most ${value.toFixed(1)} ${unit} (${of})`);
  }
});
