/**
 * What a plugin's owner learns when an instance has ended.
 *
 * @module
 */

import type { PluginFailure } from "./errors.ts";

/** How an instance of a plugin ended. */
export interface PluginExit {
  /**
   * `done` if it ended as it should: after its only call, or because the plugin was closed. Else why its calls could not
   * be answered, or could not have been; `exit` if the guest exited by itself.
   */
  readonly reason: PluginFailure | "done";
  /** What happened, for people. */
  readonly message: string;
  /** The error behind it, such as a `Trap` or a `LimitError`. */
  readonly error: unknown;
  /** The exit code, if the guest exited. */
  readonly exitCode: number | undefined;
  /** Fuel that the instance used. */
  readonly fuelUsed: number;
  /** The first ten and the last ten lines of its log. A line between says how many are left out. */
  readonly logs: readonly string[];
  /** Calls that it answered. */
  readonly calls: number;
  /** Calls that it had when it ended. They fail, or are sent again to the next instance. */
  readonly pending: number;
}
