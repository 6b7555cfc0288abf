// The options that say what a program may do. They come from the table of kinds.

#include "cli/command.h"

namespace nacre::cli {

void GrantOptions::add_kinds_to(CLI::App& app) {
  for (size_t i = 0; i < nacre_grant_kind_count(); ++i) {
    nacre_grant_kind_t kind = nacre_grant_kind_at(i);
    std::string name = kind.name;
    std::string help = kind.help;
    if (!kind.is_usable) help += " (nothing uses or enforces it yet)";
    bool has_value = *kind.value != '\0';
    if (!has_value) {
      app.add_flag("--" + name, switches_[name], std::string("let it have ") + kind.help)
          ->group("Grants");
      std::string denials = "--no-" + name;
      denials += ",--deny-" + name;
      app.add_flag(denials, switches_["deny-" + name], std::string("take away ") + kind.help)
          ->group("Denials");
      continue;
    }
    app.add_option("--" + name, values_[name], help)
        ->type_name(kind.value)
        ->allow_extra_args(false)
        ->group("Grants");
    if (kind.is_granted) continue;  // a limit
    app.add_option("--deny-" + name, values_["deny-" + name], "never, whatever else is granted")
        ->type_name(std::string(kind.value).substr(0, std::string(kind.value).find_first_of("[=")))
        ->allow_extra_args(false)
        ->group("Denials");
  }
}

void GrantOptions::add_to(CLI::App& app) {
  add_kinds_to(app);
  app.add_option("--policy", policies_,
                 "the grants and denials of a file (nacre.toml; - for standard input)")
      ->type_name("FILE")
      ->allow_extra_args(false)
      ->group("Grants");
  app.add_flag("--allow-all", allow_all_, "all files, the whole environment, all connections")
      ->group("Grants");
  app.add_flag("--deny-all", deny_all_,
               "nothing but arguments, output and what other options grant")
      ->group("Denials");
  app.add_flag("--ask", ask_, "ask at the terminal for what is missing (default on a terminal)")
      ->group("Grants");
  app.add_option("--ask-server", ask_server_,
                 "ask the program that listens at this socket instead: a line of JSON a question, "
                 "a word for an answer")
      ->type_name("SOCKET")
      ->group("Grants");
  app.add_flag("--no-ask", no_ask_, "never ask")->group("Denials");
  app.add_flag("--no-lockdown", no_lockdown_,
               "leave the process its own rights while the program runs (they are taken away by "
               "Landlock and seccomp, where the system has them)")
      ->group("Grants");
}

std::vector<GrantOptions::Said> GrantOptions::said() const {
  std::vector<Said> all;
  for (const auto& [kind, set] : switches_) {
    if (set) all.push_back({kind, nullptr});
  }
  for (const auto& [kind, values] : values_) {
    for (const std::string& value : values) all.push_back({kind, &value});
  }
  return all;
}

std::vector<Input> GrantOptions::inputs() const {
  std::vector<Input> all;
  all.reserve(policies_.size());
  for (const std::string& file : policies_) all.push_back({"--policy", file});
  return all;
}

GrantsHandle GrantOptions::make_grants() const {
  GrantsHandle grants(nacre_grants_new());
  auto add = [&](const std::string& kind, const char* value) {
    check(nacre_grants_add(grants.get(), kind.c_str(), value), "--" + kind);
  };
  if (deny_all_) add("deny-all", nullptr);
  if (allow_all_) add("allow-all", nullptr);
  for (const std::string& file : policies_) add("policy", file.c_str());
  for (const Said& grant : said()) {
    add(grant.kind, grant.value == nullptr ? nullptr : grant.value->c_str());
  }
  add("remember", nullptr);
  if (!no_lockdown_) add("lockdown", nullptr);
  if (!ask_server_.empty()) {
    add("ask-server", ask_server_.c_str());
  } else if (ask_) {
    add("ask", nullptr);
  } else if (!no_ask_) {
    add("ask", "terminal");
  }
  return grants;
}

}  // namespace nacre::cli
