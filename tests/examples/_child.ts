/**
 * Examples as child processes: the commands that their opening comments give, and output that a test follows by lines.
 *
 * @module
 */

import { mergeReadableStreams, TextLineStream } from "@std/streams";
import { ROOT } from "../../tools/root.ts";

/** The words of the command in a script's opening comment that runs it. */
export function commandOf(path: string): string[] {
  const [comment] = Deno.readTextFileSync(ROOT + path).split("*/", 1);
  const command = /`([^`]*\b(?:deno run|node|bun) [^`]*)`/.exec(comment!)?.[1];
  if (command === undefined || !command.includes(path)) throw new Error(`${path} does not say how to run it`);
  return command.slice(command.lastIndexOf("| ") + 1).trim().split(" ");
}

/** How long a line may take, on a machine that has much else to do. */
const PATIENCE_MS = 10_000;

/** A running command. What it prints, also to standard error, is kept. */
export class Child {
  readonly #process: Deno.ChildProcess;
  readonly #lines: string[] = [];
  readonly #ended: Promise<void>;
  /** Lines that `line` has looked at. */
  #seen = 0;
  #news = Promise.withResolvers<void>();

  constructor([program, ...args]: readonly string[], cwd: string) {
    const env = { NO_COLOR: "1" };
    this.#process = new Deno.Command(program!, { args, cwd, env, stdin: "null", stdout: "piped", stderr: "piped" })
      .spawn();
    this.#ended = this.#read();
  }

  /** Waits for a line that matches, after the one that was given last. */
  async line(pattern: RegExp): Promise<string> {
    const timeout = Promise.withResolvers<never>();
    const timer = setTimeout(() => timeout.reject(new Error(`no line ${pattern} in:\n${this.#text()}`)), PATIENCE_MS);
    try {
      for (;;) {
        while (this.#seen < this.#lines.length) {
          const line = this.#lines[this.#seen++]!;
          if (pattern.test(line)) return line;
        }
        await Promise.race([this.#news.promise, timeout.promise]);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends the process. @returns all that it printed */
  async stop(): Promise<string> {
    try {
      this.#process.kill();
    } catch {
      // It has ended.
    }
    await this.#process.status;
    await this.#ended;
    return this.#text();
  }

  async #read(): Promise<void> {
    const { stdout, stderr } = this.#process;
    const lines = mergeReadableStreams(stdout, stderr)
      .pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>).pipeThrough(new TextLineStream());
    for await (const line of lines) {
      this.#lines.push(line);
      this.#news.resolve();
      this.#news = Promise.withResolvers();
    }
  }

  #text(): string {
    return this.#lines.join("\n");
  }
}
