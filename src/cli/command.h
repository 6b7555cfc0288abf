// The commands of the nacre program. Each parses its own arguments, prints, and returns the exit
// code.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "cli/handles.h"

namespace nacre::cli {

// `args` without the program's and the command's name.
using Args = std::vector<std::string>;

int run_command(Args args);
int validate_command(Args args);
int print_command(Args args);
int parse_command(Args args);
int explain_command(Args args);
int wast_command(Args args);
int wit_command(Args args);
int permissions_command(Args args);

// Options that several commands share (--tier, --features, --validate, --traps).
struct EngineOptions {
  std::string tier;
  std::string features;
  std::string validate;
  std::string traps;
  std::string checks;  // for tests; --help does not show it
  bool perf_map = false;
  bool debug = false;
  bool fuel = false;         // no option: follows from the grants
  bool map_at_load = false;  // likewise

  void add_to(CLI::App& app);
  // --perf-map and --debug, of commands that run something.
  void add_tools_to(CLI::App& app);
  ConfigHandle make_config() const;
  EngineHandle make_engine() const;
};

// A file that a command reads, and what named it: "--policy", "APP".
struct Input {
  std::string named_by;
  std::string path;
};
// "-" is standard input, which can be read once: throws if it is named twice.
void check_inputs(const std::vector<Input>& inputs);
// As messages call it.
std::string input_name(const std::string& path);

// The options of grants: one for each kind, and how the rest is decided. `run`, `explain` and
// `permissions` share them.
class GrantOptions {
 public:
  // All of it, or only what can be remembered: --KIND and --deny-KIND.
  void add_to(CLI::App& app);
  void add_kinds_to(CLI::App& app);
  // Settings of `nacre run` alone.
  void add_run_settings_to(CLI::App& app);
  GrantsHandle make_grants() const;
  struct Said {
    std::string kind;          // "dir" or "deny-dir"
    const std::string* value;  // null: has none
  };
  // Grants and denials as they were given, in the order of kinds: "dir", "data:ro".
  std::vector<Said> said() const;
  bool locks_down() const { return !no_lockdown_; }
  // Files that are read.
  std::vector<Input> inputs() const;

 private:
  // Values and switches, by the names of kinds, and of settings (nacre_grant_setting_at).
  struct Options {
    std::map<std::string, std::vector<std::string>> values;
    std::map<std::string, bool> switches;
  };
  void add_setting_to(CLI::App& app, const nacre_grant_setting_t& setting,
                      const std::string& group);
  bool is_set(const std::string& setting) const;

  Options kinds_;
  Options settings_;
  bool no_lockdown_ = false;
};

// --signature, of commands that ask what a program may do.
class SignatureOption {
 public:
  void add_to(CLI::App& app);
  // Gives it to the module, if there is one.
  void set(nacre_module_t* module) const;
  bool is_file() const { return !file_.empty() && file_ != "-"; }
  const std::string& file() const { return file_; }
  Input input() const { return {"--signature", file_}; }

 private:
  std::string file_;
};

// Parses `args`. Returns an exit code when there is nothing left to do (--help was asked).
// Wrong options throw a Failure with is_usage.
std::optional<int> parse_options(CLI::App& app, Args args);

// From a file, or from standard input for "-". Errors name it.
ModuleHandle load_module(nacre_engine_t* engine, const std::string& path);

// The whole of a file, or of standard input for "-".
std::string read_input(const std::string& path);
// To a file, or to standard output for "" and "-".
void write_output(const std::string& path, const void* data, size_t size);
// Flushes what was printed; throws if standard output did not take all of it.
void finish_output();

}  // namespace nacre::cli
