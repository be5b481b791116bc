/**
 * A trap as it is thrown inside the virtual machine. call.ts adds the guest's stack.
 *
 * @module
 */

import type { TrapReason } from "../errors.ts";

/** Never leaves the virtual machine. */
export class Fault {
  readonly reason: TrapReason;

  constructor(reason: TrapReason) {
    this.reason = reason;
  }
}
