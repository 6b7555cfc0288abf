// Addresses as text, against what the C library makes of the same text.
#include "base/address.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <random>

namespace nacre {
namespace {

std::optional<IpAddress> parsed_by_libc(const std::string& text) {
  std::array<uint8_t, 4> v4{};
  if (inet_pton(AF_INET, text.c_str(), v4.data()) == 1) return from_v4(v4);
  IpAddress address{};
  if (inet_pton(AF_INET6, text.c_str(), address.data()) == 1) return address;
  return std::nullopt;
}

std::string printed_by_libc(const IpAddress& address) {
  char text[INET6_ADDRSTRLEN] = "";
  bool v4 = is_v4(address);
  inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? &address[12] : address.data(), text, sizeof text);
  return text;
}

TEST(Address, WhatIsOne) {
  for (const char* text : {"0.0.0.0", "255.255.255.255", "10.0.0.1", "::", "::1",
                           "1::", "1:2:3:4:5:6:7:8", "::2:3:4", "1:2::7:8", "fe80::1",
                           "::ffff:10.0.0.1", "::10.0.0.1", "1:2:3:4:5:6:9.8.7.6", "ABCD::ef"}) {
    EXPECT_TRUE(parse_address(text)) << text;
    EXPECT_EQ(parse_address(text), parsed_by_libc(text)) << text;
  }
}

TEST(Address, WhatIsNone) {
  for (const char* text : {"",
                           "1",
                           "10.1",
                           "1.2.3.256",
                           "01.2.3.4",
                           "1.2.3.4.",
                           "1.2.3.4.5",
                           "1..2.3",
                           "+1.2.3.4",
                           "-1.2.3.4",
                           " 1.2.3.4",
                           "0x1.2.3.4",
                           ":",
                           ":::",
                           ":1",
                           "1:",
                           "1::2::3",
                           "1:2:3:4:5:6:7",
                           "1:2:3:4:5:6:7:8:9",
                           "1:2:3:4:5:6:7::8",
                           "::12345",
                           "::g",
                           "::0x1",
                           "::+1",
                           "1.2.3.4::",
                           "1:2:3:4:5:6:7:1.2.3.4",
                           "::1.2.3",
                           "[::1]",
                           "fe80::1%eth0",
                           "10.0.0.0/8"}) {
    EXPECT_FALSE(parse_address(text)) << text;
    EXPECT_FALSE(parsed_by_libc(text)) << text;
  }
  EXPECT_FALSE(parse_address(std::string_view("10.0.0.1\0", 9)));
}

TEST(Address, TextsOfAllForms) {
  std::mt19937 random(1);  // NOLINT(bugprone-random-generator-seed): the same addresses each time
  for (int i = 0; i < 200'000; ++i) {
    IpAddress address{};
    // Many zero groups, so that each place and length of :: comes.
    for (size_t at = 0; at < address.size(); at += 2) {
      if (random() % 3 == 0) continue;
      address[at] = static_cast<uint8_t>(random() % 2 == 0 ? random() : 0);
      address[at + 1] = static_cast<uint8_t>(random() % 2 == 0 ? random() : 0);
    }
    if (random() % 8 == 0) std::fill_n(address.begin(), 10, uint8_t{0});
    std::string text = address_text(address);
    ASSERT_EQ(text, printed_by_libc(address));
    ASSERT_EQ(parse_address(text), address) << text;
  }
}

TEST(Address, ReadsNothingThatTheLibraryRefuses) {
  std::mt19937 random(2);  // NOLINT(bugprone-random-generator-seed)
  constexpr std::string_view kPieces[] = {"0", "1", "9", "a", "F", "25", ":", "::", ".", "g", "/"};
  for (int i = 0; i < 500'000; ++i) {
    std::string text;
    for (size_t pieces = 1 + random() % 16; pieces-- != 0;) {
      text += kPieces[random() % std::size(kPieces)];
    }
    if (text.size() >= INET6_ADDRSTRLEN) continue;
    ASSERT_EQ(parse_address(text), parsed_by_libc(text)) << text;
  }
}

}  // namespace
}  // namespace nacre
