/**
 * Replacements for wabt and for the files of guests when the portable suite runs outside of Deno. Both use data that
 * the run in Deno left. wabt itself needs the WebAssembly that hardened runtimes refuse, and some runtimes have no
 * files.
 *
 * @module
 */

import { compile } from "@rivulet/rivulet";
import type { CompileOptions, Module } from "@rivulet/rivulet";

/** Bytes in base64, each under its name or text. */
export type Binaries = readonly (readonly [key: string, base64: string])[];

/** The part of wabt's default export that the tests use. */
export type Wabt = () => Promise<{ parseWat(file: string, text: string): Parsed }>;

interface Parsed {
  toBinary(options?: object): { readonly buffer: Uint8Array };
  destroy(): void;
}

/** A wabt that knows only these modules. */
export function wabtOf(assembled: Binaries): Wabt {
  const binaries = new Map(assembled);
  const parseWat = (_file: string, text: string): Parsed => {
    const base64 = binaries.get(text);
    if (base64 === undefined) throw new Error(`the run in Deno assembled no such module: ${text}`);
    return { toBinary: () => ({ buffer: bytesOf(base64) }), destroy: () => {} };
  };
  return () => Promise.resolve({ parseWat });
}

/** The exports of tests/_guests.ts for these guests. */
export interface Guests {
  hasGuest(name: string): boolean;
  guest(name: string, options?: CompileOptions): Promise<Module>;
}

/** Guests that are not files. */
export function guestsOf(guests: Binaries): Guests {
  const binaries = new Map(guests);
  return {
    hasGuest: (name) => binaries.has(name),
    guest: async (name, options) => {
      const base64 = binaries.get(name);
      if (base64 === undefined) throw new Error(`the guest ${name} is not checked in`);
      return await compile(bytesOf(base64), options);
    },
  };
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
