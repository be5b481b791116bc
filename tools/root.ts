/**
 * Where the repository is.
 *
 * @module
 */

/** The repository's folder, as a path with a slash at its end. */
export const ROOT: string = new URL("../", import.meta.url).pathname;
