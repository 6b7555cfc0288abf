// The functions without descriptors, polling, sockets, standard streams, and the tables.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <set>

#include "host/clock.h"
#include "wasi/p1/bind.h"
#include "wasi/p1/test_guest.h"

namespace nacre::wasi::p1 {
namespace {

constexpr Ptr kOut = Guest::kOut;

TEST(P1Tables, NamesAreUniqueAndComplete) {
  std::set<std::string_view> names;
  for (const auto& row : host_functions()) EXPECT_TRUE(names.insert(row.name).second) << row.name;
  EXPECT_EQ(names.size(), 46u + 11u);
  std::set<std::string_view> unstable;
  for (const auto& row : unstable_host_functions()) unstable.insert(row.name);
  EXPECT_EQ(unstable.size(), 45u);
  EXPECT_FALSE(unstable.contains("sock_accept"));
  for (const FunctionInfo& info : function_infos()) {
    size_t arguments = info.argument_names.empty() ? 0 : 1;
    for (char c : info.argument_names) arguments += c == ' ';
    EXPECT_EQ(arguments, info.params.size()) << info.name;
    EXPECT_EQ(info.in_unstable, unstable.contains(info.name)) << info.name;
  }
  EXPECT_EQ(errno_name(static_cast<Errno>(76)), "notcapable");
  EXPECT_EQ(errno_name(static_cast<Errno>(87)), "aisystem");
  for (const auto& row : host_functions()) {
    bool has_forms = row.name == "sock_accept" || row.name == "sock_recv_from" ||
                     row.name == "sock_getlocaladdr" || row.name == "sock_getpeeraddr";
    EXPECT_EQ(row.other != nullptr, has_forms) << row.name;
    if (row.other == nullptr) continue;
    EXPECT_EQ(&row.fitting(row.other->type()), row.other) << row.name;
    EXPECT_EQ(&row.fitting(row.type()), &row) << row.name;
  }
  EXPECT_EQ(static_cast<int>(Errno::badf), 8);
  EXPECT_EQ(static_cast<int>(Errno::perm), 63);
  EXPECT_EQ(rights::sock_accept, Rights{1} << 29);
}

TEST(P1Tables, BoundCallsReachTheMethods) {
  wasi::Guest guest{World()};
  abi::CallerGroup group{.world = &guest};
  abi::Value values[9] = {};
  auto find = [](std::string_view name) {
    for (const auto& row : host_functions()) {
      if (row.name == name) return &row;
    }
    return static_cast<const runtime::HostFuncDef*>(nullptr);
  };
  abi::ExecContext exec;
  abi::HostCall call{exec, nullptr};
  values[0].i64 = 0xFFFFFFFF00000007;  // upper half of an i32 is not part of it
  EXPECT_TRUE(find("fd_close")->call(call, &group, values).is_returned());
  EXPECT_EQ(values[0].i32, static_cast<uint32_t>(Errno::badf));
  values[0].i32 = 1;
  EXPECT_TRUE(find("fd_fdstat_get")->call(call, &group, values).is_returned());
  EXPECT_EQ(values[0].i32, static_cast<uint32_t>(Errno::fault));  // no memory at all
  values[0].i32 = 42;
  abi::Outcome exit = find("proc_exit")->call(call, &group, values);
  ASSERT_TRUE(exit.is_trapped());
  EXPECT_EQ(exit.trap().kind, abi::TrapKind::exit);
  EXPECT_EQ(exit.trap().exit_code, 42u);
  EXPECT_EQ(find("path_open")->type().params.size(), 9u);
  EXPECT_TRUE(find("poll_oneoff")->may_block);
  EXPECT_FALSE(find("args_get")->may_block);
}

TEST(P1Calls, ArgumentsAndEnvironment) {
  World world;
  world.arguments({"app", "", "two"}).variable("A", "1").variable("B", "x=y");
  Guest guest(std::move(world));
  auto& wasi = guest.wasi;
  EXPECT_EQ(wasi.args_sizes_get(guest.memory, kOut, kOut + 4), Errno::success);
  EXPECT_EQ(guest.u32(kOut), 3u);
  EXPECT_EQ(guest.u32(kOut + 4), 9u);
  EXPECT_EQ(wasi.args_get(guest.memory, 100, 200), Errno::success);
  EXPECT_EQ(guest.text(200, 9), std::string("app\0\0two\0", 9));
  EXPECT_EQ(guest.u32(108), 205u);
  EXPECT_EQ(wasi.environ_sizes_get(guest.memory, kOut, kOut + 4), Errno::success);
  EXPECT_EQ(guest.u32(kOut), 2u);
  EXPECT_EQ(wasi.environ_get(guest.memory, 100, 200), Errno::success);
  EXPECT_EQ(guest.text(200, 10), std::string("A=1\0B=x=y\0", 10));
  EXPECT_EQ(wasi.args_get(guest.memory, Guest::kMemorySize - 8, 200), Errno::fault);
  EXPECT_EQ(wasi.args_get(guest.memory, 100, Guest::kMemorySize - 8), Errno::fault);
  EXPECT_EQ(wasi.args_sizes_get(guest.memory, 0xFFFFFFFE, kOut), Errno::fault);
}

TEST(P1Calls, ClocksAndRandomness) {
  World world;
  world.clock(std::make_shared<host::ManualClock>(5'000)).random(host::make_seeded_random(1));
  Guest guest(std::move(world));
  auto& wasi = guest.wasi;
  EXPECT_EQ(wasi.clock_time_get(guest.memory, 0, 0, kOut), Errno::success);
  EXPECT_EQ(guest.u64(kOut), 5'000u);
  EXPECT_EQ(wasi.clock_time_get(guest.memory, 4, 0, kOut), Errno::inval);
  EXPECT_EQ(wasi.clock_res_get(guest.memory, 3, kOut), Errno::success);
  EXPECT_EQ(guest.u64(kOut), 1u);
  EXPECT_EQ(wasi.clock_time_get(guest.memory, 0, 0, Guest::kMemorySize - 7), Errno::fault);
  EXPECT_EQ(wasi.random_get(guest.memory, 1000, 20'000), Errno::success);
  std::string first = guest.text(1000, 20'000);
  EXPECT_EQ(wasi.random_get(guest.memory, 1000, 20'000), Errno::success);
  EXPECT_NE(guest.text(1000, 20'000), first);
  EXPECT_EQ(wasi.random_get(guest.memory, 1000, Guest::kMemorySize), Errno::fault);

  Guest real{World()};
  for (uint32_t id = 0; id < 4; ++id) {
    EXPECT_EQ(real.wasi.clock_time_get(real.memory, id, 0, kOut), Errno::success);
    EXPECT_NE(real.u64(kOut), 0u);
    EXPECT_EQ(real.wasi.clock_res_get(real.memory, id, kOut), Errno::success);
    EXPECT_NE(real.u64(kOut), 0u);
  }

  World nothing;
  nothing.clock(nullptr).random(nullptr);
  Guest bare(std::move(nothing));
  EXPECT_EQ(bare.wasi.clock_time_get(bare.memory, 0, 0, kOut), Errno::notcapable);
  EXPECT_EQ(bare.wasi.clock_res_get(bare.memory, 1, kOut), Errno::notcapable);
  EXPECT_EQ(bare.wasi.random_get(bare.memory, 0, 1), Errno::notcapable);
  EXPECT_EQ(bare.wasi.proc_raise(bare.memory, 6), Errno::notsup);
  EXPECT_EQ(bare.wasi.sched_yield(bare.memory), Errno::success);
}

TEST(P1Calls, StandardStreams) {
  auto output = std::make_shared<host::MemoryOutput>();
  World world;
  world.standard_input(host::make_memory_input("typed")).standard_output(output);
  Guest guest(std::move(world));
  EXPECT_EQ(guest.read(0, 3).second, "typ");
  EXPECT_EQ(guest.read(0).second, "ed");
  EXPECT_EQ(guest.read(0), std::pair(Errno::success, std::string()));
  EXPECT_EQ(guest.write(0, "x").first, Errno::notcapable);
  EXPECT_EQ(guest.write(1, "out").second, 3u);
  EXPECT_EQ(output->text(), "out");
  EXPECT_EQ(guest.read(1).first, Errno::notcapable);
  EXPECT_EQ(guest.write(2, "x").first, Errno::notcapable);  // not given
  EXPECT_EQ(guest.seek(1, 0, 1).first, Errno::spipe);
  EXPECT_EQ(guest.wasi.fd_pread(guest.memory, 0, guest.iovec(1), 1, 0, kOut), Errno::spipe);
  EXPECT_EQ(guest.wasi.fd_filestat_set_size(guest.memory, 1, 0), Errno::inval);
  EXPECT_EQ(guest.wasi.fd_readdir(guest.memory, 1, Guest::kBuffer, 9, 0, kOut), Errno::notdir);
  EXPECT_EQ(guest.wasi.sock_shutdown(guest.memory, 0, 1), Errno::notsock);
  EXPECT_EQ(guest.close(1), Errno::success);
  EXPECT_EQ(guest.write(1, "x").first, Errno::badf);
}

// A terminal is a character device without seek and tell: how wasi-libc's isatty tells one.
TEST(P1Calls, TerminalsPipesAndFiles) {
  int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  ASSERT_GE(terminal, 0);
  int pipes[2];
  ASSERT_EQ(pipe2(pipes, O_CLOEXEC), 0);
  FILE* file = tmpfile();
  ASSERT_EQ(fputs("from file", file) >= 0 && fflush(file) == 0 && fseek(file, 0, SEEK_SET) == 0,
            true);
  World world;
  world.standard_input(host::make_real_stream(*os::duplicate(fileno(file))))
      .standard_output(host::make_real_stream(os::OwnedFd(terminal)))
      .standard_error(host::make_real_stream(os::OwnedFd(pipes[1])));
  Guest guest(std::move(world));
  EXPECT_EQ(guest.type_of(0), 4);
  EXPECT_EQ(guest.seek(0, 5, 0).second, 5u);
  EXPECT_EQ(guest.read(0).second, "file");
  EXPECT_EQ(guest.type_of(1), 2);
  EXPECT_EQ(guest.rights_of(1).first & (rights::fd_seek | rights::fd_tell), 0u);
  EXPECT_EQ(guest.seek(1, 0, 1).first, Errno::spipe);
  EXPECT_EQ(guest.type_of(2), 0);
  EXPECT_EQ(guest.seek(2, 0, 1).first, Errno::spipe);
  EXPECT_EQ(guest.write(2, "piped").second, 5u);
  char text[6] = {};
  EXPECT_EQ(::read(pipes[0], text, 5), 5);
  EXPECT_STREQ(text, "piped");
  fclose(file);
  os::ignore_write_signals();
  ::close(pipes[0]);
  EXPECT_EQ(guest.write(2, "x").first, Errno::pipe);
}

// What is not a file says so as the system does, whatever it is.
TEST(P1Calls, StreamsThatAreNoFilesHaveNoOffsets) {
  int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  ASSERT_GE(terminal, 0);
  int pipes[2];
  int sockets[2];
  ASSERT_EQ(pipe2(pipes, O_CLOEXEC), 0);
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
  os::OwnedFd others[] = {os::OwnedFd(pipes[0]), os::OwnedFd(sockets[1])};
  int streams[] = {terminal, pipes[1], sockets[0]};
  for (int fd : streams) {
    World world;
    world.standard_output(host::make_real_stream(os::OwnedFd(fd)));
    Guest guest(std::move(world));
    auto& wasi = guest.wasi;
    EXPECT_EQ(wasi.fd_pwrite(guest.memory, 1, guest.iovec(1), 1, 0, kOut), Errno::spipe);
    EXPECT_EQ(wasi.fd_pread(guest.memory, 1, guest.iovec(1), 1, 0, kOut), Errno::spipe);
    EXPECT_EQ(wasi.fd_allocate(guest.memory, 1, 0, 1), Errno::spipe);
    EXPECT_EQ(wasi.fd_advise(guest.memory, 1, 0, 1, 0), Errno::spipe);
    EXPECT_EQ(wasi.fd_filestat_set_size(guest.memory, 1, 0), Errno::inval);
    EXPECT_EQ(wasi.fd_filestat_set_times(guest.memory, 1, 0, 0, 5), Errno::notcapable);
    EXPECT_EQ(guest.write(1, "x").second, 1u);
    // None, where there is none.
    EXPECT_EQ(wasi.fd_pwrite(guest.memory, 2, guest.iovec(1), 1, 0, kOut), Errno::notcapable);
    EXPECT_EQ(wasi.fd_pread(guest.memory, 0, guest.iovec(1), 1, 0, kOut), Errno::notcapable);
    EXPECT_EQ(wasi.fd_filestat_set_size(guest.memory, 2, 0), Errno::notcapable);
  }
}

// A stream that was moved to another number is what it was.
TEST(P1Calls, AFileStaysOneUnderAnotherNumber) {
  FILE* file = tmpfile();
  World world;
  world.standard_output(host::make_real_stream(*os::duplicate(fileno(file))));
  Guest guest(std::move(world));
  EXPECT_EQ(guest.wasi.fd_renumber(guest.memory, 1, 0), Errno::success);
  EXPECT_EQ(guest.write(0, "words").second, 5u);
  EXPECT_EQ(guest.wasi.fd_filestat_set_size(guest.memory, 0, 3), Errno::success);
  EXPECT_EQ(guest.seek(0, 0, 2).second, 3u);
  EXPECT_EQ(guest.read(0).first, Errno::notcapable);
  EXPECT_EQ(guest.wasi.fd_fdstat_set_flags(guest.memory, 0, fdflags::append | fdflags::nonblock),
            Errno::success);
  EXPECT_EQ(guest.seek(0, 0, 0).second, 0u);
  EXPECT_EQ(guest.write(0, std::string(5000, 'x')).second, 5000u) << "a file takes all";
  EXPECT_EQ(guest.seek(0, 0, 1).second, 5003u);
  EXPECT_EQ(fcntl(fileno(file), F_GETFL) & (O_APPEND | O_NONBLOCK), 0) << "others share it";
  fclose(file);
}

class Poll : public testing::Test {
 protected:
  static constexpr Ptr kIn = 2048;
  static constexpr Ptr kEvents = 8192;

  struct Seen {
    uint64_t userdata;
    Errno error;
    uint8_t type;
    uint64_t bytes;
    uint16_t flags;
  };

  void clock(Guest& guest, int index, uint32_t id, uint64_t timeout, uint16_t flags = 0) {
    Ptr at = kIn + 48 * index;
    guest.put(at, std::string(48, '\0'));
    ASSERT_TRUE(guest.memory.write<uint64_t>(at, 100 + index) &&
                guest.memory.write<uint32_t>(at + 16, id) &&
                guest.memory.write<uint64_t>(at + 24, timeout) &&
                guest.memory.write<uint16_t>(at + 40, flags));
  }
  void descriptor(Guest& guest, int index, uint8_t type, Fd fd) {
    Ptr at = kIn + 48 * index;
    guest.put(at, std::string(48, '\0'));
    ASSERT_TRUE(guest.memory.write<uint64_t>(at, 100 + index) &&
                guest.memory.write<uint8_t>(at + 8, type) &&
                guest.memory.write<uint32_t>(at + 16, fd));
  }
  std::vector<Seen> poll(Guest& guest, Size count) {
    EXPECT_EQ(guest.wasi.poll_oneoff(guest.memory, kIn, kEvents, count, kOut), Errno::success);
    std::vector<Seen> seen;
    for (Size i = 0; i < guest.u32(kOut); ++i) {
      Ptr at = kEvents + 32 * i;
      seen.push_back({guest.u64(at), static_cast<Errno>(guest.u16(at + 8)), guest.u8(at + 10),
                      guest.u64(at + 16), guest.u16(at + 24)});
    }
    return seen;
  }
};

TEST_F(Poll, Clocks) {
  auto manual = std::make_shared<host::ManualClock>(1'000'000);
  World world;
  world.clock(manual);
  Guest guest(std::move(world));
  clock(guest, 0, 1, 5'000);
  clock(guest, 1, 0, 3'000);
  clock(guest, 2, 0, 1'003'000, 1);
  clock(guest, 3, 1, UINT64_MAX);
  auto seen = poll(guest, 4);
  ASSERT_EQ(seen.size(), 2u);  // the two that are due first, together
  EXPECT_EQ(seen[0].userdata, 101u);
  EXPECT_EQ(seen[1].userdata, 102u);
  EXPECT_EQ(manual->now(host::ClockKind::monotonic).value(), 3'000u);
  // In the past: at once.
  clock(guest, 0, 0, 5, 1);
  EXPECT_EQ(poll(guest, 1).size(), 1u);
  EXPECT_EQ(manual->now(host::ClockKind::monotonic).value(), 3'000u);
  // Saturating: the latest time there is.
  clock(guest, 0, 1, UINT64_MAX);
  EXPECT_EQ(poll(guest, 1).size(), 1u);
  // What cannot be waited for is an event with an error.
  clock(guest, 0, 2, 1);
  clock(guest, 1, 9, 1);
  clock(guest, 2, 1, 1, 2);
  seen = poll(guest, 3);
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_EQ(seen[0].error, Errno::notsup);
  EXPECT_EQ(seen[1].error, Errno::inval);
  EXPECT_EQ(seen[2].error, Errno::inval);
}

TEST_F(Poll, ArgumentsAreChecked) {
  World world;
  world.clock(nullptr);
  Guest guest(std::move(world));
  auto& wasi = guest.wasi;
  EXPECT_EQ(wasi.poll_oneoff(guest.memory, kIn, kEvents, 0, kOut), Errno::inval);
  EXPECT_EQ(wasi.poll_oneoff(guest.memory, kIn, kEvents, 1'000'000, kOut), Errno::inval);
  EXPECT_EQ(wasi.poll_oneoff(guest.memory, Guest::kMemorySize - 40, kEvents, 1, kOut),
            Errno::fault);
  EXPECT_EQ(wasi.poll_oneoff(guest.memory, kIn, Guest::kMemorySize - 31, 1, kOut), Errno::fault);
  descriptor(guest, 0, 3, 0);
  EXPECT_EQ(wasi.poll_oneoff(guest.memory, kIn, kEvents, 1, kOut), Errno::inval);
  clock(guest, 0, 1, 1);
  descriptor(guest, 1, 1, 77);
  auto seen = poll(guest, 2);
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0].error, Errno::notcapable);
  EXPECT_EQ(seen[1].error, Errno::badf);
  EXPECT_EQ(seen[1].type, 1);
}

TEST_F(Poll, Descriptors) {
  int in[2];
  int out[2];
  ASSERT_EQ(pipe2(in, O_CLOEXEC) + pipe2(out, O_CLOEXEC), 0);
  host::MemoryTree tree;
  ASSERT_TRUE(tree.put_file("file", "content"));
  World world;
  world.standard_input(host::make_real_stream(os::OwnedFd(in[0])))
      .standard_output(host::make_real_stream(os::OwnedFd(out[1])));
  world.preopen(tree.open(world.grant("/")), "/");
  Guest guest(std::move(world));
  // Nothing to read, so the clock comes first.
  descriptor(guest, 0, 1, 0);
  clock(guest, 1, 1, 2'000'000);
  auto seen = poll(guest, 2);
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].userdata, 101u);
  EXPECT_EQ(seen[0].type, 0);
  ASSERT_EQ(::write(in[1], "12345", 5), 5);
  descriptor(guest, 1, 2, 1);
  clock(guest, 2, 1, 3'600'000'000'000);
  seen = poll(guest, 3);
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0].userdata, 100u);
  EXPECT_EQ(seen[0].bytes, 5u);
  EXPECT_EQ(seen[0].flags, 0);
  EXPECT_EQ(seen[1].type, 2);
  ::close(in[1]);
  EXPECT_EQ(guest.read(0).second, "12345");
  seen = poll(guest, 1);
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].flags, 1);  // hang-up
  // Regular files are always ready; rights count here too.
  Fd file = guest.must_open(3, "file");
  guest.seek(file, 2, 0);
  descriptor(guest, 0, 1, file);
  descriptor(guest, 1, 2, file);
  descriptor(guest, 2, 1, 3);
  seen = poll(guest, 3);
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_EQ(seen[0].bytes, 5u);
  EXPECT_EQ(seen[1].error, Errno::notcapable);
  EXPECT_EQ(seen[2].error, Errno::notcapable);
  ::close(out[0]);
}

TEST_F(Poll, NonblockingDescriptorsSayAgain) {
  int in[2];
  ASSERT_EQ(pipe2(in, O_CLOEXEC), 0);
  World world;
  world.standard_input(host::make_real_stream(os::OwnedFd(in[0])));
  Guest guest(std::move(world));
  EXPECT_EQ(guest.wasi.fd_fdstat_set_flags(guest.memory, 0, fdflags::nonblock), Errno::success);
  EXPECT_EQ(guest.read(0).first, Errno::again);
  ASSERT_EQ(::write(in[1], "x", 1), 1);
  EXPECT_EQ(guest.read(0).second, "x");
  ::close(in[1]);
  EXPECT_EQ(guest.read(0), std::pair(Errno::success, std::string()));
}

TEST_F(Poll, PreviewZeroLayout) {
  World world;
  world.clock(std::make_shared<host::ManualClock>(0));
  Guest guest(std::move(world));
  for (int i = 0; i < 2; ++i) {
    Ptr at = kIn + 56 * i;
    guest.put(at, std::string(56, '\0'));
    ASSERT_TRUE(guest.memory.write<uint64_t>(at, 7 + i) &&
                guest.memory.write<uint64_t>(at + 16, UINT64_MAX) &&  // identifier
                guest.memory.write<uint32_t>(at + 24, 1) &&
                guest.memory.write<uint64_t>(at + 32, 1'000 - i));
  }
  EXPECT_EQ(guest.wasi.unstable_poll_oneoff(guest.memory, kIn, kEvents, 2, kOut), Errno::success);
  EXPECT_EQ(guest.u32(kOut), 1u);
  EXPECT_EQ(guest.u64(kEvents), 8u);
}

TEST(P1Calls, Sockets) {
  host::MemoryListener listener(host::Grant::simple("listen"));
  World world;
  world.socket(listener.socket());
  Guest guest(std::move(world));
  auto& wasi = guest.wasi;
  EXPECT_EQ(guest.type_of(3), 6);
  EXPECT_EQ(wasi.sock_accept(guest.memory, 3, 0, kOut), Errno::again);
  auto peer = listener.connect();
  ASSERT_TRUE(peer.has_value());
  EXPECT_EQ(wasi.sock_accept(guest.memory, 3, 8, kOut), Errno::inval);
  EXPECT_EQ(wasi.sock_accept(guest.memory, 3, fdflags::nonblock, kOut), Errno::success);
  Fd fd = guest.u32(kOut);
  EXPECT_EQ(wasi.sock_accept(guest.memory, fd, 0, kOut), Errno::notcapable);
  Bytes hello = as_bytes("hello");
  ASSERT_TRUE((*peer)->send(std::span<const Bytes>(&hello, 1), false).has_value());
  EXPECT_EQ(wasi.sock_recv(guest.memory, fd, guest.iovec(3), 1, 1, kOut, kOut + 4), Errno::success);
  EXPECT_EQ(guest.text(Guest::kBuffer, guest.u32(kOut)), "hel");
  EXPECT_EQ(wasi.sock_recv(guest.memory, fd, guest.iovec(9), 1, 0, kOut, kOut + 4), Errno::success);
  EXPECT_EQ(guest.text(Guest::kBuffer, guest.u32(kOut)), "hello");
  EXPECT_EQ(guest.u16(kOut + 4), 0);
  EXPECT_EQ(guest.read(fd).first, Errno::again);
  EXPECT_EQ(wasi.sock_recv(guest.memory, fd, guest.iovec(9), 1, 4, kOut, kOut + 4), Errno::inval);
  guest.put(Guest::kBuffer, "reply");
  EXPECT_EQ(wasi.sock_send(guest.memory, fd, guest.iovec(5), 1, 1, kOut), Errno::inval);
  EXPECT_EQ(wasi.sock_send(guest.memory, fd, guest.iovec(5), 1, 0, kOut), Errno::success);
  EXPECT_EQ(guest.write(fd, "!").second, 1u);
  EXPECT_EQ(wasi.sock_shutdown(guest.memory, fd, 0), Errno::inval);
  EXPECT_EQ(wasi.sock_shutdown(guest.memory, fd, 4), Errno::inval);
  EXPECT_EQ(wasi.sock_shutdown(guest.memory, fd, 2), Errno::success);
  EXPECT_EQ(guest.write(fd, "x").first, Errno::pipe);
  EXPECT_EQ(guest.seek(fd, 0, 1).first, Errno::spipe);
}

// Raw bytes as arguments, the whole interface over: results may be anything, harm may not.
TEST(P1Calls, ArbitraryArgumentsDoNoHarm) {
  host::MemoryTree tree;
  ASSERT_TRUE(tree.put_file("f", "x") && tree.put_directory("d"));
  World world;
  world.clock(std::make_shared<host::ManualClock>(0, 1)).random(host::make_seeded_random(3));
  world.preopen(tree.open(world.grant("/")), "/");
  world.standard_input(host::make_memory_input("in"));
  world.network(host::make_real_network(grant::grants_alone()));  // there, and refuses everything
  Guest guest(std::move(world));
  auto random = host::make_seeded_random(4);
  auto next = [&] {
    uint64_t value;
    EXPECT_TRUE(random->fill({reinterpret_cast<uint8_t*>(&value), sizeof value}).has_value());
    return value;
  };
  constexpr uint64_t kEdges[] = {0, 1, 2, 3, 4, 8, 0x7FFFFFFF, 0xFFFFFFFF, 65535, 65536, 65528};
  auto infos = function_infos();
  auto rows = host_functions();
  for (int i = 0; i < 60'000; ++i) {
    size_t which = next() % rows.size();
    if (infos[which].name == "proc_exit") continue;
    uint64_t arguments[9];
    for (uint64_t& argument : arguments) {
      uint64_t kind = next();
      argument = kind % 4 == 0   ? kEdges[next() % std::size(kEdges)]
                 : kind % 4 == 1 ? next() % 16
                 : kind % 4 == 2 ? next() % Guest::kMemorySize
                                 : next();
    }
    // Half of the calls name the file or directory, so that they get beyond the path.
    if (next() % 2 == 0) {
      guest.put(16, next() % 2 == 0 ? "f" : "d");
      arguments[2] = 16;
      arguments[3] = 1;
    }
    auto result = guest.call(rows[which], arguments);
    ASSERT_TRUE(result.has_value() && *result <= Errno::aisystem) << infos[which].name;
  }
}

}  // namespace
}  // namespace nacre::wasi::p1
