// Calls that park instead of waiting: each does, made again when what it waits for is over, what it
// would have done if it had waited.
#include "wasi/p1/parked_call.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <thread>

#include "os/clock.h"
#include "os/network.h"
#include "os/socket.h"
#include "wasi/p1/test_guest.h"

namespace nacre::wasi::p1 {
namespace {

constexpr Ptr kOut = Guest::kOut;
constexpr Ptr kIn = 2048;
constexpr Ptr kEvents = 8192;
constexpr uint64_t kMs = 1'000'000;

uint64_t now() { return *os::clock_now(os::ClockKind::monotonic); }

using Call = std::function<Errno()>;

class ParkedCallTest : public testing::Test {
 protected:
  ParkedCallTest() {
    loop = std::move(*os::EventLoop::create());
    int in[2];
    int out[2];
    EXPECT_EQ(pipe2(in, O_CLOEXEC) + pipe2(out, O_CLOEXEC), 0);
    to_guest = os::OwnedFd(in[1]);
    from_guest = os::OwnedFd(out[0]);
    World world;
    world.standard_input(host::make_real_stream(os::OwnedFd(in[0])))
        .standard_output(host::make_real_stream(os::OwnedFd(out[1])));
    make_guest(std::move(world));
  }
  void make_guest(World world) {
    guest = std::make_unique<Guest>(std::move(world));
    guest->wasi.set_parks(true);
    guest->wasi.set_workers(workers);
  }
  Preview1& wasi() { return guest->wasi; }
  GuestMemory& memory() { return guest->memory; }

  // Makes the call, which parks.
  std::unique_ptr<ParkedCall> must_park(const Call& call) {
    static_cast<void>(call());
    auto parked = wasi().take_parked();
    EXPECT_NE(parked, nullptr);
    return parked;
  }
  // Waits, and makes the call again as long as it parks.
  Errno end(std::unique_ptr<ParkedCall> parked, const Call& call) {
    for (;;) {
      bool over = false;
      EXPECT_TRUE(parked->operation().start(*loop, [&over] { over = true; }).has_value());
      while (!over) EXPECT_TRUE(loop->run_once().has_value());
      wasi().go_on(std::move(parked));
      Errno error = call();
      parked = wasi().take_parked();
      if (parked == nullptr) return error;
    }
  }
  // It may park or not.
  Errno run(const Call& call) {
    Errno error = call();
    auto parked = wasi().take_parked();
    return parked == nullptr ? error : end(std::move(parked), call);
  }
  Call read(Fd fd, Size length) {
    return
        [this, fd, length] { return wasi().fd_read(memory(), fd, guest->iovec(length), 1, kOut); };
  }
  std::string text_read() const { return guest->text(Guest::kBuffer, guest->u32(kOut)); }
  void subscribe_clock(Size index, uint64_t timeout) {
    Ptr at = kIn + 48 * index;
    EXPECT_TRUE(memory().copy_out(at, std::vector<uint8_t>(48)));
    EXPECT_TRUE(memory().write<uint64_t>(at, 100 + index) && memory().write<uint32_t>(at + 16, 1) &&
                memory().write<uint64_t>(at + 24, timeout));
  }
  void subscribe_read(Size index, Fd fd) {
    Ptr at = kIn + 48 * index;
    EXPECT_TRUE(memory().copy_out(at, std::vector<uint8_t>(48)));
    EXPECT_TRUE(memory().write<uint64_t>(at, 100 + index) && memory().write<uint8_t>(at + 8, 1) &&
                memory().write<uint32_t>(at + 16, fd));
  }
  Call poll(Size count) {
    return [this, count] { return wasi().poll_oneoff(memory(), kIn, kEvents, count, kOut); };
  }

