/**
 * A call of a native instance's function. The host runs it on a stack of its own (JSPI), so that it can be suspended:
 * when its slice is over, and while a host function's promise is pending. A stack that waits is never dropped, because
 * hosts do not collect it: a call that is stopped, or that nobody holds any more, is unwound by a rejection.
 *
 * @module
 */

import { onRejection } from "../../base/callbacks.ts";
import { LimitError } from "../../base/limits.ts";
import type { FuncType } from "../binary/types.ts";
import type { Call, CallStatus } from "../engine.ts";
import type { StackFrame } from "../errors.ts";
import { MAX_NATIVE_CALLS } from "../limits.ts";
import type { Func, Value } from "../objects/function.ts";
import type { NativeInstance } from "./instance.ts";
import { FUEL_PER_WORK, HostFailure, Run, Unwound } from "./meter.ts";
import type { Meter } from "./meter.ts";
import { theHost } from "./support.ts";
import { trapOf } from "./traps.ts";
import { argumentsOf, emptyResult, fromHostResult, toHostResult } from "./values.ts";

/** The calls that have stacks, by number. */
const CALLS = new Map<number, CallRun>();
let lastId = 0;

function nextId(): number {
  do lastId = lastId % 0x3fff_ffff + 1; while (CALLS.has(lastId));
  return lastId;
}

/** What became of a host function's promise. */
type Answer = { readonly value: Value } | { readonly error: unknown };

/** The part of a call that its stack refers to. Nothing here refers to the call, so that one that is dropped is noticed. */
export class CallRun extends Run {
  readonly instance: NativeInstance;
  readonly func: Func;
  status: CallStatus = "ready";
  result: Value;
  /** The promise of a host function, until the call takes it. */
  promise: PromiseLike<Value> | undefined;
  answer: Answer | undefined;
  /** Whether the guest runs, or a microtask will run it. */
  isRunning = false;
  #answerType: FuncType | undefined;
  #failure: { readonly error: unknown } | undefined;
  /** What the suspended guest waits for. */
  #waiting: PromiseWithResolvers<unknown> | undefined;
  /** What waits for the end of the guest's run. */
  #ended: ((status: CallStatus) => void) | undefined;
  #slice = 0;

  constructor(func: Func) {
    super(nextId());
    this.func = func;
    this.instance = func.owner as NativeInstance;
  }

  get #isDone(): boolean {
    return this.status === "finished" || this.status === "failed";
  }

  /** Begins to run the guest. */
  start(args: readonly Value[], fuel: number): CallStatus | Promise<CallStatus> {
    if (CALLS.size >= MAX_NATIVE_CALLS) {
      const text = `more than ${MAX_NATIVE_CALLS} calls of native instances are under way`;
      this.fail(new LimitError("nativeCalls", MAX_NATIVE_CALLS, text));
      return this.status;
    }
    this.status = "suspended";
    this.isRunning = true;
    CALLS.set(this.id, this);
    this.instance.stacks++;
    const { meter } = this.instance;
    this.enter(fuel);
    let ended: Promise<CallStatus>;
    try {
      const given = convert(this, this.func, args);
      // Converting may have stopped the call.
      if (this.isOver) throw new Unwound(this);
      meter.lendNow(this);
      ended = theHost().promising(this.instance.raw(this.func.index))(...given)
        .then((value) => this.#finish(value), (error) => this.#unwind(error));
    } catch (error) {
      // Arguments that can't be converted, or a host without memory for a stack.
      return this.#unwind(error);
    }
    // The guest was suspended meanwhile.
    if (!this.isRunning) return this.status;
    this.leave();
    return ended;
  }

  /** Lets the suspended guest go on. */
  goOn(fuel: number): Promise<CallStatus> {
    const waiting = this.#waiting!;
    const { promise, resolve } = Promise.withResolvers<CallStatus>();
    this.#waiting = undefined;
    this.#ended = resolve;
    this.#slice = fuel;
    this.isRunning = true;
    const { answer } = this;
    this.answer = undefined;
    this.status = "suspended";
    waiting.resolve(answer === undefined ? undefined : this.#resultOf(answer));
    return promise;
  }

  #resultOf(answer: Answer): unknown {
    const type = this.#answerType!;
    try {
      if ("value" in answer) return toHostResult(type, answer.value);
      this.#failure = answer;
    } catch (error) {
      this.#failure = { error };
    }
    return emptyResult(type);
  }

  /**
   * The guest goes on.
   *
   * @returns its fuel
   * @throws {Unwound} if the call was stopped meanwhile; {HostFailure}, with the guest's stack, if the promise rejected
   */
  resumed(): number {
    if (this.isOver) throw new Unwound(this);
    this.enter(this.#slice);
    if (this.#failure !== undefined) throw new HostFailure(this.#failure.error);
    return this.meter!.lendAgain(this);
  }

  /** The guest's slice is over. */
  wait(): Promise<unknown> {
    return this.#suspend();
  }

  /** The host function that the guest has called in an instance returned a promise. */
  pend(meter: Meter, promise: PromiseLike<Value>, type: FuncType): void {
    // The guest's stub has paid for the call, maybe in another instance.
    meter.hold(this);
    this.promise = promise;
    this.#answerType = type;
  }

  /** The guest waits for that promise. */
  pending(): Promise<unknown> {
    this.status = "pending";
    return this.#suspend();
  }

  #suspend(): Promise<unknown> {
    this.leave();
    this.isRunning = false;
    const waiting = this.#waiting = Promise.withResolvers();
    // A host function may have stopped the call.
    if (this.isOver) this.kill();
    this.#ended?.(this.status);
    this.#ended = undefined;
    return waiting.promise;
  }

  /** Unwinds the guest, if it is suspended. */
  kill(): void {
    this.#waiting?.reject(new Unwound(this));
    this.#waiting = undefined;
  }

  stop(reason: unknown): void {
    if (this.#isDone) return;
    this.fail(reason);
    this.kill();
  }

  fail(error: unknown): void {
    this.status = "failed";
    this.end(error);
    // Nobody waits for it.
    onRejection(this.promise, () => {});
  }

  #finish(value: unknown): CallStatus {
    this.#leaveStack();
    if (!this.#isDone) {
      this.status = "finished";
      this.isOver = true;
      this.result = fromHostResult(this.func.type, value);
    }
    return this.#tell();
  }

  #unwind(error: unknown): CallStatus {
    this.#leaveStack();
    if (!this.#isDone) this.fail(error instanceof Unwound ? error.run.error : trapOf(error, this.instance.module));
    return this.#tell();
  }

  #leaveStack(): void {
    CALLS.delete(this.id);
    this.instance.stacks--;
    // An error of the call may refer to the call, and the registry to the error.
    ABANDONED.unregister(this);
    this.leave();
    this.isRunning = false;
  }

  #tell(): CallStatus {
    this.#ended?.(this.status);
    this.#ended = undefined;
    return this.status;
  }
}

