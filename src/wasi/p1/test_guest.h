// A guest for tests: a small memory, and calls with ordinary values. Included by tests only.
#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "abi/vmctx.h"
#include "host/test_tree.h"
#include "runtime/host_func.h"
#include "wasi/guest.h"
#include "wasi/p1/preview1.h"

namespace nacre::wasi::p1 {

inline void PrintTo(Errno error, std::ostream* out) { *out << errno_name(error); }

// Every descriptor right that a program would ask for when it opens a file to read (and write).
inline constexpr Rights kReadRights = rights::fd_read | rights::fd_seek | rights::fd_tell |
                                      rights::fd_filestat_get | rights::fd_readdir |
                                      rights::poll_fd_readwrite | rights::fd_fdstat_set_flags |
                                      rights::fd_advise | rights::fd_sync;
inline constexpr Rights kWriteRights =
    rights::fd_write | rights::fd_seek | rights::fd_tell | rights::fd_datasync |
    rights::fd_allocate | rights::fd_filestat_set_size | rights::fd_filestat_get |
    rights::fd_filestat_set_times | rights::fd_fdstat_set_flags | rights::poll_fd_readwrite;

class Guest {
 public:
  static constexpr Ptr kOut = 8;         // results
  static constexpr Ptr kText = 1024;     // first text argument
  static constexpr Ptr kText2 = 16384;   // second text argument
  static constexpr Ptr kBuffer = 32768;  // transfers
  static constexpr Size kMemorySize = 65536;

  explicit Guest(World world, bool shared = false)
      : bytes_(kMemorySize),
        memory(bytes_.data(), bytes_.size(), shared),
        wasi_guest(std::move(world)),
        wasi(wasi_guest.preview1()) {}

  uint32_t u32(Ptr at) const { return memory.read<uint32_t>(at).value(); }
  uint64_t u64(Ptr at) const { return memory.read<uint64_t>(at).value(); }
  uint16_t u16(Ptr at) const { return memory.read<uint16_t>(at).value(); }
  uint8_t u8(Ptr at) const { return memory.read<uint8_t>(at).value(); }
  std::string text(Ptr at, Size length) const {
    return {reinterpret_cast<const char*>(bytes_.data()) + at, length};
  }
  Size put(Ptr at, std::string_view value) {
    EXPECT_TRUE(memory.copy_out(at, as_bytes(value)));
    return static_cast<Size>(value.size());
  }

  std::pair<Errno, Fd> open(Fd dir, std::string_view path, uint32_t open_flags = 0,
                            Rights base = kReadRights, Rights inheriting = 0, uint32_t fd_flags = 0,
                            bool follow = false) {
    Size length = put(kText, path);
    Errno error = wasi.path_open(memory, dir, follow ? kSymlinkFollow : 0, kText, length,
                                 open_flags, base, inheriting, fd_flags, kOut);
    return {error, error == Errno::success ? u32(kOut) : ~0u};
  }
  Fd must_open(Fd dir, std::string_view path, uint32_t open_flags = 0, Rights base = kReadRights,
               Rights inheriting = 0, uint32_t fd_flags = 0) {
    auto [error, fd] = open(dir, path, open_flags, base, inheriting, fd_flags);
    EXPECT_EQ(error, Errno::success) << path;
    return fd;
  }
  Errno close(Fd fd) { return wasi.fd_close(memory, fd); }

  // One buffer at kBuffer.
  Ptr iovec(Size length) {
    EXPECT_TRUE(memory.write<uint32_t>(512, kBuffer) && memory.write<uint32_t>(516, length));
    return 512;
  }
  std::pair<Errno, Size> write(Fd fd, std::string_view value) {
    put(kBuffer, value);
    Errno error = wasi.fd_write(memory, fd, iovec(static_cast<Size>(value.size())), 1, kOut);
    return {error, u32(kOut)};
  }
  std::pair<Errno, std::string> read(Fd fd, Size length = 256) {
    Errno error = wasi.fd_read(memory, fd, iovec(length), 1, kOut);
    return {error, error == Errno::success ? text(kBuffer, u32(kOut)) : ""};
  }
  std::pair<Errno, uint64_t> seek(Fd fd, int64_t offset, uint32_t whence) {
    Errno error = wasi.fd_seek(memory, fd, offset, whence, kOut);
    return {error, u64(kOut)};
  }
  Errno stat(Fd dir, std::string_view path, bool follow = false) {
    return wasi.path_filestat_get(memory, dir, follow ? kSymlinkFollow : 0, kText, put(kText, path),
                                  kOut);
  }
  Errno mkdir(Fd dir, std::string_view path) {
    return wasi.path_create_directory(memory, dir, kText, put(kText, path));
  }
  Errno rmdir(Fd dir, std::string_view path) {
    return wasi.path_remove_directory(memory, dir, kText, put(kText, path));
  }
  Errno unlink(Fd dir, std::string_view path) {
    return wasi.path_unlink_file(memory, dir, kText, put(kText, path));
  }
  Errno symlink(std::string_view target, Fd dir, std::string_view path) {
    Size target_length = put(kText, target);
    return wasi.path_symlink(memory, kText, target_length, dir, kText2, put(kText2, path));
  }
  Errno link(Fd dir, std::string_view from, Fd to_dir, std::string_view to, bool follow = false) {
    Size from_length = put(kText, from);
    return wasi.path_link(memory, dir, follow ? kSymlinkFollow : 0, kText, from_length, to_dir,
                          kText2, put(kText2, to));
  }
  Errno rename(Fd dir, std::string_view from, Fd to_dir, std::string_view to) {
    Size from_length = put(kText, from);
    return wasi.path_rename(memory, dir, kText, from_length, to_dir, kText2, put(kText2, to));
  }
  // Through the linker's form of a function; the errno, or nothing after proc_exit.
  std::optional<Errno> call(const runtime::HostFuncDef& function, const uint64_t* arguments) {
    abi::MemoryRecord record{.base = bytes_.data(), .size_bytes = bytes_.size()};
    abi::CallerGroup group{.world = &wasi_guest};
    abi::VmCtx caller;
    caller.memory0 = &record;
    caller.group = &group;
    abi::Value values[9];
    for (int i = 0; i < 9; ++i) values[i].i64 = arguments[i];
    abi::ExecContext exec;  // of a guest that cannot be parked
    abi::HostCall host_call{exec, &caller};
    if (!function.call(host_call, &group, values).is_returned()) return std::nullopt;
    return static_cast<Errno>(values[0].i32);
  }

  std::pair<Rights, Rights> rights_of(Fd fd) {
    EXPECT_EQ(wasi.fd_fdstat_get(memory, fd, kOut), Errno::success);
    return {u64(kOut + 8), u64(kOut + 16)};
  }
  uint8_t type_of(Fd fd) {
    EXPECT_EQ(wasi.fd_fdstat_get(memory, fd, kOut), Errno::success);
    return u8(kOut);
  }

 private:
  std::vector<uint8_t> bytes_;

 public:
  GuestMemory memory;
  wasi::Guest wasi_guest;
  Preview1& wasi;
};

// Descriptor 3 is a tree of the backend under test.
class TreeTest : public testing::TestWithParam<host::Backend> {
 protected:
  static constexpr Fd kRoot = 3;
  TreeTest() : tree(GetParam()) {}

  Guest make_guest(bool read_only = false, World world = World()) {
    world.preopen(
        tree.open(world.grant("root", read_only ? grant::Rights::read : grant::Rights::all)),
        "root");
    return Guest(std::move(world));
  }

  host::TestTree tree;
};

}  // namespace nacre::wasi::p1
