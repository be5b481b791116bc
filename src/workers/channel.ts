/**
 * Requests and answers over the messages of a worker, the same on both sides. Each side serves what its table of
 * services has: host.ts and program.ts have the tables.
 *
 * @module
 */

import { KnownErrors } from "./errors.ts";
import { MESSAGE_SIZE } from "./credit.ts";
import type { Receiving, Sending } from "./credit.ts";
import { ChannelFault, readMessage } from "./messages.ts";
import type { Message } from "./messages.ts";
import { pack, unpack } from "./values.ts";
import { Pipes } from "./streams.ts";
import type { Bounds, Packed, Side } from "./values.ts";

/** What a service knows about its request. */
export interface RequestInfo {
  /** The number of the request. */
  readonly id: number;
  /** Aborted when the other side no longer needs the answer. */
  readonly signal: AbortSignal;
}

/** Serves requests: takes the arguments, unchecked, and returns the result or throws. */
export type Service = (args: readonly unknown[], info: RequestInfo) => unknown;

/** What a channel is made from. */
export interface ChannelOptions {
  /** Sends a message to the other side. */
  readonly post: (message: Message, transfer: Transferable[]) => void;
  readonly services: ReadonlyMap<string, Service>;
  /** The largest values that the other side may send. */
  readonly bounds: Bounds;
  /** Whether the buffers of what is sent may be moved to the other side. */
  readonly moves: boolean;
  /** Counts what is sent, on the worker's side. */
  readonly sending?: Sending;
  /** Counts what arrives, on the host's side. */
  readonly receiving?: Receiving;
  /** Called when a service finds that the other side sent what it may not. */
  readonly onFault?: (fault: ChannelFault) => void;
  /** Called before anything is sent, so that what waits is sent first. */
  readonly beforeSend?: () => void;
}

/** Options of a request. */
export interface RequestOptions {
  /** Aborting it tells the other side, with the reason. */
  readonly signal?: AbortSignal | undefined;
  /** Whether the request also rejects then, with the reason. */
  readonly rejectsOnAbort?: boolean;
  /** Called when the other side has answered, even if the request rejected before. */
  readonly onAnswer?: () => void;
  /** Receives the number of the request. */
  readonly onSent?: (id: number) => void;
  /** What the request counts beside its content, for the work that it makes. */
  readonly weight?: number;
}

interface Pending {
  readonly settle: (outcome: Outcome) => void;
}

type Outcome = { readonly value: unknown } | { readonly error: unknown; readonly isNew: boolean };

/** Requests of the other side that are served at once. More are an attack. */
const MAX_RUNNING = 100_000;

/** One side of the connection between a host and a worker. */
export class Channel {
  readonly errors: KnownErrors;
  readonly #options: ChannelOptions;
  readonly #pending = new Map<number, Pending>();
  readonly #running = new Map<number, AbortController>();
  readonly #pipes = new Pipes();
  readonly #side: Side;
  #nextId = 0;
  #isAbandoned = false;
  #closed: { readonly reason: unknown } | undefined;

  constructor(options: ChannelOptions) {
    this.#options = options;
    const isHost = options.receiving !== undefined;
    this.errors = new KnownErrors(isHost);
    this.#side = { errors: this.errors, moves: options.moves, pipes: isHost ? this.#pipes : undefined };
  }

  /** Requests of this side that the other has not answered. */
  get pending(): number {
    return this.#pending.size;
  }

