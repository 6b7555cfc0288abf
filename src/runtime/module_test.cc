#include "runtime/module.h"

#include <gtest/gtest.h>

#include "runtime/test_support.h"

namespace nacre::runtime {
namespace {

// One function, [] -> [i32], whose body is `body`.
std::vector<uint8_t> binary(const std::vector<uint8_t>& body) {
  std::string bytes("\0asm\1\0\0\0\1\5\1\x60\0\1\x7f\3\2\1\0\n", 20);
  bytes += static_cast<char>(body.size() + 3);
  bytes += '\1';
  bytes += static_cast<char>(body.size() + 1);
  bytes += '\0';
  for (uint8_t byte : body) bytes += static_cast<char>(byte);
  return std::vector<uint8_t>(bytes.begin(), bytes.end());
}

TEST(Module, DecodesAndValidates) {
  World world;
  auto module = Module::create(world.engine, binary({0x41, 42, 0x0B}));
  ASSERT_TRUE(module) << module.error().to_string();
  EXPECT_EQ((*module)->wasm().defined_functions(), 1u);
  EXPECT_EQ((*module)->function_name(0), "func[0]");
  EXPECT_EQ((*module)->name(), "");
}

TEST(Module, RefusesBadBodiesUnlessLazy) {
  World world;
  std::vector<uint8_t> bad = binary({0x42, 42, 0x0B});
  auto module = Module::create(world.engine, bad);
  ASSERT_FALSE(module);
  EXPECT_EQ(module.error().code(), ErrorCode::invalid);
  EXPECT_TRUE(Module::create(world.engine, bad, {.validate = ModuleOptions::Validate::lazy}));
}

TEST(Module, RefusesMalformedBytes) {
  World world;
  auto module = Module::create(world.engine, std::vector<uint8_t>{0, 'a', 's'});
  ASSERT_FALSE(module);
  EXPECT_EQ(module.error().code(), ErrorCode::malformed);
}

TEST(Engine, NeedsATier) { EXPECT_FALSE(Engine::create(nullptr)); }

}  // namespace
}  // namespace nacre::runtime
