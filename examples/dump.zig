//! Prints a file (or standard input) in hexadecimal, as `od -A x -t x1z -v` does.
//!
//!   zig build-exe -target wasm32-wasi -O ReleaseFast -femit-bin=dump.wasm examples/dump.zig
//!   nacre run --dir . dump.wasm [FILE]

const std = @import("std");
const Io = std.Io;

fn writeLine(out: *Io.Writer, offset: u64, bytes: []const u8) !void {
    try out.print("{x:0>6}", .{offset});
    for (bytes) |byte| try out.print(" {x:0>2}", .{byte});
    for (bytes.len..16) |_| try out.writeAll("   ");
    try out.writeAll("  >");
    for (bytes) |byte| try out.writeByte(if (std.ascii.isPrint(byte)) byte else '.');
    try out.writeAll("<\n");
}

pub fn main(init: std.process.Init) !void {
    const io = init.io;
    const arguments = try init.minimal.args.toSlice(init.arena.allocator());

    const file: Io.File = if (arguments.len > 1)
        Io.Dir.cwd().openFile(io, arguments[1], .{}) catch |err| {
            std.debug.print("dump: {s}: {s}\n", .{ arguments[1], @errorName(err) });
            std.process.exit(1);
        }
    else
        .stdin();
    var in_buffer: [8192]u8 = undefined;
    var reader = file.readerStreaming(io, &in_buffer);
    var out_buffer: [8192]u8 = undefined;
    var writer: Io.File.Writer = .init(.stdout(), io, &out_buffer);
    const out = &writer.interface;

    var offset: u64 = 0;
    while (true) {
        var line: [16]u8 = undefined;
        const length = try reader.interface.readSliceShort(&line);
        if (length > 0) try writeLine(out, offset, line[0..length]);
        offset += length;
        if (length < line.len) break;
    }
    try out.print("{x:0>6}\n", .{offset});
    try out.flush();
}
