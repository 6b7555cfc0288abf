// Files of public keys.
#include "signature/key.h"

#include <gtest/gtest.h>

namespace nacre::signature {
namespace {

// Of RFC 8032, section 7.1, test 1; in the forms that OpenSSL and OpenSSH write.
constexpr std::string_view kText =
    "ed25519:d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
constexpr std::string_view kPem =
    "-----BEGIN PUBLIC KEY-----\n"
    "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
    "-----END PUBLIC KEY-----\n";
constexpr std::string_view kSsh =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea";

std::string raw() {
  auto key = *key_of_text(kText);
  return "\x01" + std::string(key.begin(), key.end());
}

std::string with(std::string_view text, std::string_view old, std::string_view now) {
  std::string changed(text);
  return changed.replace(changed.find(old), old.size(), now);
}

TEST(Key, EveryFormIsTheSameKey) {
  for (const std::string& file :
       {raw(), std::string(kPem), with(kPem, "xCrf", "xC\r\nrf"), std::string(kSsh),
        std::string(kSsh) + " alice@example\r\n", "\n" + std::string(kSsh) + "\n"}) {
    auto key = read_public_key(file);
    ASSERT_TRUE(key.has_value()) << file << key.error().to_string();
    EXPECT_EQ(key_text(*key), kText);
  }
}

TEST(Key, OtherFilesAreRefused) {
  std::string line(kSsh);
  for (const std::string& file : {std::string(),
                                  std::string("\x01"),
                                  raw() + "x",
                                  "\x81" + raw().substr(1),
                                  raw().substr(1),
                                  std::string(kText),
                                  line + "\n" + line,
                                  line.substr(0, line.size() - 1),
                                  line.substr(0, line.size() - 4),
                                  line + "AAAA",
                                  "from=\"x\" " + line,
                                  with(line, "ssh-ed25519", "ssh-rsa"),
                                  with(line, "ssh-ed25519 ", "ssh-ed25519  "),
                                  with(line, "ZDI1NTE5", "ZDI1NTE6"),
                                  with(line, "+", "-"),
                                  with(line, "+", "="),
                                  with(kPem, "K2Vw", "K2Vv"),
                                  with(kPem, "PUBLIC", "PRIVATE"),
                                  with(kPem, "-----END", "END"),
                                  with(kPem, "URo=", "URo"),
                                  with(kPem, "URo=", "U==="),
                                  std::string(100'000, 'A')}) {
    auto key = read_public_key(file);
    ASSERT_FALSE(key.has_value()) << file;
    EXPECT_EQ(key.error().code(), ErrorCode::usage);
    EXPECT_NE(key.error().message().find("ssh-ed25519"), std::string::npos);
  }
}

TEST(Key, Text) {
  EXPECT_EQ(key_text(*key_of_text(kText)), kText);
  std::string text(kText);
  for (const std::string& other :
       {text + "0", text.substr(0, text.size() - 1), with(text, "d75a", "D75a"),
        with(text, "ed25519:", "sha256:0"), with(text, "d75a", "d75g"), std::string()}) {
    EXPECT_FALSE(key_of_text(other).has_value()) << other;
  }
}

}  // namespace
}  // namespace nacre::signature
