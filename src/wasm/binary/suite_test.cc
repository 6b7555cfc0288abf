// The specification suite's modules, from text or binary, through the encoder: what it writes is
// read back as the same module, and once written it does not change any more.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "wasm/binary/decoder.h"
#include "wasm/binary/encoder.h"
#include "wasm/names.h"
#include "wasm/text/script.h"

namespace nacre::wasm {
namespace {

namespace fs = std::filesystem;

// $NACRE_SHARED, or the folder `shared` beside the source tree.
fs::path suite_root() {
  if (const char* shared = std::getenv("NACRE_SHARED")) return fs::path(shared) / "spec-testsuite";
  fs::path folder = fs::path(__FILE__).parent_path();
  return folder.parent_path().parent_path().parent_path().parent_path() / "shared" /
         "spec-testsuite";
}

void expect_same(const std::string& where, const Module& a, const Module& b) {
  EXPECT_EQ(a.types, b.types) << where;
  EXPECT_EQ(a.functions, b.functions) << where;
  EXPECT_EQ(a.memories, b.memories) << where;
  EXPECT_EQ(a.tags, b.tags) << where;
  EXPECT_EQ(a.start, b.start) << where;
  EXPECT_EQ(a.data_count, b.data_count) << where;
  EXPECT_TRUE(std::ranges::equal(a.bodies, b.bodies, std::ranges::equal)) << where;
  ASSERT_EQ(a.imports.size(), b.imports.size()) << where;
  for (size_t i = 0; i < a.imports.size(); ++i) {
    EXPECT_EQ(a.imports[i].module, b.imports[i].module) << where;
    EXPECT_EQ(a.imports[i].name, b.imports[i].name) << where;
    EXPECT_EQ(a.imports[i].type.kind, b.imports[i].type.kind) << where;
  }
  ASSERT_EQ(a.tables.size(), b.tables.size()) << where;
  for (size_t i = 0; i < a.tables.size(); ++i)
    EXPECT_EQ(a.tables[i].type, b.tables[i].type) << where;
  ASSERT_EQ(a.globals.size(), b.globals.size()) << where;
  for (size_t i = 0; i < a.globals.size(); ++i) {
    EXPECT_EQ(a.globals[i].type, b.globals[i].type) << where;
    EXPECT_TRUE(std::ranges::equal(a.globals[i].init.code, b.globals[i].init.code)) << where;
  }
  ASSERT_EQ(a.exports.size(), b.exports.size()) << where;
  for (size_t i = 0; i < a.exports.size(); ++i) {
    EXPECT_EQ(a.exports[i].name, b.exports[i].name) << where;
    EXPECT_EQ(a.exports[i].index, b.exports[i].index) << where;
  }
  ASSERT_EQ(a.elements.size(), b.elements.size()) << where;
  for (size_t i = 0; i < a.elements.size(); ++i) {
    EXPECT_EQ(a.elements[i].mode, b.elements[i].mode) << where;
    EXPECT_EQ(a.elements[i].table, b.elements[i].table) << where;
    EXPECT_EQ(a.elements[i].type, b.elements[i].type) << where;
    EXPECT_EQ(a.elements[i].functions, b.elements[i].functions) << where;
    EXPECT_EQ(a.elements[i].size(), b.elements[i].size()) << where;
  }
  ASSERT_EQ(a.data.size(), b.data.size()) << where;
  for (size_t i = 0; i < a.data.size(); ++i) {
    EXPECT_EQ(a.data[i].mode, b.data[i].mode) << where;
    EXPECT_EQ(a.data[i].memory, b.data[i].memory) << where;
    EXPECT_TRUE(std::ranges::equal(a.data[i].bytes, b.data[i].bytes)) << where;
  }
  EXPECT_EQ(a.customs.size(), b.customs.size()) << where;
}

class Suite {
 public:
  explicit Suite(Features features) : features_(features) {}

  void run_file(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::string source{std::istreambuf_iterator<char>(file), {}};
    Result<std::vector<Command>> commands = parse_script(source);
    ASSERT_TRUE(commands) << path << ": " << commands.error().to_string();
    run_commands(path, *commands);
  }

