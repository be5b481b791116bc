/**
 * The example guests that come with the page, and calls to try.
 *
 * @module
 */

/** A call to try: a method and its params as JSON. */
export type ExampleCall = readonly [method: string, params: string];

/** A guest that comes with the page. */
export interface Example {
  readonly label: string;
  /** The name of its file, without the extension. */
  readonly file: string;
  /** Calls to try. A filter has none. */
  readonly calls?: readonly ExampleCall[];
}

const PLUGIN_CALLS: readonly ExampleCall[] = [
  ["ping", ""],
  ["prime_sieve", "1000000"],
  ["many_echo", "20"],
  ["get_time", ""],
  ["sleep", "2000"],
];

/** The examples, in the order of the page. */
export const EXAMPLES: readonly Example[] = [
  { label: "Plugin in C", file: "c_plugin", calls: PLUGIN_CALLS },
  { label: "Plugin in Zig", file: "zig_plugin", calls: PLUGIN_CALLS },
  { label: "Plugin in AssemblyScript", file: "assemblyscript_plugin", calls: PLUGIN_CALLS },
  {
    label: "Plugin that misbehaves",
    file: "faulty",
    calls: [
      ["spin", ""],
      ["trap", ""],
      ["hoard", ""],
      ["babble", ""],
      ["exit", "3"],
      ["flood", "5000000"],
      ["log", `"a line of log"`],
    ],
  },
  { label: "Filter: upper case", file: "upper" },
  { label: "Filter: line numbers", file: "number_lines" },
];
