// Asking: what is asked, how often, and what an answer means.
#include "policy/policy.h"

#include <gtest/gtest.h>

#include <stdlib.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <filesystem>
#include <thread>

namespace nacre::policy {
namespace {

using namespace grant;

class Script final : public Asker {
 public:
  std::optional<Answer> ask(const Question& question) override {
    asked.push_back(question);
    if (delay.count() != 0) std::this_thread::sleep_for(delay);
    if (answers.empty()) return std::nullopt;
    Answer answer = answers.front();
    answers.pop_front();
    return answer;
  }
  void tell(std::string_view text) override { told += text; }

  std::vector<Question> asked;
  std::deque<Answer> answers;
  std::string told;
  std::chrono::milliseconds delay{0};
};

class PolicyTest : public testing::Test {
 protected:
  Policy& policy() {
    if (!policy_) {
      options.asker = script;
      policy_ = std::make_unique<Policy>(std::move(options));
    }
    return *policy_;
  }
  bool may(std::string_view path, Rights rights = Rights::read, bool missing = false) {
    Request request{.kind = Kind::file, .object = path, .rights = rights, .missing = missing};
    return policy().may(request) == Decision::allow;
  }
  void rule(Kind kind, std::string_view value, bool allow = true) {
    Rule parsed = *parse_rule(kind, value, allow, Place(way_by_words));
    parsed.origin = "--test";
    options.rules.add(std::move(parsed));
  }
  size_t refused() {
    uint64_t left_out = 0;
    return policy().refusals(&left_out).size();
  }

