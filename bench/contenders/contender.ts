/**
 * What runs programs: an interpreter or an engine, behind one shape.
 *
 * @module
 */

/** What the process that measures gives to contenders. */
export interface Host {
  /** Reads a file by its path, seen from the folder of the bench. */
  read(path: string): Promise<Uint8Array<ArrayBuffer>>;
  /** Imports a package of npm by its name, or by the name `against` the other build that was asked for. */
  load(name: string): Promise<unknown>;
}

/** A program that is loaded and initialized. */
export interface Loaded {
  run(size: number): number | Promise<number>;
}

/** One that programs are run with. */
export interface Contender {
  readonly name: string;
  /** Makes itself ready; its work is not a program's. Fails where it can't be had, and is then left out. */
  open(host: Host): Promise<(bytes: Uint8Array<ArrayBuffer>) => Promise<Loaded>>;
}
