//! A Rivulet plugin in Zig: each public function of `Methods` is a method. The protocol is in rpc.zig.

const std = @import("std");
const rpc = @import("rpc.zig");
const Value = std.json.Value;

const Peer = rpc.Peer(Methods);

const Methods = struct {
    pub fn ping(_: *Peer, _: Value) ![]const u8 {
        return "pong";
    }

    pub fn get_random_number(peer: *Peer, _: Value) !u64 {
        var number: u64 = undefined;
        peer.io.random(std.mem.asBytes(&number));
        return number;
    }

    pub fn get_time(peer: *Peer, _: Value) !i64 {
        return std.Io.Clock.real.now(peer.io).toSeconds();
    }

    pub fn sleep(peer: *Peer, params: Value) !void {
        const milliseconds = try wholeNumber(params);
        try peer.io.sleep(.fromMilliseconds(milliseconds), .awake);
    }

    pub fn many_echo(peer: *Peer, params: Value) !void {
        const count = try wholeNumber(params);
        for (0..count) |i| {
            const reply = try peer.call("echo", i);
            defer reply.deinit();
            if (reply.value != .integer or reply.value.integer != i) return error.EchoCameBackChanged;
        }
    }

    pub fn prime_sieve(peer: *Peer, params: Value) !struct { count: usize, limit: usize } {
        const limit = try wholeNumber(params);
        const composite = try peer.gpa.alloc(bool, @as(usize, limit) + 1);
        defer peer.gpa.free(composite);
        @memset(composite, false);

        var count: usize = 0;
        for (composite, 0..) |crossed_out, number| {
            if (number < 2 or crossed_out) continue;
            count += 1;
            // Smaller multiples have a smaller prime factor, which crossed them out.
            var multiple = number *| number;
            while (multiple <= limit) : (multiple += number) composite[multiple] = true;
        }
        return .{ .count = count, .limit = limit };
    }
};

// What the host knows of this plugin without running it: its manifest, in a custom section of the module.
comptime {
    asm (".section .custom_section.rivulet,\"\",@\n.incbin \"manifest.json\"\n");
}

/// The one number that a method takes, sent as `5` or as `[5]`.
fn wholeNumber(params: Value) error{InvalidParams}!u31 {
    const number = if (params == .array and params.array.items.len == 1) params.array.items[0] else params;
    if (number != .integer) return error.InvalidParams;
    return std.math.cast(u31, number.integer) orelse error.InvalidParams;
}

pub fn main() !void {
    // A guest has one thread, so the smallest of std's implementations of Io serves.
    var peer: Peer = .init(std.Io.Threaded.global_single_threaded.io(), std.heap.wasm_allocator);
    try peer.serve();
}
