// run: a program, sandboxed, with the rights its user names on the command line.

#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "cli/command.h"
#include "cli/values.h"

namespace nacre::cli {
namespace {

constexpr int kTrapped = 134;  // what a shell reports of a process that aborted

struct RunOptions {
  EngineOptions engine;
  GrantOptions grants;
  SignatureOption signature;
  std::vector<std::string> modules;
  std::vector<std::string> module_policies;
  std::optional<std::string> invoke;
  std::string unknown_imports = "deny";
  bool stats = false;
  bool verbose = false;
  std::string app;
  Args values;  // for the parameters of the export that --invoke names
  Args argv;    // the program's own
};

void declare(CLI::App& app, RunOptions& options) {
  options.grants.add_to(app);
  app.add_option("--invoke", options.invoke,
                 "call this export and print its results; ARGS are then its arguments, and what "
                 "follows a -- among them is for the program itself")
      ->type_name("NAME");
  app.add_option("--module", options.modules, "offer another module's exports to APP as NAME")
      ->type_name("NAME=FILE")
      ->allow_extra_args(false);
  app.add_option("--module-policy", options.module_policies,
                 "give the module NAME of --module only those of APP's rights that a policy file "
                 "grants, instead of all of them")
      ->type_name("NAME=FILE")
      ->allow_extra_args(false);
  app.add_option("--unknown-imports", options.unknown_imports,
                 "imports that nothing provides: deny (refuse to start) or trap (when called)")
      ->type_name("deny|trap")
      ->check(CLI::IsMember({"deny", "trap"}));
  options.signature.add_to(app);
  options.grants.add_run_settings_to(app);
  app.add_flag("--stats", options.stats, "times and memory, on standard error");
  options.engine.add_to(app);
  options.engine.add_tools_to(app);
}

// An option costs a short run 30 000 instructions, a sixtieth of all: this one is there for those
// who name it, or ask what there is.
void declare_verbose(CLI::App& app, RunOptions& options, const Args& args) {
  bool is_named = std::ranges::any_of(args, [](const std::string& arg) {
    return arg.starts_with("--verbose") || arg == "--help" || arg.starts_with("-h");
  });
  if (!is_named) return;
  app.add_flag("--verbose", options.verbose,
               "at the end, report all that was not granted: also what was looked for and is not "
               "there, and also if the program succeeded without it; variables, clocks, "
               "randomness and streams are not reported");
}

// CLI11 does not know of APP and ARGS: they are what it leaves over.
struct RunFormatter : CLI::Formatter {
  std::string make_usage(const CLI::App*, std::string) const override {
    return "usage: nacre [run] [options] APP [ARGS]\n";
  }
};

// Values of --invoke end at a --.
void take_args(RunOptions& options, Args args) {
  if (!options.invoke) {
    options.argv = std::move(args);
    return;
  }
  auto end = std::ranges::find(args, "--");
  options.values.assign(args.begin(), end);
  if (end != args.end()) options.argv.assign(end + 1, args.end());
}

// Options end at APP; what stands behind it is the guest's, whatever it looks like.
std::optional<int> parse_run_options(Args args, RunOptions& options) {
  // Declaring all options is more than half of the instructions of a short run (1.3 of 2.2 million,
  // 25 November 2026); where there is none to parse, none is declared.
  if (!args.empty() && !args[0].empty() && args[0][0] != '-') {
    options.app = args[0];
    options.argv.assign(args.begin() + 1, args.end());
    return std::nullopt;
  }
  CLI::App app(
      "Runs a program with exactly the rights named here.\n"
      "APP is a .wasm or .wat file (- for standard input, which is then at its end for the\n"
      "program); ARGS after it are the program's own. It runs its _start or, where it has none,\n"
      "the export whose name is empty.",
      "nacre run");
  app.formatter(std::make_shared<RunFormatter>());
  app.prefix_command();
  declare(app, options);
  declare_verbose(app, options, args);
  if (auto done = parse_options(app, std::move(args))) return done;

  Args rest = app.remaining();
  if (!rest.empty() && rest[0] == "--") {
    rest.erase(rest.begin());
  } else if (!rest.empty() && rest[0].size() > 1 && rest[0][0] == '-') {
    throw Failure{"there is no option " + rest[0] + " (see nacre run --help)", true};
  }
  if (rest.empty()) throw Failure{"no program named: nacre [run] [options] APP [ARGS]", true};
  options.app = rest[0];
  take_args(options, Args(rest.begin() + 1, rest.end()));
  return std::nullopt;
}

GrantsHandle make_grants(const RunOptions& options) {
  GrantsHandle grants = options.grants.make_grants();
  nacre_grants_add_arg(grants.get(), options.app.c_str());
  for (const std::string& arg : options.argv) nacre_grants_add_arg(grants.get(), arg.c_str());
  if (options.grants.locks_down()) {
    // The results of an export are printed after the guest has ended.
    const char* how = options.invoke ? "alone-but-stdout" : "alone";
    check(nacre_grants_add(grants.get(), "lockdown", how));
  }
  return grants;
}

double now_ms() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

struct Stats {
  double start = now_ms();
  double loaded = 0;
  double instantiated = 0;

