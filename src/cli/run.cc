// run: a program, sandboxed, with the rights its user names on the command line.

#include <sys/resource.h>
#include <time.h>

#include <cstdio>
#include <filesystem>

#include "cli/command.h"
#include "cli/values.h"

namespace nacre::cli {
namespace {

constexpr int kTrapped = 134;  // what a shell reports of a process that aborted

struct RunOptions {
  EngineOptions engine;
  std::vector<std::string> dirs;
  std::vector<std::string> env;
  std::vector<std::string> net;
  std::vector<std::string> listen;
  std::vector<std::string> modules;
  std::optional<std::string> invoke;
  std::string unknown_imports = "deny";
  std::string record;
  std::string audit;
  bool no_stdin = false;
  bool no_clock = false;
  bool no_random = false;
  bool allow_all = false;
  bool deny_all = false;
  bool ask = false;
  bool no_ask = false;
  bool stats = false;
  std::string app;
  Args app_args;
};

void declare(CLI::App& app, RunOptions& options) {
  app.add_option("--dir", options.dirs, "let it use a directory; :ro for reading only")
      ->type_name("HOST[::GUEST][:ro]")
      ->allow_extra_args(false);
  app.add_option("--env", options.env, "an environment variable; without a value, the own one")
      ->type_name("NAME[=VALUE]")
      ->allow_extra_args(false);
  app.add_option("--net", options.net, "let it connect (not built yet)")
      ->type_name("HOST[:PORT]")
      ->allow_extra_args(false);
  app.add_option("--listen", options.listen, "a listening socket, handed to it")
      ->type_name("ADDR:PORT")
      ->allow_extra_args(false);
  app.add_flag("--no-stdin", options.no_stdin, "take standard input away");
  app.add_flag("--no-clock", options.no_clock, "take the clocks away");
  app.add_flag("--no-random", options.no_random, "take randomness away");
  app.add_flag("--allow-all", options.allow_all, "all files, the whole environment");
  app.add_flag("--deny-all", options.deny_all,
               "nothing but arguments, output and what other options grant");
  app.add_flag("--ask", options.ask, "ask for what is missing (not built yet)");
  app.add_flag("--no-ask", options.no_ask, "never ask");
  app.add_option("--invoke", options.invoke, "call this export with ARGS and print its results")
      ->type_name("NAME");
  app.add_option("--module", options.modules, "offer another module's exports to APP as NAME")
      ->type_name("NAME=FILE")
      ->allow_extra_args(false);
  app.add_option("--unknown-imports", options.unknown_imports,
                 "imports nobody offers: deny (refuse to start) or trap (when called)")
      ->type_name("deny|trap")
      ->check(CLI::IsMember({"deny", "trap"}));
  app.add_option("--record", options.record, "write the policy this run needed (not built yet)")
      ->type_name("FILE");
  app.add_option("--audit", options.audit, "log every use of a right (not built yet)")
      ->type_name("FILE");
  app.add_flag("--stats", options.stats, "times and memory, on standard error");
  options.engine.add_to(app);
  options.engine.add_tools_to(app);
}

void refuse_unbuilt(const RunOptions& options) {
  auto refuse = [](bool asked, const char* option) {
    if (asked) throw Failure{std::string(option) + " is not built in this version", true};
  };
  refuse(options.ask, "--ask");
  refuse(!options.net.empty(), "--net");
  refuse(!options.record.empty(), "--record");
  refuse(!options.audit.empty(), "--audit");
}

// CLI11 does not know of APP and ARGS: they are what it leaves over.
struct RunFormatter : CLI::Formatter {
  std::string make_usage(const CLI::App*, std::string) const override {
    return "usage: nacre [run] [options] APP [ARGS]\n";
  }
};

// Options end at APP; what stands behind it is the guest's, whatever it looks like.
std::optional<int> parse_run_options(Args args, RunOptions& options) {
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
  refuse_unbuilt(options);
  return std::nullopt;
}

void grant(nacre_grants_t* grants, const char* kind, const std::vector<std::string>& values) {
  for (const std::string& value : values) {
    check(nacre_grants_add(grants, kind, value.c_str()), std::string("--") + kind);
  }
}

GrantsHandle make_grants(const RunOptions& options) {
  GrantsHandle grants(nacre_grants_new());
  nacre_grants_add_arg(grants.get(), options.app.c_str());
  if (!options.invoke) {
    for (const std::string& arg : options.app_args) nacre_grants_add_arg(grants.get(), arg.c_str());
  }
  auto flag = [&](bool set, const char* kind) {
    if (set) check(nacre_grants_add(grants.get(), kind, nullptr), std::string("--") + kind);
  };
  flag(options.deny_all, "deny-all");
  flag(options.allow_all, "allow-all");
  flag(options.no_stdin, "no-stdin");
  flag(options.no_clock, "no-clock");
  flag(options.no_random, "no-random");
  grant(grants.get(), "dir", options.dirs);
  grant(grants.get(), "env", options.env);
  grant(grants.get(), "listen", options.listen);
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

// A file of that name wins (architecture).
void refuse_registry(const std::string& path) {
  std::error_code error;
  if (path.starts_with("oci:") && !std::filesystem::exists(path, error)) {
    throw Failure{path +
                  ": registry references are not built in this version; pull it yourself "
                  "and name the file"};
  }
}

ModuleHandle load_module(nacre_engine_t* engine, const std::string& path) {
  refuse_registry(path);
  nacre_module_t* module = nullptr;
  check(nacre_module_load(engine, path.c_str(), &module), path);
  return ModuleHandle(module);
}

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
  std::vector<ModuleHandle> modules;  // the last one is APP
  nacre_instance_t* app = nullptr;
  std::optional<int> ended;  // a start function trapped or exited
};

Loaded instantiate(const RunOptions& options, nacre_engine_t* engine, nacre_store_t* store,
                   Stats& stats) {
  Loaded loaded;
  auto policy =
      options.unknown_imports == "trap" ? NACRE_UNKNOWN_IMPORTS_TRAP : NACRE_UNKNOWN_IMPORTS_DENY;
  auto add = [&](const std::string& path) -> nacre_instance_t* {
    nacre_instance_t* instance = nullptr;
    nacre_error_t* error =
        nacre_instance_new(store, loaded.modules.back().get(), policy, &instance);
    if (error == nullptr) error = nacre_instance_initialize(instance);
    if (error != nullptr) loaded.ended = report_end(error, path);
    return instance;
  };
  for (const std::string& option : options.modules) {
    size_t equals = option.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw Failure{"--module needs NAME=FILE, not \"" + option + "\"", true};
    }
    std::string path = option.substr(equals + 1);
    loaded.modules.push_back(load_module(engine, path));
    nacre_instance_t* instance = add(path);
    if (loaded.ended) return loaded;
    check(nacre_store_define_instance(store, option.substr(0, equals).c_str(), instance), path);
  }
  loaded.modules.push_back(load_module(engine, options.app));
  stats.loaded = now_ms();
  loaded.app = add(options.app);
  stats.instantiated = now_ms();
  return loaded;
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

void print_denials(const nacre_store_t* store) {
  for (size_t i = 0; i < nacre_store_denial_count(store); ++i) {
    std::fprintf(stderr, "%s\n", nacre_store_denial(store, i));
  }
}

}  // namespace

int run_command(Args args) {
  RunOptions options;
  if (auto done = parse_run_options(std::move(args), options)) return *done;
  Stats stats;
  EngineHandle engine = options.engine.make_engine();
  nacre_store_t* raw_store = nullptr;
  check(nacre_store_new(engine.get(), make_grants(options).release(), &raw_store));
  StoreHandle store(raw_store);

  Loaded loaded = instantiate(options, engine.get(), store.get(), stats);
  int code;
  if (loaded.ended) {
    code = *loaded.ended;
  } else if (options.invoke) {
    code = invoke(options, loaded.app);
  } else {
    code = start(options, loaded.app);
  }
  finish_output();
  print_denials(store.get());
  if (options.stats) stats.print();
  return code;
}

}  // namespace nacre::cli
