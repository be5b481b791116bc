/**
 * Workers: what a host needs of one, and how one is made where the runtime has Web Workers. node.ts makes those of Node.
 *
 * @module
 */

/** What happens to a worker. */
export interface WorkerEvent {
  /** The message, if it is one. */
  readonly data?: unknown;
  /** What went wrong, if it is an error. */
  readonly message?: string;
  /** Keeps the runtime from treating the error as the host's. */
  preventDefault?(): void;
}

/** A worker as `WorkerPlugin` uses it. A Web Worker is one. */
export interface WorkerLike {
  /** Sends a message. What is in `transfer` moves. */
  postMessage(message: unknown, transfer: Transferable[]): void;
  /** Ends it at once, whatever it does. A promise is awaited when the plugin is disposed. */
  terminate(): unknown;
  /** `error` and `messageerror` mean that it failed, `close` that it ended. */
  addEventListener(
    type: "message" | "messageerror" | "error" | "close",
    listener: (event: WorkerEvent) => void,
  ): void;
  /** Lets the process exit although it runs. Called while it has nothing to do. */
  unref?(): unknown;
  /** Undoes `unref`. */
  ref?(): unknown;
}

/** This file's name, which a bundle does not have. */
const OWN_NAME = /\/default_worker\.([jt]s)([?#].*)?$/;

/**
 * Makes a Web Worker that runs worker.ts, which is beside this file.
 *
 * @throws {TypeError} if the runtime has no Web Workers, or this file is in a bundle
 */
export function createDefaultWorker(): WorkerLike {
  if (typeof Worker === "undefined") {
    throw new TypeError(
      "this runtime has no Web Workers: in Node, pass `createWorker` of @rivulet/rivulet/workers/node",
    );
  }
  const own: string | undefined = import.meta.url;
  const ending = OWN_NAME.exec(own ?? "")?.[1];
  if (ending === undefined) {
    throw new TypeError(
      "can't find the program of a worker, as in a bundle: pass `createWorker`, which starts a file that imports " +
        "@rivulet/rivulet/workers/worker",
    );
  }
  return new Worker(new URL(`worker.${ending}`, own), { type: "module" }) as unknown as WorkerLike;
}
