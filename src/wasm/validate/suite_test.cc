// The specification suite's modules: valid ones are valid, with side tables that fit their bodies;
// those asserted to be invalid or malformed are refused as what they are.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "wasm/text/script.h"
#include "wasm/validate/side_table_check.h"
#include "wasm/validate/validate.h"

namespace nacre::wasm {
namespace {

namespace fs = std::filesystem;

// $NACRE_SHARED, or the folder `shared` beside the source tree.
fs::path suite_root() {
  if (const char* shared = std::getenv("NACRE_SHARED")) return fs::path(shared) / "spec-testsuite";
  fs::path source = fs::path(__FILE__).parent_path();
  return source.parent_path().parent_path().parent_path().parent_path() / "shared" /
         "spec-testsuite";
}

class Suite {
 public:
  explicit Suite(Features features) : features_(features) {}

  void run_folder(const fs::path& folder) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (entry.path().extension() == ".wast") files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    for (const fs::path& file : files) run_file(file);
  }

  int checked = 0;

 private:
  void run_file(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::string source{std::istreambuf_iterator<char>(file), {}};
    Result<std::vector<Command>> commands = parse_script(source);
    if (!commands) {
      ADD_FAILURE() << path << ": " << commands.error().to_string();
      return;
    }
    for (const Command& command : *commands) run_command(path, command);
  }

  void run_command(const fs::path& path, const Command& command) {
    std::string where = path.filename().string() + ":" + std::to_string(command.line);
    switch (command.kind) {
      case Command::Kind::module:
      case Command::Kind::assert_module_trap:
      case Command::Kind::assert_unlinkable:
        return expect_valid(where, load_module(command.module, features_));
      case Command::Kind::assert_invalid:
        return expect_refused(where, command, ErrorCode::invalid);
      case Command::Kind::assert_malformed:
        return expect_refused(where, command, ErrorCode::malformed);
      default:
        return;
    }
  }

  void expect_valid(const std::string& where, const Result<Module>& module) {
    ++checked;
    if (!module) {
      ADD_FAILURE() << where << ": " << module.error().to_string();
      return;
    }
    TypeRegistry registry;
    Result<ValidModuleInfo> info = validate_module(*module, features_, registry);
    if (!info) {
      ADD_FAILURE() << where << ": " << info.error().to_string();
      return;
    }
    for (uint32_t i = 0; i < module->defined_functions(); ++i) {
      uint32_t function = module->imported_functions + i;
      EXPECT_EQ(check_side_table(*info, function), "") << where << ", function " << function;
    }
  }

  void expect_refused(const std::string& where, const Command& command, ErrorCode code) {
    ++checked;
    Result<Module> module = load_module(command.module, features_);
    if (!module) {
      EXPECT_EQ(module.error().code(), code)
          << where << ": " << module.error().to_string() << "; expected " << command.message;
      return;
    }
    TypeRegistry registry;
    Result<ValidModuleInfo> info = validate_module(*module, features_, registry);
    if (info) {
      ADD_FAILURE() << where << ": accepted; expected " << command.message;
      return;
    }
    EXPECT_EQ(info.error().code(), code)
        << where << ": " << info.error().to_string() << "; expected " << command.message;
  }

  Features features_;
};

void run_suite(const char* folder, Features features = Features()) {
  fs::path root = suite_root() / folder;
  if (!fs::exists(root)) {
    GTEST_SKIP() << "no specification suite at " << root << ": set NACRE_SHARED";
  }
  Suite suite(features);
  suite.run_folder(root);
  testing::Test::RecordProperty("modules", suite.checked);
  EXPECT_GT(suite.checked, 0);
}

TEST(ValidateSuite, Core) { run_suite("core"); }
TEST(ValidateSuite, LegacyExceptions) { run_suite("legacy"); }
TEST(ValidateSuite, Threads) { run_suite("proposals/threads"); }
TEST(ValidateSuite, WideArithmetic) { run_suite("proposals/wide-arithmetic"); }
TEST(ValidateSuite, CompactImports) { run_suite("proposals/compact-import-section"); }
TEST(ValidateSuite, CustomPageSizes) {
  Features features;
  features.set(Feature::custom_page_sizes, true);
  run_suite("proposals/custom-page-sizes", features);
}

}  // namespace
}  // namespace nacre::wasm
