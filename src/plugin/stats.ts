/**
 * What a plugin counts.
 *
 * @module
 */

/** What a plugin has now, and what it has done so far. */
export interface PluginStats {
  /** Instances that have not ended. */
  readonly instances: number;
  /** Those of them that no call has taken. */
  readonly warm: number;
  /** Calls that have not settled. */
  readonly pending: number;
  /** Instances that were started so far. */
  readonly started: number;
  /** Calls that were answered so far. */
  readonly answered: number;
  /** Calls that failed so far, without those that the plugin answered with an error. */
  readonly failed: number;
}
