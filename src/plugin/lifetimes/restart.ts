/**
 * When a resident instance is started again after failures: the policy, and how it counts.
 *
 * @module
 */

import { checkDelay, checkNames, shown } from "../../base/options.ts";

/**
 * When an instance that failed is replaced. An instance failed if it trapped, reached a limit, sent what is not a
 * message, exited with another code than 0, or exited before it had answered any call.
 */
export interface RestartPolicy {
  /** Milliseconds from a failure to the next start. It doubles with each failure in a row. Default 0. */
  readonly delayMs?: number;
  /** The longest such time in milliseconds. Default 30,000. */
  readonly maxDelayMs?: number;
  /**
   * Failures in a row after which the plugin gives up: calls reject until `ready()` is called. An instance that has
   * answered a call ends the row. Default `Infinity`.
   */
  readonly failures?: number;
}

const NAMES: readonly (keyof RestartPolicy)[] = ["delayMs", "maxDelayMs", "failures"];
const DEFAULTS: Required<RestartPolicy> = { delayMs: 0, maxDelayMs: 30_000, failures: Infinity };

/**
 * Checks a policy, and fills in the defaults.
 *
 * @throws {TypeError} if a name is unknown, or a value is not a number
 * @throws {RangeError} if a number is not in its range
 */
export function checkRestart(given: RestartPolicy = {}): Required<RestartPolicy> {
  checkNames("restart option", given, NAMES);
  const { delayMs = DEFAULTS.delayMs, maxDelayMs = DEFAULTS.maxDelayMs, failures = DEFAULTS.failures } = given;
  checkDelay("restart.delayMs", delayMs);
  checkDelay("restart.maxDelayMs", maxDelayMs);
  if (typeof failures !== "number" || !(failures >= 1)) {
    const Refusal = typeof failures === "number" ? RangeError : TypeError;
    throw new Refusal(`restart.failures must be a number from 1, or Infinity, not ${shown(failures)}`);
  }
  return { delayMs, maxDelayMs, failures };
}

/** Counts failures in a row. */
export class Backoff {
  readonly #policy: Required<RestartPolicy>;
  #failures = 0;

  constructor(policy: Required<RestartPolicy>) {
    this.#policy = policy;
  }

  /** Failures in a row. */
  get failures(): number {
    return this.#failures;
  }

  /** Whether the next instance is not to be started. */
  get hasGivenUp(): boolean {
    return this.#failures >= this.#policy.failures;
  }

  /** Milliseconds to wait before the next start. */
  get delayMs(): number {
    const { delayMs, maxDelayMs } = this.#policy;
    return this.#failures === 0 ? 0 : Math.min(delayMs * 2 ** (this.#failures - 1), maxDelayMs);
  }

  /** An instance has failed. */
  failed(hasAnswered: boolean): void {
    this.#failures = hasAnswered ? 1 : this.#failures + 1;
  }

  /** An instance has ended well, or somebody wants another try. */
  reset(): void {
    this.#failures = 0;
  }
}
