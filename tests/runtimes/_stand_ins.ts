/**
 * What stands in for wabt and for the files of the guests where the portable suite runs outside of Deno: both from data
 * that the run in Deno left. wabt itself needs the very WebAssembly that hardened runtimes refuse, and some runtimes have
 * no files.
 *
 * @module
 */

import { compile } from "@rivulet/rivulet";
import type { Module } from "@rivulet/rivulet";

/** Bytes in base64, each under its name or text. */
export type Binaries = readonly (readonly [key: string, base64: string])[];

/** wabt's default export, as far as the tests know it. */
export type Wabt = () => Promise<{ parseWat(file: string, text: string): Parsed }>;

interface Parsed {
  toBinary(options?: object): { readonly buffer: Uint8Array };
  destroy(): void;
}

/** A wabt that knows these modules and no others. */
export function wabtOf(assembled: Binaries): Wabt {
  const binaries = new Map(assembled);
  const parseWat = (_file: string, text: string): Parsed => {
    const base64 = binaries.get(text);
    if (base64 === undefined) throw new Error(`the run in Deno assembled no such module: ${text}`);
    return { toBinary: () => ({ buffer: bytesOf(base64) }), destroy: () => {} };
  };
  return () => Promise.resolve({ parseWat });
}

/** What tests/_guests.ts exports, for these guests. */
export interface Guests {
  hasGuest(name: string): boolean;
  guest(name: string): Promise<Module>;
}

/** Guests that are no files. */
export function guestsOf(guests: Binaries): Guests {
  const binaries = new Map(guests);
  return {
    hasGuest: (name) => binaries.has(name),
    guest: async (name) => {
      const base64 = binaries.get(name);
      if (base64 === undefined) throw new Error(`the guest ${name} is not checked in`);
      return await compile(bytesOf(base64));
    },
  };
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
