// The socket extension, over sockets of this machine's loopback.
#include <gtest/gtest.h>

#include <algorithm>

#include "host/network.h"
#include "os/network.h"
#include "wasi/p1/test_guest.h"

namespace nacre::wasi::p1 {
namespace {

constexpr Ptr kOut = Guest::kOut;
constexpr Ptr kAddress = 256;  // a pair of pointer and length
constexpr Ptr kBytes = 300;    // what it points to
constexpr Ptr kList = 2048;    // results of lookups
constexpr uint32_t kV4 = 1;
constexpr uint32_t kV6 = 2;
constexpr uint32_t kDatagram = 1;
constexpr uint32_t kStream = 2;

// Allows what is on the list, exactly.
class Listed final : public grant::Gate {
 public:
  grant::Decision may(const grant::Request& request) override {
    asked.emplace_back(request.object);
    bool listed = request.granted || std::ranges::find(allowed, request.object) != allowed.end();
    return listed ? grant::Decision::allow : grant::Decision::deny;
  }
  bool watches(std::string_view) override { return true; }
  std::vector<std::string> allowed;
  std::vector<std::string> asked;
};

class P1Network : public testing::Test {
 protected:
  P1Network() {
    auto fd = os::listen_loopback(&port);
    EXPECT_TRUE(fd.has_value());
    server = std::move(*fd);
    World world;
    world.gate(gate);
    world.network(host::make_real_network(gate));
    guest = std::make_unique<Guest>(std::move(world));
  }
  Preview1& wasi() { return guest->wasi; }
  GuestMemory& memory() { return guest->memory; }

  Fd open(uint32_t family = kV4, uint32_t type = kStream) {
    EXPECT_EQ(wasi().sock_open(memory(), family, type, kOut), Errno::success);
    return guest->u32(kOut);
  }
  Ptr address(std::vector<uint8_t> bytes) {
    EXPECT_TRUE(memory().copy_out(kBytes, bytes));
    return room(static_cast<Size>(bytes.size()));
  }
  Ptr room(Size size) {
    EXPECT_TRUE(memory().write<uint32_t>(kAddress, kBytes));
    EXPECT_TRUE(memory().write<uint32_t>(kAddress + 4, size));
    return kAddress;
  }
  Errno connect(Fd fd, std::vector<uint8_t> to, uint32_t to_port) {
    return wasi().sock_connect(memory(), fd, address(std::move(to)), to_port);
  }
  std::string local(const char* scheme = "tcp") const {
    return std::string(scheme) + "://127.0.0.1:" + std::to_string(port);
  }
  int32_t option(Fd fd, uint32_t name) {
    EXPECT_TRUE(memory().write<uint32_t>(kOut + 8, 4));
    EXPECT_EQ(wasi().sock_getsockopt(memory(), fd, 0, name, kOut, kOut + 8), Errno::success);
    return static_cast<int32_t>(guest->u32(kOut));
  }

