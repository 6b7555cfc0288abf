// A broker while a person thinks about a question.
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <future>
#include <thread>

#include "broker/broker_for_test.h"
#include "broker/slow_person_for_test.h"
#include "grant/rules.h"
#include "host/network.h"
#include "host/test_tree.h"
#include "os/event_loop.h"
#include "os/host_path.h"

namespace nacre::broker {
namespace {

using grant::Answer;
using host::Dir;
using host::Errno;
using host::HostResult;
using host::TestTree;
using policy::Policy;

class Watched final : public policy::Watcher {
 public:
  void decided(const grant::Request& request, grant::Decision decision, const grant::Rule*,
               std::string_view asked) override {
    std::string name(request.object.substr(request.object.rfind('/') + 1));
    lines += name + (decision == grant::Decision::allow ? "+" : "-") + std::string(asked) + " ";
  }
  std::string lines;
};

class QuestionsTest : public testing::Test {
 protected:
  QuestionsTest() {
    tree.put_directory("free");
    for (const char* name : {"free/f", "a", "b"}) tree.put_file(name, "text");
    Policy::Options options;
    options.asker = person;
    options.max_questions = 100;
    options.watchers = {watched};
    options.rules.add(
        *grant::parse_rule(grant::Kind::dir, tree.path_of("free"), true, grant::Place(os::way_of)));
    policy = std::make_shared<Policy>(std::move(options));
    auto root = tree.open(std::make_shared<host::Grant>("root", grant::Rights::all, policy,
                                                        std::make_shared<host::DenialLog>(), true));
    broker.emplace(Server::Duties{.dirs = {root},
                                  .policy = policy,
                                  .network = host::make_real_network(policy),
                                  .finish = nullptr,
                                  .ended = [this] { has_ended = true; }});
    dir = broker->client->stand_in(*root, 0);
  }
  ~QuestionsTest() override {
    dir = nullptr;
    broker.reset();
  }
  std::future<bool> open_elsewhere(const std::string& name, bool create = false) {
    return std::async(std::launch::async, [this, name, create] {
      return dir->open(name, {.read = true, .write = create, .create = create}).has_value();
    });
  }
  bool is_free_there() { return dir->open("free/f", {.read = true}).has_value(); }
  static bool is_over(const std::future<bool>& act) {
    return act.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  }

  TestTree tree{host::Backend::walk, true};
  std::shared_ptr<SlowPerson> person = std::make_shared<SlowPerson>();
  std::shared_ptr<Watched> watched = std::make_shared<Watched>();
  std::shared_ptr<Policy> policy;
  std::atomic<bool> has_ended = false;
  std::optional<BrokerForTest> broker;
  std::shared_ptr<Dir> dir;
};

TEST_F(QuestionsTest, OtherRequestsAreAnsweredMeanwhile) {
  auto asks = open_elsewhere("a");
  EXPECT_EQ(person->question(1), tree.path_of("a"));
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(is_free_there());
  uint64_t left_out = 0;
  EXPECT_TRUE(broker->client->refusals(&left_out).empty());
  EXPECT_FALSE(is_over(asks));
  person->say(Answer::once);
  EXPECT_TRUE(asks.get());
  EXPECT_TRUE(is_free_there());
  // Once more: by now another thread serves.
  asks = open_elsewhere("a");
  EXPECT_EQ(person->question(2), tree.path_of("a"));
  EXPECT_TRUE(is_free_there());
  person->say(Answer::no);
  EXPECT_FALSE(asks.get());
  EXPECT_TRUE(is_free_there());
}

TEST_F(QuestionsTest, WhoWantsTheSameSharesTheAnswer) {
  auto first = open_elsewhere("a");
  person->question(1);
  auto second = open_elsewhere("a");
  // The second one's request has come when one that was sent behind it is answered.
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(is_free_there());
  EXPECT_FALSE(is_over(first) || is_over(second));
  person->say(Answer::once);
  EXPECT_TRUE(first.get());
  EXPECT_TRUE(second.get());
  EXPECT_EQ(person->questions(), 1u);
}

TEST_F(QuestionsTest, OthersAreAskedOneBehindTheOther) {
  auto first = open_elsewhere("a");
  EXPECT_EQ(person->question(1), tree.path_of("a"));
  auto second = open_elsewhere("b");
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(is_free_there());
  EXPECT_EQ(person->questions(), 1u);
  watched->lines.clear();
  person->say(Answer::once);
  // The first act goes on with its answer, although the second question is open.
  EXPECT_TRUE(first.get());
  EXPECT_EQ(person->question(2), tree.path_of("b"));
  EXPECT_FALSE(is_over(second));
  EXPECT_TRUE(is_free_there());
  person->say(Answer::no);
  EXPECT_FALSE(second.get());
  // Decisions are told as they are made.
  EXPECT_EQ(watched->lines, "a+once f+ b-no ");
}

// As many as may wait at once, and more.
TEST_F(QuestionsTest, ManyWaitForOneAnswer) {
  std::vector<std::future<bool>> acts;
  for (size_t i = 0; i < Server::kMaxAsking + 40; ++i) acts.push_back(open_elsewhere("a"));
  person->question(1);
  person->say(Answer::run);
  for (auto& act : acts) EXPECT_TRUE(act.get());
  EXPECT_EQ(person->questions(), 1u);
  EXPECT_TRUE(is_free_there());
}

// Names are looked up by the thread that was asked about them.
TEST_F(QuestionsTest, ANameIsLookedUpWhenItIsAllowed) {
  auto network = broker->client->network();
  auto answer = network->start_look_up("localhost");
  EXPECT_EQ(person->question(1), "localhost");
  EXPECT_TRUE(is_free_there());
  EXPECT_FALSE(answer->is_over());
  person->say(Answer::once);
  auto loop = *os::EventLoop::create();
  bool over = false;
  ASSERT_TRUE(answer->start(*loop, [&] { over = true; }).has_value());
  while (!over) ASSERT_TRUE(loop->run_once().has_value());
  auto addresses = answer->take();
  EXPECT_TRUE(addresses || addresses.error() != Errno::no_capability);
}

// A socket does one thing at a time.
TEST_F(QuestionsTest, ASocketIsNotUsedTwiceAtOnce) {
  auto socket = *broker->client->network()->open({});
  Endpoint any{from_v4({127, 0, 0, 1}), 0};
  auto binds = std::async(std::launch::async, [&] { return socket->bind(any).has_value(); });
  person->question(1);
  EXPECT_EQ(socket->set_option(host::SocketOption::reuse_address, 1).error(), Errno::busy);
  EXPECT_EQ(socket->bind(any).error(), Errno::busy);
  person->say(Answer::once);
  EXPECT_TRUE(binds.get());
  EXPECT_TRUE(socket->listen(1).has_value());
}

}  // namespace
}  // namespace nacre::broker
