/**
 * Rewrites the bodies of a validated module's functions with metering, in one pass and in parts. Most instructions are
 * copied in ranges. Code that follows a branch, up to the end of its block, is left out. What is counted and paid where
 * mirrors the interpreter's translate.ts exactly. control.ts has blocks and branches, and runs.ts the counts.
 *
 * @module
 */

import { FUEL, ZEROED_LOCALS_PER_FUEL } from "../costs.ts";
import { MAX_NATIVE_BODY_BYTES } from "../limits.ts";
import { I32 } from "../binary/types.ts";
import type { ModuleRecord } from "../binary/types.ts";
import { Control } from "./control.ts";
import type { Helpers } from "./helpers.ts";
import * as what from "./instructions.ts";
import { newIndex } from "./layout.ts";
import type { Layout } from "./layout.ts";
import * as op from "./opcodes.ts";
import type { Payments } from "./payments.ts";
import { Runs } from "./runs.ts";
import { PAUSE, Scanner, TRAPS } from "./scanner.ts";
import type { Types } from "./types.ts";

/** Bytes of a body that are rewritten without a pause: about a millisecond. */
const PART_BYTES = 32_768;
/** Bytes of a body whose rewritten form has a length of three bytes: it is hardly ever more than ten times as long. */
const SHORT_BODY = 100_000;
/** Bytes of a rewritten body. The worst that a guest can write gets five times longer. */
const MAX_REWRITTEN_BYTES = 2 * MAX_NATIVE_BODY_BYTES;

/** Rewrites the bodies of one module, in their order. */
export class BodyRewriter {
  readonly #record: ModuleRecord;
  readonly #layout: Layout;
  readonly #helpers: Helpers;
  readonly #payments: Payments;
  readonly #runs: Runs;
  readonly #scanner: Scanner;
  readonly #control: Control;
  /** Why the module can't be rewritten, if it can't. */
  refusal: string | undefined;
  #body = -1;
  /** Where the body's length is written, and its bytes. */
  #size = 0;
  #width = 0;

  constructor(record: ModuleRecord, layout: Layout, types: Types, helpers: Helpers, payments: Payments) {
    this.#record = record;
    this.#layout = layout;
    this.#helpers = helpers;
    this.#payments = payments;
    this.#runs = new Runs(payments);
    this.#scanner = new Scanner(payments.out);
    this.#control = new Control(record, types, this.#scanner, payments, this.#runs);
  }

