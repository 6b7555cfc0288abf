// validate, print, parse: one file in, a verdict or another form out.

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string_view>

#include "cli/command.h"

namespace nacre::cli {
namespace {

using Conversion = nacre_error_t* (*)(const void* input, size_t size, const char* features,
                                      nacre_bytes_t* out);

struct ConvertCommand {
  const char* name;
  const char* summary;
  const char* input_help;
  Conversion convert;
  void (*note)(const std::string& input, const std::string& source, const nacre_bytes_t& result,
               const char* features) = nullptr;
};

// Debug information names places in the code by their offsets, which change where parse writes a
// number shorter than the linker did.
void note_moved_code(const std::string& input, const std::string& source,
                     const nacre_bytes_t& result, const char* features) {
  std::string_view text(reinterpret_cast<const char*>(result.data), result.size);
  if (text.find("(@custom \".debug_") == std::string_view::npos) return;
  BytesHandle again;
  ErrorHandle error(nacre_text_to_binary(text.data(), text.size(), features, &again.bytes));
  bool is_same = !error && again.bytes.size == source.size() &&
                 std::memcmp(again.bytes.data, source.data(), source.size()) == 0;
  if (is_same) return;
  std::fprintf(stderr,
               "note: %s: numbers in its code are longer than they must be, as linkers leave them; "
               "nacre parse writes them short, and what the .debug_* sections say about places in "
               "the code is then wrong\n",
               input.c_str());
}

int convert_command(const ConvertCommand& command, Args args) {
  CLI::App app(command.summary, command.name);
  std::string input;
  std::string output;
  std::string features;
  app.add_option("APP", input, command.input_help)->required();
  app.add_option("-o,--output", output, "where to write; standard output otherwise")
      ->type_name("OUT");
  app.add_option("--features", features, "proposals to switch on or off, with what builds on them")
      ->type_name("+NAME,-NAME");
  if (auto done = parse_options(app, std::move(args))) return *done;

  std::string source = read_input(input);
  BytesHandle result;
  const char* changes = features.empty() ? nullptr : features.c_str();
  check(command.convert(source.data(), source.size(), changes, &result.bytes), input_name(input));
  if (command.note != nullptr) command.note(input_name(input), source, result.bytes, changes);
  write_output(output, result.bytes.data, result.bytes.size);
  return 0;
}

void check_valid(const EngineOptions& options, const std::string& input) {
  // Standard input can be read once; a file that is no component is left to the engine.
  std::string source;
  if (input == "-" || std::filesystem::exists(input)) source = read_input(input);
  if (nacre_is_component(source.data(), source.size())) {
    const char* changes = options.features.empty() ? nullptr : options.features.c_str();
    check(nacre_component_validate(source.data(), source.size(), changes), input_name(input));
    return;
  }
  EngineHandle engine = options.make_engine();
  nacre_module_t* module = nullptr;
  if (input == "-") {
    check(nacre_module_new(engine.get(), source.data(), source.size(), &module), input_name(input));
  } else {
    source = {};
    module = load_module(engine.get(), input).release();
  }
  ModuleHandle owned(module);
}

}  // namespace

int validate_command(Args args) {
  CLI::App app(
      "Checks a module or component, binary or text, against the rules of the specification.",
      "nacre validate");
  EngineOptions engine_options;
  engine_options.add_to(app);
  std::string input;
  app.add_option("APP", input, "the module or component (- for standard input)")->required();
  if (auto done = parse_options(app, std::move(args))) return *done;

  check_valid(engine_options, input);
  std::printf("%s: valid\n", input_name(input).c_str());
  finish_output();
  return 0;
}

int print_command(Args args) {
  return convert_command(
      {"nacre print",
       "Shows a binary module as text. nacre parse makes the same module of it, "
       "in the same bytes but for numbers that were longer than they must be.",
       "the binary module (- for standard input)", nacre_binary_to_text, note_moved_code},
      std::move(args));
}

int parse_command(Args args) {
  Conversion parse = [](const void* text, size_t size, const char* features, nacre_bytes_t* out) {
    return nacre_text_to_binary(static_cast<const char*>(text), size, features, out);
  };
  return convert_command({"nacre parse", "Turns a module's text into its binary form.",
                          "the text (- for standard input)", parse},
                         std::move(args));
}

}  // namespace nacre::cli