/** What `wait`, `answer` and `resumed` of all instances call. */
export function runOf(id: number): CallRun {
  return CALLS.get(id)!;
}

const ABANDONED = new FinalizationRegistry<CallRun>((run) => run.kill());

/** A call of a function of a native instance. */
export class NativeCall implements Call {
  readonly #run: CallRun;
  #arguments: readonly Value[] | undefined;
  #settled: Promise<void> | undefined;

  constructor(func: Func, args: readonly Value[]) {
    this.#run = new CallRun(func);
    this.#arguments = args;
  }

  get status(): CallStatus {
    return this.#run.status;
  }

  get result(): Value {
    return this.#run.result;
  }

  get error(): unknown {
    return this.#run.error;
  }

  get fuelUsed(): number {
    const { meter, fuelUsed } = this.#run;
    return meter?.holder === this.#run ? fuelUsed + meter.unsettled : fuelUsed;
  }

  get work(): number {
    return this.fuelUsed / FUEL_PER_WORK;
  }

  get settled(): Promise<void> | undefined {
    const run = this.#run;
    if (run.status !== "pending") return undefined;
    const { promise } = run;
    if (promise !== undefined) {
      run.promise = undefined;
      this.#settled = Promise.resolve(promise).then(
        (value) => void (run.answer = { value }),
        (error) => void (run.answer = { error }),
      );
    }
    return this.#settled;
  }

  /** Only a trap has a stack: a host does not tell that of a suspended guest. */
  get guestStack(): readonly StackFrame[] {
    return [];
  }

  resume(fuel: number): CallStatus | Promise<CallStatus> {
    const run = this.#run;
    if (run.status === "finished" || run.status === "failed") return run.status;
    if (run.isRunning) throw new TypeError("the call is running");
    if (run.status === "pending" && (this.settled, run.answer) === undefined) return run.status;
    if (!(fuel >= 0)) throw new RangeError(`fuel must be 0 or more, not ${fuel}`);
    if (run.status !== "ready") return run.goOn(Math.floor(fuel));
    const args = this.#arguments!;
    this.#arguments = undefined;
    const status = run.start(args, Math.floor(fuel));
    // A guest that was not suspended has ended.
    if (status === "suspended" || status === "pending") ABANDONED.register(this, run, run);
    return status;
  }

  stop(reason: unknown): void {
    this.#arguments = undefined;
    this.#run.stop(reason);
  }
}

/** The arguments of a run's function. What can't be converted ends the run with that error. */
function convert(run: Run, { type }: Func, args: readonly Value[]): readonly unknown[] {
  try {
    return argumentsOf(type, args);
  } catch (error) {
    throw run.end(error);
  }
}

/** Calls a function synchronously. */
export function callNow(func: Func, args: readonly Value[]): Value {
  const instance = func.owner as NativeInstance;
  const run = new Run(0);
  run.enter(Infinity);
  try {
    const given = convert(run, func, args);
    instance.meter.lendNow(run);
    return fromHostResult(func.type, instance.raw(func.index)(...given));
  } catch (error) {
    throw error instanceof Unwound && error.run === run ? run.error : trapOf(error, instance.module);
  } finally {
    run.leave();
  }
}
