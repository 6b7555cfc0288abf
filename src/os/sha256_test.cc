#include "os/sha256.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/hex.h"

namespace nacre::os {
namespace {

// The examples of FIPS 180-4's validation suite, and what sha256sum says about the lengths around a
// block.
TEST(Sha256, KnownDigests) {
  // With the processor's instructions and without; on processors that lack them, the same twice.
  auto of = [](const std::string& text) {
    std::string own = digest_text(as_bytes(text));
    EXPECT_EQ(own, "sha256:" + hex_text(sha256(as_bytes(text), {})));
    return own.substr(7);
  };
  EXPECT_EQ(of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(of(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  EXPECT_EQ(of(std::string(55, 'x')),
            "d5e285683cd4efc02d021a5c62014694958901005d6f71e89e0989fac77e4072");
  EXPECT_EQ(of(std::string(56, 'x')),
            "04c26261370ee7541549d16dee320c723e3fd14671e66a099afe0a377c16888e");
  EXPECT_EQ(of(std::string(63, 'x')),
            "75220b47218278e656f2013bb8f0c455a25eaf01e86c64924e9d48d89776d6f2");
  EXPECT_EQ(of(std::string(64, 'x')),
            "7ce100971f64e7001e8fe5a51973ecdfe1ced42befe7ee8d5fd6219506b5393c");
  EXPECT_EQ(of(std::string(65, 'x')),
            "9537c5fdf120482f7d58d25e9ed583f52c02b4e304ea814db1633ad565aed7e9");
}

TEST(Sha256, BothWaysAgreeOnEveryLength) {
  std::vector<uint8_t> bytes(1025);
  uint32_t random = 1;
  for (uint8_t& byte : bytes)
    byte = static_cast<uint8_t>((random = random * 1664525 + 1013904223) >> 24);
  for (size_t length = 0; length < 1024; ++length) {
    Bytes part(bytes.data() + length % 2, length);
    ASSERT_EQ(sha256(part), sha256(part, {})) << length;
  }
}

}  // namespace
}  // namespace nacre::os
