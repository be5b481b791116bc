/**
 * The messages between a host and a worker, as a table with a check of each field. Both sides send the same kinds, and
 * both check what they get. What is in `args`, `value`, `error` and `reason` is checked when it is unpacked: see
 * values.ts.
 *
 * @module
 */

/** The other side sent what no program of this library sends. */
export class ChannelFault extends Error {}

/** A check of a field. */
export type Check<T> = (value: unknown) => value is T;

/** UTF-16 units of the name of a service. */
const NAME_LENGTH = 100;
/** Arguments of one request. */
const MAX_ARGUMENTS = 8;

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && value as number >= 0;
const isName = (value: unknown): value is string => typeof value === "string" && value.length <= NAME_LENGTH;
const isArguments = (value: unknown): value is readonly unknown[] =>
  Array.isArray(value) && value.length <= MAX_ARGUMENTS;
const isPacked = (_value: unknown): _value is unknown => true;

/** Every kind of message, with its fields. `size` is what the sender counts for it: see credit.ts. */
export const MESSAGES = {
  /** Asks for a service of the other side. */
  request: { id: isCount, name: isName, args: isArguments, size: isCount },
  /** The result of a request. */
  answer: { id: isCount, value: isPacked, size: isCount },
  /** The error of a request. */
  failure: { id: isCount, error: isPacked, size: isCount },
  /** The sender no longer needs the answer to its request. */
  cancel: { id: isCount, reason: isPacked, size: isCount },
  /** So much of what the other side sent has been read. */
  received: { size: isCount },
  /** Asks whether the worker's event loop turns. */
  ping: {},
  /** It does. */
  pong: {},
} as const satisfies Readonly<Record<string, Readonly<Record<string, Check<unknown>>>>>;

type Kind = keyof typeof MESSAGES;

/** A message. */
export type Message = {
  [K in Kind]:
    & { readonly kind: K }
    & { readonly [F in keyof (typeof MESSAGES)[K]]: (typeof MESSAGES)[K][F] extends Check<infer T> ? T : never };
}[Kind];

/** Checks a message of the other side. @throws {ChannelFault} if it is not one */
export function readMessage(data: unknown): Message {
  if (typeof data === "object" && data !== null && Object.hasOwn(data, "kind")) {
    const fields = data as Readonly<Record<string, unknown>>;
    const { kind } = fields;
    if (typeof kind === "string" && Object.hasOwn(MESSAGES, kind)) {
      const checks: Readonly<Record<string, Check<unknown>>> = MESSAGES[kind as Kind];
      const isWhole = Object.keys(checks).every((name) => Object.hasOwn(data, name) && checks[name]!(fields[name]));
      if (isWhole) return data as Message;
    }
  }
  throw new ChannelFault("it sent a message that is not of the protocol");
}
