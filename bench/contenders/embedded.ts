/**
 * Interpreters that are WebAssembly modules themselves. The engine's own WebAssembly runs them. Sources: `peers`.
 *
 * @module
 */

import { readModule } from "../../tools/read_module.ts";
import type { Contender } from "./contender.ts";

/** What such a module exports. A pointer that is not null points to the text of an error, which ends with a zero. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  _initialize?(): void;
  allocate(bytes: number): number;
  load(pointer: number, length: number): number;
  run(size: number): number;
  result(): number;
}

/** The interpreter wasm3, built with tail calls. */
export const wasm3: Contender = embedded("wasm3");
/** The interpreter wasmi. */
export const wasmi: Contender = embedded("wasmi");

function embedded(name: string): Contender {
  return {
    name,
    async open({ read }) {
      const module = await WebAssembly.compile(await readModule(read, `peers/${name}/peer.wasm.gz`));
      return async (bytes) => {
        const instance = await WebAssembly.instantiate(module, {});
        const exports = instance.exports as unknown as Exports;
        exports._initialize?.();
        const pointer = exports.allocate(bytes.length);
        new Uint8Array(exports.memory.buffer, pointer).set(bytes);
        check(name, exports, exports.load(pointer, bytes.length));
        return {
          run(size) {
            check(name, exports, exports.run(size));
            return exports.result();
          },
        };
      };
    },
  };
}

function check(name: string, { memory }: Exports, error: number): void {
  if (error === 0) return;
  const bytes = new Uint8Array(memory.buffer, error);
  throw new Error(`${name}: ${new TextDecoder().decode(bytes.slice(0, bytes.indexOf(0)))}`);
}
