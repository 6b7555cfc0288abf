// Binary to text and back: print, parse and encode give the bytes of every module of the
// specification suite, but for what canonical_code.h names.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "wasm/binary/decoder.h"
#include "wasm/binary/encoder.h"
#include "wasm/text/canonical_code.h"
#include "wasm/text/parser.h"
#include "wasm/text/printer.h"
#include "wasm/text/script.h"

namespace nacre::wasm {
namespace {

namespace fs = std::filesystem;

constexpr Features kAll = Features::all_built();

size_t checked = 0;

void check_round_trip(const std::string& where, const std::vector<uint8_t>& bytes) {
  Result<Module> module = decode(bytes, nullptr, kAll);
  ASSERT_TRUE(module) << where << ": " << module.error().to_string();
  Result<std::string> text = print_module(*module, kAll);
  bool is_encoded_canonically = encode(*module) == bytes;
  if (!make_code_canonical(*module)) {
    EXPECT_FALSE(text) << where;  // the suite has malformed bodies
    return;
  }
  ASSERT_TRUE(text) << where << ": " << text.error().to_string();
  Result<Module> again = parse_module(*text, kAll);
  ASSERT_TRUE(again) << where << ": " << again.error().to_string() << "\n" << *text;
  std::vector<uint8_t> wanted = encode(*module);
  ASSERT_TRUE(encode(*again) == wanted) << where << "\n" << *text;
  // That this is the same as the original bytes is what canonical means.
  if (is_encoded_canonically && wanted.size() == bytes.size()) {
    ASSERT_TRUE(wanted == bytes) << where;
  }
  ++checked;
}

void check_commands(const std::string& file, const std::vector<Command>& commands) {
  using Kind = Command::Kind;
  for (const Command& command : commands) {
    std::string where = file + ":" + std::to_string(command.line);
    check_commands(file, command.commands);
    bool has_module = command.kind == Kind::module || command.kind == Kind::assert_module_trap ||
                      command.kind == Kind::assert_invalid ||
                      command.kind == Kind::assert_unlinkable;
    if (!has_module) continue;
    Result<Module> module = load_module(command.module, kAll);
    if (!module) continue;  // suite_test.cc is about these
    std::vector<uint8_t> bytes = encode(*module);
    check_round_trip(where, bytes);
    if (command.module.form == ScriptModule::Form::binary) {
      check_round_trip(where, {module->bytes.begin(), module->bytes.end()});
    }
  }
}

fs::path suite_root() {
  if (const char* shared = std::getenv("NACRE_SHARED")) return fs::path(shared) / "spec-testsuite";
  fs::path folder = fs::path(__FILE__).parent_path();
  return folder.parent_path().parent_path().parent_path().parent_path() / "shared" /
         "spec-testsuite";
}

TEST(TextRoundTrip, Suite) {
  if (!fs::exists(suite_root())) {
    GTEST_SKIP() << "no specification suite at " << suite_root() << ": set NACRE_SHARED";
  }
  for (const auto& entry : fs::recursive_directory_iterator(suite_root())) {
    if (entry.path().extension() != ".wast") continue;
    std::ifstream file(entry.path(), std::ios::binary);
    std::string source{std::istreambuf_iterator<char>(file), {}};
    Result<std::vector<Command>> commands = parse_script(source);
    ASSERT_TRUE(commands) << entry.path() << ": " << commands.error().to_string();
    check_commands(entry.path().filename().string(), *commands);
  }
  EXPECT_GT(checked, 5000u);
}

}  // namespace
}  // namespace nacre::wasm
