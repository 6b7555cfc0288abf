// nacre: arguments and printing only. What it does is in the library behind nacre/nacre.h.

#include <cstdio>
#include <exception>
#include <string_view>

#include "cli/command.h"

namespace nacre::cli {
namespace {

constexpr int kRefusedToRun = 125;  // `run`: Nacre refused; the guest never started
constexpr int kInputRefused = 1;    // other commands
constexpr int kWrongUse = 2;

struct Command {
  std::string_view name;
  std::string_view summary;
  int (*run)(Args args);
};

constexpr Command kCommands[] = {
    {"run", "run a program (the word may be left out)", run_command},
    {"validate", "check a module", validate_command},
    {"print", "show a binary module as text", print_command},
    {"parse", "turn text into a binary module", parse_command},
    {"explain", "say in words what a module could do, and may; show its machine code",
     explain_command},
    {"permissions", "decisions that are remembered, signers that are trusted, policy files",
     permissions_command},
    {"wit", "show what the interfaces in WIT files are", wit_command},
    {"wast", "run specification scripts", wast_command},
};

// Planned commands: named for what they are until they exist.
constexpr std::string_view kNotBuilt[] = {"compile", "cache", "serve", "push", "pull", "verify"};

void print_help() {
  std::printf(
      "nacre %s: runs WebAssembly with exactly the rights you grant\n\n"
      "usage: nacre [run] [options] APP [ARGS]   options stand before APP, ARGS are the program's\n"
      "       nacre COMMAND [options] ...\n\n",
      nacre_version());
  for (const Command& command : kCommands) {
    std::printf("  %-12s %s\n", std::string(command.name).c_str(),
                std::string(command.summary).c_str());
  }
  std::printf(
      "\nnacre COMMAND --help lists the options of a command, nacre --version the version.\n\n"
      "examples:\n"
      "  nacre app.wasm                 run a program that needs no files\n"
      "  nacre --dir .:ro app.wasm a    let it read the current directory\n"
      "  nacre - < app.wasm             run what standard input holds\n"
      "  nacre explain app.wasm         see what it could ask for\n"
      "  nacre --invoke add lib.wat 1 2 call one function of a module\n");
}

const Command* find_command(std::string_view name) {
  for (const Command& command : kCommands) {
    if (command.name == name) return &command;
  }
  return nullptr;
}

int dispatch(Args args) {
  if (args.empty()) {
    print_help();
    return kWrongUse;
  }
  if (args[0] == "--help" || args[0] == "-h" || args[0] == "help") {
    print_help();
    return 0;
  }
  if (args[0] == "--version" || args[0] == "-V") {
    std::printf("nacre %s\n", nacre_version());
    return 0;
  }
  const Command* command = find_command(args[0]);
  if (command != nullptr) {
    args.erase(args.begin());
  } else {
    for (std::string_view name : kNotBuilt) {
      if (args[0] == name) {
        throw Failure{"the command " + args[0] + " is not built in this version", true};
      }
    }
    command = &kCommands[0];
  }
  bool is_run = command->run == run_command;
  try {
    return command->run(std::move(args));
  } catch (const Failure& failure) {
    std::fprintf(stderr, "error: %s\n", failure.message.c_str());
    if (is_run) return kRefusedToRun;
    return failure.is_usage ? kWrongUse : kInputRefused;
  } catch (const std::exception& error) {  // of the standard library: no memory, a vanished folder
    std::fprintf(stderr, "error: %s\n", error.what());
    return is_run ? kRefusedToRun : kInputRefused;
  }
}

// A closed descriptor 0, 1 or 2 would be given to the next file that is opened, a guest's perhaps,
// and Nacre's messages would end in it. What is opened instead can neither be read as input nor
// written as output, so that no guest takes it for a stream.
void occupy_standard_descriptors() {
  for (;;) {
    FILE* file = std::fopen("/dev/null", "w");
    if (file == nullptr) return;
    int fd = fileno(file);
    if (fd == 0) continue;
    std::fclose(file);
    if (fd > 2 || std::fopen("/dev/null", "r") == nullptr) return;
  }
}

}  // namespace
}  // namespace nacre::cli

int main(int argc, char** argv) {
  nacre::cli::occupy_standard_descriptors();
  try {
    return nacre::cli::dispatch(nacre::cli::Args(argv + (argc > 0), argv + argc));
  } catch (const nacre::cli::Failure& failure) {
    std::fprintf(stderr, "error: %s\n", failure.message.c_str());
    return nacre::cli::kWrongUse;
  }
}
