#include "wasm/to_binary.h"

#include <gtest/gtest.h>

#include "wasm/binary/test_modules.h"

namespace nacre::wasm {
namespace {

using test::bytes;

TEST(ToBinary, BothFormatsAndNothingElse) {
  std::vector<uint8_t> empty_module = bytes("00 'asm' 01 00 00 00");
  auto kept = to_binary(empty_module, {});
  ASSERT_TRUE(kept);
  EXPECT_EQ(*kept, std::nullopt);
  // Whether it is a module is for the decoder to say.
  EXPECT_EQ(to_binary(bytes("00 'asm' 07"), {}).value(), std::nullopt);

  for (std::string_view text :
       {"(module)", " ;; a comment\n", "(module binary \"\\00asm\\01\\00\\00\\00\")",
        "(module quote \"(module)\")"}) {
    auto made = to_binary(as_bytes(text), {});
    ASSERT_TRUE(made) << text << ": " << made.error().to_string();
    EXPECT_EQ(*made, empty_module) << text;
  }

  EXPECT_EQ(to_binary({}, {}).error().message(), "the file is empty");
  EXPECT_NE(to_binary(bytes("1f 8b 08 00"), {}).error().message().find("compressed by gzip"),
            std::string::npos);
  auto wrong = to_binary(as_bytes("(module (func (i32.const)))"), {});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code(), ErrorCode::malformed);
}

}  // namespace
}  // namespace nacre::wasm