  Policy::Options options;
  std::shared_ptr<Script> script = std::make_shared<Script>();
  std::unique_ptr<Policy> policy_;
};

TEST_F(PolicyTest, RulesAreNotAskedAbout) {
  rule(Kind::dir, "/a:ro");
  rule(Kind::file, "/a/secret", false);
  EXPECT_TRUE(may("/a/x"));
  EXPECT_FALSE(may("/a/secret"));
  EXPECT_TRUE(script->asked.empty());
  uint64_t left_out = 0;
  auto refusals = policy().refusals(&left_out);
  ASSERT_EQ(refusals.size(), 1u);
  EXPECT_EQ(refusals[0].rule, "denied by file /a/secret (--test)");
}

// Only who said a rule counts, not how people are told of it.
TEST_F(PolicyTest, WordsOfOriginsDecideNothing) {
  for (const char* origin : {"answered in this run", "decided 2026", "--allow-all", ""}) {
    Rule denial =
        *parse_rule(Kind::file, std::string("/secret") + origin, false, Place(way_by_words));
    denial.source = Source::file;
    denial.origin = origin;
    options.rules.add(denial);
  }
  size_t count = 0;
  for (const char* origin : {"answered in this run", "decided 2026", "--allow-all", ""}) {
    EXPECT_FALSE(may(std::string("/secret") + origin));
    EXPECT_EQ(refused(), ++count) << origin;
  }
}

// Whether something is there is known to those who may read it, without a question.
TEST_F(PolicyTest, WhatMayBeLookedAt) {
  rule(Kind::dir, "/a:ro");
  rule(Kind::file, "/a/secret", false);
  rule(Kind::file, "/a/fixed:write", false);
  rule(Kind::file, "/b:write");
  auto may_look = [&](std::string_view path, bool granted = false, bool missing = false) {
    return policy().may_look({.kind = Kind::file,
                              .object = path,
                              .rights = Rights::write,
                              .granted = granted,
                              .missing = missing});
  };
  EXPECT_TRUE(may_look("/a/x"));
  EXPECT_TRUE(may_look("/a/x", false, true)) << "missing is no other than there";
  EXPECT_TRUE(may_look("/a/fixed"));
  EXPECT_FALSE(may_look("/a/secret"));
  EXPECT_FALSE(may_look("/a/secret", true)) << "denied within what was granted";
  EXPECT_TRUE(may_look("/c", true));
  EXPECT_FALSE(may_look("/b"));
  EXPECT_FALSE(may_look("/c"));
  grant::Request moved{.kind = Kind::dir,
                       .object = "/a",
                       .rights = Rights::all,
                       .is_directory = true,
                       .subtree = true,
                       .removes = true};
  EXPECT_TRUE(policy().may_look(moved)) << "what may not be moved may be looked at";
  EXPECT_TRUE(script->asked.empty());
}

TEST_F(PolicyTest, NobodyIsAskedAboutWhatIsSilent) {
  Request request{.kind = Kind::file, .object = "/a", .rights = Rights::all, .silent = true};
  EXPECT_EQ(policy().may(request), Decision::deny);
  EXPECT_TRUE(script->asked.empty());
  EXPECT_EQ(refused(), 0u) << "the user refused the other end and knows";
  script = nullptr;
  policy_.reset();
  options = {};
  EXPECT_EQ(policy().may(request), Decision::deny);
  EXPECT_EQ(refused(), 1u);
}

TEST_F(PolicyTest, TakingAwayWhatIsMissingIsOnlyLooking) {
  Request request{
      .kind = Kind::file, .object = "/a", .rights = Rights::create, .missing = true, .takes = true};
  EXPECT_EQ(policy().may(request), Decision::deny);
  EXPECT_TRUE(script->asked.empty());
  uint64_t left_out = 0;
  auto refusals = policy().refusals(&left_out);
  ASSERT_EQ(refusals.size(), 1u);
  EXPECT_TRUE(refusals[0].is_missed());
}

TEST_F(PolicyTest, OnceIsOnce) {
  script->answers = {Answer::once, Answer::no};
  EXPECT_TRUE(may("/a"));
  EXPECT_FALSE(may("/a"));
  EXPECT_FALSE(may("/a")) << "not asked again after no";
  EXPECT_EQ(script->asked.size(), 2u);
  EXPECT_EQ(refused(), 0u) << "the user answered and knows";
}

TEST_F(PolicyTest, RunLastsAndCoversWhatWasAskedOnly) {
  script->answers = {Answer::run, Answer::no, Answer::no};
  EXPECT_TRUE(may("/d/a"));
  EXPECT_TRUE(may("/d/a"));
  EXPECT_FALSE(may("/d/a", Rights::write));
  EXPECT_FALSE(may("/d/b"));
  EXPECT_EQ(script->asked.size(), 3u);
}

TEST_F(PolicyTest, DirIsAboutTheWholeFolder) {
  script->answers = {Answer::always_dir, Answer::never_dir};
  EXPECT_TRUE(may("/d/a"));
  EXPECT_EQ(script->asked[0].folder, "/d");
  EXPECT_TRUE(may("/d/b/c"));
  EXPECT_FALSE(may("/e/a"));
  EXPECT_FALSE(may("/e/b"));
  EXPECT_EQ(script->asked.size(), 2u);
  EXPECT_NE(script->told.find("not remembered"), std::string::npos) << "there is no store";
}

TEST_F(PolicyTest, NobodyToAskIsNo) {
  EXPECT_FALSE(may("/a"));
  EXPECT_FALSE(may("/a"));
  EXPECT_EQ(script->asked.size(), 1u);
  script = nullptr;
  policy_.reset();
  options = {};
  EXPECT_FALSE(may("/a"));
}

TEST_F(PolicyTest, QuestionsAreFew) {
  script->answers.assign(100, Answer::once);
  int allowed = 0;
  for (int i = 0; i < 20; ++i) allowed += may("/" + std::to_string(i)) ? 1 : 0;
  EXPECT_EQ(allowed, static_cast<int>(Policy::kMaxQuestions));
  EXPECT_EQ(script->asked.size(), Policy::kMaxQuestions);
}

TEST_F(PolicyTest, WhatIsMissingIsAskedAboutOnlyToMakeIt) {
  script->answers = {Answer::once};
  EXPECT_FALSE(may("/nothing", Rights::read, true));
  EXPECT_TRUE(script->asked.empty());
  EXPECT_TRUE(may("/nothing", Rights::write | Rights::create, true));
}

TEST_F(PolicyTest, WhatWasGrantedIsOnlyDeniedByRules) {
  rule(Kind::dir, "/a/b", false);
  Request request{.kind = Kind::file, .object = "/a/x", .rights = Rights::all, .granted = true};
  EXPECT_EQ(policy().may(request), Decision::allow);
  request.object = "/a/b/x";
  EXPECT_EQ(policy().may(request), Decision::deny);
  EXPECT_TRUE(policy().watches("/a"));
  EXPECT_FALSE(policy().watches("/c"));
  EXPECT_TRUE(script->asked.empty());
}

TEST_F(PolicyTest, OtherKindsAreAskedAboutToo) {
  script->answers = {Answer::run, Answer::run, Answer::no};
  auto ask = [&](Kind kind, std::string_view object) {
    return policy().may({.kind = kind, .object = object}) == Decision::allow;
  };
  EXPECT_TRUE(ask(Kind::clock, ""));
  EXPECT_TRUE(ask(Kind::clock, ""));
  EXPECT_TRUE(ask(Kind::net, "tcp://example.com:443"));
  EXPECT_TRUE(ask(Kind::net, "tcp://example.com:443"));
  EXPECT_FALSE(ask(Kind::net, "tcp://example.com:80"));
  EXPECT_EQ(script->asked.size(), 3u);
}

TEST_F(PolicyTest, ConnectionsAreAskedAboutByName) {
  script->answers = {Answer::run, Answer::no, Answer::once};
  auto ask = [&](std::string_view object, std::vector<std::string> names) {
    return policy().may({.kind = Kind::net, .object = object, .names = names}) == Decision::allow;
  };
  EXPECT_TRUE(ask("tcp://1.2.3.4:443", {"example.com"}));
  EXPECT_EQ(script->asked[0].object, "tcp://example.com:443");
  std::string text = question_text(script->asked[0], "bcdf");
  EXPECT_NE(text.find(" wants to connect to\n  \"example.com:443\" (1.2.3.4)\n"), text.npos)
      << text;
  EXPECT_TRUE(ask("tcp://1.2.3.5:443", {"example.com"})) << "another of its addresses";
  EXPECT_FALSE(ask("tcp://127.0.0.1:443", {"example.com"})) << "it leads elsewhere now";
  EXPECT_EQ(script->asked[1].object, "tcp://127.0.0.1:443");
  EXPECT_EQ(script->asked[1].address, "");
  EXPECT_FALSE(ask("tcp://127.0.0.1:443", {}));
  EXPECT_TRUE(ask("udp://1.2.3.4:53", {}));
  text = question_text(script->asked[2], "bcdf");
  EXPECT_NE(text.find(" wants to send datagrams to\n  \"udp://1.2.3.4:53\"\n"), text.npos) << text;
  EXPECT_EQ(script->asked.size(), 3u);
}

TEST_F(PolicyTest, TwoThreadsAskOnce) {
  script->delay = std::chrono::milliseconds(50);
  script->answers = {Answer::once};
  std::atomic<int> allowed = 0;
  policy();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { allowed += may("/a") ? 1 : 0; });
  for (std::thread& thread : threads) thread.join();
  EXPECT_GE(allowed, 1);
  // A thread that came after the answer asks anew; with the delay, that would be a slow machine.
  EXPECT_EQ(script->asked.size() == 1, allowed == 4);
}

TEST_F(PolicyTest, RefusalsAreBounded) {
  options.max_questions = 0;
  for (int i = 0; i < 1000; ++i) (void)may("/" + std::to_string(i));
  uint64_t left_out = 0;
  EXPECT_EQ(policy().refusals(&left_out).size(), Policy::kMaxRefusals);
  EXPECT_EQ(left_out, 1000 - Policy::kMaxRefusals);
}

TEST_F(PolicyTest, AnswersAboutASignerNeedOne) {
  script->answers = {Answer::always_signer, Answer::never_signer, Answer::always_dir};
  EXPECT_FALSE(may("/a"));
  EXPECT_FALSE(may("/b"));
  EXPECT_NE(policy().may({.kind = Kind::clock, .object = {}}), Decision::allow);
  EXPECT_EQ(script->asked.size(), 3u);
  EXPECT_EQ(script->told, "") << "nothing was to be kept";
  EXPECT_EQ(question_text(script->asked[0], "bcdf").find("sign"), std::string::npos);
}

TEST_F(PolicyTest, AnswersAboutASignerAreAboutWhatWasAskedFor) {
  options.signers = {{"ed25519:aa", "alice"}, {"ed25519:bb", "bob"}};
  script->answers = {Answer::always_signer, Answer::never_signer, Answer::no};
  EXPECT_TRUE(may("/d/a"));
  EXPECT_TRUE(may("/d/a"));
  EXPECT_FALSE(may("/d/b"));
  EXPECT_FALSE(may("/d/b"));
  EXPECT_FALSE(may("/d/c"));
  EXPECT_EQ(script->asked.size(), 3u);
  std::string text = question_text(script->asked[0], "bcdf");
  EXPECT_NE(text.find("\n  signed by \"alice\"\n  signed by \"bob\"\nallow?"), text.npos) << text;
  EXPECT_NE(text.find("never signer for all that \"alice\" signs\n"), text.npos) << text;
}

class RecallTest : public testing::Test {
 protected:
  RecallTest() {
    folder_ = "/tmp/nacre-recall-XXXXXX";
    EXPECT_NE(mkdtemp(folder_.data()), nullptr);
  }
  ~RecallTest() override { std::filesystem::remove_all(folder_); }
  static constexpr const char* kNames[] = {"alice", "bob", "eve"};
  static std::string key(size_t i) {
    return "ed25519:" + std::string(64, static_cast<char>('a' + i));
  }
  void know_all(const Store& store) {
    auto known = store.change([&](Decisions& all) -> Result<void> {
      for (size_t i = 0; i < 3; ++i) TRY(trust(all, kNames[i], key(i)));
      return {};
    });
    ASSERT_TRUE(known.has_value());
  }
  // Signed by those of these numbers.
  static Subject subject(std::string digest, std::vector<size_t> signers) {
    return {.name = "m",
            .digest = [digest] { return digest; },
            .signed_by =
                [signers](const std::vector<std::string>& keys) {
                  std::vector<std::string> found;
                  for (size_t i : signers) {
                    if (std::ranges::find(keys, key(i)) != keys.end()) found.push_back(key(i));
                  }
                  return found;
                }};
  }
  grant::StoredDecision decision(std::string_view path, bool allow) {
    return {.rule = *parse_rule(Kind::file, path, allow, Place(way_by_words)), .made = 1000};
  }

