// Remembered decisions: what they cover and contradict, and that files of others are not believed.
#include "policy/store.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "policy/policy.h"

namespace nacre::policy {
namespace {

using namespace grant;

Rule rule(Kind kind, std::string_view value, bool allow = true) {
  return *parse_rule(kind, value, allow, Place(way_by_words));
}

class StoreTest : public testing::Test {
 protected:
  StoreTest() {
    folder_ = "/tmp/nacre-store-XXXXXX";
    EXPECT_NE(mkdtemp(folder_.data()), nullptr);
  }
  ~StoreTest() override {
    for (const char* name : {"/c/p.toml", "/c/p.toml.lock", "/c/p.toml.new"}) {
      unlink((folder_ + name).c_str());
    }
    rmdir((folder_ + "/c").c_str());
    rmdir(folder_.c_str());
  }
  Store store() const { return Store(path()); }
  std::string path() const { return folder_ + "/c/p.toml"; }
  void write(std::string_view text) const {
    mkdir((folder_ + "/c").c_str(), 0700);
    std::ofstream(path()) << text;
    chmod(path().c_str(), 0600);
  }
  Result<void> add(Rule what, std::optional<Seconds> expires = std::nullopt) const {
    return store().change([&](Decisions& all) -> Result<void> {
      if (all.modules.empty()) {
        all.modules.push_back({.digest = "sha256:aa", .place = "/x \"y\"", .size_bytes = 7});
      }
      decide(all.modules[0].decisions, {.rule = what, .made = 1000, .expires = expires});
      return {};
    });
  }

