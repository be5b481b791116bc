/**
 * The `poll_oneoff` function: waiting for times, bytes to read and room to write, all at once.
 *
 * @module
 */

import {
  CLOCK_ABSTIME,
  CLOCK_MONOTONIC,
  EBADF,
  ECANCELED,
  EINVAL,
  EVENT_CLOCK,
  EVENT_FD_READ,
  EVENT_FD_WRITE,
  EVENT_HANGUP,
  SIZES,
  SUCCESS,
} from "./abi.ts";
import type { Answer, Errno, GuestMemory, Layout } from "./abi.ts";
import { readClock } from "./clock.ts";
import type { Context } from "./context.ts";
import { isOpenFor } from "./descriptors/descriptor.ts";
import type { Descriptor } from "./descriptors/descriptor.ts";
import { MAX_SLEEP_MS } from "./system_clock.ts";
import { waitForChange } from "./wait.ts";

/** Subscriptions of one call at most. They are far more than a process needs, and take a few milliseconds. */
const MAX_SUBSCRIPTIONS = 4096;
/** Fuel for looking at one subscription: about a microsecond. */
const SUBSCRIPTION_FUEL = 100;

/** What a guest waits for. */
interface Subscription {
  readonly userdata: bigint;
  readonly type: number;
  /** The descriptor, or the clock. */
  readonly id: number;
  /** The time to wait for; undefined if the clock does not exist, or for a descriptor. */
  readonly deadline: bigint | undefined;
  /** The process has slept until the deadline, whatever the clock says. */
  isDue: boolean;
}

interface Event {
  readonly userdata: bigint;
  readonly type: number;
  readonly error: Errno;
  readonly bytes: number;
  readonly flags: number;
}

/** `poll_oneoff`: waits until something has happened, and writes everything that has. */
export function pollOneoff(
  context: Context,
  layout: Layout,
  from: number,
  to: number,
  count: number,
  size: number,
): Answer {
  if (count === 0 || count > MAX_SUBSCRIPTIONS) return EINVAL;
  context.charge(count * SUBSCRIPTION_FUEL);
  const subscriptions: Subscription[] = [];
  for (let index = 0; index < count; index++) {
    const subscription = readSubscription(context, layout, from + index * layout.subscription.size);
    if (subscription === undefined) return EINVAL;
    subscriptions.push(subscription);
  }
  const events = eventsOf(context, subscriptions);
  return events.length > 0
    ? writeEvents(context.memory, events, to, size)
    : waitForEvents(context, subscriptions, to, size);
}

async function waitForEvents(
  context: Context,
  subscriptions: readonly Subscription[],
  to: number,
  size: number,
): Promise<Errno> {
  const descriptors = descriptorsOf(context, subscriptions);
  for (;;) {
    const [next, left] = earliest(context, subscriptions);
    const ms = next === undefined ? undefined : Math.min(Number(left) / 1e6, MAX_SLEEP_MS);
    const slept = await waitForChange(context, descriptors, ms);
    if (context.isOver()) return ECANCELED;
    // A clock that stands still, such as that of a test, must not make this an endless loop.
    if (slept && ms! < MAX_SLEEP_MS) next!.isDue = true;
    const events = eventsOf(context, subscriptions);
    if (events.length > 0) return writeEvents(context.memory, events, to, size);
  }
}

function descriptorsOf(context: Context, subscriptions: readonly Subscription[]): Descriptor[] {
  const watched = subscriptions.filter(({ type }) => type !== EVENT_CLOCK);
  return [...new Set(watched.map(({ id }) => context.descriptors.get(id)!))];
}

/** The subscription whose time comes first, and the nanoseconds until then. */
function earliest(context: Context, subscriptions: readonly Subscription[]): [Subscription | undefined, bigint] {
  let next: Subscription | undefined;
  let least = 0n;
  for (const subscription of subscriptions) {
    if (subscription.type !== EVENT_CLOCK) continue;
    const left = subscription.deadline! - readClock(context, subscription.id)!;
    if (next === undefined || left < least) [next, least] = [subscription, left];
  }
  return [next, least];
}

/** Reads a subscription, or returns undefined if its type is unknown. */
function readSubscription(context: Context, layout: Layout, at: number): Subscription | undefined {
  const { view } = context.memory;
  const userdata = view.getBigUint64(at, true);
  const type = view.getUint8(at + 8);
  if (type === EVENT_FD_READ || type === EVENT_FD_WRITE) {
    return { userdata, type, id: view.getUint32(at + 16, true), deadline: undefined, isDue: false };
  }
  if (type !== EVENT_CLOCK) return undefined;
  const { clock, timeout, flags } = layout.subscription;
  const time = view.getBigUint64(at + timeout, true);
  const isAbsolute = (view.getUint16(at + flags, true) & CLOCK_ABSTIME) !== 0;
  const named = view.getUint32(at + clock, true);
  const isKnown = readClock(context, named) !== undefined;
  // As in POSIX, setting the clock does not change the length of a relative timeout.
  const id = isAbsolute ? named : CLOCK_MONOTONIC;
  const deadline = !isKnown ? undefined : isAbsolute ? time : readClock(context, id)! + time;
  return { userdata, type, id, deadline, isDue: false };
}

function eventsOf(context: Context, subscriptions: readonly Subscription[]): Event[] {
  return subscriptions.map((subscription) => eventOf(context, subscription)).filter((event) => event !== undefined);
}

function eventOf(context: Context, { userdata, type, id, deadline, isDue }: Subscription): Event | undefined {
  const event = (error: Errno, bytes = 0, flags = 0): Event => ({ userdata, type, error, bytes, flags });
  if (type === EVENT_CLOCK) {
    if (deadline === undefined) return event(EINVAL);
    return isDue || readClock(context, id)! >= deadline ? event(SUCCESS) : undefined;
  }
  const descriptor = context.descriptors.get(id);
  const access = type === EVENT_FD_READ ? "read" : "write";
  if (descriptor === undefined || !isOpenFor(descriptor, access)) return event(EBADF);
  const ready = descriptor.readiness(access);
  return ready && event(SUCCESS, ready.bytes, ready.isHungUp ? EVENT_HANGUP : 0);
}

function writeEvents({ bytes, view }: GuestMemory, events: readonly Event[], to: number, size: number): Errno {
  for (const [index, event] of events.entries()) {
    const at = to + index * SIZES.event;
    bytes.fill(0, at, at + SIZES.event);
    view.setBigUint64(at, event.userdata, true);
    view.setUint16(at + 8, event.error, true);
    view.setUint8(at + 10, event.type);
    view.setBigUint64(at + 16, BigInt(event.bytes), true);
    view.setUint16(at + 24, event.flags, true);
  }
  view.setUint32(size, events.length, true);
  return SUCCESS;
}
