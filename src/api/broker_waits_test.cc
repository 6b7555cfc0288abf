// Functions of WASI whose guest's process has a broker: under an event loop they park while it
// acts or asks, and end as they do in place.
#include <gtest/gtest.h>
#include <unistd.h>

#include <functional>
#include <string>

#include "broker/broker_for_test.h"
#include "broker/slow_person_for_test.h"
#include "grant/rules.h"
#include "host/network.h"
#include "os/event_loop.h"
#include "policy/asking.h"
#include "wasi/p1/test_guest.h"

namespace nacre {
namespace {

using broker::Server;
using broker::SlowPerson;
using grant::Answer;
using host::TestTree;
using policy::Policy;
using namespace wasi::p1;

constexpr Fd kRoot = 3;
constexpr Ptr kOut = Guest::kOut;

class BrokerWaits : public testing::Test {
 protected:
  using Call = std::function<Errno()>;

  BrokerWaits() {
    tree.put_directory("d");
    tree.put_file("f", "text");
    tree.put_file("d/f", "text");
    tree.put_link("to_f", "f");
    Policy::Options options;
    options.asker = person;
    options.max_questions = 100;
    policy = std::make_shared<Policy>(std::move(options));
    // Its own thread of questions: a person answers them all.
    auto root = tree.open(std::make_shared<host::Grant>("root", grant::Rights::all, policy,
                                                        std::make_shared<host::DenialLog>(), true));
    broker.emplace(Server::Duties{.dirs = {root},
                                  .policy = policy,
                                  .network = host::make_real_network(policy),
                                  .finish = nullptr});
    auto& client = broker->client;
    host::World world;
    world.preopen(client->stand_in(*root, 0), "root")
        .network(client->network())
        .courier(client)
        .clock(policy::asking_clock(host::make_real_clock(), client));
    guest.emplace(std::move(world));
  }
  ~BrokerWaits() override {
    guest.reset();
    broker.reset();
  }

  Errno made(const Call& call) {
    guest->wasi.set_parks(true);
    Errno error = call();
    guest->wasi.set_parks(false);
    return error;
  }
  std::unique_ptr<ParkedCall> parks(const Call& call) {
    static_cast<void>(made(call));
    EXPECT_TRUE(guest->wasi.is_parked());
    return guest->wasi.take_parked();
  }
  // Until it parks no more.
  Errno ends(std::unique_ptr<ParkedCall> parked, const Call& call) {
    for (;;) {
      bool over = false;
      EXPECT_TRUE(parked->operation().start(*loop, [&] { over = true; }).has_value());
      while (!over) EXPECT_TRUE(loop->run_once().has_value());
      guest->wasi.go_on(std::move(parked));
      Errno error = made(call);
      parked = guest->wasi.take_parked();
      if (!parked) return error;
    }
  }
  // Parks, unless the broker is quick; the person says the same to all it is about.
  Errno run(const Call& call, Answer answer = Answer::once) {
    person->say_always(answer);
    return run_unasked(call);
  }
  Errno run_unasked(const Call& call) {
    Errno error = made(call);
    auto parked = guest->wasi.take_parked();
    if (!parked) return error;
    ++parked_calls;
    return ends(std::move(parked), call);
  }
  Call stat(const std::string& path) {
    return [this, path] { return guest->stat(kRoot, path); };
  }
  Call open(const std::string& path) {
    return [this, path] { return guest->open(kRoot, path).first; };
  }

