#include "os/gdb_jit.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "os/gdb_jit_protocol.h"

namespace nacre::os {
namespace {

// Which of the names some file of the list has.
std::string listed(std::initializer_list<const char*> names) {
  std::string found;
  const jit_code_entry* before = nullptr;
  for (const auto* entry = __jit_debug_descriptor.first_entry; entry != nullptr;
       entry = entry->next_entry) {
    EXPECT_EQ(entry->prev_entry, before);
    before = entry;
    std::string_view file(entry->symfile_addr, entry->symfile_size);
    for (const char* name : names) {
      if (file.contains(std::string_view(name))) found += std::string(name) + " ";
    }
  }
  return found;
}

TEST(GdbJitTest, OfABatchThatGoesFunctionByFunctionTheRestStays) {
  std::array<uint8_t, 48> code{};
  auto listener = make_gdb_listener();
  std::vector<NewCode> batch = {{.begin = &code[0], .size_bytes = 16, .name = "wasm!one"},
                                {.begin = &code[16], .size_bytes = 16, .name = "wasm!two"}};
  std::vector<NewCode> other = {{.begin = &code[32], .size_bytes = 16, .name = "wasm!three"}};
  listener->code_made(batch);
  listener->code_made(other);
  auto names = [] { return listed({"wasm!one", "wasm!two", "wasm!three"}); };
  EXPECT_EQ(names(), "wasm!three wasm!one wasm!two ");
  listener->code_freed(&code[0], &code[16]);
  EXPECT_EQ(names(), "wasm!two wasm!three ");
  listener->code_freed(&code[16], &code[32]);
  EXPECT_EQ(names(), "wasm!three ");
  listener = nullptr;
  EXPECT_EQ(names(), "");
}

}  // namespace
}  // namespace nacre::os
