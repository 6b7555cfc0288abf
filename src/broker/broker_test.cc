// The broker behind its channel: that it does what the real directory does, act by act, and that
// no message makes it do more.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <functional>
#include <iterator>
#include <mutex>
#include <random>
#include <thread>

#include "broker/broker_for_test.h"
#include "grant/rules.h"
#include "host/file.h"
#include "host/network.h"
#include "host/test_tree.h"
#include "os/event_loop.h"
#include "os/host_path.h"
#include "os/interrupt.h"
#include "os/watchdog.h"

namespace nacre::broker {
namespace {

using grant::Kind;
using grant::Place;
using host::Dir;
using host::Errno;
using host::HandleKind;
using host::HandlePtr;
using host::OpenOptions;
using host::TestTree;
using policy::Policy;

void plant(TestTree& tree) {
  for (const char* name : {"a", "a/b", "denied"}) tree.put_directory(name);
  for (const char* name : {"f", "a/f", "a/b/f", "denied/f"}) tree.put_file(name, "text");
  tree.put_link("out", "../outside");
  tree.put_link("to_f", "a/f");
  tree.put_link("ring", "ring");
}

std::shared_ptr<Policy> make_policy(const TestTree& tree) {
  Policy::Options options;
  Place place(os::way_of);
  options.rules.add(*grant::parse_rule(Kind::dir, tree.path_of("denied"), false, place));
  return std::make_shared<Policy>(std::move(options));
}

std::shared_ptr<Dir> open(TestTree& tree, std::shared_ptr<Policy> policy) {
  return tree.open(std::make_shared<host::Grant>("root", grant::Rights::all, std::move(policy),
                                                 std::make_shared<host::DenialLog>()));
}

// Everything that an act says, as text.
class Acts {
 public:
  Acts(std::shared_ptr<Dir> root, uint32_t seed) : random_(seed) {
    dirs_.push_back(std::move(root));
  }

  std::string next() {
    Dir& dir = *dirs_[pick(dirs_.size())];
    std::string path = name() + (pick(2) ? "" : "/" + name()) + (pick(9) ? "" : "/");
    bool follow = pick(2) == 0;
    switch (pick(12)) {
      case 0:
      case 1:
      case 2:
        return "open " + path + open(dir, path);
      case 3:
        return "stat_at " + path + said(dir.stat_at(path, follow));
      case 4:
        return "mkdir " + path + said(dir.create_directory(path));
      case 5:
        return "rmdir " + path + said(dir.remove_directory(path));
      case 6:
        return "unlink " + path + said(dir.unlink_file(path));
      case 7:
        return "link " + path + said(dir.link(path, follow, *dirs_[pick(dirs_.size())], name()));
      case 8:
        return "rename " + path + said(dir.rename(path, *dirs_[pick(dirs_.size())], name()));
      case 9:
        return "symlink " + path + said(dir.create_symlink(name(), path));
      case 10:
        return "readlink " + path + said(dir.read_link(path));
      default:
        return more(dir, path, follow);
    }
  }

 private:
  size_t pick(size_t count) { return random_() % count; }
  std::string name() {
    static constexpr const char* kNames[] = {"a", "b",    "f",    "..",  ".", "out", "denied",
                                             "x", "to_f", "ring", "new", "y", ""};
    return kNames[pick(std::size(kNames))];
  }
  template <class T>
  static std::string said(const host::HostResult<T>& result) {
    if (!result) return ": " + std::string(host::errno_text(result.error()));
    if constexpr (std::is_same_v<T, std::string>) {
      return " is " + *result;
    } else if constexpr (std::is_same_v<T, host::FileStat>) {
      // Directories grow as their file system likes.
      bool counts = result->type == host::FileType::regular_file;
      return " is " + std::to_string(static_cast<int>(result->type)) + " " +
             std::to_string(counts ? result->size_bytes : 0) + " " +
             std::to_string(result->link_count) + " " +
             std::to_string(std::min<uint64_t>(result->modified_time, 1000));
    }
    return " done";
  }
  std::string open(Dir& dir, const std::string& path) {
    OpenOptions options{.read = pick(2) == 0,
                        .write = pick(2) == 0,
                        .create = pick(3) == 0,
                        .exclusive = pick(4) == 0,
                        .truncate = pick(4) == 0,
                        .directory = pick(4) == 0,
                        .follow = pick(2) == 0};
    auto handle = dir.open(path, options);
    if (!handle) return said(handle);
    if ((*handle)->kind() == HandleKind::dir) {
      if (dirs_.size() < 6) dirs_.push_back(std::static_pointer_cast<Dir>(*handle));
      return " is a directory";
    }
    auto& file = static_cast<host::File&>(**handle);
    uint8_t byte = 'x';
    Bytes from(&byte, 1);
    MutableBytes to(&byte, 1);
    std::string text = " write" + said(file.write_at(std::span(&from, 1), 0));
    return text + " read" + said(file.read_at(std::span(&to, 1), 0)) + static_cast<char>(byte) +
           " times" + said(file.set_times({.modified = 5}));
  }
  std::string more(Dir& dir, const std::string& path, bool follow) {
    switch (pick(4)) {
      case 0:
        return "times " + path + said(dir.set_times_at(path, follow, {.modified = 7}));
      case 1:
        return "times" + said(dir.set_times({.modified = 9, .access_now = true}));
      case 2:
        return "itself" + said(dir.sync(true)) + (dir.stat() ? "" : " no stat");
      default: {
        auto entries = dir.read_entries(0, 4096);
        std::vector<std::string> names;
        if (entries) {
          for (const auto& entry : *entries) names.push_back(entry.name);
        }
        std::ranges::sort(names);
        std::string text = "list" + said(entries);
        for (const std::string& one : names) text += " " + one;
        return text;
      }
    }
  }

