// The broker behind its channel: that it does what the real directory does, act by act, and that
// no message makes it do more.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "broker/broker_for_test.h"
#include "host/file.h"
#include "host/test_tree.h"
#include "policy/rules.h"

namespace nacre::broker {
namespace {

using host::Dir;
using host::Errno;
using host::HandleKind;
using host::HandlePtr;
using host::OpenOptions;
using host::TestTree;
using policy::Kind;
using policy::Place;
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
  Place place{"/", ""};
  options.rules.add(*policy::parse_rule(Kind::dir, tree.path_of("denied"), false, place));
  return std::make_shared<Policy>(std::move(options));
}

std::shared_ptr<Dir> open(TestTree& tree, std::shared_ptr<Policy> policy) {
  return tree.open(std::make_shared<host::Grant>("root", host::Rights::all, std::move(policy),
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
            host::Decision::deny);
  EXPECT_EQ(broker.client->may({.kind = Kind::listen, .object = "1.2.3.4:5", .granted = true}),
            host::Decision::allow);
  EXPECT_EQ(broker.client->may({.kind = Kind::clock, .object = {}}), host::Decision::deny);
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
  EXPECT_EQ(client->may({.kind = Kind::clock, .object = {}}), host::Decision::deny);
  EXPECT_TRUE(client->variables()->decided().empty());
  EXPECT_FALSE(client->finish(0).has_value());
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