  void print() const {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    std::fprintf(
        stderr,
        "load and validate %.3f ms, instantiate %.3f ms, run %.3f ms, peak memory %.1f MB\n",
        loaded - start, instantiated - loaded, now_ms() - instantiated,
        static_cast<double>(usage.ru_maxrss) / 1024);
  }
};

// The exit code that an error of running code means; prints what a person should know.
int report_end(nacre_error_t* error, const std::string& path) {
  if (error == nullptr) return 0;
  std::string app = input_name(path);
  ErrorHandle owned(error);
  switch (nacre_error_kind(error)) {
    case NACRE_ERROR_EXIT:
      return static_cast<int>(nacre_error_exit_code(error));
    case NACRE_ERROR_TRAP:
      std::fprintf(stderr, "error: %s trapped: %s\n%s", app.c_str(), nacre_error_message(error),
                   nacre_error_backtrace(error));
      return kTrapped;
    default:
      throw Failure{app + ": " + nacre_error_message(error)};
  }
}

struct Loaded {
  std::vector<std::string> names;     // of those that --module offers
  std::vector<std::string> paths;     // one a module
  std::vector<ModuleHandle> modules;  // the last one is APP
  std::vector<GrantsHandle> rights;   // of its own; null: those of APP
};

std::pair<std::string, std::string> name_and_file(const std::string& flag,
                                                  const std::string& value) {
  size_t equals = value.find('=');
  if (equals == std::string::npos || equals == 0) {
    throw Failure{flag + " needs NAME=FILE, not \"" + value + "\"", true};
  }
  return {value.substr(0, equals), value.substr(equals + 1)};
}

GrantsHandle module_rights(const Loaded& loaded, size_t index, const std::string& policy) {
  GrantsHandle grants(nacre_grants_new());
  const char* name = loaded.paths[index].c_str();
  nacre_grants_add_arg(grants.get(), name);
  nacre_grants_set_module(grants.get(), name, loaded.modules[index].get());
  check(nacre_grants_add(grants.get(), "policy", policy.c_str()), "--module-policy");
  return grants;
}

void check_inputs_of(const RunOptions& options) {
  std::vector<Input> inputs = options.grants.inputs();
  for (const std::string& option : options.modules) {
    inputs.push_back({"--module", name_and_file("--module", option).second});
  }
  for (const std::string& option : options.module_policies) {
    inputs.push_back({"--module-policy", name_and_file("--module-policy", option).second});
  }
  inputs.insert(inputs.end(), {options.signature.input(), {"APP", options.app}});
  check_inputs(inputs);
}

// A program must not read what is left of standard input when its module came from there.
void end_standard_input(const Loaded& loaded) {
  if (std::ranges::find(loaded.paths, "-") == loaded.paths.end()) return;
  if (std::freopen("/dev/null", "r", stdin) == nullptr) {
    throw Failure{std::string("cannot open /dev/null: ") + std::strerror(errno)};
  }
}

Loaded load(const RunOptions& options, nacre_engine_t* engine) {
  Loaded loaded;
  for (const std::string& option : options.modules) {
    auto [name, path] = name_and_file("--module", option);
    loaded.names.push_back(std::move(name));
    loaded.paths.push_back(std::move(path));
  }
  loaded.paths.push_back(options.app);
  for (const std::string& path : loaded.paths) {
    loaded.modules.push_back(load_module(engine, path));
    check(nacre_module_check_runs(loaded.modules.back().get()), path);
  }
  loaded.rights.resize(loaded.modules.size());
  for (const std::string& option : options.module_policies) {
    auto [name, path] = name_and_file("--module-policy", option);
    size_t index =
        static_cast<size_t>(std::ranges::find(loaded.names, name) - loaded.names.begin());
    if (index == loaded.names.size()) {
      throw Failure{"--module-policy " + option + ": no --module has that name", true};
    }
    loaded.rights[index] = module_rights(loaded, index, path);
  }
  return loaded;
}

// The next run reads these files again, so this one must not change them.
void protect_what_is_read(const RunOptions& options, nacre_grants_t* grants) {
  auto protect = [&](const std::string& file) {
    check(nacre_grants_add(grants, "protect", file.c_str()));
  };
  for (const std::string& option : options.module_policies) {
    protect(name_and_file("--module-policy", option).second);
  }
  if (options.signature.is_file()) protect(options.signature.file());
}

struct Instantiated {
  nacre_instance_t* app = nullptr;
  std::optional<int> ended;  // a start function trapped or exited
};

// One module, with the rights of APP or those of its policy.
nacre_error_t* instantiate_one(const RunOptions& options, Loaded& loaded, size_t index,
                               nacre_store_t* store, nacre_instance_t** out) {
  auto unknown =
      options.unknown_imports == "trap" ? NACRE_UNKNOWN_IMPORTS_TRAP : NACRE_UNKNOWN_IMPORTS_DENY;
  nacre_module_t* module = loaded.modules[index].get();
  if (!loaded.rights[index]) return nacre_instance_new(store, module, unknown, out);
  return nacre_instance_new_child(store, nullptr, module, unknown, loaded.rights[index].release(),
                                  out);
}

Instantiated instantiate(const RunOptions& options, Loaded& loaded, nacre_store_t* store) {
  Instantiated result;
  for (size_t i = 0; i < loaded.modules.size(); ++i) {
    nacre_instance_t* instance = nullptr;
    nacre_error_t* error = instantiate_one(options, loaded, i, store, &instance);
    if (error == nullptr) error = nacre_instance_initialize(instance);
    if (error != nullptr) {
      result.ended = report_end(error, loaded.paths[i]);
      return result;
    }
    result.app = instance;
    if (i == loaded.names.size()) break;
    check(nacre_store_define_instance(store, loaded.names[i].c_str(), instance), loaded.paths[i]);
  }
  return result;
}

bool has_function(nacre_instance_t* instance, const char* name) {
  size_t count = 0;
  const nacre_val_kind_t* kinds = nullptr;
  return nacre_instance_func_type(instance, name, &kinds, &count, &kinds, &count);
}

int call(const RunOptions& options, nacre_instance_t* instance, const std::string& name,
         const Args& texts) {
  const nacre_val_kind_t* params = nullptr;
  const nacre_val_kind_t* results = nullptr;
  size_t param_count = 0;
  size_t result_count = 0;
  if (!nacre_instance_func_type(instance, name.c_str(), &params, &param_count, &results,
                                &result_count)) {
    throw Failure{input_name(options.app) + ": exports no function \"" + name + "\""};
  }
  if (texts.size() != param_count) {
    std::string what = name.empty() ? "the export whose name is empty" : "\"" + name + "\"";
    throw Failure{what + " takes " + std::to_string(param_count) + " arguments, " +
                      std::to_string(texts.size()) + " given",
                  true};
  }
  std::vector<nacre_val_t> args;
  args.reserve(param_count);
  for (size_t i = 0; i < param_count; ++i) args.push_back(parse_value(params[i], texts[i]));
  std::vector<nacre_val_t> values(result_count);
  nacre_error_t* error = nacre_instance_call(instance, name.c_str(), args.data(), args.size(),
                                             values.data(), values.size());
  if (int code = report_end(error, options.app); error != nullptr) return code;
  for (const nacre_val_t& value : values) std::printf("%s\n", format_value(value).c_str());
  return 0;
}

// The export whose name is empty: a module's command where it has no _start. If it takes values,
// they are the program's arguments.
int call_default(const RunOptions& options, nacre_instance_t* instance) {
  size_t params = 0;
  size_t results = 0;
  const nacre_val_kind_t* kinds = nullptr;
  nacre_instance_func_type(instance, "", &kinds, &params, &kinds, &results);
  return call(options, instance, "", params == 0 ? Args() : options.argv);
}

// Functions that could be named with --invoke: a few of them, for people.
std::string callable(const nacre_module_t* module) {
  constexpr size_t kMaxNamed = 5;
  constexpr size_t kMaxNameBytes = 60;
  std::string text;
  size_t count = 0;
  for (size_t i = 0; i < nacre_module_export_count(module); ++i) {
    nacre_export_t item = nacre_module_export(module, i);
    std::string name = item.name;
    bool is_plain = std::ranges::all_of(name, [](char c) { return c > ' ' && c < '\x7f'; });
    if (item.kind != NACRE_FUNC || name == "_initialize") continue;
    if (++count > kMaxNamed || !is_plain || name.size() > kMaxNameBytes) continue;
    text += (text.empty() ? "" : ", ") + name;
  }
  if (count == 0) return "";
  if (count > kMaxNamed) text += " and " + std::to_string(count - kMaxNamed) + " more";
  return text;
}

// Doing nothing must not look like success.
int run_nothing(const RunOptions& options, nacre_instance_t* instance,
                const nacre_module_t* module) {
  std::string app = input_name(options.app);
  std::string functions = callable(module);
  bool is_reactor = has_function(instance, "_initialize");
  if (!is_reactor && !nacre_module_has_start(module)) {
    for (const char* name : {"main", "__main_argc_argv", "__original_main", "__main_void"}) {
      if (!has_function(instance, name)) continue;
      throw Failure{app + ": has no _start to run, but " + name +
                    ": link it with the start code of a WASI command (crt1), or call that with "
                    "--invoke " +
                    name};
    }
    if (functions.empty()) throw Failure{app + ": has nothing to run: it exports no function"};
    throw Failure{app + ": has no _start to run; name an export with --invoke NAME"};
  }
  std::fprintf(
      stderr, "note: %s has no _start: only its %s ran%s%s\n", app.c_str(),
      is_reactor ? "_initialize" : "start function",
      functions.empty() ? "" : ". --invoke NAME calls one of its functions: ", functions.c_str());
  return 0;
}

int start(const RunOptions& options, nacre_instance_t* instance, const nacre_module_t* module) {
  if (options.invoke) return call(options, instance, *options.invoke, options.values);
  if (has_function(instance, "_start")) {
    return report_end(nacre_instance_start(instance), options.app);
  }
  if (has_function(instance, "")) return call_default(options, instance);
  return run_nothing(options, instance, module);
}

// Refusals may be why a program failed; a program that did well did not need what it was refused.
void print_denials(nacre_store_t* store, bool failed, bool verbose) {
  if (!failed && !verbose) {
    const char* summary = nacre_store_denial_summary(store);
    if (*summary != '\0') std::fprintf(stderr, "note: %s\n", summary);
    return;
  }
  size_t count = verbose ? nacre_store_denial_count_all(store) : nacre_store_denial_count(store);
  for (size_t i = 0; i < count; ++i) {
    std::fprintf(stderr, "note: %s\n", nacre_store_denial(store, i));
  }
}

}  // namespace

int run_command(Args args) {
  RunOptions options;
  if (auto done = parse_run_options(std::move(args), options)) return *done;
  check_inputs_of(options);
  Stats stats;
  GrantsHandle grants = make_grants(options);
  options.engine.fuel = nacre_grants_limit_fuel(grants.get());
  options.engine.map_at_load = options.grants.locks_down();
  EngineHandle engine = options.engine.make_engine();
  Loaded loaded = load(options, engine.get());
  options.signature.set(loaded.modules.back().get());
  nacre_grants_set_module(grants.get(), options.app.c_str(), loaded.modules.back().get());
  protect_what_is_read(options, grants.get());
  stats.loaded = now_ms();
  end_standard_input(loaded);
  nacre_store_t* raw_store = nullptr;
  check(nacre_store_new(engine.get(), grants.release(), &raw_store));
  StoreHandle store(raw_store);

  Instantiated instantiated = instantiate(options, loaded, store.get());
  stats.instantiated = now_ms();
  int code = instantiated.ended ? *instantiated.ended
                                : start(options, instantiated.app, loaded.modules.back().get());
  finish_output();
  print_denials(store.get(), code != 0, options.verbose);
  check(nacre_store_finish(store.get()));
  if (options.stats) {
    stats.print();
    if (options.engine.fuel)
      std::fprintf(stderr, "fuel %llu\n",
                   static_cast<unsigned long long>(nacre_store_fuel_used(store.get())));
  }
  return code;
}

}  // namespace nacre::cli
