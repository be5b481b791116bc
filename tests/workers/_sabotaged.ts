/**
 * The program of a worker with a fault: a call of `fault` breaks it, as its params say. It serves everything else.
 *
 * @module
 */

import { serve } from "../../src/workers/program.ts";

interface Scope {
  postMessage(message: unknown, transfer?: Transferable[]): void;
  addEventListener(type: "message", listener: (event: MessageEvent) => void): void;
  close(): void;
}

const scope = globalThis as unknown as Scope;

const FAULTS: Readonly<Record<string, () => void>> = {
  throw: () => {
    throw new Error("a fault of the worker");
  },
  reject: () => void Promise.reject(new Error("a fault of the worker")),
  close: () => scope.close(),
  loop: () => {
    for (;;);
  },
  flood: () => {
    isDeaf = true;
    for (let id = 1_000; id < 100_000; id++) {
      scope.postMessage({ kind: "request", id, name: "method", args: ["echo", id, { notification: false }], size: 0 });
    }
  },
  "flood of pongs": () => {
    for (let sent = 0; sent < 100_000; sent++) scope.postMessage({ kind: "pong" });
  },
};

/** Whether it no longer reads. */
let isDeaf = false;

const receive = serve((message, transfer) => scope.postMessage(message, transfer));
scope.addEventListener("message", ({ data }) => {
  if (data.kind === "request" && data.args[0] === "fault") FAULTS[data.args[1]]!();
  else if (!isDeaf) receive(data);
});