  std::unique_ptr<os::EventLoop> loop;
  std::shared_ptr<os::WorkerThreads> workers = std::make_shared<os::WorkerThreads>(2);
  os::OwnedFd to_guest;
  os::OwnedFd from_guest;
  std::unique_ptr<Guest> guest;
};

TEST_F(ParkedCallTest, AReadWaitsForTheOtherEnd) {
  auto parked = must_park(read(0, 16));
  ASSERT_EQ(::write(to_guest.get(), "hello", 5), 5);
  EXPECT_EQ(end(std::move(parked), read(0, 16)), Errno::success);
  EXPECT_EQ(text_read(), "hello");
  ASSERT_EQ(::write(to_guest.get(), "again", 5), 5);
  EXPECT_EQ(read(0, 16)(), Errno::success) << "what is there is not waited for";
  EXPECT_EQ(wasi().take_parked(), nullptr);
  parked = must_park(read(0, 16));
  to_guest.reset();
  EXPECT_EQ(end(std::move(parked), read(0, 16)), Errno::success);
  EXPECT_EQ(text_read(), "") << "the end";
}

TEST_F(ParkedCallTest, AWriteWaitsForRoom) {
  guest->put(Guest::kBuffer, std::string(20'000, 'w'));
  Call write = [&] { return wasi().fd_write(memory(), 1, guest->iovec(20'000), 1, kOut); };
  size_t sent = 0;
  std::unique_ptr<ParkedCall> parked;
  while (parked == nullptr) {
    Errno error = write();
    parked = wasi().take_parked();
    if (parked != nullptr) break;
    ASSERT_EQ(error, Errno::success);
    sent += guest->u32(kOut);
  }
  EXPECT_GE(sent, 4096u);
  std::vector<char> bytes(sent);
  ASSERT_EQ(::read(from_guest.get(), bytes.data(), sent), static_cast<ssize_t>(sent));
  EXPECT_EQ(end(std::move(parked), write), Errno::success);
  EXPECT_GT(guest->u32(kOut), 0u);
}

TEST_F(ParkedCallTest, DescriptorsThatDoNotWantToWaitDoNot) {
  ASSERT_EQ(wasi().fd_fdstat_set_flags(memory(), 0, fdflags::nonblock), Errno::success);
  EXPECT_EQ(read(0, 16)(), Errno::again);
  EXPECT_EQ(wasi().take_parked(), nullptr);
}

TEST_F(ParkedCallTest, ASleepEndsWhenItsTimeIsOver) {
  subscribe_clock(0, 20 * kMs);
  uint64_t begin = now();
  auto parked = must_park(poll(1));
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  // Made again too early: it waits on, no longer than it would have.
  wasi().go_on(std::move(parked));
  parked = must_park(poll(1));
  subscribe_clock(0, 10'000 * kMs);  // what the guest writes now is too late
  EXPECT_EQ(end(std::move(parked), poll(1)), Errno::success);
  uint64_t took = now() - begin;
  EXPECT_GE(took, 20 * kMs);
  EXPECT_LT(took, 5'000 * kMs);
  EXPECT_EQ(guest->u32(kOut), 1u);
  EXPECT_EQ(guest->u64(kEvents), 100u);
}

TEST_F(ParkedCallTest, APollSeesWhateverComesFirst) {
  subscribe_clock(0, 10'000 * kMs);
  subscribe_read(1, 0);
  subscribe_read(2, 0);
  auto parked = must_park(poll(3));
  ASSERT_EQ(::write(to_guest.get(), "abc", 3), 3);
  EXPECT_EQ(end(std::move(parked), poll(3)), Errno::success);
  ASSERT_EQ(guest->u32(kOut), 2u);
  EXPECT_EQ(guest->u64(kEvents), 101u);
  EXPECT_EQ(guest->u64(kEvents + 16), 3u);
  EXPECT_EQ(guest->u64(kEvents + 32), 102u);
}

TEST_F(ParkedCallTest, WhatIsClosedMeanwhileStaysUntilItIsOver) {
  subscribe_read(0, 0);
  auto first = must_park(poll(1));
  auto second = must_park(read(0, 16));
  EXPECT_EQ(guest->close(0), Errno::success);
  wasi().go_on(std::move(first));
  first = must_park(poll(1));
  ASSERT_EQ(::write(to_guest.get(), "x", 1), 1);
  EXPECT_EQ(end(std::move(first), poll(1)), Errno::success);
  EXPECT_EQ(end(std::move(second), read(0, 16)), Errno::badf) << "a read begins anew";
}

TEST_F(ParkedCallTest, TimeThatPassesByWaitingDoes) {
  auto manual = std::make_shared<host::ManualClock>(1'000'000);
  World world;
  world.clock(manual);
  make_guest(std::move(world));
  subscribe_clock(0, 3'600'000 * kMs);
  EXPECT_EQ(poll(1)(), Errno::success);
  EXPECT_EQ(wasi().take_parked(), nullptr);
  EXPECT_EQ(*manual->now(host::ClockKind::monotonic), 3'600'000 * kMs);
}

TEST_F(ParkedCallTest, CancellingLeavesNothingBehind) {
  subscribe_clock(0, 1 * kMs);
  for (const Call& call : {read(0, 16), poll(1)}) {
    auto parked = must_park(call);
    ASSERT_TRUE(parked->operation().start(*loop, [] { FAIL(); }).has_value());
    parked = nullptr;
  }
  ASSERT_EQ(::write(to_guest.get(), "x", 1), 1);
  static_cast<void>(loop->run_once(now() + 3 * kMs).has_value());
  EXPECT_EQ(read(0, 16)(), Errno::success);
}

TEST_F(ParkedCallTest, FilesAreReadAndSyncedByOthers) {
  host::TestTree tree(host::Backend::walk, true);
  tree.put_file("file", "content");
  World world;
  world.preopen(tree.open(world.grant("root")), "root");
  make_guest(std::move(world));
  Fd fd = guest->must_open(3, "file", 0, kReadRights | kWriteRights);
  EXPECT_EQ(run(read(fd, 4)), Errno::success);
  EXPECT_EQ(text_read(), "cont");
  EXPECT_EQ(run(read(fd, 16)), Errno::success);
  EXPECT_EQ(text_read(), "ent");
  EXPECT_EQ(run([&] { return wasi().fd_pread(memory(), fd, guest->iovec(16), 1, 2, kOut); }),
            Errno::success);
  EXPECT_EQ(text_read(), "ntent");
  Call sync = [&] { return wasi().fd_sync(memory(), fd); };
  EXPECT_EQ(end(must_park(sync), sync), Errno::success);
  Call write = [&] { return wasi().fd_write(memory(), fd, guest->iovec(3), 1, kOut); };
  EXPECT_EQ(run(write), Errno::success);
  EXPECT_EQ(guest->u32(kOut), 3u);
  // State of a call that fails the second time is not used by another call.
  auto parked = must_park(sync);
  EXPECT_EQ(guest->close(fd), Errno::success);
  EXPECT_EQ(end(std::move(parked), sync), Errno::badf);
  EXPECT_EQ(guest->must_open(3, "file", 0, kReadRights | kWriteRights), fd);
  EXPECT_EQ(end(must_park(sync), sync), Errno::success);
}

// What is not in memory, of a file system that has a device.
TEST_F(ParkedCallTest, WhatIsNotInMemoryIsReadByAnother) {
  char name[] = "/var/tmp/nacre_parked_XXXXXX";
  os::OwnedFd fd(mkstemp(name));
  ASSERT_TRUE(fd.valid());
  unlink(name);
  std::string content(1 << 20, 'c');
  ASSERT_EQ(::write(fd.get(), content.data(), content.size()),
            static_cast<ssize_t>(content.size()));
  auto forget = [&] {
    fsync(fd.get());
    posix_fadvise(fd.get(), 0, 0, POSIX_FADV_DONTNEED);
  };
  std::vector<uint8_t> bytes(4096);
  MutableBytes whole(bytes);
  forget();
  auto file = host::make_real_file(std::move(*os::duplicate(fd.get())), true, true,
                                   host::Grant::simple("f"), "f");
  auto cached = file->read_cached(std::span(&whole, 1), 500'000);
  if (cached) GTEST_SKIP() << "this file system forgets nothing";
  EXPECT_EQ(cached.error(), host::Errno::again);
  EXPECT_EQ(*file->read_at(std::span(&whole, 1), 500'000), 4096u);
  EXPECT_EQ(bytes[4095], 'c');
}

TEST_F(ParkedCallTest, NamesAreLookedUpByOthers) {
  struct AllowAll final : grant::Gate {
    grant::Decision may(const grant::Request&) override { return grant::Decision::allow; }
    bool watches(std::string_view) override { return true; }
  };
  auto gate = std::make_shared<AllowAll>();
  World world;
  world.gate(gate);
  world.network(host::make_real_network(gate));
  make_guest(std::move(world));
  EXPECT_TRUE(memory().copy_out(kIn, std::vector<uint8_t>(512)));
  // One result, with room for an address.
  EXPECT_TRUE(memory().write<uint32_t>(kOut + 16, kIn));
  EXPECT_TRUE(memory().write<uint32_t>(kIn + 12, kIn + 64));
  EXPECT_TRUE(memory().write<uint32_t>(kIn + 64 + 4, 26));
  EXPECT_TRUE(memory().write<uint32_t>(kIn + 64 + 8, kIn + 128));
  Ptr hints = kIn + 256;
  Size length = guest->put(Guest::kText, "localhost");
  Size port_length = guest->put(Guest::kText2, "80");
  Call look_up = [&] {
    return wasi().sock_getaddrinfo(memory(), Guest::kText, length, Guest::kText2, port_length,
                                   hints, kOut + 16, 1, kOut);
  };
  EXPECT_EQ(end(must_park(look_up), look_up), Errno::success);
  EXPECT_EQ(guest->u32(kOut), 1u);
}

class ParkedSockets : public ParkedCallTest {
 protected:
  ParkedSockets() {
    int ends[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    peer = os::OwnedFd(ends[1]);
    auto grant = host::Grant::simple("socket");
    World world;
    world.socket(*host::make_real_socket(os::OwnedFd(ends[0]), grant));
    listener = std::move(*os::listen_loopback(&port));
    world.socket(*host::make_real_socket(std::move(*os::duplicate(listener.get())), grant));
    make_guest(std::move(world));
  }
  static constexpr Fd kSocket = 3;
  static constexpr Fd kListener = 4;
  Call receive(Size length, uint32_t flags) {
    return [this, length, flags] {
      return wasi().sock_recv(memory(), kSocket, guest->iovec(length), 1, flags, kOut, kOut + 4);
    };
  }
  os::OwnedFd peer;
  os::OwnedFd listener;
  uint16_t port = 0;
};

TEST_F(ParkedSockets, Receive) {
  auto parked = must_park(receive(16, 0));
  ASSERT_EQ(::write(peer.get(), "hello", 5), 5);
  EXPECT_EQ(end(std::move(parked), receive(16, 0)), Errno::success);
  EXPECT_EQ(text_read(), "hello");
  parked = must_park(read(kSocket, 16));
  ASSERT_EQ(::write(peer.get(), "again", 5), 5);
  EXPECT_EQ(end(std::move(parked), read(kSocket, 16)), Errno::success);
  EXPECT_EQ(text_read(), "again");
}

TEST_F(ParkedSockets, ReceiveAllThatIsAskedFor) {
  constexpr uint32_t kWaitAll = 2;
  auto parked = must_park(receive(10, kWaitAll));
  for (const char* part : {"012", "345", "67"}) {
    ASSERT_EQ(::write(peer.get(), part, strlen(part)), static_cast<ssize_t>(strlen(part)));
    wasi().go_on(std::move(parked));
    parked = must_park(receive(10, kWaitAll));
  }
  ASSERT_EQ(::write(peer.get(), "89next", 6), 6);
  EXPECT_EQ(end(std::move(parked), receive(10, kWaitAll)), Errno::success);
  EXPECT_EQ(text_read(), "0123456789");
  parked = must_park(receive(10, kWaitAll));
  peer.reset();
  EXPECT_EQ(end(std::move(parked), receive(10, kWaitAll)), Errno::success);
  EXPECT_EQ(text_read(), "next") << "the end comes first";
}

TEST_F(ParkedSockets, ATimeoutOfTheSocketCounts) {
  EXPECT_TRUE(memory().write<uint64_t>(kIn, 0) && memory().write<uint64_t>(kIn + 8, 20'000));
  ASSERT_EQ(wasi().sock_setsockopt(memory(), kSocket, 0, 11, kIn, 16), Errno::success);
  uint64_t begin = now();
  EXPECT_EQ(end(must_park(receive(10, 0)), receive(10, 0)), Errno::again);
  EXPECT_GE(now() - begin, 19 * kMs);
}

TEST_F(ParkedSockets, Send) {
  guest->put(Guest::kBuffer, std::string(20'000, 's'));
  Call send = [&] { return wasi().sock_send(memory(), kSocket, guest->iovec(20'000), 1, 0, kOut); };
  std::unique_ptr<ParkedCall> parked;
  while (parked == nullptr) {
    Errno error = send();
    parked = wasi().take_parked();
    if (parked != nullptr) break;
    ASSERT_EQ(error, Errno::success);
  }
  std::vector<char> bytes(1 << 20);
  ASSERT_GT(::read(peer.get(), bytes.data(), bytes.size()), 0);
  EXPECT_EQ(end(std::move(parked), send), Errno::success);
}

TEST_F(ParkedSockets, Accept) {
  Call accept = [&] { return wasi().sock_accept(memory(), kListener, 0, kOut); };
  auto parked = must_park(accept);
  auto client = os::connect_loopback(port);
  ASSERT_TRUE(client);
  EXPECT_EQ(end(std::move(parked), accept), Errno::success);
  Fd accepted = guest->u32(kOut);
  ASSERT_EQ(::write(client->get(), "hi", 2), 2);
  EXPECT_EQ(run(read(accepted, 16)), Errno::success);
  EXPECT_EQ(text_read(), "hi");
}

TEST_F(ParkedSockets, Connect) {
  struct AllowAll final : grant::Gate {
    grant::Decision may(const grant::Request&) override { return grant::Decision::allow; }
    bool watches(std::string_view) override { return true; }
  };
  auto gate = std::make_shared<AllowAll>();
  World world;
  world.gate(gate);
  world.network(host::make_real_network(gate));
  make_guest(std::move(world));
  for (bool listens : {true, false}) {
    if (!listens) listener.reset();
    ASSERT_EQ(wasi().sock_open(memory(), 1, 2, kOut), Errno::success);
    Fd fd = guest->u32(kOut);
    std::vector<uint8_t> address = {127, 0, 0, 1};
    EXPECT_TRUE(memory().copy_out(300, address));
    EXPECT_TRUE(memory().write<uint32_t>(256, 300) && memory().write<uint32_t>(260, 4));
    Call connect = [&] { return wasi().sock_connect(memory(), fd, 256, port); };
    EXPECT_EQ(run(connect), listens ? Errno::success : Errno::connrefused);
  }
}

}  // namespace
}  // namespace nacre::wasi::p1
