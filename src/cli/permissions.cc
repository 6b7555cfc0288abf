// permissions: decisions that are remembered, signers that are trusted, and policy files.

#include <cstdio>

#include "cli/command.h"

namespace nacre::cli {
namespace {

constexpr const char* kUsage =
    "usage: nacre permissions list [WHICH]             what was decided\n"
    "       nacre permissions grant [--for TIME] [--KIND VALUE | --deny-KIND VALUE]... APP\n"
    "       nacre permissions grant --signer NAME ...  the same for everything of a signer\n"
    "       nacre permissions revoke [--KIND VALUE]... WHICH   take back; everything, if nothing "
    "is named\n"
    "       nacre permissions diff APP                 what differs from earlier versions of APP\n"
    "       nacre permissions trust NAME KEYFILE       know a signer by this public key\n"
    "       nacre permissions distrust NAME            forget a signer, and what was decided for "
    "it\n"
    "       nacre permissions reset                    forget all decisions and all signers\n"
    "       nacre permissions check FILE               is a policy file right?\n"
    "       nacre permissions schema                   the JSON schema of policy files\n\n"
    "WHICH is a program's file, its digest or the beginning of it, or signer:NAME.\n"
    "APP, WHICH, KEYFILE and FILE may be - for standard input.\n"
    "KIND VALUE as for nacre run.\n"
    "A KEYFILE is an OpenSSH public key (ssh-ed25519), PEM, or what wasmsign2 writes.\n";
constexpr const char* kWhich =
    "a program's file, its digest or the beginning of it, or signer:NAME";

void print(const nacre_bytes_t& bytes) { write_output("", bytes.data, bytes.size); }

ModuleHandle load(const std::string& path) {
  EngineOptions options;
  options.validate = "lazy";
  EngineHandle engine = options.make_engine();
  return load_module(engine.get(), path);
}

// WHICH as the library takes it: a module from standard input is named by its digest.
std::string selection(const std::string& which) {
  return which == "-" ? nacre_module_digest(load(which).get()) : which;
}

int list(Args args) {
  CLI::App app("Lists remembered decisions.", "nacre permissions list");
  std::string which;
  app.add_option("WHICH", which, kWhich);
  if (auto done = parse_options(app, std::move(args))) return *done;
  which = selection(which);
  BytesHandle text;
  check(nacre_permissions_list(which.empty() ? nullptr : which.c_str(), &text.bytes));
  if (text.bytes.size == 0) std::printf("nothing is remembered\n");
  print(text.bytes);
  return 0;
}

uint64_t parse_time(const std::string& text) {
  if (text.empty()) return 0;
  constexpr uint64_t kMinute = 60;
  constexpr uint64_t kHour = 60 * kMinute;
  constexpr uint64_t kDay = 24 * kHour;
  char* end = nullptr;
  uint64_t number = std::strtoull(text.c_str(), &end, 10);
  std::string unit = end;
  uint64_t factor = unit == "s" ? 1 : unit == "m" ? kMinute : unit == "h" ? kHour : kDay;
  bool known = unit == "s" || unit == "m" || unit == "h" || unit == "d";
  if (text[0] < '0' || text[0] > '9' || !known || number == 0 || number > UINT32_MAX) {
    throw Failure{"--for needs a time such as 30d, 12h, 10m or 90s, not \"" + text + "\"", true};
  }
  return number * factor;
}

int grant(Args args) {
  CLI::App app("Decides about a module, or about all of a signer's, before it asks.",
               "nacre permissions grant");
  GrantOptions grants;
  std::string input;
  std::string signer;
  std::string how_long;
  grants.add_kinds_to(app);
  app.add_option("--for", how_long, "how long it counts; for good otherwise")->type_name("TIME");
  app.add_option("--signer", signer, "about all that this signer signs, instead of APP")
      ->type_name("NAME");
  app.add_option("APP", input, "the program");
  if (auto done = parse_options(app, std::move(args))) return *done;
  if (grants.said().empty()) throw Failure{"nothing to decide: name a grant, such as --dir", true};
  if (input.empty() == signer.empty()) throw Failure{"name a program or a --signer, one", true};
  uint64_t seconds = parse_time(how_long);
  ModuleHandle module = signer.empty() ? load(input) : nullptr;
  for (const auto& [kind, said] : grants.said()) {
    const char* value = said == nullptr ? nullptr : said->c_str();
    check(module
              ? nacre_permissions_decide(input.c_str(), module.get(), kind.c_str(), value, seconds)
              : nacre_permissions_decide_signer(signer.c_str(), kind.c_str(), value, seconds),
          "--" + kind);
  }
  return 0;
}

int revoke(Args args) {
  CLI::App app("Takes decisions back.", "nacre permissions revoke");
  GrantOptions grants;
  std::string which;
  grants.add_kinds_to(app);
  app.add_option("WHICH", which, kWhich)->required();
  if (auto done = parse_options(app, std::move(args))) return *done;
  which = selection(which);
  size_t total = 0;
  auto take_back = [&](const char* kind, const char* value) {
    size_t count = 0;
    check(nacre_permissions_revoke(which.c_str(), kind, value, &count));
    total += count;
  };
  for (const auto& [kind, value] : grants.said()) {
    take_back(kind.c_str(), value == nullptr ? nullptr : value->c_str());
  }
  if (grants.said().empty()) take_back(nullptr, nullptr);
  if (total == 0) throw Failure{"no such decision: see nacre permissions list"};
  std::printf("%zu taken back\n", total);
  return 0;
}

int diff(Args args) {
  CLI::App app("Says what an update changed.", "nacre permissions diff");
  std::string input;
  SignatureOption signature;
  signature.add_to(app);
  app.add_option("APP", input, "the program")->required();
  if (auto done = parse_options(app, std::move(args))) return *done;
  check_inputs({signature.input(), {"APP", input}});
  ModuleHandle module = load(input);
  signature.set(module.get());
  BytesHandle text;
  check(nacre_permissions_diff(input.c_str(), module.get(), &text.bytes));
  if (text.bytes.size == 0) std::printf("nothing was decided about another version of it\n");
  print(text.bytes);
  return 0;
}

int trust(Args args) {
  CLI::App app("Knows a signer of modules from now on, by a public key of Ed25519.",
               "nacre permissions trust");
  std::string name;
  std::string file;
  app.add_option("NAME", name, "a name for the holder of the secret key")->required();
  app.add_option("KEYFILE", file, "an OpenSSH public key (ssh-ed25519), PEM, or of wasmsign2")
      ->required();
  if (auto done = parse_options(app, std::move(args))) return *done;
  std::string key = read_input(file);
  check(nacre_permissions_trust(name.c_str(), key.data(), key.size()), input_name(file));
  BytesHandle text;
  check(nacre_permissions_list(("signer:" + name).c_str(), &text.bytes));
  print(text.bytes);
  return 0;
}

int distrust(Args args) {
  CLI::App app("Forgets a signer, and what was decided for it.", "nacre permissions distrust");
  std::string name;
  app.add_option("NAME", name, "the signer")->required();
  if (auto done = parse_options(app, std::move(args))) return *done;
  check(nacre_permissions_distrust(name.c_str()));
  return 0;
}

int reset(Args args) {
  CLI::App app("Forgets all decisions, and all signers.", "nacre permissions reset");
  if (auto done = parse_options(app, std::move(args))) return *done;
  check(nacre_permissions_reset());
  return 0;
}

int check_file(Args args) {
  CLI::App app("Checks a policy file.", "nacre permissions check");
  std::string file;
  app.add_option("FILE", file, "the policy file")->required();
  if (auto done = parse_options(app, std::move(args))) return *done;
  BytesHandle problems;
  check(nacre_policy_check(file.c_str(), &problems.bytes), input_name(file));
  if (problems.bytes.size == 0) {
    std::printf("%s: no problems\n", input_name(file).c_str());
    return 0;
  }
  std::fwrite(problems.bytes.data, 1, problems.bytes.size, stderr);
  return 1;
}

int schema(Args args) {
  CLI::App app("Prints the JSON schema of policy files.", "nacre permissions schema");
  if (auto done = parse_options(app, std::move(args))) return *done;
  BytesHandle text;
  check(nacre_policy_schema(&text.bytes));
  print(text.bytes);
  return 0;
}

}  // namespace

int permissions_command(Args args) {
  constexpr struct {
    const char* name;
    int (*run)(Args);
  } kActions[] = {{"list", list},   {"grant", grant},      {"revoke", revoke},
                  {"diff", diff},   {"trust", trust},      {"distrust", distrust},
                  {"reset", reset}, {"check", check_file}, {"schema", schema}};
  if (!args.empty() && (args[0] == "--help" || args[0] == "-h")) {
    std::fputs(kUsage, stdout);
    return 0;
  }
  for (const auto& action : kActions) {
    if (args.empty() || args[0] != action.name) continue;
    args.erase(args.begin());
    return action.run(std::move(args));
  }
  throw Failure{
      std::string(args.empty() ? "nothing to do" : "there is no \"" + args[0] + "\"") +
          ": list, grant, revoke, diff, trust, distrust, reset, check or schema (see --help)",
      true};
}

}  // namespace nacre::cli
