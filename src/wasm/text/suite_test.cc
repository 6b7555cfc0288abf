// The specification suite against the text format: every script parses, every module that a script
// uses parses, and what it calls malformed is refused as that.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "wasm/text/script.h"

namespace nacre::wasm {
namespace {

namespace fs = std::filesystem;
using Kind = Command::Kind;

// $NACRE_SHARED, or the folder `shared` beside the source tree.
fs::path suite_root() {
  if (const char* shared = std::getenv("NACRE_SHARED")) return fs::path(shared) / "spec-testsuite";
  fs::path folder = fs::path(__FILE__).parent_path();
  return folder.parent_path().parent_path().parent_path().parent_path() / "shared" /
         "spec-testsuite";
}

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Counts {
  size_t parsed = 0;
  size_t refused = 0;
};

void check_module(const std::string& where, const Command& command, Counts& counts) {
  const ScriptModule& source = command.module;
  bool is_binary = source.form == ScriptModule::Form::binary;
  Result<Module> module = load_module(source, Features::all_built());
  ErrorCode wanted = ErrorCode::internal;
  switch (command.kind) {
    case Kind::assert_malformed:
      wanted = ErrorCode::malformed;
      break;
    case Kind::assert_malformed_custom:
      wanted = ErrorCode::malformed_custom;
      break;
    case Kind::assert_invalid:
      if (!module) {
        EXPECT_EQ(module.error().code(), ErrorCode::invalid)
            << where << ": " << module.error().to_string();
      }
      return;
    default:
      EXPECT_TRUE(module) << where << ": " << module.error().to_string();
      ++counts.parsed;
      return;
  }
  // Bodies of binary modules are for the validator to read.
  if (module && is_binary) return;
  if (module) {
    ADD_FAILURE() << where << ": parsed; expected " << command.message;
    return;
  }
  EXPECT_EQ(module.error().code(), wanted)
      << where << ": " << module.error().to_string() << "; expected " << command.message;
  ++counts.refused;
}

void check_commands(const fs::path& path, const std::vector<Command>& commands, Counts& counts) {
  for (const Command& command : commands) {
    bool has_module =
        command.kind == Kind::module || command.kind == Kind::assert_module_trap ||
        (command.kind >= Kind::assert_invalid && command.kind <= Kind::assert_invalid_custom);
    std::string where = path.filename().string() + ":" + std::to_string(command.line);
    if (has_module) check_module(where, command, counts);
    check_commands(path, command.commands, counts);
  }
}

// Proposals that are not built: their modules are not looked into.
bool is_built(const fs::path& path) {
  std::string text = path.string();
  return text.find("custom-descriptors") == std::string::npos &&
         text.find("stack-switching") == std::string::npos;
}

TEST(TextSuite, ParsesWhatItMustAndRefusesTheRest) {
  if (!fs::exists(suite_root())) {
    GTEST_SKIP() << "no specification suite at " << suite_root() << ": set NACRE_SHARED";
  }
  Counts counts;
  for (const auto& entry : fs::recursive_directory_iterator(suite_root())) {
    if (entry.path().extension() != ".wast") continue;
    std::string source = read_file(entry.path());
    Result<std::vector<Command>> commands = parse_script(source);
    if (!commands) {
      ADD_FAILURE() << entry.path() << ": " << commands.error().to_string();
      continue;
    }
    EXPECT_FALSE(commands->empty()) << entry.path();
    if (is_built(entry.path())) check_commands(entry.path(), *commands, counts);
  }
  EXPECT_GT(counts.parsed, 2000u);
  EXPECT_GT(counts.refused, 2000u);
}

}  // namespace
}  // namespace nacre::wasm