  size_t round_trips = 0;
  size_t hint_sections = 0;

 private:
  void run_commands(const fs::path& path, const std::vector<Command>& commands) {
    for (const Command& command : commands) {
      std::string where = path.filename().string() + ":" + std::to_string(command.line);
      if (command.kind == Command::Kind::module) run_module(where, command.module);
      if (command.kind == Command::Kind::assert_malformed &&
          command.module.form == ScriptModule::Form::binary) {
        run_malformed(where, command.module);
      }
      if (command.kind == Command::Kind::assert_invalid_custom) {
        run_invalid_custom(where, command);
      }
      run_commands(path, command.commands);
    }
  }

  void run_module(const std::string& where, const ScriptModule& source) {
    Result<Module> module = load_module(source, features_);
    ASSERT_TRUE(module) << where << ": " << module.error().to_string();
    std::vector<uint8_t> once = encode(*module);
    Result<Module> again = decode(once, features_);
    ASSERT_TRUE(again) << where << ": " << again.error().to_string();
    expect_same(where, *module, *again);
    EXPECT_EQ(encode(*again), once) << where;
    check_names(where, *again);
    Result<void> hints = check_hints(*again);
    EXPECT_TRUE(hints) << where << ": " << hints.error().to_string();
    ++round_trips;
  }

  void check_names(const std::string& where, const Module& module) {
    for (const CustomSection& custom : module.customs) {
      if (custom.name != kNameSection) continue;
      Result<NameSection> names = decode_names(custom.payload, 0);
      ASSERT_TRUE(names) << where << ": " << names.error().to_string();
      EXPECT_TRUE(std::ranges::equal(encode_names(*names), custom.payload)) << where;
    }
  }

  Result<void> check_hints(const Module& module) {
    for (const CustomSection& custom : module.customs) {
      if (custom.name != kBranchHintSection) continue;
      BranchHints hints = TRY(decode_branch_hints(custom.payload, 0));
      TRY(check_branch_hints(module, hints, features_));
      ++hint_sections;
    }
    return {};
  }

  void run_invalid_custom(const std::string& where, const Command& command) {
    Result<Module> module = load_module(command.module, features_);
    ASSERT_TRUE(module) << where << ": " << module.error().to_string();
    Result<void> hints = check_hints(*module);
    ASSERT_FALSE(hints) << where << ": accepted; expected " << command.message;
    EXPECT_TRUE(hints.error().message().starts_with(command.message))
        << where << ": " << hints.error().to_string() << "; expected " << command.message;
  }

  // What is not malformed outside bodies is the validator's to refuse.
  void run_malformed(const std::string& where, const ScriptModule& source) {
    Result<Module> module = load_module(source, features_);
    if (module) return;
    EXPECT_EQ(module.error().code(), ErrorCode::malformed)
        << where << ": " << module.error().to_string();
  }

  Features features_;
};

void run_suite(const char* folder, Features features = {}, bool has_hints = false) {
  fs::path root = suite_root() / folder;
  if (!fs::exists(root)) {
    GTEST_SKIP() << "no specification suite at " << root << ": set NACRE_SHARED";
  }
  Suite suite(features);
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (entry.path().extension() == ".wast") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  for (const fs::path& file : files) suite.run_file(file);
  EXPECT_GT(suite.round_trips, 0u);
  EXPECT_EQ(suite.hint_sections != 0, has_hints);
}

TEST(BinarySuite, Core) { run_suite("core"); }
TEST(BinarySuite, Legacy) { run_suite("legacy"); }
TEST(BinarySuite, CustomSections) { run_suite("custom", {}, true); }
TEST(BinarySuite, Threads) { run_suite("proposals/threads"); }
TEST(BinarySuite, WideArithmetic) { run_suite("proposals/wide-arithmetic"); }
TEST(BinarySuite, CompactImports) { run_suite("proposals/compact-import-section"); }
TEST(BinarySuite, CustomPageSizes) {
  Features features;
  features.set(Feature::custom_page_sizes, true);
  run_suite("proposals/custom-page-sizes", features);
}

}  // namespace
}  // namespace nacre::wasm
