/**
 * Workers for tests: one whose messages the test writes itself, and real ones that are watched or sabotaged.
 *
 * @module
 */

import type { WorkerEvent, WorkerLike } from "@rivulet/rivulet/workers";

// deno-lint-ignore no-explicit-any -- tests look into it freely
export type Json = any;

/** A worker that the test plays. */
export class FakeWorker implements WorkerLike {
  /** What the host has sent. */
  readonly sent: Json[] = [];
  isTerminated = false;
  readonly #listeners = new Map<string, ((event: WorkerEvent) => void)[]>();
  readonly #onMessage: (message: Json, worker: FakeWorker) => void;

  /** @param onMessage what the worker does with a message */
  constructor(onMessage: (message: Json, worker: FakeWorker) => void = () => {}) {
    this.#onMessage = onMessage;
  }

  postMessage(message: unknown): void {
    const copy = structuredClone(message);
    this.sent.push(copy);
    queueMicrotask(() => this.#onMessage(copy, this));
  }

  terminate(): void {
    this.isTerminated = true;
  }

  addEventListener(type: string, listener: (event: WorkerEvent) => void): void {
    this.#listeners.set(type, [...this.#listeners.get(type) ?? [], listener]);
  }

  /** Sends a message to the host. */
  say(data: unknown): void {
    this.emit("message", { data: structuredClone(data) });
  }

  emit(type: string, event: WorkerEvent): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(event);
  }
}

/** Answers `start`, and each call with what `answer` makes of it. */
export function answering(answer: (request: Json) => Json): (message: Json, worker: FakeWorker) => void {
  return (message, worker) => {
    if (message.kind === "ping") worker.say({ kind: "pong" });
    if (message.kind !== "request") return;
    const isStart = message.name === "start";
    worker.say(isStart ? { kind: "answer", id: message.id, value: { name: "fake" }, size: 1 } : answer(message));
  };
}

/** A real worker with a program among the tests. */
export function programWorker(name: string): Worker {
  return new Worker(new URL(name, import.meta.url), { type: "module" });
}
