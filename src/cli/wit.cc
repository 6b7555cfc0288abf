// wit: WIT packages with every name resolved.

#include "cli/command.h"

namespace nacre::cli {

int wit_command(Args args) {
  CLI::App app(
      "Shows a WIT package with every name resolved: a file, or a folder of .wit files that has\n"
      "what they refer to in its folder deps. The package comes first, then in braces those that\n"
      "came with it.",
      "nacre wit");
  std::string input;
  std::string output;
  std::string features;
  std::string world;
  bool all_features = false;
  bool wasm = false;
  app.add_option("PATH", input, "the file or folder (- for standard input)")->required();
  CLI::Option* world_option =
      app.add_option("--world", world,
                     "only this world and what it needs: its name, or ns:package/name@version; "
                     "\"\" is the only world there is")
          ->type_name("NAME");
  app.add_option("--features", features, "features whose @unstable items are to be there")
      ->type_name("NAME,...");
  app.add_flag("--all-features", all_features, "every @unstable item");
  app.add_flag("--wasm", wasm,
               "the package as a component whose exported types are its interfaces and worlds, in "
               "place of text; without documentation")
      ->excludes(world_option);
  app.add_option("-o,--output", output, "where to write; standard output otherwise")
      ->type_name("OUT");
  if (auto done = parse_options(app, std::move(args))) return *done;

  BytesHandle result;
  const char* on = all_features ? "*" : features.c_str();
  if (wasm) {
    check(nacre_wit_encode(input.c_str(), on, &result.bytes));
  } else {
    const char* only = world_option->count() != 0 ? world.c_str() : nullptr;
    check(nacre_wit_print(input.c_str(), only, on, &result.bytes));
  }
  write_output(output, result.bytes.data, result.bytes.size);
  return 0;
}

}  // namespace nacre::cli
