/**
 * Real programs that measure and tune the interpreter. build.ts builds them from the package registries' sources.
 *
 * @module
 */

import type { Program } from "../program.ts";

/** All programs. */
export const programs: readonly Program[] = [
  {
    name: "lua",
    language: "C",
    what: "Lua 5.4 runs a script: n queens, strings matched, a table sorted",
    file: "prebuilt/lua.wasm.gz",
    size: 250,
    coldSize: 60,
    checksum: 12760976,
    coldChecksum: 765399,
  },
  {
    name: "sqlite",
    language: "C",
    what: "SQLite 3 in memory: inserts, an index, a join with groups, an update",
    file: "prebuilt/sqlite.wasm.gz",
    size: 1000,
    coldSize: 200,
    checksum: -898242858,
    coldChecksum: -177956794,
  },
  {
    name: "json",
    language: "Rust",
    what: "serde_json writes, parses, changes and writes records again",
    file: "prebuilt/json.wasm.gz",
    size: 4000,
    coldSize: 800,
    checksum: -345412233,
    coldChecksum: 37915695,
  },
  {
    name: "markdown",
    language: "Rust",
    what: "pulldown-cmark makes HTML",
    file: "prebuilt/markdown.wasm.gz",
    size: 3000,
    coldSize: 500,
    checksum: -1156668519,
    coldChecksum: 63312495,
  },
  {
    name: "regex",
    language: "Rust",
    what: "regex compiles an expression, finds and replaces",
    file: "prebuilt/regex.wasm.gz",
    size: 4000,
    coldSize: 800,
    checksum: -197933297,
    coldChecksum: -997788248,
  },
  {
    name: "deflate",
    language: "Rust",
    what: "miniz_oxide compresses text and reads it again",
    file: "prebuilt/deflate.wasm.gz",
    size: 5000,
    coldSize: 1000,
    checksum: 608396767,
    coldChecksum: 1426491709,
  },
  {
    name: "sha512",
    language: "Rust",
    what: "sha2 hashes kilobytes",
    file: "prebuilt/sha512.wasm.gz",
    size: 1200,
    coldSize: 300,
    checksum: 89983689,
    coldChecksum: 1975433574,
  },
];
