/**
 * A Rivulet plugin in AssemblyScript: one function a method. The protocol is in rpc.ts, the JSON reader in json.ts.
 */

import {
  clockid,
  eventtype,
  poll_oneoff,
  subscription_clock,
} from "@assemblyscript/wasi-shim/assembly/bindings/wasi_snapshot_preview1";
import { wholeNumber } from "./json";
import { callHost, ErrorCode, Methods, Request, serve } from "./rpc";

function ping(request: Request): void {
  request.reply('"pong"');
}

function getRandomNumber(request: Request): void {
  const bytes = new Uint8Array(8);
  crypto.getRandomValues(bytes);
  request.reply(load<u64>(bytes.dataStart).toString());
}

function getTime(request: Request): void {
  request.reply((Date.now() / 1000).toString());
}

const subscription = new subscription_clock();
/** Where poll_oneoff writes one event, of 32 bytes, and how many there were. */
const occurred = memory.data(32 + 4, 8);

function sleep(request: Request): void {
  const milliseconds = wholeNumber(request.params);
  if (milliseconds < 0) return request.fail(ErrorCode.INVALID_PARAMS, "expected milliseconds");
  subscription.type = eventtype.CLOCK;
  subscription.clock_id = clockid.MONOTONIC;
  subscription.timeout = <u64>milliseconds * 1000000;
  if (poll_oneoff(changetype<usize>(subscription), occurred, 1, occurred + 32) != 0) {
    return request.fail(ErrorCode.SERVER_ERROR, "cannot sleep");
  }
  request.reply("null");
}

function manyEcho(request: Request): void {
  const count = wholeNumber(request.params);
  if (count < 0) return request.fail(ErrorCode.INVALID_PARAMS, "expected a count");
  for (let i: i64 = 0; i < count; i++) {
    const sent = i.toString();
    const received = callHost("echo", sent);
    if (received == null) return request.fail(ErrorCode.SERVER_ERROR, "echo failed");
    if (received != sent) return request.fail(ErrorCode.SERVER_ERROR, "echo came back changed");
  }
  request.reply("null");
}

function primeSieve(request: Request): void {
  const limit = wholeNumber(request.params);
  // AssemblyScript ends the program when memory runs out, so refuse what cannot fit.
  if (limit < 0 || limit >= 1 << 28) return request.fail(ErrorCode.INVALID_PARAMS, "expected a limit below 2^28");
  const size = <i32>limit + 1;
  const composite = new StaticArray<bool>(size);
  let count = 0;
  for (let number = 2; number < size; number++) {
    if (unchecked(composite[number])) continue;
    count++;
    // Smaller multiples have a smaller prime factor, which crossed them out.
    for (let multiple = <i64>number * number; multiple < size; multiple += number) {
      unchecked(composite[<i32>multiple] = true);
    }
  }
  request.reply(`{"count":${count.toString()},"limit":${limit.toString()}}`);
}

const methods: Methods = new Map();
methods.set("ping", ping);
methods.set("get_random_number", getRandomNumber);
methods.set("get_time", getTime);
methods.set("sleep", sleep);
methods.set("many_echo", manyEcho);
methods.set("prime_sieve", primeSieve);
serve(methods);