  uint16_t port = 0;
  os::OwnedFd server;
  std::shared_ptr<Listed> gate = std::make_shared<Listed>();
  std::unique_ptr<Guest> guest;
};

const std::vector<uint8_t> kLoopback = {127, 0, 0, 1};

TEST_F(P1Network, ConnectsWhereItMay) {
  gate->allowed = {local()};
  Fd fd = open();
  EXPECT_EQ(guest->type_of(fd), 6);
  EXPECT_EQ(guest->write(fd, "x").first, Errno::notconn);
  EXPECT_EQ(connect(fd, {127, 0, 0, 2}, port), Errno::notcapable);
  EXPECT_EQ(connect(fd, kLoopback, port), Errno::success);
  EXPECT_EQ(connect(fd, kLoopback, port), Errno::isconn);
  auto peer = os::accept_socket(server.get());
  ASSERT_TRUE(peer.has_value());
  EXPECT_EQ(guest->write(fd, "hello").second, 5u);
  uint8_t bytes[8];
  MutableBytes to(bytes);
  EXPECT_EQ(os::receive(peer->get(), std::span(&to, 1), {})->bytes, 5u);
  EXPECT_EQ(wasi().sock_getpeeraddr(memory(), fd, room(16), kOut, kOut + 4), Errno::success);
  EXPECT_EQ(guest->u32(kOut), 4u);
  EXPECT_EQ(guest->u32(kOut + 4), port);
  EXPECT_EQ(guest->u32(kBytes), 0x0100007Fu);
  EXPECT_EQ(wasi().sock_getlocaladdr_typed(memory(), fd, room(128), kOut + 4), Errno::success);
  EXPECT_EQ(guest->u16(kBytes), kV4);
  EXPECT_EQ(guest->u32(kBytes + 2), 0x0100007Fu);
}

TEST_F(P1Network, EverySpellingOfAnAddressIsThatAddress) {
  // Unspecified and IPv4 within IPv6 are decided as what they lead to.
  EXPECT_EQ(connect(open(), {0, 0, 0, 0}, port), Errno::notcapable);
  EXPECT_EQ(gate->asked.back(), local());
  std::vector<uint8_t> mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 127, 0, 0, 1};
  EXPECT_EQ(connect(open(kV6), mapped, port), Errno::notcapable);
  EXPECT_EQ(gate->asked.back(), local());
  EXPECT_EQ(connect(open(kV6), std::vector<uint8_t>(16), port), Errno::notcapable);
  EXPECT_EQ(gate->asked.back(), "tcp://[::1]:" + std::to_string(port));
  std::vector<uint8_t> typed(128);
  typed[0] = kV4;
  typed[2] = 10;
  EXPECT_EQ(connect(open(), typed, port), Errno::notcapable);
  EXPECT_EQ(gate->asked.back(), "tcp://10.0.0.0:" + std::to_string(port));
  size_t before = gate->asked.size();
  EXPECT_EQ(connect(open(), mapped, port), Errno::notcapable);  // the same as IPv4
  EXPECT_EQ(connect(open(), std::vector<uint8_t>(16), port), Errno::afnosupport);
  typed[0] = 3;
  EXPECT_EQ(connect(open(), typed, port), Errno::afnosupport);
  EXPECT_EQ(connect(open(), {1, 2, 3}, port), Errno::inval);
  EXPECT_EQ(connect(open(), kLoopback, 65536), Errno::inval);
  EXPECT_EQ(gate->asked.size(), before + 1);
}

TEST_F(P1Network, WhatDoesNotWaitIsPolled) {
  gate->allowed = {local(), "tcp://127.0.0.1:1"};
  for (uint16_t to : {port, uint16_t{1}}) {
    Fd fd = open();
    EXPECT_EQ(wasi().fd_fdstat_set_flags(memory(), fd, fdflags::nonblock), Errno::success);
    Errno error = connect(fd, kLoopback, to);
    // The loopback may be done at once.
    if (error == Errno::inprogress) {
      EXPECT_TRUE(memory().copy_out(1024, std::vector<uint8_t>(48)));
      EXPECT_TRUE(memory().write<uint8_t>(1024 + 8, 2) && memory().write<uint32_t>(1024 + 16, fd));
      EXPECT_EQ(wasi().poll_oneoff(memory(), 1024, 1200, 1, kOut), Errno::success);
      error = static_cast<Errno>(option(fd, 2));
    }
    EXPECT_EQ(error, to == port ? Errno::success : Errno::connrefused);
    EXPECT_EQ(option(fd, 2), 0);
    if (to != port) {
      EXPECT_EQ(connect(fd, kLoopback, port), Errno::success) << "once more";
    }
  }
}

TEST_F(P1Network, DatagramsGoWhereTheyMayAndComeFromThere) {
  auto there = os::make_socket(os::IpFamily::v4, os::SocketType::datagram);
  ASSERT_TRUE(os::bind_socket(there->get(), os::IpFamily::v4, {*parse_address("127.0.0.1"), 0}));
  uint16_t its_port = os::local_end(there->get())->port;
  gate->allowed = {"udp://127.0.0.1:" + std::to_string(its_port)};
  Fd fd = open(kV4, kDatagram);
  EXPECT_EQ(guest->type_of(fd), 5);
  auto send = [&](std::vector<uint8_t> to, uint32_t to_port) {
    guest->put(Guest::kBuffer, "hello");
    return wasi().sock_send_to(memory(), fd, guest->iovec(5), 1, address(std::move(to)), to_port, 0,
                               kOut);
  };
  EXPECT_EQ(send(kLoopback, its_port + 1u), Errno::notcapable);
  EXPECT_EQ(send(kLoopback, its_port), Errno::success);
  EXPECT_EQ(send(kLoopback, its_port), Errno::success);
  EXPECT_EQ(gate->asked.size(), 2u) << "a destination is decided once";
  EXPECT_EQ(send({255, 255, 255, 255}, 9), Errno::notcapable);
  EXPECT_EQ(send({224, 0, 0, 1}, 9), Errno::notcapable);
  EXPECT_EQ(wasi().sock_getlocaladdr(memory(), fd, room(4), kOut, kOut + 4), Errno::success);
  Endpoint mine{*parse_address("127.0.0.1"), static_cast<uint16_t>(guest->u32(kOut + 4))};
  // A stranger's datagram is as if it had not come.
  auto stranger = os::make_socket(os::IpFamily::v4, os::SocketType::datagram);
  ASSERT_TRUE(os::send_datagram(stranger->get(), os::IpFamily::v4, mine, as_bytes("evil")));
  ASSERT_TRUE(os::send_datagram(there->get(), os::IpFamily::v4, mine, as_bytes("good")));
  EXPECT_EQ(wasi().sock_recv_from(memory(), fd, guest->iovec(9), 1, room(128), 0, kOut, kOut + 4,
                                  kOut + 8),
            Errno::success);
  EXPECT_EQ(guest->text(Guest::kBuffer, guest->u32(kOut + 4)), "good");
  EXPECT_EQ(guest->u32(kOut), its_port);
  EXPECT_EQ(wasi().fd_fdstat_set_flags(memory(), fd, fdflags::nonblock), Errno::success);
  ASSERT_TRUE(os::send_datagram(stranger->get(), os::IpFamily::v4, mine, as_bytes("evil")));
  for (uint32_t peek : {1, 0}) {
    EXPECT_EQ(wasi().sock_recv(memory(), fd, guest->iovec(9), 1, peek, kOut, kOut + 4),
              Errno::again);
  }
  EXPECT_EQ(connect(fd, {127, 0, 0, 2}, its_port), Errno::notcapable);
  EXPECT_EQ(connect(fd, kLoopback, its_port), Errno::success);
  EXPECT_EQ(guest->write(fd, "x").second, 1u);
}

TEST_F(P1Network, ListensWhereItMay) {
  auto bind = [&](Fd fd, uint32_t at) {
    return wasi().sock_bind(memory(), fd, address(kLoopback), at);
  };
  Fd fd = open();
  EXPECT_EQ(bind(fd, 0), Errno::notcapable);
  EXPECT_EQ(wasi().sock_listen(memory(), fd, 1), Errno::notcapable);
  EXPECT_EQ(gate->asked.back(), "tcp://0.0.0.0:0") << "not everywhere, either";
  gate->allowed = {"tcp://127.0.0.1:0", local()};
  EXPECT_EQ(bind(fd, port), Errno::addrinuse);
  EXPECT_EQ(bind(fd, 0), Errno::success);
  EXPECT_EQ(wasi().sock_listen(memory(), fd, 1), Errno::success);
  EXPECT_EQ(option(fd, 13), 1);
  EXPECT_EQ(wasi().sock_getlocaladdr(memory(), fd, room(4), kOut, kOut + 4), Errno::success);
  auto peer = os::connect_loopback(static_cast<uint16_t>(guest->u32(kOut + 4)));
  ASSERT_TRUE(peer.has_value());
  EXPECT_EQ(wasi().sock_accept_plain(memory(), fd, kOut), Errno::success);
  EXPECT_EQ(guest->write(guest->u32(kOut), "x").second, 1u);
  Fd datagrams = open(kV4, kDatagram);
  EXPECT_EQ(bind(datagrams, 9), Errno::notcapable);
  EXPECT_EQ(gate->asked.back(), "udp://127.0.0.1:9");
  EXPECT_EQ(bind(datagrams, 0), Errno::success) << "nothing is heard there of strangers";
}

TEST_F(P1Network, WhatWasGrantedIsHandedOverWhenItIsBound) {
  host::MemoryListener listener(host::Grant::simple("127.0.0.1:7"));
  World world;
  world.network(host::make_real_network(gate));
  world.socket(listener.socket());
  guest = std::make_unique<Guest>(std::move(world));
  ASSERT_TRUE(listener.connect().has_value());
  Fd fd = open();
  EXPECT_EQ(wasi().sock_bind(memory(), fd, address(kLoopback), 7), Errno::success);
  EXPECT_EQ(wasi().sock_listen(memory(), fd, 5), Errno::success);
  EXPECT_EQ(wasi().sock_accept(memory(), fd, 0, kOut), Errno::success);
}

TEST_F(P1Network, Options) {
  gate->allowed = {local()};
  Fd fd = open();
  auto set = [&](uint32_t name, std::vector<uint8_t> value) {
    EXPECT_TRUE(memory().copy_out(kBytes, value));
    return wasi().sock_setsockopt(memory(), fd, 0, name, kBytes, static_cast<Size>(value.size()));
  };
  for (bool connected : {false, true}) {
    if (connected) {
      EXPECT_EQ(connect(fd, kLoopback, port), Errno::success);
      EXPECT_EQ(option(fd, 7), 1) << "set before, holds now";
    }
    EXPECT_EQ(option(fd, 1), static_cast<int32_t>(kStream));
    EXPECT_EQ(set(7, {1, 0, 0, 0}), Errno::success);
    EXPECT_EQ(option(fd, 7), 1);
    EXPECT_EQ(set(9, {1, 0, 0, 0, 5, 0, 0, 0}), Errno::success);
    std::vector<uint8_t> time(16);
    time[8] = 100;
    EXPECT_EQ(set(11, time), Errno::success);
    EXPECT_TRUE(memory().write<uint32_t>(kOut + 24, 16));
    EXPECT_EQ(wasi().sock_getsockopt(memory(), fd, 0, 11, kOut, kOut + 24), Errno::success);
    EXPECT_EQ(guest->u64(kOut), 0u);
    EXPECT_GE(guest->u64(kOut + 8), 100u);
    EXPECT_EQ(set(7, {1}), Errno::inval);
    EXPECT_EQ(set(1, {1, 0, 0, 0}), Errno::noprotoopt);
    EXPECT_EQ(set(14, {'e', 't', 'h', '0'}), Errno::noprotoopt);
    EXPECT_EQ(set(15, {1, 0, 0, 0}), Errno::inval);
    time[15] = 0xFF;
    EXPECT_EQ(set(11, time), Errno::dom);
    EXPECT_EQ(wasi().sock_setsockopt(memory(), fd, 6, 1, kBytes, 4), Errno::inval);
  }
  EXPECT_EQ(wasi().sock_recv(memory(), fd, guest->iovec(9), 1, 0, kOut, kOut + 4), Errno::again)
      << "the time that it was given is over";
}

// A list of `count` results for the guest to have written.
class Lookups : public P1Network {
 protected:
  static constexpr Ptr kRecord = 100;  // apart
  Ptr list(uint32_t count, uint32_t data_size = 26, uint32_t name_size = 0) {
    for (uint32_t i = 0; i < count; ++i) {
      Ptr at = kList + i * kRecord;
      std::vector<uint8_t> zeros(kRecord);
      EXPECT_TRUE(memory().copy_out(at, zeros));
      EXPECT_TRUE(memory().write<uint32_t>(at + 12, at + 28) &&
                  memory().write<uint32_t>(at + 16, at + 72) &&
                  memory().write<uint32_t>(at + 20, name_size) &&
                  memory().write<uint32_t>(at + 24, i + 1 < count ? at + kRecord : 0) &&
                  memory().write<uint32_t>(at + 32, data_size) &&
                  memory().write<uint32_t>(at + 36, at + 40));
    }
    EXPECT_TRUE(memory().write<uint32_t>(kOut, kList));
    return kOut;
  }
  Errno look_up(std::string_view node, std::string_view service, Ptr results, uint32_t most,
                uint16_t flags = 0, uint8_t family = 0) {
    EXPECT_TRUE(memory().copy_out(1500, std::vector<uint8_t>(28)));
    EXPECT_TRUE(memory().write<uint16_t>(1500, flags) && memory().write<uint8_t>(1502, family));
    Size node_size = guest->put(Guest::kText, node);
    Size service_size = guest->put(1600, service);
    return wasi().sock_getaddrinfo(memory(), Guest::kText, node_size, 1600, service_size, 1500,
                                   results, most, kOut + 4);
  }
};

TEST_F(Lookups, NumbersNeedNoPermission) {
  EXPECT_EQ(look_up("10.1.2.3", "443", list(2), 2), Errno::success);
  EXPECT_EQ(guest->u32(kOut + 4), 1u);
  EXPECT_EQ(guest->u8(kList + 2), kV4);
  EXPECT_EQ(guest->u8(kList + 28), kV4);
  EXPECT_EQ(guest->u32(kList + 8), 16u);
  EXPECT_EQ(guest->u32(kList + 32), 14u);
  EXPECT_EQ(guest->u16(kList + 40), 0xBB01) << "443, its first byte first";
  EXPECT_EQ(guest->u32(kList + 42), 0x0302010Au);
  EXPECT_EQ(look_up("::2", "https", list(1), 1), Errno::success);
  EXPECT_EQ(guest->u8(kList + 2), kV6);
  EXPECT_EQ(guest->u8(kList + 40 + 6 + 15), 2);
  EXPECT_EQ(look_up("", "80", list(2), 2), Errno::success);
  EXPECT_EQ(guest->u32(kOut + 4), 2u);
  EXPECT_TRUE(gate->asked.empty());
}

TEST_F(Lookups, NamesNeedOne) {
  EXPECT_EQ(look_up("LocalHost.", "", list(8), 8), Errno::notcapable);
  EXPECT_EQ(gate->asked, std::vector<std::string>{"localhost"});
  gate->allowed = {"localhost"};
  // As C has texts, too.
  EXPECT_EQ(look_up(std::string_view("localhost\0", 10), std::string_view("\0", 1), list(8, 26, 20),
                    8, 2, kV4),
            Errno::success);
  EXPECT_GE(guest->u32(kOut + 4), 1u);
  EXPECT_EQ(guest->u8(kList + 42), 127);
  EXPECT_EQ(guest->u32(kList + 20), 9u);
  EXPECT_EQ(guest->text(kList + 72, 10), std::string("localhost\0", 10));
}

TEST_F(Lookups, HostileNamesAreNone) {
  for (std::string name :
       {std::string("a b"), std::string("a\0b", 3), std::string("-a"), std::string("a..b"),
        std::string("2130706433"), std::string("127.1"), std::string("0x7f.1"),
        std::string("1.2.3.4.5"), std::string(64, 'a'), std::string(2000, 'a'), std::string("a/b"),
        std::string("caf\xc3\xa9"), std::string("::1%lo"), std::string("a\nb")}) {
    EXPECT_EQ(look_up(name, "", list(1), 1), Errno::ainoname) << name;
  }
  EXPECT_EQ(look_up("localhost", "", list(1), 1, 4), Errno::ainoname) << "numbers only";
  EXPECT_EQ(look_up("1.2.3.4", "nothing", list(1), 1), Errno::aiservice);
  EXPECT_EQ(look_up("1.2.3.4", "65536", list(1), 1), Errno::aiservice);
  EXPECT_EQ(look_up("1.2.3.4", "http", list(1), 1, 8), Errno::aiservice);
  EXPECT_EQ(look_up("1.2.3.4", "", list(1), 1, 0x80), Errno::aibadflag);
  EXPECT_EQ(look_up("1.2.3.4", "", list(1), 1, 0, 3), Errno::aifamily);
  EXPECT_EQ(look_up("1.2.3.4", "", list(1), 1, 0, kV6), Errno::ainodata);
  EXPECT_EQ(look_up("", "", list(1), 1), Errno::ainoname);
  EXPECT_TRUE(gate->asked.empty());
}

TEST_F(Lookups, WritesWhatTheGuestMadeRoomForAndNothingElse) {
  EXPECT_EQ(look_up("::2", "", list(1, 14), 1), Errno::ainodata) << "14 bytes hold no IPv6";
  EXPECT_EQ(look_up("1.2.3.4", "", list(1, 13), 1), Errno::ainodata);
  EXPECT_EQ(look_up("1.2.3.4", "", list(1, 14, 7), 1, 2), Errno::success);
  EXPECT_EQ(guest->u32(kList + 20), 0u) << "the name and its NUL take 8";
  EXPECT_EQ(look_up("1.2.3.4", "", list(1), 0), Errno::aimemory);
  // Everything is checked before a question is asked.
  gate->allowed = {"localhost"};
  for (Ptr field : {12, 16, 24, 32, 36}) {
    for (uint32_t value : {0xFFFFFFFFu, 0xFFFFFFF0u, 65530u}) {
      Ptr results = list(2);
      EXPECT_TRUE(memory().write<uint32_t>(kList + field, value));
      if (field == 16) {
        EXPECT_TRUE(memory().write<uint32_t>(kList + 20, 0xFFFFFF));
      }
      EXPECT_EQ(look_up("localhost", "", results, 2), Errno::fault) << field << ", " << value;
    }
  }
  EXPECT_TRUE(gate->asked.empty());
  // A ring, and more results than there ever are.
  Ptr results = list(2);
  EXPECT_TRUE(memory().write<uint32_t>(kList + kRecord + 24, kList));
  EXPECT_EQ(look_up("localhost", "", results, 0xFFFFFFFF), Errno::success);
  // Everything in one place.
  results = list(1);
  EXPECT_TRUE(memory().write<uint32_t>(kList + 12, kList) &&
              memory().write<uint32_t>(kList + 8, kList));
  (void)look_up("1.2.3.4", "", results, 5);
  EXPECT_EQ(wasi().sock_getaddrinfo(memory(), 0xFFFFFFFF, 2, 0, 0, 0, kOut, 1, kOut), Errno::fault);
  EXPECT_EQ(wasi().sock_getaddrinfo(memory(), 0, 0, 0, 0xFFFFFFFF, 0, kOut, 1, kOut), Errno::fault);
}

TEST_F(P1Network, HostilePointers) {
  Fd fd = open();
  for (uint32_t bad : {0xFFFFFFFFu, 0xFFFFFFFCu, 65533u}) {
    EXPECT_EQ(wasi().sock_connect(memory(), fd, bad, 1), Errno::fault);
    EXPECT_EQ(wasi().sock_open(memory(), kV4, kStream, bad), Errno::fault);
    EXPECT_EQ(wasi().sock_getlocaladdr(memory(), fd, room(4), bad, kOut), Errno::fault);
    EXPECT_EQ(wasi().sock_getlocaladdr(memory(), fd, room(4), kOut, bad), Errno::fault);
    EXPECT_TRUE(memory().write<uint32_t>(kAddress, bad) &&
                memory().write<uint32_t>(kAddress + 4, 16));
    EXPECT_EQ(wasi().sock_bind(memory(), fd, kAddress, 1), Errno::fault);
    EXPECT_EQ(wasi().sock_getsockopt(memory(), fd, 0, 2, kOut, bad), Errno::fault);
    EXPECT_TRUE(memory().write<uint32_t>(kOut, bad));
    EXPECT_EQ(wasi().sock_getsockopt(memory(), fd, 0, 2, kOut + 8, kOut), Errno::fault);
    EXPECT_EQ(wasi().sock_setsockopt(memory(), fd, 0, 7, 8, bad), Errno::fault);
  }
  EXPECT_TRUE(gate->asked.empty());
  EXPECT_EQ(wasi().sock_open(memory(), 0, kStream, kOut), Errno::afnosupport);
  EXPECT_EQ(wasi().sock_open(memory(), 3, kStream, kOut), Errno::afnosupport);
  EXPECT_EQ(wasi().sock_open(memory(), kV4, 0, kOut), Errno::inval);
  EXPECT_EQ(Guest(World()).wasi.sock_open(memory(), kV4, kStream, kOut), Errno::notcapable);
}

}  // namespace
}  // namespace nacre::wasi::p1