  std::string folder_;
};

TEST_F(StoreTest, NoFileIsNoDecisions) { EXPECT_TRUE(store().load()->modules.empty()); }

TEST_F(StoreTest, WrittenAndReadBack) {
  ASSERT_TRUE(add(rule(Kind::file, "/a\nb:ro")).has_value());
  ASSERT_TRUE(add(rule(Kind::dir, "/c", false), now_seconds() + 3600).has_value());
  auto all = store().load();
  ASSERT_TRUE(all.has_value()) << all.error().to_string();
  ASSERT_EQ(all->modules.size(), 1u);
  const ModuleDecisions& module = all->modules[0];
  EXPECT_EQ(module.place, "/x \"y\"");
  EXPECT_EQ(module.size_bytes, 7u);
  ASSERT_EQ(module.decisions.size(), 2u);
  EXPECT_EQ(module.decisions[0].rule.path, "/a\nb");
  EXPECT_EQ(module.decisions[0].rule.rights, Rights::read);
  EXPECT_EQ(module.decisions[0].made, 1000);
  EXPECT_FALSE(module.decisions[1].rule.allow);
  EXPECT_TRUE(module.decisions[1].expires.has_value());
  struct stat status;
  ASSERT_EQ(stat(path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  ASSERT_EQ(stat((folder_ + "/c").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
}

TEST_F(StoreTest, ExpiredDecisionsDoNotCount) {
  ASSERT_TRUE(add(rule(Kind::file, "/a"), now_seconds() - 1).has_value());
  EXPECT_TRUE(store().load()->modules[0].decisions.empty());
}

TEST_F(StoreTest, LaterDecisionsReplaceEarlierOnes) {
  std::vector<StoredDecision> all;
  decide(all, {.rule = rule(Kind::file, "/a:ro")});
  decide(all, {.rule = rule(Kind::file, "/a:write")});
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].rule.rights, Rights::read | Rights::write);
  decide(all, {.rule = rule(Kind::file, "/a:read", false)});
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].rule.rights, Rights::write);
  decide(all, {.rule = rule(Kind::dir, "/")});
  EXPECT_EQ(all.size(), 2u) << "the denial of another object stays";
  decide(all, {.rule = rule(Kind::file, "/a")});
  ASSERT_EQ(all.size(), 2u);
  EXPECT_TRUE(all[0].rule.allow && all[1].rule.allow);
}

TEST_F(StoreTest, AChangeThatFailsChangesNothing) {
  ASSERT_TRUE(add(rule(Kind::file, "/a")).has_value());
  auto changed = store().change([&](Decisions& all) -> Result<void> {
    all = {};
    return fail(ErrorCode::usage, "no");
  });
  EXPECT_FALSE(changed.has_value());
  EXPECT_EQ(store().load()->modules.size(), 1u);
}

TEST_F(StoreTest, WhatCannotBeReadIsAnErrorThatNamesThePlace) {
  for (const char* text :
       {"x = 1", "[\"sha256:a\"]\n", "[\"sha256:a\"]\ndecisions = [1]\n",
        "[\"sha256:a\"]\ndecisions = [{ allow = \"dir\" }]\n",
        "[\"sha256:a\"]\ndecisions = [{ allow = \"what /a\" }]\n",
        "[\"sha256:a\"]\ndecisions = [{ allow = \"dir /a\", deny = \"dir /a\" }]\n",
        "[\"sha256:a\"]\ndecisions = [{ deny = \"dir /a\", expires = \"soon\" }]\n", "\xff", "["}) {
    write(text);
    auto all = store().load();
    ASSERT_FALSE(all.has_value()) << text;
    EXPECT_NE(all.error().message().find(path() + ":"), std::string::npos);
    EXPECT_FALSE(add(rule(Kind::file, "/a")).has_value()) << "it must not be overwritten";
  }
}

TEST_F(StoreTest, FilesThatOthersCouldWriteAreNotBelieved) {
  write("");
  EXPECT_TRUE(store().load().has_value());
  chmod(path().c_str(), 0620);
  EXPECT_FALSE(store().load().has_value());
  chmod(path().c_str(), 0600);
  chmod((folder_ + "/c").c_str(), 0777);
  EXPECT_FALSE(store().load().has_value());
  chmod((folder_ + "/c").c_str(), 0700);
  if (geteuid() == 0) {
    ASSERT_EQ(chown(path().c_str(), 65534, 65534), 0);
    EXPECT_FALSE(store().load().has_value());
  }
}

TEST_F(StoreTest, DecisionsAreAboutTheirPathsByTheirWords) {
  ASSERT_EQ(symlink("/etc", (folder_ + "/link").c_str()), 0);
  std::string path = folder_ + "/link/hosts";
  for (const char* word : {"allow", "deny"}) {
    write("[\"sha256:aa\"]\nplace = \"\"\nsize = 1\ndecisions = [{ " + std::string(word) +
          " = \"file " + path + "\", made = 1970-01-01T00:00:00Z }]\n");
    auto all = store().load();
    ASSERT_TRUE(all.has_value()) << all.error().to_string();
    EXPECT_EQ(all->modules[0].decisions[0].rule.path, path);
    // What counts in a run: nothing is allowed by a link; what was denied is, and where it leads.
    Subject subject{.size_bytes = 1, .digest = [] { return std::string("sha256:aa"); }};
    auto remembered = recall(store(), subject);
    ASSERT_TRUE(remembered.has_value());
    RuleSet rules;
    rules.add_all(std::move(remembered->rules));
    for (const std::string& object : {path, std::string("/etc/hosts")}) {
      auto answer =
          rules.evaluate({.kind = Kind::file, .object = object, .rights = Rights::read}).answer;
      EXPECT_EQ(answer, *word == 'a' ? Verdict::undecided : Verdict::denied) << word << object;
    }
  }
  unlink((folder_ + "/link").c_str());
}

TEST_F(StoreTest, AFileThatIsALinkIsWrittenWhereItLeads) {
  mkdir((folder_ + "/c").c_str(), 0700);
  ASSERT_EQ(symlink("../there.toml", path().c_str()), 0);
  ASSERT_TRUE(add(rule(Kind::file, "/a")).has_value());
  ASSERT_TRUE(add(rule(Kind::file, "/b")).has_value());
  struct stat status;
  ASSERT_EQ(lstat(path().c_str(), &status), 0);
  EXPECT_TRUE(S_ISLNK(status.st_mode));
  EXPECT_EQ(store().load()->modules[0].decisions.size(), 2u);
  EXPECT_EQ(unlink((folder_ + "/there.toml").c_str()), 0);
}

const std::string kKeyA = "ed25519:" + std::string(64, 'a');
const std::string kKeyB = "ed25519:" + std::string(64, 'b');

TEST_F(StoreTest, SignersAreKeptByName) {
  auto changed = store().change([&](Decisions& all) -> Result<void> {
    SignerDecisions* zoe = TRY(trust(all, "zoe \xc3\xbc", kKeyA));
    decide(zoe->decisions, {.rule = rule(Kind::net, "example.com:443"), .made = 1000});
    TRY(trust(all, "bob", kKeyB));
    return {};
  });
  ASSERT_TRUE(changed.has_value()) << changed.error().to_string();
  ASSERT_TRUE(add(rule(Kind::file, "/a")).has_value()) << "they stay when others are written";
  auto all = store().load();
  ASSERT_TRUE(all.has_value()) << all.error().to_string();
  EXPECT_EQ(all->modules.size(), 1u);
  ASSERT_EQ(all->signers.size(), 2u);
  EXPECT_EQ(all->signers[0].name, "bob");
  EXPECT_EQ(all->signers[0].key, kKeyB);
  EXPECT_TRUE(all->signers[0].decisions.empty());
  ASSERT_EQ(all->signers[1].decisions.size(), 1u);
  EXPECT_EQ(all->signers[1].decisions[0].rule.origin,
            "decided by signer zoe \xc3\xbc 1970-01-01T00:16:40Z");
  EXPECT_EQ(find_signer(*all, "bob"), &all->signers[0]);
  EXPECT_EQ(find_signer(*all, "Bob"), nullptr);
}

TEST_F(StoreTest, ANameAndAKeyBelongTogether) {
  Decisions all;
  auto bob = trust(all, "bob", kKeyA);
  ASSERT_TRUE(bob.has_value());
  decide((*bob)->decisions, {.rule = rule(Kind::file, "/a")});
  EXPECT_EQ(*trust(all, "bob", kKeyA), &all.signers[0]) << "once more is the same";
  EXPECT_EQ(all.signers[0].decisions.size(), 1u);
  for (auto [name, key] : {std::pair("bob", kKeyB), std::pair("eve", kKeyA)}) {
    auto other = trust(all, name, key);
    ASSERT_FALSE(other.has_value());
    EXPECT_NE(other.error().message().find("distrust"), std::string::npos);
  }
  for (std::string name :
       {"", " a", "a ", "a,b", "a\"b", "a\nb", "a\x1b[2J", "\xe2\x80\xae", "\xff"}) {
    EXPECT_FALSE(trust(all, name, kKeyB).has_value()) << name;
  }
  EXPECT_FALSE(trust(all, std::string(101, 'x'), kKeyB).has_value());
  EXPECT_FALSE(trust(all, "x", "ed25519:00").has_value());
  EXPECT_EQ(all.signers.size(), 1u);
}

TEST_F(StoreTest, SignersThatCannotBeReadAreAnError) {
  std::string table = "[\"" + kKeyA + "\"]\n";
  std::string well = table + "name = \"a\"\ndecisions = []\n";
  write(well);
  EXPECT_TRUE(store().load().has_value());
  for (const std::string& text :
       {table + "decisions = []\n", table + "name = \"a\"\n", table + "name = 1\ndecisions = []\n",
        table + "name = \"a,b\"\ndecisions = []\n", table + "name = \"a\"\ndecisions = [1]\n",
        well + "[\"" + kKeyB + "\"]\nname = \"a\"\ndecisions = []\n", well + well,
        well + "[\"ed25519:00\"]\nname = \"b\"\ndecisions = []\n",
        well + "[\"ed25519:" + std::string(64, 'B') + "\"]\nname = \"b\"\ndecisions = []\n"}) {
    write(text);
    auto all = store().load();
    ASSERT_FALSE(all.has_value()) << text;
    EXPECT_NE(all.error().message().find(path() + ":"), std::string::npos);
  }
}

TEST_F(StoreTest, WritersLoseNothing) {
  constexpr int kThreads = 4;
  constexpr int kEach = 25;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        std::string path = "/" + std::to_string(t) + "/" + std::to_string(i);
        EXPECT_TRUE(add(rule(Kind::file, path)).has_value());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(store().load()->modules[0].decisions.size(), static_cast<size_t>(kThreads * kEach));
}

TEST(Time, Text) {
  EXPECT_EQ(time_text(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(time_text(1'795'619'400), "2026-11-25T15:10:00Z");
  EXPECT_EQ(time_text(-1), "1969-12-31T23:59:59Z");
}

}  // namespace
}  // namespace nacre::policy
