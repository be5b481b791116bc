//! JSON-RPC 2.0 over stdin and stdout, one message a line.

const std = @import("std");
const Value = std.json.Value;

/// A longer line is answered with an error and forgotten. The error's data name the limit, as the host's own errors do.
const line_bytes = 64 * 1024 - 1;

var input_buffer: [line_bytes + 1]u8 = undefined;
var output_buffer: [4096]u8 = undefined;

const ErrorCode = enum(i32) {
    parse_error = -32700,
    invalid_request = -32600,
    method_not_found = -32601,
    invalid_params = -32602,
    server_error = -32000,
};

/// The guest's side of the connection. Each public function of `Methods` is a method, of this shape:
///
///     pub fn name(peer: *Peer, params: std.json.Value) !Result
///
/// `error.InvalidParams` has its own code; any other error is sent by its name.
pub fn Peer(comptime Methods: type) type {
    return struct {
        io: std.Io,
        gpa: std.mem.Allocator,
        input: std.Io.File.Reader,
        output: std.Io.File.Writer,
        next_id: u64 = 0,
        innermost_call: ?*Call = null,

        const Self = @This();
        const Error = error{ ReadFailed, WriteFailed };

        /// A call to the host that waits for its reply. A request served meanwhile may call too, so calls nest: a list.
        const Call = struct {
            outer: ?*Call,
            id: u64,
            reply: ?std.json.Parsed(Value) = null,
        };

        pub fn init(io: std.Io, gpa: std.mem.Allocator) Self {
            return .{
                .io = io,
                .gpa = gpa,
                .input = std.Io.File.stdin().readerStreaming(io, &input_buffer),
                .output = std.Io.File.stdout().writerStreaming(io, &output_buffer),
            };
        }

        /// Serves requests until the end of stdin.
        pub fn serve(self: *Self) !void {
            while (try self.receive()) {}
        }

        /// Calls a method of the host and waits for its reply; requests that come meanwhile are served first. The
        /// caller frees the result with `deinit`.
        pub fn call(self: *Self, method: []const u8, params: anytype) !std.json.Parsed(Value) {
            var pending: Call = .{ .outer = self.innermost_call, .id = self.next_id };
            self.next_id += 1;
            self.innermost_call = &pending;
            defer self.innermost_call = pending.outer;

            try self.send(.{ .jsonrpc = "2.0", .id = pending.id, .method = method, .params = params });
            while (pending.reply == null) {
                if (!try self.receive()) return error.EndOfStream;
            }
            var answer = pending.reply.?;
            errdefer answer.deinit();
            answer.value = answer.value.object.get("result") orelse return error.HostFailed;
            return answer;
        }

        /// Reads one line and acts on it. Returns false at the end of stdin.
        fn receive(self: *Self) Error!bool {
            const line = self.readLine() catch |err| {
                if (err == error.ReadFailed) return error.ReadFailed;
                try self.refuseLine();
                return true;
            } orelse return false;

            // Strings are copied: the next line that is read overwrites this one.
            const message = std.json.parseFromSlice(Value, self.gpa, line, .{ .allocate = .alloc_always }) catch {
                try self.fail(.null, .parse_error, "parse error");
                return true;
            };
            if (isReply(message.value)) {
                self.handleReply(message);
            } else {
                defer message.deinit();
                try self.handleRequest(message.value);
            }
            return true;
        }

        fn readLine(self: *Self) error{ ReadFailed, StreamTooLong }!?[]const u8 {
            const reader = &self.input.interface;
            return reader.takeDelimiter('\n') catch |err| {
                if (err == error.StreamTooLong) _ = reader.discardDelimiterInclusive('\n') catch {};
                return err;
            };
        }

        fn isReply(message: Value) bool {
            if (message != .object or message.object.contains("method")) return false;
            return message.object.contains("id") and
                (message.object.contains("result") or message.object.contains("error"));
        }

        /// Passes a reply to the call that waits for it. That call then owns the reply.
        fn handleReply(self: *Self, message: std.json.Parsed(Value)) void {
            const id = message.value.object.get("id").?;
            var waiting = self.innermost_call;
            while (waiting) |pending| : (waiting = pending.outer) {
                if (id == .integer and id.integer == pending.id and pending.reply == null) {
                    pending.reply = message;
                    return;
                }
            }
            std.log.warn("ignored a reply to no call of ours", .{});
            message.deinit();
        }

        fn handleRequest(self: *Self, message: Value) error{WriteFailed}!void {
            const method = methodOf(message) orelse {
                return self.fail(.null, .invalid_request, "neither a request nor a reply");
            };
            const params = message.object.get("params") orelse .null;
            const id = message.object.get("id"); // a request without one is a notification, which gets no answer

            // Notifications such as $/cancelRequest are for programs that can do two things at once.
            if (id == null and std.mem.startsWith(u8, method, "$/")) return;
            std.log.info("serving {s}", .{method[0..@min(method.len, 80)]});
            inline for (@typeInfo(Methods).@"struct".decls) |declaration| {
                if (std.mem.eql(u8, method, declaration.name)) {
                    const result = @field(Methods, declaration.name)(self, params) catch |err| {
                        const code: ErrorCode = if (err == error.InvalidParams) .invalid_params else .server_error;
                        if (id) |some| try self.fail(some, code, @errorName(err));
                        return;
                    };
                    if (id) |some| try self.reply(some, result);
                    return;
                }
            }
            if (id) |some| try self.fail(some, .method_not_found, "method not found");
        }

        fn methodOf(message: Value) ?[]const u8 {
            if (message != .object) return null;
            const method = message.object.get("method") orelse return null;
            return if (method == .string) method.string else null;
        }

        fn reply(self: *Self, id: Value, result: anytype) !void {
            const value = if (@TypeOf(result) == void) null else result;
            try self.send(.{ .jsonrpc = "2.0", .id = id, .result = value });
        }

        fn fail(self: *Self, id: Value, code: ErrorCode, message: []const u8) !void {
            try self.send(.{ .jsonrpc = "2.0", .id = id, .@"error" = .{ .code = @intFromEnum(code), .message = message } });
        }

        fn refuseLine(self: *Self) !void {
            try self.send(.{ .jsonrpc = "2.0", .id = null, .@"error" = .{
                .code = @intFromEnum(ErrorCode.invalid_request),
                .message = std.fmt.comptimePrint("line longer than {d} bytes", .{line_bytes}),
                .data = .{ .limit = "lineBytes", .value = line_bytes },
            } });
        }

        fn send(self: *Self, message: anytype) !void {
            const writer = &self.output.interface;
            try std.json.Stringify.value(message, .{}, writer);
            try writer.writeByte('\n');
            try writer.flush(); // or the host would wait for a message that sits in our buffer
        }
    };
}
