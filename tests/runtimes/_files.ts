/**
 * The tests of a bundle, by their paths. This file is replaced in the copy that bundles are made from.
 *
 * @module
 */

import type { Files } from "./_suite.ts";

export const files: Files = new Map();