  std::mt19937 random_;
  std::vector<std::shared_ptr<Dir>> dirs_;
};

TEST(BrokerTest, DoesWhatTheDirectoryDoes) {
  for (uint32_t seed = 0; seed < 20; ++seed) {
    TestTree here(host::Backend::walk, true);
    TestTree there(host::Backend::walk, true);
    plant(here);
    plant(there);
    auto policy = make_policy(there);
    auto root = open(there, policy);
    ASSERT_TRUE(root->is_guarded());
    BrokerForTest broker({.dirs = {root}, .policy = policy, .finish = nullptr});
    Acts direct(open(here, make_policy(here)), seed);
    Acts remote(broker.client->stand_in(*root, 0), seed);
    root.reset();
    for (int i = 0; i < 300; ++i) ASSERT_EQ(remote.next(), direct.next()) << seed << ", " << i;
    EXPECT_TRUE(there.outside_is_untouched());
  }
}

constexpr uint32_t kRequests = 0
#define REQUEST(name) +1
#include "broker/requests.def"
#undef REQUEST
    ;

class FixedVariables final : public host::UndecidedVariables {
 public:
  explicit FixedVariables(host::Variables variables = {{"A", "1"}})
      : variables_(std::move(variables)) {}
  const host::Variables& decided() override { return variables_; }

 private:
  host::Variables variables_;
};

// A process that is lost to its guest sends what it likes: real requests, with bytes changed, cut
// and put together anew.
class Hostile {
 public:
  explicit Hostile(uint32_t seed) : random_(seed) {}

  std::vector<uint8_t> request() {
    static const std::string kTexts[] = {
        "f",    "denied/f", "../outside/secret",    "out/secret", "/",    "/etc/passwd",
        "to_f", "new",      "a/../denied/f",        "a/b/f",      "a",    "clock",
        "out",  "denied",   std::string(5000, 'x'), "ring",       "a/new"};
    auto text = [&]() -> const std::string& { return kTexts[random_() % std::size(kTexts)]; };
    bool well_formed = random_() % 3 == 0;
    Writer writer;
    writer.number(static_cast<uint8_t>(well_formed ? 0 : random_() % (kRequests + 2)));
    writer.number(static_cast<uint32_t>(random_() % 4 == 0 ? random_() % 3 : 0));
    size_t parts = well_formed ? 1 : random_() % 4;
    for (; parts > 0; --parts) writer.text(text()).number(static_cast<uint16_t>(random_() % 512));
    if (well_formed) return {writer.bytes().begin(), writer.bytes().end()};
    if (random_() % 2 == 0) writer.text(text());
    std::vector<uint8_t> bytes(writer.bytes().begin(), writer.bytes().end());
    for (size_t flips = random_() % 3; flips > 0; --flips) {
      bytes[random_() % bytes.size()] = static_cast<uint8_t>(random_());
    }
    if (random_() % 4 == 0) bytes.resize(1 + random_() % bytes.size());
    return bytes;
  }

