/**
 * Ports of 127.0.0.1: one that is free, and when somebody listens there.
 *
 * @module
 */

/** A port of 127.0.0.1 that nobody listens on, for a program that can't choose one itself. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Waits until somebody listens on a port of 127.0.0.1; throws why not when so many milliseconds have passed. */
export async function listening(port: number, ms: number): Promise<void> {
  for (const end = Date.now() + ms;;) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return;
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
