/**
 * A trap on its way from where it happens to call.ts, which knows the guest's stack.
 *
 * @module
 */

import type { TrapReason } from "../errors.ts";

/** Thrown inside the virtual machine only. */
export class Fault {
  readonly reason: TrapReason;

  constructor(reason: TrapReason) {
    this.reason = reason;
  }
}
