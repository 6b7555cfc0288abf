// wast: runs specification scripts and counts what they assert.

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "cli/command.h"
#include "nacre/wast.h"

namespace nacre::cli {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> find_scripts(const std::vector<std::string>& paths) {
  std::vector<std::string> scripts;
  for (const std::string& path : paths) {
    std::error_code error;
    if (path == "-" || !fs::is_directory(path, error)) {
      scripts.push_back(path);  // a missing file is reported when it is opened
      continue;
    }
    std::vector<std::string> below;
    for (auto it = fs::recursive_directory_iterator(path, error);
         !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
      if (it->path().extension() == ".wast") below.push_back(it->path().string());
    }
    if (error) throw Failure{"cannot list " + path + ": " + error.message()};
    if (below.empty()) throw Failure{path + ": there is no .wast file below it"};
    std::ranges::sort(below);
    scripts.insert(scripts.end(), below.begin(), below.end());
  }
  return scripts;
}

// A file below proposals/NAME/ needs the feature NAME.
std::string proposal_of(const std::string& path) {
  fs::path absolute = fs::absolute(path).lexically_normal();
  for (auto part = absolute.begin(); part != absolute.end(); ++part) {
    if (*part == "proposals" && std::next(part) != absolute.end()) return std::next(part)->string();
  }
  return {};
}

struct Reporter {
  const std::string& path;
  static void report(void* data, uint32_t line, const char* message, bool skipped) {
    const auto& self = *static_cast<Reporter*>(data);
    std::printf("%s:%u: %s%s\n", input_name(self.path).c_str(), line, skipped ? "skipped: " : "",
                message);
  }
};

void run_script(const std::string& path, EngineOptions options, nacre_wast_counts_t& counts) {
  std::string proposal = proposal_of(path);
  if (!proposal.empty() && proposal != "threads") {
    std::string& features = options.features;
    features = "+" + proposal + (features.empty() ? "" : "," + features);
  }
  Reporter reporter{path};
  ErrorHandle error(nacre_wast_run(path.c_str(), options.make_config().release(), Reporter::report,
                                   &reporter, &counts));
  if (!error) return;
  bool not_built = nacre_error_kind(error.get()) == NACRE_ERROR_UNSUPPORTED;
  ++(not_built ? counts.skipped : counts.failed);
  std::printf("%s: %s%s\n", input_name(path).c_str(), not_built ? "skipped: " : "",
              nacre_error_message(error.get()));
}

}  // namespace

int wast_command(Args args) {
  CLI::App app(
      "Runs specification scripts: files, or folders with all .wast below them.\n"
      "Files below proposals/NAME/ run with the feature NAME switched on.",
      "nacre wast");
  std::vector<std::string> paths;
  EngineOptions options;
  bool verbose = false;
  app.add_option("PATH", paths, "scripts or folders (- for a script on standard input)")
      ->required();
  options.add_to(app);
  app.add_flag("--verbose", verbose, "a line for every file");
  if (auto done = parse_options(app, std::move(args))) return *done;

  std::vector<Input> inputs;
  inputs.reserve(paths.size());
  for (const std::string& path : paths) inputs.push_back({"PATH", path});
  check_inputs(inputs);
  nacre_wast_counts_t total{};
  for (const std::string& path : find_scripts(paths)) {
    nacre_wast_counts_t counts{};
    run_script(path, options, counts);
    if (verbose) {
      std::printf("%s: %llu passed, %llu failed, %llu skipped\n", input_name(path).c_str(),
                  static_cast<unsigned long long>(counts.passed),
                  static_cast<unsigned long long>(counts.failed),
                  static_cast<unsigned long long>(counts.skipped));
    }
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.skipped += counts.skipped;
    std::fflush(stdout);
  }
  std::printf("%llu passed, %llu failed, %llu skipped\n",
              static_cast<unsigned long long>(total.passed),
              static_cast<unsigned long long>(total.failed),
              static_cast<unsigned long long>(total.skipped));
  finish_output();
  return total.failed == 0 ? 0 : 1;
}

}  // namespace nacre::cli