  /** Rewrites the next part of a defined function's body. Returns whether it was the last. */
  rewrite(index: number): boolean {
    // They move while a stream arrives.
    this.#scanner.bytes = this.#record.bytes;
    if (this.#body !== index) this.#begin(index);
    if (this.refusal !== undefined) return true;
    this.#pass(this.#scanner.at + PART_BYTES);
    const bytes = this.#scanner.out.at - this.#size;
    if (bytes > MAX_REWRITTEN_BYTES) {
      this.refusal =
        `a function of the module has ${bytes} bytes with metering, and the native engine takes ${MAX_REWRITTEN_BYTES}`;
      return true;
    }
    if (this.#control.isOpen) return false;
    this.#body = -1;
    const { importedFunctions } = this.#record;
    const newest = newIndex(this.#layout, importedFunctions, importedFunctions + index);
    this.#payments.compact(this.#size + this.#width, newest);
    this.#scanner.out.close(this.#size, this.#width);
    return true;
  }

  /** Writes the locals, and one more. */
  #begin(index: number): void {
    const { types, functions, importedFunctions, bodies } = this.#record;
    const { start, end } = bodies[index];
    const typeIndex = functions[importedFunctions + index];
    const scanner = this.#scanner;
    const { out } = scanner;
    this.#body = index;
    this.#width = end - start < SHORT_BODY ? 3 : 5;
    this.#size = out.open(this.#width);
    scanner.at = start;
    const groups = scanner.u32();
    out.u32(groups + 1);
    scanner.drop();
    let locals = 0;
    for (let group = 0; group < groups; group++) {
      locals += scanner.u32();
      scanner.at++;
    }
    scanner.copy(scanner.at);
    out.u8(1);
    out.u8(I32);
    scanner.dead = -1;
    this.#payments.begin(types[typeIndex].params.length + locals);
    this.#runs.begin(Math.floor(locals / ZEROED_LOCALS_PER_FUEL));
    this.#control.begin(typeIndex);
  }

  #pass(until: number): void {
    const scanner = this.#scanner;
    const control = this.#control;
    const runs = this.#runs;
    while (scanner.at < until && control.isOpen) {
      if (scanner.dead >= 0) {
        const action = scanner.nextAlive(until);
        if (action === what.ELSE) control.else(false);
        else if (action === what.END) control.end(false);
        continue;
      }
      const action = scanner.next(until, runs.count, runs.longAt, !runs.isPaid);
      runs.count = scanner.counted;
      if (action === TRAPS) {
        scanner.copyBefore();
        runs.payRun();
        continue;
      }
      if (action !== PAUSE) {
        runs.count += FUEL[scanner.code];
        this.#act(action);
      }
      if (runs.count >= runs.longAt && control.isOpen && scanner.dead < 0) control.split();
    }
  }

  #act(action: number): void {
    const control = this.#control;
    const scanner = this.#scanner;
    const runs = this.#runs;
    switch (action) {
      case what.BLOCK:
        return control.block();
      case what.LOOP:
        return control.loop();
      case what.IF:
        return control.if();
      case what.ELSE:
        return control.else(true);
      case what.END:
        return control.end(true);
      case what.BR:
        return control.br();
      case what.BR_IF:
        return control.brIf();
      case what.BR_TABLE:
        return control.brTable();
      case what.RETURN:
        return control.return();
      case what.CALL:
        this.#call(op.CALL);
        return runs.called();
      case what.CALL_INDIRECT:
        this.#callIndirect();
        scanner.copy(scanner.at);
        return runs.called();
      case what.RETURN_CALL:
        this.#call(op.RETURN_CALL);
        return scanner.die();
      case what.RETURN_CALL_INDIRECT:
        this.#callIndirect();
        return scanner.die();
      case what.UNREACHABLE:
        control.endRun(0, false);
        scanner.copyBefore();
        runs.payDebt();
        return scanner.die();
      case what.REF_FUNC:
        return this.#write(op.REF_FUNC, this.#function(scanner.u32()));
      case what.HELPED:
        return this.#help();
      default:
        return scanner.skip(what.SKIP[scanner.code]);
    }
  }

  /** Replaces the current instruction, which has been read, by another one. */
  #write(opcode: number, index: number): void {
    const scanner = this.#scanner;
    scanner.copyBefore();
    scanner.out.indexed(opcode, index);
    scanner.drop();
  }

  #function(index: number): number {
    return newIndex(this.#layout, this.#record.importedFunctions, index);
  }

  /** Writes a call, and before it what is owed. */
  #call(opcode: number): void {
    const index = this.#function(this.#scanner.u32());
    this.#beforeCall();
    this.#write(opcode, index);
  }

  #callIndirect(): void {
    this.#scanner.skip(what.TWO_NUMBERS);
    this.#beforeCall();
  }

  #beforeCall(): void {
    this.#control.endRun(0, false);
    this.#scanner.copyBefore();
    this.#runs.payDebt();
    this.#runs.checkBeforeCall();
  }

  /** Replaces an instruction whose work depends on its operands by a call. */
  #help(): void {
    const scanner = this.#scanner;
    const { code } = scanner;
    const first = scanner.u32();
    const second = what.SKIP[code] === what.TWO_NUMBERS ? scanner.u32() : 0;
    scanner.copyBefore();
    this.#runs.payRun();
    this.#write(op.CALL, this.#helpers.indexOf(code, first, second));
    this.#runs.isStale = true;
  }
}