  /**
   * Asks the other side for a service.
   *
   * @throws what the service throws; the reason of `close`; `TypeError` if an argument can't cross
   */
  async request(name: string, args: readonly unknown[], options: RequestOptions = {}): Promise<unknown> {
    const { signal, rejectsOnAbort = false, onAnswer, onSent, weight = 0 } = options;
    if (this.#closed !== undefined) throw this.#closed.reason;
    const packed = pack(args, this.#side, { root: "params", isList: true });
    const id = this.#nextId++;
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    const onAbort = () => {
      const packed = this.#packSafely(signal!.reason);
      const size = packed.size + MESSAGE_SIZE;
      this.#send({ kind: "cancel", id, reason: packed.value, size }, packed.transfer, size);
      if (rejectsOnAbort) resolve({ error: signal!.reason, isNew: false });
    };
    const settle = (outcome: Outcome) => {
      signal?.removeEventListener("abort", onAbort);
      onAnswer?.();
      resolve(outcome);
    };
    this.#pending.set(id, { settle });
    onSent?.(id);
    try {
      const size = packed.size + MESSAGE_SIZE + weight;
      const values = packed.value as readonly unknown[];
      this.#send({ kind: "request", id, name, args: values, size }, packed.transfer, size);
    } catch (error) {
      this.#pending.delete(id);
      onAnswer?.();
      throw error;
    }
    if (signal?.aborted) onAbort();
    else signal?.addEventListener("abort", onAbort);
    const outcome = await promise;
    if ("value" in outcome) return outcome.value;
    if (outcome.isNew) this.#callHere(outcome.error);
    throw outcome.error;
  }

  /**
   * Takes a message of the other side.
   *
   * @throws {ChannelFault} if it is not one
   */
  receive(message: Message): void {
    const { receiving, sending, services } = this.#options;
    if (this.#closed !== undefined) return;
    const isAnswer = message.kind === "answer" || message.kind === "failure";
    receiving?.received("size" in message ? message.size : MESSAGE_SIZE, isAnswer);
    switch (message.kind) {
      case "request": {
        const service = services.get(message.name);
        const isNew = !this.#running.has(message.id) && this.#running.size < MAX_RUNNING;
        if (service === undefined || !isNew) throw new ChannelFault("it sent a request that it may not");
        this.#serve(message.id, service, this.#unpack(message.args, message.size) as readonly unknown[]);
        break;
      }
      case "answer":
        this.#settle(message.id, { value: this.#unpack(message.value, message.size) });
        break;
      case "failure":
        this.#settle(message.id, { error: this.#unpack(message.error, message.size), isNew: true });
        break;
      case "cancel":
        this.#running.get(message.id)?.abort(this.#unpack(message.reason, message.size));
        break;
      case "received":
        sending?.wasRead(message.size);
        break;
      case "ping":
        this.#options.post({ kind: "pong" }, []);
        break;
      case "pong":
        break;
    }
  }

  /** The other side's answer is not what it may be: that is a fault like a wrong message. */
  fault(fault: ChannelFault): void {
    this.#options.onFault?.(fault);
  }

  /** Rejects all requests so far. Their answers are ignored; what the other side asks for is still served. */
  abandon(reason: unknown): void {
    this.#isAbandoned = true;
    for (const { settle } of [...this.#pending.values()]) settle({ error: reason, isNew: false });
    this.#pending.clear();
  }

  /** Rejects all requests, aborts those of the other side, and ignores later messages. */
  close(reason: unknown): void {
    if (this.#closed !== undefined) return;
    this.#closed = { reason };
    this.abandon(reason);
    this.#pipes.end(reason);
    for (const controller of [...this.#running.values()]) controller.abort(reason);
    this.#running.clear();
  }

  async #serve(id: number, service: Service, args: readonly unknown[]): Promise<void> {
    const controller = new AbortController();
    this.#running.set(id, controller);
    let reply: () => void;
    try {
      const packed = this.#pack(await service(args, { id, signal: controller.signal }));
      reply = () => this.#answer(id, packed);
    } catch (error) {
      if (error instanceof ChannelFault) this.fault(error);
      reply = () => this.#fail(id, error);
    }
    if (!this.#running.delete(id)) return;
    try {
      reply();
    } catch (error) {
      this.#fail(id, new TypeError((error as Error).message));
    }
  }

  #answer(id: number, { value, transfer, size }: Packed): void {
    const counted = size + MESSAGE_SIZE;
    this.#send({ kind: "answer", id, value, size: counted }, transfer, counted);
  }

  #fail(id: number, reason: unknown): void {
    const { value, transfer, size } = this.#packSafely(reason);
    const counted = size + MESSAGE_SIZE;
    this.#send({ kind: "failure", id, error: value, size: counted }, transfer, counted);
  }

  #settle(id: number, outcome: Outcome): void {
    const pending = this.#pending.get(id);
    if (pending === undefined && this.#isAbandoned) return;
    if (pending === undefined) throw new ChannelFault("it answered a request that was never sent");
    this.#pending.delete(id);
    pending.settle(outcome);
  }

  #send(message: Message, transfer: Transferable[], size: number): void {
    if (this.#closed !== undefined) return;
    this.#options.beforeSend?.();
    try {
      this.#options.post(message, transfer);
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      throw new TypeError(`a value can't be passed to or from a worker here: ${error.message}`, { cause: error });
    }
    this.#options.sending?.sent(size);
  }

  /** Gives an error that was made when its message arrived the stack of the caller, where the engine can. */
  #callHere(error: unknown): void {
    const { captureStackTrace } = Error as { readonly captureStackTrace?: (error: object) => void };
    const isMade = error instanceof Error && !this.errors.isOriginal(error);
    if (isMade) captureStackTrace?.call(Error, error);
  }

  #pack(value: unknown): Packed {
    return pack(value, this.#side);
  }

  /** A reason may be any value, even one without a form here. */
  #packSafely(reason: unknown): Packed {
    try {
      return this.#pack(this.errors.isHost ? this.errors.standIn(reason) : reason);
    } catch {
      return this.#pack(new Error("for a reason that can't be shown"));
    }
  }

  /** @param said how long its sender says that the message is: what is counted must be true */
  #unpack(value: unknown, said: number): unknown {
    const { bounds, receiving } = this.#options;
    const size = receiving === undefined ? bounds.size : Math.min(bounds.size, said + MESSAGE_SIZE);
    return unpack(value, this.#side, { depth: bounds.depth, size });
  }
}

/** Reads what the platform delivered, and gives it to a channel. */
export function deliver(channel: Channel, data: unknown): void {
  channel.receive(readMessage(data));
}
