/**
 * What the host offers to its plugins. A plugin gets of it what its manifest asks for and its permissions grant.
 *
 * @module
 */

import { ErrorCode, RpcError } from "@rivulet/rivulet";
import type { Handlers } from "@rivulet/rivulet";

/** What plugins have saved, by their names. A real host has a database. */
const saved = new Map<string, number>();

/** The host's methods for one plugin: each has a place of its own. */
export function servicesFor(plugin: string): Handlers {
  return {
    echo: (params) => params,
    load: () => saved.get(plugin) ?? null,
    save: (value) => {
      // Params come from the plugin, so they may be anything.
      if (typeof value !== "number") throw new RpcError(ErrorCode.invalidParams, "expected a number");
      saved.set(plugin, value);
    },
  };
}
