/**
 * Ports of 127.0.0.1: finds a free one, and waits until a server listens on one.
 *
 * @module
 */

/** A free port of 127.0.0.1, for a program that can't choose one itself. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Waits until a server listens on a port of 127.0.0.1. After so many milliseconds, throws the reason why none does. */
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
