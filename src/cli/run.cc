// run: a program, sandboxed, with the rights its user names on the command line.

#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
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
  std::string record;
  std::string audit;
  bool stats = false;
  std::string app;
  Args app_args;
};

void declare(CLI::App& app, RunOptions& options) {
  options.grants.add_to(app);
  app.add_option("--invoke", options.invoke, "call this export with ARGS and print its results")
      ->type_name("NAME");
  app.add_option("--module", options.modules, "offer another module's exports to APP as NAME")
      ->type_name("NAME=FILE")
      ->allow_extra_args(false);
  app.add_option("--module-policy", options.module_policies,
                 "give the module NAME of --module the rights of a policy file, of what APP has, "
                 "instead of all that APP has")
      ->type_name("NAME=FILE")
      ->allow_extra_args(false);
  app.add_option("--unknown-imports", options.unknown_imports,
                 "imports nobody offers: deny (refuse to start) or trap (when called)")
      ->type_name("deny|trap")
      ->check(CLI::IsMember({"deny", "trap"}));
  options.signature.add_to(app);
  app.add_option("--record", options.record, "write the smallest policy that this run needed")
      ->type_name("FILE");
  app.add_option("--audit", options.audit,
                 "log every decision and every use of a grant, a JSON object a line; -: to "
                 "standard error, N: to that descriptor")
      ->type_name("FILE|-|N");
  app.add_flag("--stats", options.stats, "times and memory, on standard error");
  options.engine.add_to(app);
  options.engine.add_tools_to(app);
}

// CLI11 does not know of APP and ARGS: they are what it leaves over.
struct RunFormatter : CLI::Formatter {
  std::string make_usage(const CLI::App*, std::string) const override {
    return "usage: nacre [run] [options] APP [ARGS]\n";
  }
};

// Options end at APP; what stands behind it is the guest's, whatever it looks like.
std::optional<int> parse_run_options(Args args, RunOptions& options) {
  // Declaring all options is more than half of the instructions of a short run (1.3 of 2.2 million,
  // 25 November 2026); where there is none to parse, none is declared.
  if (!args.empty() && !args[0].empty() && args[0][0] != '-') {
    options.app = args[0];
    options.app_args.assign(args.begin() + 1, args.end());
    return std::nullopt;
  }
  CLI::App app(
      "Runs a program with exactly the rights named here.\n"
      "APP is a .wasm or .wat file; ARGS after it are the program's own.",
      "nacre run");
  app.formatter(std::make_shared<RunFormatter>());
  app.prefix_command();
  declare(app, options);
  if (auto done = parse_options(app, std::move(args))) return done;

  Args rest = app.remaining();
  if (!rest.empty() && rest[0] == "--") {
    rest.erase(rest.begin());
  } else if (!rest.empty() && rest[0].size() > 1 && rest[0][0] == '-') {
    throw Failure{"there is no option " + rest[0] + " (see nacre run --help)", true};
  }
  if (rest.empty()) throw Failure{"no program named: nacre [run] [options] APP [ARGS]", true};
  options.app = rest[0];
  options.app_args.assign(rest.begin() + 1, rest.end());
  return std::nullopt;
}

GrantsHandle make_grants(const RunOptions& options) {
  GrantsHandle grants = options.grants.make_grants();
  nacre_grants_add_arg(grants.get(), options.app.c_str());
  if (!options.invoke) {
    for (const std::string& arg : options.app_args) nacre_grants_add_arg(grants.get(), arg.c_str());
  }
  auto add = [&](const char* kind, const std::string& value) {
    if (value.empty()) return;
    check(nacre_grants_add(grants.get(), kind, value.c_str()), std::string("--") + kind);
  };
  add("record", options.record);
  add("audit", options.audit);
  // What an export returns is printed when the guest has run.
  if (options.grants.locks_down()) add("lockdown", options.invoke ? "alone-but-stdout" : "alone");
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
int report_end(nacre_error_t* error, const std::string& app) {
  if (error == nullptr) return 0;
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

// What the next run reads again must not be what this one made of it.
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

int invoke(const RunOptions& options, nacre_instance_t* instance) {
  const std::string& name = *options.invoke;
  const nacre_val_kind_t* params = nullptr;
  const nacre_val_kind_t* results = nullptr;
  size_t param_count = 0;
  size_t result_count = 0;
  if (!nacre_instance_func_type(instance, name.c_str(), &params, &param_count, &results,
                                &result_count)) {
    throw Failure{options.app + ": exports no function \"" + name + "\""};
  }
  if (options.app_args.size() != param_count) {
    throw Failure{"\"" + name + "\" takes " + std::to_string(param_count) + " arguments, " +
                      std::to_string(options.app_args.size()) + " given",
                  true};
  }
  std::vector<nacre_val_t> args;
  args.reserve(param_count);
  for (size_t i = 0; i < param_count; ++i) {
    args.push_back(parse_value(params[i], options.app_args[i]));
  }
  std::vector<nacre_val_t> values(result_count);
  nacre_error_t* error = nacre_instance_call(instance, name.c_str(), args.data(), args.size(),
                                             values.data(), values.size());
  if (int code = report_end(error, options.app); error != nullptr) return code;
  for (const nacre_val_t& value : values) std::printf("%s\n", format_value(value).c_str());
  return 0;
}

int start(const RunOptions& options, nacre_instance_t* instance) {
  size_t count = 0;
  const nacre_val_kind_t* kinds = nullptr;
  if (!nacre_instance_func_type(instance, "_start", &kinds, &count, &kinds, &count)) {
    // A reactor or a library: its start function and _initialize have run.
    if (nacre_instance_func_type(instance, "_initialize", &kinds, &count, &kinds, &count)) return 0;
    throw Failure{options.app + ": has no _start to run; name an export with --invoke NAME"};
  }
  return report_end(nacre_instance_start(instance), options.app);
}

void print_denials(nacre_store_t* store) {
  size_t count = nacre_store_denial_count(store);
  for (size_t i = 0; i < count; ++i) {
    std::fprintf(stderr, "error: %s\n", nacre_store_denial(store, i));
  }
}

}  // namespace

int run_command(Args args) {
  RunOptions options;
  if (auto done = parse_run_options(std::move(args), options)) return *done;
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
  nacre_store_t* raw_store = nullptr;
  check(nacre_store_new(engine.get(), grants.release(), &raw_store));
  StoreHandle store(raw_store);

  Instantiated instantiated = instantiate(options, loaded, store.get());
  stats.instantiated = now_ms();
  int code;
  if (instantiated.ended) {
    code = *instantiated.ended;
  } else if (options.invoke) {
    code = invoke(options, instantiated.app);
  } else {
    code = start(options, instantiated.app);
  }
  finish_output();
  print_denials(store.get());
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
