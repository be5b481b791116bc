/**
 * The program of a Web Worker for `WorkerPlugin`. It has no exports: importing it starts it. Bundle a file that imports
 * only this one, if `WorkerPlugin` can't find it by itself.
 *
 * @module
 */

import "../base/requirements.ts";
import { serve } from "./program.ts";

/** The global scope of a worker. */
interface Scope {
  postMessage(message: unknown, transfer: Transferable[]): void;
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
}

const scope = globalThis as unknown as Scope;
const receive = serve((message, transfer) => scope.postMessage(message, transfer));
scope.addEventListener("message", ({ data }) => receive(data));
