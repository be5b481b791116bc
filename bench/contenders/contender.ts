/**
 * What runs programs: an interpreter or an engine, behind one shape.
 *
 * @module
 */

/** What the measuring process provides to contenders. */
export interface Host {
  /** Reads a file by its path relative to the folder of the bench. */
  read(path: string): Promise<Uint8Array<ArrayBuffer>>;
  /** Imports a package of npm by its name. The name `against` imports the other build that was asked for. */
  load(name: string): Promise<unknown>;
}

/** A program that is loaded and initialized. */
export interface Loaded {
  run(size: number): number | Promise<number>;
}

/** A contender: it loads and runs programs. */
export interface Contender {
  readonly name: string;
  /** Prepares the contender. Its work does not count as a program's. Fails, and is left out, if it is not available. */
  open(host: Host): Promise<(bytes: Uint8Array<ArrayBuffer>) => Promise<Loaded>>;
}
