#include "wasm/foreign.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace nacre::wasm {
namespace {

using namespace std::string_view_literals;

TEST(Foreign, EveryRowIsFoundByItsBeginning) {
#define FOREIGN(begin, what, advice)                                         \
  {                                                                          \
    std::string_view text(begin, sizeof(begin) - 1);                         \
    std::string words = describe_foreign(as_bytes(text));                    \
    EXPECT_NE(words.find(what), std::string::npos) << what << ": " << words; \
  }
#include "wasm/foreign.def"
#undef FOREIGN
}

TEST(Foreign, WhatHasNoFixedBeginning) {
  struct Row {
    std::string bytes;
    std::string_view what;
  };
  std::string tar(512, 'x');
  tar.replace(257, 5, "ustar");
  for (const Row& row : {
           Row{tar, "a tar archive"},
           Row{std::string(64, '\0'), "nothing but zeros"},
           Row{"\xCB\x0D\x0D\x0A", "compiled Python"},
           Row{"\n\n<!DOCTYPE html>", "a web page"},
           Row{"\r\n  import x", "source code"},
       }) {
    std::string words = describe_foreign(as_bytes(std::string_view(row.bytes)));
    EXPECT_NE(words.find(row.what), std::string::npos) << row.what << ": " << words;
  }
}

TEST(Foreign, ModulesAndTheUnknownAreNotNamed) {
  for (std::string_view bytes : {"\0asm\1\0\0\0"sv, "(module)"sv, " \n;; comment\n(module)"sv, ""sv,
                                 "(; PK ;)"sv, "hello world"sv, "\x01\x02\x03"sv, "\0\0"sv}) {
    EXPECT_EQ(describe_foreign(as_bytes(bytes)), "") << bytes;
  }
}

}  // namespace
}  // namespace nacre::wasm
