/**
 * The runtimes that the package is tested in, at the versions that it is tested with.
 *
 * @module
 */

/** The runtimes that are tested, as packages of npm. */
export const RUNTIMES = {
  node26: "node@26.10.0",
  node24: "node@24.18.0",
  node22: "node@22.18.0",
  bun: "bun@1.4.5",
  workerd: "workerd@1.20260730.1",
} as const;