  std::string folder_;
};

TEST_F(RecallTest, RulesOfTheModuleAndOfItsSigners) {
  Store store(folder_ + "/p.toml");
  know_all(store);
  ASSERT_TRUE(remember(store, Signer{key(0), "alice"}, decision("/a", true)).has_value());
  ASSERT_TRUE(remember(store, Signer{key(1), "bob"}, decision("/a", false)).has_value());
  ASSERT_TRUE(remember(store, Signer{key(2), "eve"}, decision("/e", true)).has_value());
  ASSERT_TRUE(remember(store, subject("sha256:1", {}), decision("/m", true)).has_value());
  struct {
    const char* digest;
    std::vector<size_t> signers;
    std::string names, rules;
  } cases[] = {{"sha256:1", {}, "", "+/m"},
               {"sha256:2", {}, "", ""},
               {"sha256:2", {0}, "alice", "+/a"},
               {"sha256:1", {1}, "bob", "+/m-/a"},
               {"sha256:1", {1, 0}, "alice, bob", "+/m+/a-/a"}};
  for (const auto& one : cases) {
    auto remembered = recall(store, subject(one.digest, one.signers));
    ASSERT_TRUE(remembered.has_value());
    EXPECT_EQ(signers_text(names_of(remembered->signers)), one.names);
    std::string rules;
    for (const Rule& rule : remembered->rules) rules += (rule.allow ? "+" : "-") + rule.path;
    EXPECT_EQ(rules, one.rules);
  }
}

TEST_F(RecallTest, NothingIsKeptForWhoIsNotTrustedAnyMore) {
  Store store(folder_ + "/p.toml");
  know_all(store);
  EXPECT_FALSE(remember(store, Signer{key(3), "dan"}, decision("/a", true)).has_value());
  EXPECT_FALSE(remember(store, Signer{key(3), "eve"}, decision("/a", true)).has_value())
      << "the name is another key's by now";
  auto all = store.load();
  ASSERT_TRUE(all.has_value());
  for (const SignerDecisions& signer : all->signers) EXPECT_TRUE(signer.decisions.empty());
}

TEST(QuestionText, NothingInItCanMoveACursorOrLookLikeTheEnd) {
  Question question;
  question.module_name = "a\x1b[2J\"b.wasm";
  question.digest = "sha256:00";
  question.signers = {"x\x1b[2J\"\n"};
  question.kind = Kind::file;
  question.object =
      "/tmp/\r\nallow? yes\"\xe2\x80\xae"
      "cba\xff";
  question.rights = Rights::read | Rights::write;
  question.folder =
      "/tmp/\x9b"
      "1m";
  std::string text = question_text(question, "bcdf");
  for (size_t i = 0; i < text.size(); ++i) {
    auto byte = static_cast<unsigned char>(text[i]);
    EXPECT_TRUE((byte >= 0x20 && byte < 0x7f) || byte == '\n') << i;
  }
  EXPECT_NE(text.find("\\u{202e}"), std::string::npos);
  EXPECT_NE(text.find("\\\"b.wasm\" wants to read and write the file"), std::string::npos) << text;
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 6);
}

TEST(AnswerOf, WhatAllowsNeedsTheLettersOfThisQuestion) {
  Question question;
  question.kind = Kind::file;
  auto answer = [&](std::string_view line) { return answer_of(line, "bcdf", question); };
  EXPECT_EQ(answer("once bcdf"), Answer::once);
  EXPECT_EQ(answer("always dir bcdf"), Answer::always_dir);
  for (std::string_view line :
       {"once", "once ", "once bcdg", "once BCDF", "oncebcdf", "once  bcdf", "once bcdf ",
        " once bcdf", "bcdf", " bcdf", "bcdf once", "once bcdf bcdf", "always", "always dir", "",
        "yes bcdf", "always signer bcdf"}) {
    EXPECT_EQ(answer(line), Answer::no) << line;
  }
  EXPECT_EQ(answer("never"), Answer::never) << "what allows nothing needs none";
  EXPECT_EQ(answer("never dir bcdf"), Answer::never_dir);
  question.signers = {"alice"};
  EXPECT_EQ(answer("always signer bcdf"), Answer::always_signer);
  EXPECT_EQ(answer("always signer"), Answer::no);
}

}  // namespace
}  // namespace nacre::policy
