/**
 * The tests of a bundle, by their paths. In the copy from which bundles are made, another file replaces this one.
 *
 * @module
 */

import type { Files } from "./_suite.ts";

export const files: Files = new Map();
