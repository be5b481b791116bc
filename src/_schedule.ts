/**
 * Shares one thread among guests: each gets a slice in turn, and the event loop turns after a bounded amount of work by
 * all of them together, so that timers, streams and other guests progress. What the host does for a guest beside running
 * it (reading its messages and logs, making its instance) is work as well. It knows nothing of what it runs.
 *
 * Work is measured in fuel and not in time, since some edge runtimes stop the clock while code runs.
 *
 * @module
 */

/** Does one slice of work and returns how much it was, in units of fuel. */
export type Slice = () => number;

/** Fuel for one turn of the event loop: about 2 ms in hot code, up to 20 in code that an engine sees for the first time. */
const TURN_FUEL = 1_000_000;
/** Of a turn what is for one who waited in `spend`, where others wait too: about a slice of a call. */
const SHARE_FUEL = 100_000;
/** Places at the front of the queue that are kept when empty, before the rest moves up. */
const MAX_STALE = 1_024;

const waiting: Slice[] = [];
let next = 0;
let spent = 0;
let isRunning = false;
let isTurnAsked = false;
/**
 * Whether the rest of this turn is for one who waited in `spend`. What they do comes after the slices, in microtasks, and
 * they may be many: were they all to go on in one turn, each would do some work before any of it is counted.
 */
let isGiven = false;

/** Runs a slice: at once if this turn has fuel left and nobody else runs or waits, or else in turn. */
export function schedule(slice: Slice): void {
  waiting.push(slice);
  if (!isRunning) runWaiting();
}

/**
 * Counts work that the host has just done for a guest outside of a slice.
 *
 * @param work in units of fuel: about 500 a microsecond
 * @returns nothing if this turn has fuel left; or else a promise, to be awaited before more is done, that resolves in a
 * later turn of the event loop
 */
export function spend(work: number): Promise<void> | undefined {
  spent += work;
  if (spent < TURN_FUEL) return undefined;
  return new Promise((resolve) => schedule(() => (isGiven = true, resolve(), 0)));
}

function runWaiting(): void {
  isRunning = true;
  while (next < waiting.length && spent < TURN_FUEL && !isGiven) {
    // What a slice spends by `spend` is added while it runs.
    const work = waiting[next++]();
    spent += work;
  }
  if (isGiven && next < waiting.length) spent = Math.max(spent, TURN_FUEL - SHARE_FUEL);
  isRunning = false;
  if (next === waiting.length) waiting.length = next = 0;
  else if (next >= MAX_STALE) {
    waiting.splice(0, next);
    next = 0;
  }
  // Even with nobody waiting: a chain of microtasks must come to the end of its turn too.
  if (spent >= TURN_FUEL || next < waiting.length) askForTurn();
}

function askForTurn(): void {
  if (areTimersOfRequests) {
    // Only what this request runs can wait now: it goes on by a timer of its own, which ends with it and with nobody else.
    const rest = waiting.splice(next);
    waiting.length = next = 0;
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
  spent = 0;
  isGiven = false;
  waiting.push(...slices);
  runWaiting();
}

const { setImmediate, scheduler } = globalThis as {
  /** What most runtimes other than browsers have: runs a function after pending events, without a browser's 4 ms. */
  readonly setImmediate?: (run: () => void) => unknown;
  readonly scheduler?: { readonly wait?: unknown };
};

/**
 * Whether this is a runtime of edge functions, as `scheduler.wait` tells: requests share a thread, but a timer, and what it
 * runs, belongs to the request that set it and is dropped with it. And a channel's messages come before timers there.
 */
const areTimersOfRequests = scheduler?.wait !== undefined;

/** Lets the event loop turn, then runs the function. */
function afterTasks(run: () => void): void {
  if (setImmediate !== undefined) {
    setImmediate(run);
    return;
  }
  if (typeof MessageChannel === "undefined") {
    setTimeout(run, 0);
    return;
  }
  // A channel a turn: one that stays open would keep some runtimes from exiting.
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    run();
  };
  port2.postMessage(undefined);
}