 private:
  std::mt19937 random_;
};

TEST(BrokerTest, HostileRequestsGiveNothing) {
  Hostile hostile(7);
  int opened = 0;
  for (int round = 0; round < 300; ++round) {
    TestTree tree(host::Backend::walk, true);
    plant(tree);
    auto policy = make_policy(tree);
    auto ends = *os::Channel::make_pair();
    Server server(std::move(ends.second), {.dirs = {open(tree, policy)},
                                           .policy = policy,
                                           .variables = std::make_shared<FixedVariables>(),
                                           .finish = [](uint32_t) -> Result<void> { return {}; }});
    struct stat denied;
    ASSERT_EQ(::stat(tree.path_of("denied/f").c_str(), &denied), 0);
    for (int i = 0; i < 100; ++i) {
      auto answer = server.handle(hostile.request());
      if (!answer) continue;
      ASSERT_FALSE(answer->message.bytes().empty());
      ASSERT_LE(answer->message.bytes().size(), os::Channel::kMaxMessageBytes);
      if (!answer->along) continue;
      ++opened;
      struct stat status;
      ASSERT_EQ(fstat(answer->along->native_fd(), &status), 0);
      ASSERT_FALSE(status.st_dev == denied.st_dev && status.st_ino == denied.st_ino);
    }
    EXPECT_TRUE(tree.outside_is_untouched());
    EXPECT_EQ(::stat(tree.path_of("denied/f").c_str(), &denied), 0);
  }
  EXPECT_GT(opened, 100);  // the rest means something
}

TEST(BrokerTest, PathsAreNotDecidedByTheirNames) {
  TestTree tree(host::Backend::walk, true);
  plant(tree);
  auto policy = make_policy(tree);
  BrokerForTest broker({.dirs = {}, .policy = policy, .finish = nullptr});
  std::string path = tree.path_of("f");
  EXPECT_EQ(broker.client->may({.kind = Kind::file, .object = path, .granted = true}),
            grant::Decision::deny);
  EXPECT_EQ(broker.client->may({.kind = Kind::listen, .object = "1.2.3.4:5", .granted = true}),
            grant::Decision::allow);
  EXPECT_EQ(broker.client->may({.kind = Kind::clock, .object = {}}), grant::Decision::deny);
  uint64_t left_out = 0;
  auto refusals = broker.client->refusals(&left_out);
  ASSERT_EQ(refusals.size(), 1u);
  EXPECT_EQ(refusals[0].kind, Kind::clock);
  EXPECT_EQ(left_out, 0u);
}

// More than one message holds.
TEST(BrokerTest, VariablesComeWhole) {
  TestTree tree(host::Backend::walk, true);
  host::Variables all;
  for (char name = 'A'; name <= 'Z'; ++name) {
    all.emplace_back(std::string(1, name), std::string(size_t{2000} * (name - 'A'), name));
  }
  BrokerForTest broker({.dirs = {},
                        .policy = make_policy(tree),
                        .variables = std::make_shared<FixedVariables>(all),
                        .finish = [](uint32_t) -> Result<void> { return {}; }});
  auto remote = broker.client->variables();
  EXPECT_EQ(remote->decided(), all);
  EXPECT_EQ(&remote->decided(), &remote->decided());
}

TEST(BrokerTest, WithoutVariablesThereAreNone) {
  TestTree tree(host::Backend::walk, true);
  BrokerForTest broker({.dirs = {}, .policy = make_policy(tree), .finish = nullptr});
  EXPECT_TRUE(broker.client->variables()->decided().empty());
}

// A listener, and a policy that allows it by address and localhost by name.
struct Net {
  Net() {
    auto listener = os::listen_loopback(&port);
    EXPECT_TRUE(listener.has_value());
    server = std::move(*listener);
    Policy::Options options;
    Place place(os::way_of);
    std::string number = std::to_string(port);
    options.rules.add(*grant::parse_rule(Kind::net, "127.0.0.1:" + number, true, place));
    options.rules.add(*grant::parse_rule(Kind::net, "localhost:" + number, true, place));
    options.rules.add(*grant::parse_rule(Kind::net, "127.0.0.3", false, place));
    policy = std::make_shared<Policy>(std::move(options));
    network = host::make_real_network(policy);
  }
  Endpoint at(const char* address) const { return {*parse_address(address), port}; }

