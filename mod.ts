/**
 * Rivulet runs untrusted WebAssembly plugins as web streams, anywhere JavaScript runs. Host and plugin call each other
 * by JSON-RPC over the plugin's standard input and output. Rivulet can stop, meter and suspend a plugin in your own
 * thread. It runs natively where the host may compile WebAssembly and can suspend it, and is interpreted elsewhere.
 *
 * You can use the layers alone: `@rivulet/rivulet/vm` interprets WebAssembly, `@rivulet/rivulet/wasi` runs a guest as a
 * process with streams, and `@rivulet/rivulet/rpc` speaks JSON-RPC over any pair of streams.
 *
 * @example
 * ```ts
 * import { compile, Plugin } from "@rivulet/rivulet";
 *
 * const file = await Deno.open("examples/guests/prebuilt/c_plugin.wasm");
 * const module = await compile(file.readable); // or a Response, a promise of one, a buffer
 *
 * await using plugin = new Plugin(module, {
 *   name: "primes",
 *   methods: { echo: (params) => params }, // what the plugin may call
 *   onLog: (line) => console.error(line),
 *   onError: (error) => console.error(error), // what a method threw; the plugin gets "internal error"
 *   limits: { fuel: 2_000_000_000, memoryPages: 1024, messageBytes: 1 << 20, deadlineMs: 5_000 },
 * });
 * console.log(await plugin.call("prime_sieve", 100_000)); // { count: 9592, limit: 100000 }
 * ```
 *
 * @module
 */

import "./src/base/requirements.ts";
export {
  effectivePermissions,
  ManifestError,
  manifestOf,
  PermissionError,
  Plugin,
  PluginError,
} from "./src/plugin/mod.ts";
export type {
  CallEnd,
  CallStart,
  HostCallEnd,
  HostCallStart,
  Lifetime,
  LimitReached,
  Manifest,
  MethodDescription,
  PermissionLimits,
  Permissions,
  PluginCallOptions,
  PluginCloseOptions,
  PluginDescription,
  PluginExit,
  PluginFailure,
  PluginLimits,
  PluginObserver,
  PluginOptions,
  PluginSchemasOption,
  PluginSettings,
  PluginStats,
  RestartPolicy,
} from "./src/plugin/mod.ts";
export { ErrorCode, RpcClosedError, RpcError, RpcProtocolError, SchemaError } from "./src/rpc/mod.ts";
export type {
  Accepted,
  Api,
  CallArguments,
  Caller,
  Cancellation,
  FailedRequest,
  Frame,
  FrameDecoder,
  Framing,
  FramingName,
  Handler,
  Handlers,
  HandlersOf,
  LocalMethods,
  LocalSchemas,
  MethodName,
  Methods,
  MethodSchemas,
  MethodsOption,
  NotifyArguments,
  OneParameter,
  OngoingCall,
  OptionsArgument,
  ParameterList,
  ParamsOf,
  PeerCallOptions,
  PeerLimits,
  Place,
  ProgressConvention,
  Protocol,
  ProtocolFault,
  ProtocolName,
  RemoteMethods,
  RemoteSchemas,
  RequestContext,
  RequestId,
  RequiredMethodName,
  ResultOf,
  SchemaIssue,
  SchemaParameters,
  SchemaType,
  ServedMethods,
  StandardIssue,
  StandardProperties,
  StandardResult,
  StandardSchema,
  TraceConvention,
} from "./src/rpc/mod.ts";
export { compile, meter } from "./src/vm/choose.ts";
export type { EngineCompileOptions as CompileOptions, PrecompiledModule } from "./src/vm/choose.ts";
export { CompileError, EngineError, IntegrityError, LimitError, LinkError, Module, Trap } from "./src/vm/mod.ts";
export type {
  CustomSectionOptions,
  EngineChoice,
  EngineName,
  EngineOption,
  ExportDescriptor,
  ExportedFunction,
  ExternKind,
  FuncTypeDescriptor,
  Global,
  GlobalDescriptor,
  HostFunction,
  ImportDescriptor,
  Imports,
  ImportValue,
  Memory,
  MemoryDescriptor,
  RunLimits,
  Source,
  StackFrame,
  Table,
  TableDescriptor,
  TrapReason,
  Value,
  ValueTypeName,
} from "./src/vm/mod.ts";
export { ExitError, Process, spawn } from "./src/wasi/mod.ts";
export type { Clock, InputUse, ProcessLimits, ProcessOutput, ProcessStatus, SpawnOptions } from "./src/wasi/mod.ts";
