/**
 * Examples as child processes, started with the commands in their opening comments. A test reads their output by lines.
 *
 * @module
 */

import { mergeReadableStreams, TextLineStream } from "@std/streams";
import { ROOT } from "../../tools/root.ts";

/** The words of the command in a script's opening comment. */
export function commandOf(path: string): string[] {
  const [comment] = Deno.readTextFileSync(ROOT + path).split("*/", 1);
  const command = /`([^`]*\b(?:deno run|node|bun) [^`]*)`/.exec(comment!)?.[1];
  if (command === undefined || !command.includes(path)) throw new Error(`${path} does not say how to run it`);
  return command.slice(command.lastIndexOf("| ") + 1).trim().split(" ");
}

/** The maximum time for a line on a busy machine. */
const PATIENCE_MS = 10_000;

/** A running command. Its output, including standard error, is kept. */
export class Child {
  readonly #process: Deno.ChildProcess;
  readonly #lines: string[] = [];
  readonly #ended: Promise<void>;
  /** The number of lines that `line` has read. */
  #seen = 0;
  #news = Promise.withResolvers<void>();

  constructor([program, ...args]: readonly string[], cwd: string) {
    const env = { NO_COLOR: "1" };
    this.#process = new Deno.Command(program!, { args, cwd, env, stdin: "null", stdout: "piped", stderr: "piped" })
      .spawn();
    this.#ended = this.#read();
  }

  /** Waits for a line that matches, after the one that it returned last. */
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

  /** Ends the process. @returns all output */
  async stop(): Promise<string> {
    try {
      this.#process.kill();
    } catch {
      // It has already ended.
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