  uint16_t port = 0;
  os::OwnedFd server;
  std::shared_ptr<Policy> policy;
  std::shared_ptr<host::Network> network;
};

TEST(BrokerNetwork, DoesWhatTheNetworkDoes) {
  Net net;
  BrokerForTest broker(
      {.dirs = {}, .policy = net.policy, .network = net.network, .finish = nullptr});
  auto remote = broker.client->network();
  for (auto& network : {net.network, remote}) {
    auto open = [&](os::SocketType type) {
      return std::move(
          *network->open({.type = type, .options = {{os::SocketOption::keep_alive, 1}}}));
    };
    auto stream = open(os::SocketType::stream);
    EXPECT_EQ(stream->fd(), -1);
    EXPECT_EQ(stream->connect(net.at("127.0.0.2")).error(), Errno::no_capability);
    EXPECT_EQ(stream->connect(net.at("127.0.0.3")).error(), Errno::no_capability);
    EXPECT_EQ(stream->bind(net.at("127.0.0.1")).error(), Errno::no_capability);
    EXPECT_EQ(stream->listen(1).error(), Errno::inval);
    EXPECT_EQ(stream->send_to(net.at("127.0.0.1"), as_bytes("x")).error(), Errno::notsup);
    EXPECT_EQ(stream->fd(), -1) << "nothing was made for what may be done nowhere";
    EXPECT_TRUE(stream->connect(net.at("127.0.0.1")).has_value());
    EXPECT_EQ(os::peer_end(stream->fd()), net.at("127.0.0.1"));
    EXPECT_EQ(os::socket_option(stream->fd(), os::SocketOption::keep_alive), 1);
    auto datagrams = open(os::SocketType::datagram);
    EXPECT_EQ(datagrams->send_to(net.at("127.0.0.2"), as_bytes("x")).error(), Errno::no_capability);
    EXPECT_EQ(datagrams->send_to(net.at("127.0.0.1"), as_bytes("hello")), 5u);
    EXPECT_EQ(datagrams->connect(net.at("0.0.0.0")), false) << "that is this machine";
    EXPECT_FALSE(network->look_up("nowhere.example").has_value());
    EXPECT_EQ(network->look_up("nowhere.example").error(), Errno::no_capability);
    EXPECT_EQ(network->look_up("127.0.0.1").error(), Errno::inval);
    EXPECT_TRUE(network->look_up("localhost").has_value());
    EXPECT_FALSE(network->leads_elsewhere(*parse_address("127.0.0.1")));
    EXPECT_TRUE(network->leads_elsewhere(*parse_address("192.0.2.1")));
    EXPECT_EQ(network->open({.type = os::SocketType::stream, .source = IpAddress{}}).error(),
              Errno::inval);
  }
}

TEST(BrokerNetwork, SaysNothingAboutWhatItOpensItself) {
  Net net;
  BrokerForTest broker(
      {.dirs = {}, .policy = net.policy, .network = net.network, .finish = nullptr});
  std::string object = "tcp://127.0.0.1:" + std::to_string(net.port);
  for (bool granted : {false, true}) {
    EXPECT_EQ(broker.client->may({.kind = Kind::net, .object = object, .granted = granted}),
              grant::Decision::deny);
    EXPECT_EQ(broker.client->may({.kind = Kind::lookup, .object = "localhost", .granted = granted}),
              grant::Decision::deny);
  }
  EXPECT_EQ(broker.client->may({.kind = Kind::listen, .object = object}), grant::Decision::deny);
}

TEST(BrokerNetwork, HostileRequestsReachNothing) {
  std::mt19937 random(11);
  Net net;
  auto ends = *os::Channel::make_pair();
  Server server(std::move(ends.second),
                {.dirs = {}, .policy = net.policy, .network = net.network, .finish = nullptr});
  const Endpoint places[] = {net.at("127.0.0.1"), net.at("127.0.0.2"), net.at("127.0.0.3"),
                             net.at("0.0.0.0"),   net.at("::1"),       net.at("::")};
  int handed_over = 0;
  uint32_t made = 0;
  for (int i = 0; i < 20'000; ++i) {
    Writer writer;
    auto first = static_cast<uint8_t>(Request::look_up);
    auto count = static_cast<uint8_t>(static_cast<uint8_t>(Request::close_socket) - first + 1);
    auto request = static_cast<Request>(first + random() % count);
    writer.number(request);
    if (request == Request::look_up) {
      writer.text(random() % 2 == 0 ? "localhost" : std::string(random() % 3000, 'a'));
    } else if (request == Request::socket) {
      write(writer, host::SocketPlan{.family = static_cast<os::IpFamily>(random() % 2),
                                     .type = random() % 2 == 0 ? os::SocketType::stream
                                                               : os::SocketType::datagram});
    } else {
      writer.number(made - static_cast<uint32_t>(random() % 8));
      if (request == Request::listen) {
        writer.number(static_cast<int32_t>(random()));
      } else if (request != Request::close_socket) {
        write(writer, places[random() % std::size(places)]);
      }
      if (request == Request::send_to) writer.text("text");
    }
    std::vector<uint8_t> bytes(writer.bytes().begin(), writer.bytes().end());
    if (random() % 3 == 0) bytes[random() % bytes.size()] = static_cast<uint8_t>(random());
    if (random() % 8 == 0) bytes.resize(1 + random() % bytes.size());
    auto answer = server.handle(bytes);
    bool done = answer && answer->message.bytes()[0] == 0;
    if (done && bytes[0] == static_cast<uint8_t>(Request::socket)) ++made;
    if (!done || answer->socket < 0) continue;
    ++handed_over;
    auto peer = os::peer_end(answer->socket);
    if (!peer) continue;
    EXPECT_TRUE(is_loopback(peer->address) && peer->port == net.port);
    EXPECT_NE(peer->address, places[1].address);
    EXPECT_NE(peer->address, places[2].address);
  }
  EXPECT_GT(handed_over, 100);
  uint64_t left_out = 0;
  for (const policy::Refusal& refusal : net.policy->refusals(&left_out)) {
    if (refusal.kind != Kind::net) continue;
    EXPECT_NE(refusal.object, "tcp://127.0.0.1:" + std::to_string(net.port));
  }
}

// Waits for an answer of a server that never comes.
class SilentNetwork final : public host::Network {
 public:
  std::unique_ptr<host::Answer<Addresses>> start_look_up(std::string_view) override {
    auto place = std::make_shared<host::AnswerOf<Addresses>>();
    return std::make_unique<host::AnswerFromElsewhere<Addresses>>(std::move(place),
                                                                  [this] { ++cancelled; });
  }
  host::HostResult<std::unique_ptr<host::OpenedSocket>> open(const host::SocketPlan&) override {
    return host::failed(Errno::notsup);
  }
  std::atomic<int> cancelled = 0;
};

TEST(BrokerTest, WhoeverGivesUpIsNotKeptWaiting) {
  TestTree tree(host::Backend::walk, true);
  auto ends = *os::Channel::make_pair();
  auto silent = std::make_shared<SilentNetwork>();
  std::jthread broker([end = std::move(ends.second), policy = make_policy(tree), silent]() mutable {
    Server::Duties duties{.dirs = {}, .policy = policy, .finish = nullptr};
    duties.network = silent;
    Server(std::move(end), std::move(duties)).serve();
  });
  os::Channel channel = std::move(ends.first);
  auto send = [&](uint32_t number, const Writer& request) {
    ASSERT_TRUE(channel.send(Writer().number(number).append(request).bytes()));
  };
  const Writer kLookUp = Writer().number(Request::look_up).text("example.com");
  for (uint32_t i = 1; i < 10; i += 3) {
    // What comes behind it is answered meanwhile.
    send(i, kLookUp);
    send(i + 1, Writer().number(Request::refusals));
    auto answer = *channel.receive();
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(load_le<uint32_t>(answer->bytes.data()), i + 1);
    EXPECT_EQ(answer->bytes.at(kErrorAt), 0);
    send(0, Writer().number(Request::cancel).number(i));
    send(i + 2, Writer().number(Request::refusals));
    EXPECT_EQ(load_le<uint32_t>((*channel.receive())->bytes.data()), i + 2);
    EXPECT_EQ(silent->cancelled, static_cast<int>(i / 3) + 1);
  }
  // A number that is in use already: as if it had not come.
  send(20, kLookUp);
  send(20, kLookUp);
  EXPECT_EQ((*channel.receive())->bytes.at(kErrorAt), static_cast<uint8_t>(Errno::inval) + 1);
  // Nor is a broker kept waiting whose guest is gone.
  {
    os::Channel gone = std::move(channel);
  }
  broker.join();
  EXPECT_EQ(silent->cancelled, 4);
}

// Answers names that begin with "now" at once, and others when it is told.
class SlowNetwork final : public host::Network {
 public:
  std::unique_ptr<host::Answer<Addresses>> start_look_up(std::string_view name) override {
    auto place = std::make_shared<host::AnswerOf<Addresses>>();
    if (name.starts_with("now")) {
      place->put(Addresses{from_v4({10, 0, 0, 1})});
    } else {
      std::lock_guard lock(mutex_);
      waiting_.push_back(place);
    }
    return std::make_unique<host::AnswerFromElsewhere<Addresses>>(std::move(place),
                                                                  [this] { ++cancelled; });
  }
  host::HostResult<std::unique_ptr<host::OpenedSocket>> open(const host::SocketPlan&) override {
    return host::failed(Errno::notsup);
  }
  size_t waiting() {
    std::lock_guard lock(mutex_);
    return waiting_.size();
  }
  // The last that came is answered first, with its number among them.
  void answer_all() {
    std::lock_guard lock(mutex_);
    for (size_t i = waiting_.size(); i-- > 0;) {
      waiting_[i]->put(Addresses{from_v4({10, 1, uint8_t(i >> 8), uint8_t(i)})});
    }
    waiting_.clear();
  }
  std::atomic<int> cancelled = 0;

