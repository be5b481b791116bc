/**
 * One worker as its host sees it: its start, its messages, the pings that tell whether it hangs, and its end.
 *
 * @module
 */

import { limitError } from "../base/limits.ts";
import { Channel, deliver } from "./channel.ts";
import type { Service } from "./channel.ts";
import type { WorkerEvent, WorkerLike } from "./default_worker.ts";
import { Receiving } from "./credit.ts";
import type { Message } from "./messages.ts";
import { ChannelFault } from "./messages.ts";
import type { CheckedOptions } from "./options.ts";
import type { Bounds } from "./values.ts";

/** Why a worker was ended that did nothing wrong. */
export class Ended extends Error {}

/** A worker failed, hung, or sent what it may not. */
export class WorkerFailure extends Error {}

/** Time to stop the guests of a worker that is ended. */
const FINISH_MS = 500;
/** Ticks without a sign of life after which a worker hangs. If the host itself is late, a tick takes longer. */
const TICKS = 4;
/** Levels of an error around a value of a message. */
const ERROR_DEPTH = 32;
/** The longest time between looks at a worker, times `TICKS`. */
const MAX_WAIT_MS = 60_000;
const MAX_DEPTH = 1_000;
/** Size of what is not a message of the guest: errors, stacks, names. */
const ERROR_SIZE = 1 << 20;
/** An error may have a message of the guest more than once, and its log twice. */
const COPIES = 4;
const LOG_LINES = 64;
/** Messages of the greatest size that a worker may have sent before they are read. Its guests wait much earlier. */
const UNREAD_MESSAGES = 8;

/** The largest value that a worker sends for guests that keep their limits. */
export function boundsOf({ limits }: Pick<CheckedOptions, "limits">): Bounds {
  const { messageBytes, messageDepth, logLineBytes } = limits;
  return {
    depth: Math.min(messageDepth + ERROR_DEPTH, MAX_DEPTH),
    size: messageBytes * COPIES + logLineBytes * LOG_LINES + ERROR_SIZE,
  };
}

/** A running worker. */
export class Connection {
  readonly channel: Channel;
  /** Resolves when the worker was ended, with the reason. Never rejects. */
  readonly ended: Promise<Error>;
  readonly #worker: WorkerLike;
  readonly #limits: CheckedOptions["limits"];
  readonly #ended: PromiseWithResolvers<Error> = Promise.withResolvers();
  readonly #opened = performance.now();
  #termination: unknown;
  #isStarted = false;
  #isOver = false;
  #silentTicks = 0;
  /** When the worker last sent something, or had nothing to do. */
  #heard = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** @throws what `create` throws */
  constructor(create: () => WorkerLike, services: ReadonlyMap<string, Service>, options: CheckedOptions) {
    this.#limits = options.limits;
    this.ended = this.#ended.promise;
    const post = (message: Message, transfer: Transferable[]) => {
      if (!this.#isOver) this.#worker.postMessage(message, transfer);
    };
    const onFault = (fault: ChannelFault) => this.#fail(fault.message, fault);
    const bounds = boundsOf(options);
    const receiving = new Receiving((size) => post({ kind: "received", size }, []), bounds.size * UNREAD_MESSAGES);
    this.channel = new Channel({ post, services, bounds, moves: false, receiving, onFault });
    this.#worker = create();
    this.#listen();
  }

  /** Whether the worker was ended. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Watches the worker while it has something to do, and only then keeps the process from exiting. */
  watch(): void {
    const { hangMs, startMs } = this.#limits;
    const isBusy = this.channel.pending > 0 && !this.#isOver;
    if (isBusy && this.#timer === undefined) {
      this.#silentTicks = 0;
      this.#worker.ref?.();
      this.#heard = performance.now();
      this.#timer = setInterval(() => this.#tick(), Math.min(hangMs, startMs, MAX_WAIT_MS) / TICKS);
    } else if (!isBusy && this.#timer !== undefined) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      if (!this.#isOver) this.#worker.unref?.();
    }
  }

  /**
   * Ends the worker in peace: its requests reject with the reason at once, its guests are stopped, and what they have
   * logged arrives. It has little time for that.
   */
  async finish(reason: Error): Promise<void> {
    if (this.#isOver) return;
    this.channel.abandon(reason);
    if (this.#isStarted) {
      const late = setTimeout(() => this.end(reason), FINISH_MS);
      await Promise.race([this.channel.request("dispose", [], { onSent: () => this.watch() }), this.ended]).catch(
        () => {},
      );
      clearTimeout(late);
    }
    this.end(reason);
  }

  /** Ends the worker. Its requests reject with the reason. */
  end(reason: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#termination = this.#worker.terminate();
    this.channel.close(reason);
    this.watch();
    this.#ended.resolve(reason);
  }

  /** Resolves when the runtime has ended it. */
  async terminated(): Promise<void> {
    await this.#termination;
  }

  #listen(): void {
    const worker = this.#worker;
    worker.addEventListener("message", ({ data }) => {
      if (this.#isOver) return;
      this.#isStarted = true;
      this.#silentTicks = 0;
      this.#heard = performance.now();
      try {
        deliver(this.channel, data);
      } catch (error) {
        this.#fail(error instanceof ChannelFault ? error.message : "its message could not be read", error);
      }
      this.watch();
    });
    worker.addEventListener("messageerror", () => this.#fail("it sent a message that could not be read"));
    worker.addEventListener("error", (event) => {
      event.preventDefault?.();
      this.#fail(messageOf(event));
    });
    worker.addEventListener("close", (event) => this.#fail(messageOf(event) || "it ended"));
  }

  #tick(): void {
    if (++this.#silentTicks === 1) this.#worker.postMessage({ kind: "ping" } satisfies Message, []);
    const name = this.#isStarted ? "hangMs" : "startMs";
    const limit = this.#limits[name];
    const isLate = performance.now() - (this.#isStarted ? this.#heard : this.#opened) >= limit;
    if (isLate && this.#silentTicks > TICKS) this.#end(name, limit);
  }

  #end(limit: "startMs" | "hangMs", value: number): void {
    const cause = limitError(limit, value);
    this.end(new WorkerFailure(cause.message, { cause }));
  }

  #fail(what: string, cause?: unknown): void {
    this.end(new WorkerFailure(`the worker failed: ${what}`, cause === undefined ? undefined : { cause }));
  }
}

function messageOf({ message }: WorkerEvent): string {
  return typeof message === "string" ? message.slice(0, 1_000) : "";
}