  int parked_calls = 0;
  TestTree tree{host::Backend::walk, true};
  std::unique_ptr<os::EventLoop> loop = *os::EventLoop::create();
  std::shared_ptr<SlowPerson> person = std::make_shared<SlowPerson>();
  std::shared_ptr<Policy> policy;
  std::optional<broker::BrokerForTest> broker;
  std::optional<Guest> guest;
};

TEST_F(BrokerWaits, PathsPark) {
  EXPECT_EQ(run(open("f")), Errno::success);
  EXPECT_EQ(run(open("f")), Errno::success);
  EXPECT_EQ(run(stat("f")), Errno::success);
  EXPECT_EQ(run([&] { return guest->mkdir(kRoot, "new"); }), Errno::success);
  EXPECT_EQ(run([&] { return guest->rename(kRoot, "new", kRoot, "newer"); }), Errno::success);
  EXPECT_EQ(run([&] { return guest->rmdir(kRoot, "newer"); }), Errno::success);
  EXPECT_EQ(run([&] { return guest->symlink("f", kRoot, "link"); }), Errno::success);
  EXPECT_EQ(run([&] { return guest->link(kRoot, "f", kRoot, "hard"); }), Errno::success);
  EXPECT_EQ(run([&] { return guest->unlink(kRoot, "hard"); }), Errno::success);
  EXPECT_EQ(run(open("none")), Errno::noent);
  EXPECT_EQ(run(open("f"), Answer::never), Errno::noent);
  EXPECT_EQ(run(stat("none")), Errno::noent);
  EXPECT_GT(parked_calls, 0);
}

TEST_F(BrokerWaits, ADirectoryIsListedInParts) {
  for (int i = 0; i < 3000; ++i) tree.put_file("d/a_rather_long_name_" + std::to_string(i), "");
  ASSERT_EQ(run([&] { return guest->open(kRoot, "d", 0, kReadRights).first; }), Errno::success);
  Fd dir = guest->u32(kOut);
  uint64_t cookie = 0;
  size_t names = 0;
  constexpr Size kSize = 16 << 10;
  for (;;) {
    auto read = [&] {
      return guest->wasi.fd_readdir(guest->memory, dir, Guest::kBuffer, kSize, cookie, kOut);
    };
    ASSERT_EQ(run(read), Errno::success);
    Size used = guest->u32(kOut);
    for (Size at = 0; at + 24 <= used;) {
      Size length = guest->u32(Guest::kBuffer + at + 16);
      if (at + 24 + length > used) break;
      cookie = guest->u64(Guest::kBuffer + at);
      at += 24 + length;
      ++names;
    }
    if (used < kSize) break;
  }
  EXPECT_EQ(names, 3000u + 3);
}

TEST_F(BrokerWaits, SocketsPark) {
  Ptr record = 256;
  ASSERT_TRUE(guest->memory.copy_out(300, as_bytes(std::string_view("\x7f\0\0\1", 4))));
  ASSERT_TRUE(guest->memory.write<uint32_t>(record, 300) &&
              guest->memory.write<uint32_t>(record + 4, 4));
  auto socket = [&](uint32_t type) {
    EXPECT_EQ(guest->wasi.sock_open(guest->memory, address_family::v4, type, kOut), Errno::success);
    return guest->u32(kOut);
  };
  auto bind = [&](Fd fd) {
    return [=, this] { return guest->wasi.sock_bind(guest->memory, fd, record, 0); };
  };
  auto listen = [&](Fd fd) {
    return [=, this] { return guest->wasi.sock_listen(guest->memory, fd, 5); };
  };
  Fd server = socket(socket_type::stream);
  EXPECT_EQ(run(bind(server)), Errno::success);
  EXPECT_EQ(run(listen(server)), Errno::success);
  EXPECT_EQ(guest->wasi.sock_getlocaladdr_typed(guest->memory, server, record, kOut), Errno::inval);
  ASSERT_EQ(guest->wasi.sock_getlocaladdr(guest->memory, server, record, 600, kOut),
            Errno::success);
  uint32_t port = guest->u32(kOut);
  auto connect = [&](Fd fd) {
    return [=, this] { return guest->wasi.sock_connect(guest->memory, fd, record, port); };
  };
  Fd client = socket(socket_type::stream);
  EXPECT_EQ(run(connect(client)), Errno::success);
  // One that binds by itself, and one that may not.
  EXPECT_EQ(run(listen(socket(socket_type::stream))), Errno::success);
  EXPECT_EQ(run(connect(socket(socket_type::stream)), Answer::no), Errno::notcapable);
  // Datagrams.
  Fd datagrams = socket(socket_type::datagram);
  EXPECT_EQ(run(connect(datagrams)), Errno::notcapable) << "another kind of destination";
}

// What is asked about when it is first used.
TEST_F(BrokerWaits, AClockParksUntilItIsAllowed) {
  auto time = [&] { return guest->wasi.clock_time_get(guest->memory, 1, 0, kOut); };
  auto parked = parks(time);
  EXPECT_EQ(person->question(1), "");
  // Meanwhile another call does what needs nobody.
  EXPECT_EQ(made([&] { return guest->wasi.sched_yield(guest->memory); }), Errno::success);
  EXPECT_FALSE(parked->operation().is_over());
  person->say(Answer::run);
  EXPECT_EQ(ends(std::move(parked), time), Errno::success);
  EXPECT_EQ(made(time), Errno::success);
  EXPECT_EQ(guest->wasi.take_parked(), nullptr);
}

// Two calls of one guest wait for different answers; each gets its own.
TEST_F(BrokerWaits, CallsWaitBesideEachOther) {
  auto asks = open("f");
  auto first = parks(asks);
  EXPECT_EQ(person->question(1), tree.path_of("f"));
  auto stats = stat("d/none");
  EXPECT_EQ(run_unasked(stats), Errno::noent);
  EXPECT_FALSE(first->operation().is_over());
  // What it is about when the answer is there is what counts.
  person->say(Answer::once);
  auto other = stat("none");
  EXPECT_EQ(ends(std::move(first), other), Errno::noent);
}

TEST_F(BrokerWaits, AnAnswerIsForWhatWasAskedFor) {
  auto first = parks(open("f"));
  person->question(1);
  person->say(Answer::once);
  // The path changed meanwhile: that one is asked about anew.
  person->say(Answer::no);
  EXPECT_EQ(ends(std::move(first), open("d/f")), Errno::noent);
  EXPECT_EQ(person->question(2), tree.path_of("d/f"));
}

// Nothing of it is left, neither here nor there.
TEST_F(BrokerWaits, ACallThatIsGivenUpIsCancelled) {
  auto create = [&] { return guest->open(kRoot, "new", oflags::creat, kWriteRights).first; };
  auto parked = parks(create);
  EXPECT_EQ(person->question(1), tree.path_of("new"));
  parked = nullptr;
  EXPECT_TRUE(broker->client->missed_variables().empty());  // by now the broker knows
  EXPECT_EQ(run(stat("none")), Errno::noent);
  EXPECT_NE(::access(tree.path_of("new").c_str(), F_OK), 0);
}

}  // namespace
}  // namespace nacre
