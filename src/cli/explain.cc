// explain: what a module needs and offers, and what its functions become.

#include <cstdio>
#include <string_view>

#include "cli/command.h"
#include "cli/explain_code.h"

namespace nacre::cli {
namespace {

const char* kind_name(nacre_extern_kind_t kind) {
  constexpr const char* kNames[] = {"func", "table", "memory", "global", "tag"};
  return kNames[kind];
}

void print_externs(const nacre_module_t* module) {
  size_t imports = nacre_module_import_count(module);
  std::printf("imports: %zu\n", imports);
  for (size_t i = 0; i < imports; ++i) {
    nacre_import_t item = nacre_module_import(module, i);
    std::printf("  %s %s.%s: %s\n", kind_name(item.kind), item.module, item.name, item.type);
  }
  size_t exports = nacre_module_export_count(module);
  std::printf("exports: %zu\n", exports);
  for (size_t i = 0; i < exports; ++i) {
    nacre_export_t item = nacre_module_export(module, i);
    std::printf("  %s %s: %s\n", kind_name(item.kind), item.name, item.type);
  }
}

}  // namespace

int explain_command(Args args) {
  CLI::App app(
      "Shows what a module needs from others and offers to them, or with --code what one of its "
      "functions becomes. Runs nothing.",
      "nacre explain");
  EngineOptions engine_options;
  CodeOptions code_options;
  std::string input;
  code_options.add_to(app);
  engine_options.add_to(app);
  app.add_option("APP", input, "the module")->required();
  if (auto done = parse_options(app, std::move(args))) return *done;

  EngineHandle engine = engine_options.make_engine();
  nacre_module_t* raw_module = nullptr;
  check(nacre_module_load(engine.get(), input.c_str(), &raw_module), input);
  ModuleHandle module(raw_module);
  if (code_options.is_asked()) {
    std::string text = explain_code(module.get(), input, code_options);
    write_output("", text.data(), text.size());
  } else {
    print_externs(module.get());
  }
  return 0;
}

}  // namespace nacre::cli
