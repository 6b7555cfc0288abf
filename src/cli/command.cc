#include "cli/command.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace nacre::cli {
namespace {

struct FileCloser {
  void operator()(FILE* file) const { std::fclose(file); }
};
using FileHandle = std::unique_ptr<FILE, FileCloser>;

constexpr std::string_view kStandardInput = "-";

// As much as the largest module has.
constexpr size_t kMaxInputBytes = size_t{1} << 30;

std::string read_all(FILE* file, const std::string& path) {
  std::string text;
  char buffer[64 * 1024];
  while (size_t n = std::fread(buffer, 1, sizeof buffer, file)) {
    text.append(buffer, n);
    if (text.size() > kMaxInputBytes) throw Failure{path + ": limit reached: larger than 1 GiB"};
  }
  if (std::ferror(file)) throw Failure{"cannot read " + path + ": " + std::strerror(errno)};
  return text;
}

}  // namespace

void EngineOptions::add_to(CLI::App& app) {
  app.add_option("--tier", tier, "how code runs: auto, interp, baseline or optimizing")
      ->type_name("TIER");
  app.add_option("--features", features, "proposals to switch on or off, with what builds on them")
      ->type_name("+NAME,-NAME");
  app.add_option("--validate", validate,
                 "eager: every function before the first call; lazy: each at its first call")
      ->type_name("WHEN");
  app.add_option("--traps", traps, "precise or fast")->type_name("MODE");
  app.add_option("--checks", checks, "see nacre_config_set_checks")->group("");
}

void EngineOptions::add_tools_to(CLI::App& app) {
  app.add_flag("--perf-map", perf_map, "name machine code for perf, in /tmp/perf-PID.map")
      ->envname("NACRE_PERF_MAP");
  app.add_flag("--debug", debug, "let gdb see functions by name, and their callers")
      ->envname("NACRE_DEBUG");
}

ConfigHandle EngineOptions::make_config() const {
  ConfigHandle config(nacre_config_new());
  if (!tier.empty()) check(nacre_config_set_tier(config.get(), tier.c_str()), "--tier");
  if (!features.empty()) {
    check(nacre_config_set_features(config.get(), features.c_str()), "--features");
  }
  if (!validate.empty()) {
    check(nacre_config_set_validate(config.get(), validate.c_str()), "--validate");
  }
  if (!traps.empty()) check(nacre_config_set_traps(config.get(), traps.c_str()), "--traps");
  if (!checks.empty()) check(nacre_config_set_checks(config.get(), checks.c_str()), "--checks");
  nacre_config_set_perf_map(config.get(), perf_map);
  nacre_config_set_debug(config.get(), debug);
  nacre_config_set_fuel(config.get(), fuel);
  nacre_config_set_map_at_load(config.get(), map_at_load);
  return config;
}

EngineHandle EngineOptions::make_engine() const {
  nacre_engine_t* engine = nullptr;
  check(nacre_engine_new(make_config().release(), &engine));
  return EngineHandle(engine);
}

namespace {

// A file of that name wins (architecture).
void refuse_registry(const std::string& path) {
  std::error_code error;
  if (path.starts_with("oci:") && !std::filesystem::exists(path, error)) {
    throw Failure{path +
                  ": registry references are not built in this version; pull it yourself "
                  "and name the file"};
  }
}

}  // namespace

void SignatureOption::add_to(CLI::App& app) {
  app.add_option("--signature", file_,
                 "a detached signature of APP, in place of one that it carries")
      ->type_name("FILE");
}

void SignatureOption::set(nacre_module_t* module) const {
  if (file_.empty()) return;
  std::string signature = read_input(file_);
  nacre_module_set_signature(module, signature.data(), signature.size());
}

ModuleHandle load_module(nacre_engine_t* engine, const std::string& path) {
  refuse_registry(path);
  nacre_module_t* module = nullptr;
  check(nacre_module_load(engine, path.c_str(), &module), input_name(path));
  return ModuleHandle(module);
}

std::optional<int> parse_options(CLI::App& app, Args args) {
  std::reverse(args.begin(), args.end());  // CLI11 takes them from the back
  try {
    app.parse(std::move(args));
  } catch (const CLI::CallForHelp&) {
    std::fputs(app.help().c_str(), stdout);
    return 0;
  } catch (const CLI::ParseError& error) {
    throw Failure{std::string(error.what()) + " (see " + app.get_name() + " --help)", true};
  }
  return std::nullopt;
}

void check_inputs(const std::vector<Input>& inputs) {
  const Input* first = nullptr;
  for (const Input& input : inputs) {
    if (input.path != kStandardInput) continue;
    if (first != nullptr) {
      throw Failure{"standard input can be read once, but it is named by " + first->named_by +
                        " and by " + input.named_by + " (a file named - is written ./-)",
                    true};
    }
    first = &input;
  }
}

std::string input_name(const std::string& path) {
  return path == kStandardInput ? "standard input" : path;
}

std::string read_input(const std::string& path) {
  if (path == kStandardInput) return read_all(stdin, input_name(path));
  FileHandle file(std::fopen(path.c_str(), "rb"));
  if (!file) throw Failure{"cannot open " + path + ": " + std::strerror(errno)};
  return read_all(file.get(), path);
}

void write_output(const std::string& path, const void* data, size_t size) {
  bool to_stdout = path.empty() || path == "-";
  FileHandle file(to_stdout ? nullptr : std::fopen(path.c_str(), "wb"));
  if (!to_stdout && !file) throw Failure{"cannot write " + path + ": " + std::strerror(errno)};
  FILE* out = to_stdout ? stdout : file.get();
  if (std::fwrite(data, 1, size, out) != size || std::fflush(out) != 0) {
    throw Failure{"cannot write " + (to_stdout ? "standard output" : path) + ": " +
                  std::strerror(errno)};
  }
}

void finish_output() {
  if (std::fflush(stdout) != 0 || std::ferror(stdout)) {
    throw Failure{std::string("cannot write standard output: ") + std::strerror(errno)};
  }
}

}  // namespace nacre::cli
