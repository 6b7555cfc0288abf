// The components in the scripts of the component model's suite.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "component/binary/decoder.h"
#include "component/text/parser.h"
#include "wasm/text/script.h"

namespace nacre::component {

inline std::filesystem::path suite_root() {
  namespace fs = std::filesystem;
  if (const char* shared = std::getenv("NACRE_SHARED")) {
    return fs::path(shared) / "component-testsuite";
  }
  fs::path source = fs::path(__FILE__).parent_path().parent_path().parent_path();
  return source.parent_path() / "shared" / "component-testsuite";
}

inline Result<Component> load_for_test(const wasm::ScriptModule& module) {
  wasm::Features core;
  if (module.form == wasm::ScriptModule::Form::binary) {
    return decode(std::vector<uint8_t>(module.content.begin(), module.content.end()), core);
  }
  if (module.form == wasm::ScriptModule::Form::quote) {
    return parse_component_fields(module.content, 0, module.content.size(), core);
  }
  size_t begin = static_cast<size_t>(module.text.data() - module.script.data());
  return parse_component_fields(module.script, begin, begin + module.text.size(), core);
}

// Calls `visit(place, command, component)` for each component that follows the grammar. Components
// may view the script, so they end with the call.
template <class Visit>
void each_suite_component(Visit visit) {
  namespace fs = std::filesystem;
  for (const auto& entry : fs::recursive_directory_iterator(suite_root())) {
    if (entry.path().extension() != ".wast") continue;
    std::ifstream file(entry.path(), std::ios::binary);
    std::string source((std::istreambuf_iterator<char>(file)), {});
    auto commands = wasm::parse_script(source);
    ASSERT_TRUE(commands) << entry.path() << commands.error().to_string();
    for (const wasm::Command& command : *commands) {
      if (!command.module.is_component || command.kind == wasm::Command::Kind::instance) continue;
      Result<Component> component = load_for_test(command.module);
      if (!component) continue;  // tests/component is about these
      std::string place = entry.path().filename().string() + ":" + std::to_string(command.line);
      visit(place, command, std::move(*component));
    }
  }
}

}  // namespace nacre::component
