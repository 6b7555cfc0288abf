// The options that say what a program may do. They come from the tables of kinds and settings.

#include "cli/command.h"

namespace nacre::cli {
namespace {

constexpr const char* kPolicy = "policy";  // the one setting that may be given many times

}  // namespace

void GrantOptions::add_kinds_to(CLI::App& app) {
  for (size_t i = 0; i < nacre_grant_kind_count(); ++i) {
    nacre_grant_kind_t kind = nacre_grant_kind_at(i);
    std::string name = kind.name;
    std::string help = kind.help;
    if (!kind.is_usable) help += " (nothing uses or enforces it yet)";
    bool has_value = *kind.value != '\0';
    if (!has_value) {
      app.add_flag("--" + name, kinds_.switches[name], std::string("let it have ") + kind.help)
          ->group("Grants");
      std::string denials = "--no-" + name;
      denials += ",--deny-" + name;
      app.add_flag(denials, kinds_.switches["deny-" + name], std::string("take away ") + kind.help)
          ->group("Denials");
      continue;
    }
    app.add_option("--" + name, kinds_.values[name], help)
        ->type_name(kind.value)
        ->allow_extra_args(false)
        ->group("Grants");
    if (kind.is_granted) continue;  // a limit
    app.add_option("--deny-" + name, kinds_.values["deny-" + name],
                   "never, whatever else is granted")
        ->type_name(std::string(kind.value).substr(0, std::string(kind.value).find_first_of("[=")))
        ->allow_extra_args(false)
        ->group("Denials");
  }
}

void GrantOptions::add_setting_to(CLI::App& app, const nacre_grant_setting_t& setting,
                                  const std::string& group) {
  std::string option = std::string("--") + setting.name;
  if (*setting.value == '\0') {
    app.add_flag(option, settings_.switches[setting.name], setting.help)->group(group);
    return;
  }
  CLI::Option* added = app.add_option(option, settings_.values[setting.name], setting.help);
  if (std::string(setting.name) != kPolicy) added->expected(1);
  added->type_name(setting.value)->allow_extra_args(false)->group(group);
}

void GrantOptions::add_to(CLI::App& app) {
  add_kinds_to(app);
  for (size_t i = 0; i < nacre_grant_setting_count(); ++i) {
    nacre_grant_setting_t setting = nacre_grant_setting_at(i);
    if (setting.place == NACRE_SETTING_OPTION) add_setting_to(app, setting, "Grants");
    if (setting.place == NACRE_SETTING_DENIAL) add_setting_to(app, setting, "Denials");
  }
  app.add_flag("--no-lockdown", no_lockdown_,
               "leave the process its own rights while the program runs (they are taken away by "
               "Landlock and seccomp, where the system has them)")
      ->group("Grants");
}

void GrantOptions::add_run_settings_to(CLI::App& app) {
  for (size_t i = 0; i < nacre_grant_setting_count(); ++i) {
    nacre_grant_setting_t setting = nacre_grant_setting_at(i);
    if (setting.place == NACRE_SETTING_RUN)
      add_setting_to(app, setting, app.option_defaults()->get_group());
  }
}

bool GrantOptions::is_set(const std::string& setting) const {
  auto value = settings_.values.find(setting);
  auto on = settings_.switches.find(setting);
  return (value != settings_.values.end() && !value->second.empty()) ||
         (on != settings_.switches.end() && on->second);
}

std::vector<GrantOptions::Said> GrantOptions::said() const {
  std::vector<Said> all;
  for (const auto& [kind, set] : kinds_.switches) {
    if (set) all.push_back({kind, nullptr});
  }
  for (const auto& [kind, values] : kinds_.values) {
    for (const std::string& value : values) all.push_back({kind, &value});
  }
  return all;
}

std::vector<Input> GrantOptions::inputs() const {
  std::vector<Input> all;
  auto policies = settings_.values.find(kPolicy);
  if (policies == settings_.values.end()) return all;
  for (const std::string& file : policies->second) all.push_back({"--policy", file});
  return all;
}

GrantsHandle GrantOptions::make_grants() const {
  GrantsHandle grants(nacre_grants_new());
  auto add = [&](const std::string& kind, const char* value) {
    check(nacre_grants_add(grants.get(), kind.c_str(), value), "--" + kind);
  };
  // What is said by other options about asking comes behind this and counts instead.
  if (!is_set("no-ask")) add("ask", "terminal");
  for (size_t i = 0; i < nacre_grant_setting_count(); ++i) {
    const std::string name = nacre_grant_setting_at(i).name;
    if (name == "no-ask" || !is_set(name)) continue;
    auto values = settings_.values.find(name);
    if (values == settings_.values.end()) {
      add(name, nullptr);
      continue;
    }
    for (const std::string& value : values->second) add(name, value.c_str());
  }
  for (const Said& grant : said()) {
    add(grant.kind, grant.value == nullptr ? nullptr : grant.value->c_str());
  }
  add("remember", nullptr);
  if (!no_lockdown_) add("lockdown", nullptr);
  return grants;
}

}  // namespace nacre::cli
