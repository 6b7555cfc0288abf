// Policy files: what is read, and where what is wrong is.
#include "grant/policy_file.h"

#include <gtest/gtest.h>

namespace nacre::grant {
namespace {

const Place kPlace{way_by_words, "/nacre-test", "/nacre-home"};

PolicyFile parse(std::string_view text) { return parse_policy(text, "p.toml", kPlace); }

TEST(PolicyFile, ReadsEveryKind) {
  PolicyFile file = parse(R"(
module = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
[allow]
dir = ["data:ro", "~/out::/out"]
file = "/etc/hosts:ro"
env = ["LANG", "MODE=fast", "LC_*"]
net = "example.com:443"
listen = ["127.0.0.1:8080"]
lookup = "*.example.com"
clock = true
random = false
handles = 64
memory = "512M"
time = "10s"
threads = "4"
[deny]
dir = "/home/me/.ssh"
stdin = true
)");
  ASSERT_TRUE(file.problems.empty()) << problem_text("p", file.problems[0]);
  EXPECT_EQ(file.module.size(), 71u);
  ASSERT_EQ(file.rules.size(), 17u);
  bool found = false;
  for (const Rule& rule : file.rules) {
    if (rule.kind == Kind::random) {
      EXPECT_FALSE(rule.allow);
    }
    if (rule.path == "/nacre-test/data") {
      EXPECT_EQ(rule.origin, "p.toml:4:8");
      found = true;
    }
  }
  EXPECT_TRUE(found);
}

TEST(PolicyFile, SaysWhereWhatIsWrong) {
  struct Row {
    const char* text;
    uint32_t line;
    uint32_t column;
    const char* part;
  };
  const Row rows[] = {
      {"[allow]\ndri = \"x\"\n", 2, 1, "\"dri\""},
      {"[allow]\ndir = [\"a\", \"\"]\n", 2, 13, "names no path"},
      {"[allow]\ndir = 5\n", 2, 7, "written as text"},
      {"[allow]\nclock = \"yes\"\n", 2, 9, "true or false"},
      {"[deny]\nclock = false\n", 2, 9, "left out"},
      {"allow = 1\n", 1, 9, "table"},
      {"[other]\n", 1, 2, "\"other\""},
      {"[allow\n", 1, 7, ""},
      {"[allow]\ndir = [\"a\"\n", 2, 12, ""},
      {"[deny]\nmemory = \"1M\"\n", 2, 10, "limit"},
      {"module = \"x\"\n", 1, 10, "sha256"},
      {"[allow]\nenv = [1]\n", 2, 8, "text"},
      {"[allow]\nclock = true\nclock = true\n", 3, 9, ""},
  };
  for (const Row& row : rows) {
    PolicyFile file = parse(row.text);
    ASSERT_EQ(file.problems.size(), 1u) << row.text;
    EXPECT_EQ(file.problems[0].line, row.line) << row.text;
    EXPECT_EQ(file.problems[0].column, row.column) << row.text << file.problems[0].message;
    EXPECT_NE(file.problems[0].message.find(row.part), std::string::npos)
        << file.problems[0].message;
  }
}

TEST(PolicyFile, AllProblemsAreFoundInOrder) {
  PolicyFile file = parse("[deny]\nx = 1\n[allow]\ny = 1\ndir = 7\n");
  ASSERT_EQ(file.problems.size(), 3u);
  EXPECT_EQ(file.problems[0].line, 2u);
  EXPECT_EQ(file.problems[1].line, 4u);
  EXPECT_EQ(file.problems[2].line, 5u);
}

TEST(PolicyFile, DeepNestingIsRefused) {
  std::string text = "[allow]\ndir = " + std::string(100'000, '[');
  EXPECT_EQ(parse(text).problems.size(), 1u);
  std::string dotted = "a";
  for (int i = 0; i < 100'000; ++i) dotted += ".a";
  EXPECT_FALSE(parse(dotted + " = 1\n").problems.empty());
}

TEST(PolicyFile, WhatIsWrittenIsReadBack) {
  std::vector<Rule> rules;
  for (const char* value : {"/a b\"c\\:read+write", "/x\ty:ro", "/z"}) {
    rules.push_back(*parse_rule(Kind::file, value, true, kPlace));
  }
  rules.push_back(*parse_rule(Kind::env, "A=\x7f\n", true, kPlace));
  rules.push_back(*parse_rule(Kind::clock, std::nullopt, true, kPlace));
  rules.push_back(*parse_rule(Kind::dir, "/z/secret", false, kPlace));
  PolicyFile file = parse(write_policy(rules, "a\ncomment"));
  ASSERT_TRUE(file.problems.empty()) << problem_text("p", file.problems[0]);
  ASSERT_EQ(file.rules.size(), rules.size());
  for (const Rule& rule : rules) {
    bool found = false;
    for (const Rule& read : file.rules) {
      found |= read.kind == rule.kind && read.allow == rule.allow &&
               value_text(read) == value_text(rule);
    }
    EXPECT_TRUE(found) << value_text(rule);
  }
}

}  // namespace
}  // namespace nacre::grant
