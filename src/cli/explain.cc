// explain: what a module could ever do, and what it would be allowed, in words; with --code what
// one of its functions becomes.

#include <cstdio>

#include "cli/command.h"
#include "cli/explain_code.h"

namespace nacre::cli {

int explain_command(Args args) {
  CLI::App app(
      "Says what a module could ever ask for, what it would be granted by the same options as "
      "nacre run, and what of that it has no use for; with --code, what one of its functions "
      "becomes. Runs nothing.",
      "nacre explain");
  EngineOptions engine_options;
  GrantOptions grant_options;
  CodeOptions code_options;
  SignatureOption signature;
  std::string input;
  std::string used;
  grant_options.add_to(app);
  code_options.add_to(app);
  signature.add_to(app);
  app.add_option("--used", used, "a policy from nacre run --record: name grants it did not need")
      ->type_name("FILE");
  engine_options.add_to(app);
  app.add_option("APP", input, "the module (- for standard input)")->required();
  if (auto done = parse_options(app, std::move(args))) return *done;
  std::vector<Input> inputs = grant_options.inputs();
  inputs.insert(inputs.end(), {signature.input(), {"--used", used}, {"APP", input}});
  check_inputs(inputs);

  EngineHandle engine = engine_options.make_engine();
  ModuleHandle module = load_module(engine.get(), input);
  if (code_options.is_asked()) {
    std::string text = explain_code(module.get(), input_name(input), code_options);
    write_output("", text.data(), text.size());
    return 0;
  }
  signature.set(module.get());
  GrantsHandle grants = grant_options.make_grants();
  nacre_grants_set_module(grants.get(), input.c_str(), module.get());
  BytesHandle text;
  check(nacre_explain(input_name(input).c_str(), module.get(), grants.get(),
                      used.empty() ? nullptr : used.c_str(), &text.bytes));
  write_output("", text.bytes.data, text.bytes.size);
  return 0;
}

}  // namespace nacre::cli