 private:
  std::mutex mutex_;
  std::vector<std::shared_ptr<host::AnswerOf<Addresses>>> waiting_;
};

void await(const std::function<bool()>& condition) {
  while (!condition()) std::this_thread::sleep_for(std::chrono::microseconds(200));
}

class ManyRequests : public testing::Test {
 protected:
  host::HostResult<host::Network::Addresses> look_up(const std::string& name) {
    return broker.client->network()->look_up(name);
  }
  TestTree tree{host::Backend::walk, true};
  std::shared_ptr<SlowNetwork> slow = std::make_shared<SlowNetwork>();
  BrokerForTest broker{
      {.dirs = {}, .policy = make_policy(tree), .network = slow, .finish = nullptr}};
};

TEST_F(ManyRequests, OneThatWaitsKeepsNoOtherThread) {
  std::jthread waits([&] { EXPECT_EQ(look_up("later")->at(0), from_v4({10, 1, 0, 0})); });
  await([&] { return slow->waiting() == 1; });
  std::vector<std::jthread> others;
  for (int thread = 0; thread < 4; ++thread) {
    others.emplace_back([&] {
      for (int i = 0; i < 300; ++i) {
        ASSERT_EQ(look_up("now")->at(0), from_v4({10, 0, 0, 1}));
        uint64_t left_out = 0;
        EXPECT_TRUE(broker.client->refusals(&left_out).empty());
      }
    });
  }
  others.clear();
  slow->answer_all();
}

TEST_F(ManyRequests, AStoppedThreadCancelsItsOwn) {
  auto watchdog = os::Watchdog::create();
  ASSERT_TRUE(watchdog);
  std::jthread waits([&] { EXPECT_TRUE(look_up("later").has_value()); });
  await([&] { return slow->waiting() == 1; });
  // Once while another thread reads what comes, and once while it does so itself.
  for (int i = 0; i < 2; ++i) {
    std::jthread stopped([&] {
      os::allow_interrupts();
      os::Interruptible target;
      os::Watch watch(*watchdog, target, {.time = 1, .cpu_time = 2, .interrupted = 3});
      os::Running running(target);
      watch.set_time_left(5'000'000);
      ASSERT_EQ(watch.begin(), 0u);
      EXPECT_EQ(look_up("never").error(), Errno::intr);
      watch.end();
    });
    stopped.join();
    await([&] { return slow->cancelled == i + 1; });
    if (i != 0) break;
    slow->answer_all();
    waits.join();
  }
  EXPECT_EQ(look_up("now")->size(), 1u);
}

TEST_F(ManyRequests, OperationsAreAnsweredInAnyOrder) {
  // More than fit into the channel at once.
  constexpr size_t kCount = 3'000;
  auto loop = *os::EventLoop::create();
  auto network = broker.client->network();
  std::vector<std::unique_ptr<host::Answer<host::Network::Addresses>>> answers;
  size_t over = 0;
  for (size_t i = 0; i < kCount; ++i) {
    answers.push_back(network->start_look_up("later" + std::to_string(i)));
    ASSERT_TRUE(answers.back()->start(*loop, [&] { ++over; }).has_value());
  }
  await([&] { return slow->waiting() == kCount; });
  EXPECT_FALSE(answers[7]->is_over());
  // Every tenth is not wanted any more.
  for (size_t i = 0; i < kCount; i += 10) answers[i] = nullptr;
  await([&] { return slow->cancelled == kCount / 10; });
  // A thread may wait meanwhile.
  std::jthread waits([&] {
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(look_up("now").has_value());
  });
  slow->answer_all();
  while (over < kCount - kCount / 10) ASSERT_TRUE(loop->run_once().has_value());
  for (size_t i = 0; i < kCount; ++i) {
    if (!answers[i]) continue;
    ASSERT_TRUE(answers[i]->is_over());
    EXPECT_EQ(answers[i]->take()->at(0), from_v4({10, 1, uint8_t(i >> 8), uint8_t(i)}));
  }
  waits.join();
  answers.clear();
}

TEST(BrokerTest, OperationsEndWithTheirBroker) {
  auto ends = *os::Channel::make_pair();
  auto client = std::make_shared<Client>(std::move(ends.first), nullptr);
  auto loop = *os::EventLoop::create();
  auto answer = client->network()->start_look_up("example.com");
  bool over = false;
  ASSERT_TRUE(answer->start(*loop, [&] { over = true; }).has_value());
  EXPECT_EQ(loop->run_ready(), 0u);
  {
    os::Channel gone = std::move(ends.second);
  }
  while (!over) ASSERT_TRUE(loop->run_once().has_value());
  EXPECT_EQ(answer->take().error(), Errno::io);
  auto next = client->network()->start_look_up("example.com");
  EXPECT_TRUE(next->is_over());
  EXPECT_EQ(next->take().error(), Errno::pipe);
}

TEST(BrokerTest, WithoutABrokerNothingWorksAndNothingHangs) {
  TestTree tree(host::Backend::walk, true);
  plant(tree);
  auto ends = *os::Channel::make_pair();
  auto client = std::make_shared<Client>(std::move(ends.first), nullptr);
  auto dir = client->stand_in(*open(tree, make_policy(tree)), 0);
  {
    os::Channel gone = std::move(ends.second);
  }
  EXPECT_EQ(dir->open("f", {.read = true}).error(), Errno::pipe);
  EXPECT_EQ(client->may({.kind = Kind::clock, .object = {}}), grant::Decision::deny);
  EXPECT_TRUE(client->variables()->decided().empty());
  EXPECT_FALSE(client->finish(0).has_value());
  EXPECT_FALSE(client->network()->leads_elsewhere(*parse_address("192.0.2.1")));
}

// What a lost process can say of calls: nothing but calls, none later than now, none earlier than
// what was said already, and nothing in place of what stands there.
TEST(BrokerTest, ALogIsToldOfCallsAndOfNothingElse) {
  TestTree tree(host::Backend::walk, true);
  std::string path = tree.path_of("log");
  auto audit = policy::Audit::open(path);
  ASSERT_TRUE(audit.has_value());
  (*audit)->start("app.wasm", "sha256:0", "");
  auto text = [&] {
    std::ifstream file(path);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  std::string before = text();
  auto ends = *os::Channel::make_pair();
  Server server(std::move(ends.second), {.policy = make_policy(tree), .audit = *audit});
  auto tell = [&](const policy::CallLine& line, Request request = Request::log_block) {
    Writer message;
    write(message.number(request), line);
    auto answer = server.handle(message.bytes());
    return answer ? int{answer->message.bytes()[0]} : -1;
  };
  const policy::CallLine good{"path_open", grant::Uses::path, "a\"\n{\"event\":\"start\"}",
                              "success"};
  const int refused = static_cast<int>(Errno::inval) + 1;
  auto changed = [&](auto change) {
    policy::CallLine line = good;
    change(line);
    return line;
  };
  using Line = policy::CallLine;
  for (const Line& bad : {
           changed([](Line& line) { line.call = "x\",\"event\":\"decision"; }),
           changed([](Line& line) { line.call = ""; }),
           changed([](Line& line) { line.call = "two\nlines"; }),
           changed([](Line& line) { line.result = "success\"}"; }),
           changed([](Line& line) { line.uses = static_cast<grant::Uses>(200); }),
           changed([](Line& line) { line.count = 0; }),
       }) {
    EXPECT_EQ(tell(bad), refused);
    EXPECT_EQ(text(), before);
  }
  Writer cut;
  write(cut.number(Request::log_block), good);
  Bytes whole = cut.bytes();
  for (size_t length = 2; length < whole.size(); ++length) {
    EXPECT_EQ(server.handle(whole.first(length))->message.bytes()[0], refused) << length;
  }
  EXPECT_EQ(text(), before);
  EXPECT_EQ(tell(good), 0);
  EXPECT_EQ(tell(changed([](Line& line) { line.time = UINT64_MAX; }), Request::log_calls), -1);
  std::string after = text();
  ASSERT_TRUE(after.starts_with(before));
  EXPECT_EQ(std::ranges::count(after, '\n'), 3);
  std::vector<std::string> times;
  for (size_t at = 0; (at = after.find("\"time\":\"", at)) != std::string::npos; ++at) {
    times.push_back(after.substr(at + 8, 30));
  }
  EXPECT_TRUE(std::ranges::is_sorted(times));
  EXPECT_LT(times.back(), "2200");
  EXPECT_EQ(after.find("\n{\"event\""), std::string::npos);
  // A broker without a log is told nothing.
  Server other(std::move(ends.first), {.policy = make_policy(tree)});
  EXPECT_EQ(other.handle(whole)->message.bytes()[0], refused);
}

TEST(BrokerTest, WhatAClientIsToldOfIsLoggedInOrder) {
  TestTree tree(host::Backend::walk, true);
  std::string path = tree.path_of("log");
  auto audit = policy::Audit::open(path);
  ASSERT_TRUE(audit.has_value());
  auto ends = *os::Channel::make_pair();
  std::jthread broker([end = std::move(ends.second), log = *audit, &tree]() mutable {
    Server(std::move(end), {.policy = make_policy(tree), .audit = std::move(log)}).serve();
  });
  constexpr int kCalls = 3000;
  {
    auto client = std::make_shared<Client>(std::move(ends.first), std::make_unique<CallBatch>());
    auto log = client->call_log();
    for (int i = 0; i < kCalls; ++i) {
      std::string object = "file-" + std::to_string(i);
      log->called({"path_open", grant::Uses::path, object, "success"});
      log->called({"fd_read", grant::Uses::held, object, "success"});
      log->called({"fd_read", grant::Uses::held, object, "success"});
      if (i % 100 == 0) client->may({.kind = Kind::clock, .object = {}});
    }
  }  // without finish()
  std::ifstream file(path);
  std::string line;
  int next = 0;
  int repeats = 0;
  while (std::getline(file, line)) {
    bool opened = line.find("\"path_open\"") != std::string::npos;
    EXPECT_EQ(line.back(), '}');
    if (opened) {
      EXPECT_NE(line.find("\"file-" + std::to_string(next++) + "\""), std::string::npos) << line;
    }
    repeats += line.find("\"fd_read\"") != std::string::npos;
  }
  EXPECT_EQ(next, kCalls);
  EXPECT_EQ(repeats, 2 * kCalls);
}

TEST(BrokerTest, TimesAreSetOnlyBelowWhatMayBeWritten) {
  TestTree tree(host::Backend::walk, true);
  plant(tree);
  auto policy = make_policy(tree);
  auto ends = *os::Channel::make_pair();
  auto writable = tree.open(host::Grant::simple("root"));
  Server server(std::move(ends.second),
                {.policy = policy, .times_of = {writable}, .guest = getpid()});
  auto ask = [&](int number, std::string_view name) {
    host::FileTimes times{.access = 1'000'000'000, .modified = 1'000'000'000};
    Writer message;
    message.number(Request::set_times_for).number<int32_t>(number).text(name);
    write(message, times);
    return int{server.handle(message.bytes())->message.bytes()[0]};
  };
  auto seconds = [&](const std::string& path) {
    struct stat status;
    EXPECT_EQ(lstat(path.c_str(), &status), 0);
    return status.st_mtim.tv_sec;
  };
  os::OwnedFd inside(::open(tree.path_of("a").c_str(), O_PATH | O_CLOEXEC));
  os::OwnedFd outside(::open("/tmp", O_PATH | O_CLOEXEC));
  os::OwnedFd file(::open(tree.path_of("f").c_str(), O_PATH | O_CLOEXEC));
  EXPECT_EQ(ask(inside.get(), "f"), 0);
  EXPECT_EQ(seconds(tree.path_of("a/f")), 1);
  EXPECT_EQ(ask(writable->native_fd(), "out"), 0);  // the link, not what it leads to
  EXPECT_EQ(seconds(tree.path_of("out")), 1);
  const int refused = static_cast<int>(Errno::no_capability) + 1;
  EXPECT_EQ(ask(outside.get(), "."), refused);
  EXPECT_EQ(ask(writable->native_fd(), ".."), refused);
  EXPECT_EQ(ask(writable->native_fd(), "../outside"), refused);
  EXPECT_EQ(ask(writable->native_fd(), "a/f"), refused);
  EXPECT_EQ(ask(writable->native_fd(), ""), refused);
  EXPECT_EQ(ask(file.get(), "f"), static_cast<int>(Errno::notdir) + 1);
  EXPECT_EQ(ask(-1, "f"), refused);
  EXPECT_EQ(ask(inside.get(), "missing"), static_cast<int>(Errno::noent) + 1);
  EXPECT_EQ(ask(writable->native_fd(), std::string_view("f\0x", 3)),
            static_cast<int>(Errno::inval) + 1);
  EXPECT_TRUE(tree.outside_is_untouched());
}

TEST(BrokerTest, FinishSaysWhatFailed) {
  TestTree tree(host::Backend::walk, true);
  uint32_t told = 0;
  BrokerForTest broker({.dirs = {}, .policy = make_policy(tree), .finish = [&](uint32_t calls) {
                          told = calls;
                          return calls == 5 ? Result<void>{} : fail(ErrorCode::io, "no room");
                        }});
  EXPECT_TRUE(broker.client->finish(5).has_value());
  EXPECT_EQ(told, 5u);
  EXPECT_EQ(broker.client->finish(6).error().message(), "no room");
}

}  // namespace
}  // namespace nacre::broker
