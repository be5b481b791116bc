/**
 * Shares one thread among guests. Each runs a slice in turn, and the event loop turns after a bounded amount of work by
 * all of them together, so timers and streams progress. Work that the host does for a guest counts too, such as reading
 * its messages and logs, or making its instance.
 *
 * Work is measured in fuel, since some edge runtimes stop the clock while code runs. Elsewhere a slow slice counts its
 * time instead, since code that an engine has not optimized runs about 30 times slower.
 *
 * @module
 */

import { Fifo } from "./fifo.ts";

/**
 * Does one slice of work, and returns how much it was, in units of fuel. If it returns a promise, which microtasks
 * alone must resolve, it runs until then, and no other slice does.
 */
export type Slice = () => number | Promise<number>;

/** Fuel for one turn of the event loop: about 2 ms in hot code. */
const TURN_FUEL = 1_000_000;
/** Fuel that a millisecond of a slice counts at least, so that a turn of slow slices takes about 20 ms. */
const FUEL_PER_MS = 50_000;
/** The part of a turn for a waiter of `spend`, if others wait: about a slice of a call. */
const SHARE_FUEL = 100_000;

const waiting = new Fifo<Slice>();
let spent = 0;
let isRunning = false;
/**
 * Whether the rest of this turn belongs to a waiter of `spend`. It resumes in a microtask, after the slices. If many
 * waiters resumed in one turn, each would work before any of that work is counted.
 */
let isGiven = false;
let isTurnAsked = false;
/** How many callers of `hold` have not let go. */
let holds = 0;

/**
 * Runs a slice: in turn, or at once if this turn has fuel left, is not given to a waiter of `spend`, and no other slice
 * runs or waits.
 */
export function schedule(slice: Slice): void {
  waiting.push(slice);
  if (!isRunning) runWaiting();
}

/**
 * Counts work that the host has just done for a guest outside of a slice.
 *
 * @param work in units of fuel: about 500 a microsecond
 * @returns nothing if this turn has fuel left, or else a promise that resolves in a later turn: await it before more
 * work
 */
export function spend(work: number): Promise<void> | undefined {
  spent += work;
  if (spent < TURN_FUEL) return undefined;
  return new Promise((resolve) =>
    schedule(() => {
      isGiven = true;
      resolve();
      return 0;
    })
  );
}

/** The work that is left in this turn for a slice that asks, if it is the only one; else 0. */
export function room(): number {
  return waiting.size > 0 || isGiven ? 0 : Math.max(0, TURN_FUEL - spent);
}

/** Counts work like `spend`, for a caller that does not wait: what comes after it is for a later turn to limit. */
export function count(work: number): void {
  spent += work;
  if (spent >= TURN_FUEL) askForTurn();
}

/**
 * Stops all slices and all waiters of `spend`, such as while nobody reads what guests send. Timers and events go on.
 *
 * @returns lets go; idempotent
 */
export function hold(): () => void {
  holds++;
  // The turn is used up, so `spend` returns a promise.
  spent = Math.max(spent, TURN_FUEL);
  let isHolding = true;
  return () => {
    if (!isHolding) return;
    isHolding = false;
    holds--;
    if (holds === 0) askForTurn();
  };
}

function runWaiting(): void {
  isRunning = true;
  let isPromised = false;
  try {
    while (waiting.size > 0 && spent < TURN_FUEL && !isGiven) {
      // A slice may call `spend` while it runs.
      const start = performance.now();
      const work = waiting.shift()!();
      if (typeof work === "number") countSlice(work, start);
      else {
        isPromised = true;
        work.then((work) => {
          countSlice(work, start);
          runWaiting();
        }, afterFailure);
        return;
      }
    }
  } catch (error) {
    // Only a bug, or a host without memory, makes a slice throw. The others resume in a turn of their own.
    spent = TURN_FUEL;
    throw error;
  } finally {
    if (!isPromised) endTurn();
  }
}

function countSlice(work: number, start: number): void {
  spent += Math.max(work, (performance.now() - start) * FUEL_PER_MS);
}

/** A promised slice rejects for the same reasons as one throws, and its error is reported in the same way. */
function afterFailure(error: unknown): void {
  spent = TURN_FUEL;
  endTurn();
  throw error;
}

/** What is left when nobody runs any more. */
function endTurn(): void {
  isRunning = false;
  if (isGiven && waiting.size > 0) spent = Math.max(spent, TURN_FUEL - SHARE_FUEL);
  // Also if nothing waits: the turn must end for a chain of microtasks too.
  if (spent >= TURN_FUEL || waiting.size > 0) askForTurn();
}

function askForTurn(): void {
  if (holds > 0) return;
  if (areTimersOfRequests) {
    // Only slices of the current request can be waiting. A timer of its own resumes them, and ends with the request.
    const rest = waiting.takeAll();
    if (rest.length > 0) setTimeout(() => startTurn(rest), 0);
  } else if (!isTurnAsked) {
    isTurnAsked = true;
    afterTasks(() => {
      isTurnAsked = false;
      startTurn([]);
    });
  }
}

function startTurn(slices: readonly Slice[]): void {
  for (const slice of slices) waiting.push(slice);
  if (holds > 0) return;
  spent = 0;
  isGiven = false;
  if (!isRunning) runWaiting();
}

const { setImmediate, scheduler } = globalThis as {
  /** Runs a function after pending events. Unlike browsers, most runtimes have it; a browser's timer may wait 4 ms. */
  readonly setImmediate?: (run: () => void) => unknown;
  readonly scheduler?: { readonly wait?: unknown };
};

/**
 * Whether this is a runtime of edge functions, detected by `scheduler.wait`. There, requests share a thread, but a
 * timer belongs to the request that set it, and is dropped with it. And a channel's messages arrive before timers.
 */
export const areTimersOfRequests: boolean = scheduler?.wait !== undefined;

/** Runs a function after the event loop has turned. */
function afterTasks(run: () => void): void {
  if (setImmediate !== undefined) {
    setImmediate(run);
    return;
  }
  if (typeof MessageChannel === "undefined") {
    setTimeout(run, 0);
    return;
  }
  // Each turn opens a new channel: one that stays open would keep some runtimes from exiting.
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    run();
  };
  port2.postMessage(undefined);
}
