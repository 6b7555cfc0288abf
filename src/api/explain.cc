#include "api/explain.h"

#include <algorithm>
#include <map>

#include "api/handles.h"
#include "api/lockdown.h"
#include "api/mentions.h"
#include "base/utf8.h"
#include "os/host_path.h"
#include "policy/asking.h"
#include "policy/place.h"
#include "signature/crypto.h"

namespace nacre::api {
namespace {

using grant::Kind;
using grant::Rule;
using grant::Shape;
using grant::Uses;

// `total`: how many words there are of which these are the first.
std::string joined(const std::vector<std::string>& words, size_t most, size_t total) {
  std::string text;
  for (size_t i = 0; i < words.size() && i < most; ++i) {
    if (i != 0) text += ", ";
    text += words[i];
  }
  size_t shown = std::min(words.size(), most);
  if (total > shown) text += " and " + std::to_string(total - shown) + " more";
  return text;
}
std::string joined(const std::vector<std::string>& words, size_t most) {
  return joined(words, most, words.size());
}

// The calls that could use grants of this kind.
bool could_use(Kind kind, const std::map<Uses, std::vector<std::string>>& reach) {
  auto has = [&](Uses uses) { return reach.contains(uses); };
  switch (kind) {
    case Kind::dir:
      return has(Uses::path) || has(Uses::held);
    case Kind::file:
      return has(Uses::path);
    case Kind::env:
      return has(Uses::env);
    case Kind::listen:
      return has(Uses::listen);
    case Kind::clock:
      return has(Uses::clock);
    case Kind::random:
      return has(Uses::random);
    case Kind::stdin:
    case Kind::stdout:
    case Kind::stderr:
      return has(Uses::held) || has(Uses::clock);
    case Kind::net:
    case Kind::lookup:
      return has(Uses::net);
    default:  // limits, which no call uses
      return true;
  }
}

bool is_limit(const Rule& rule) {
  Shape shape = grant::info_of(rule.kind).shape;
  return shape == Shape::count || shape == Shape::size || shape == Shape::duration;
}

std::string in_words(const Rule& rule) {
  const grant::KindInfo& info = grant::info_of(rule.kind);
  std::string text;
  if (rule.is_path()) {
    text = grant::rights_text(rule.rights) + " " + printable(rule.path);
    if (rule.kind == Kind::dir) text += " and all below it";
    if (!rule.guest.empty() && rule.guest != rule.given) {
      text += ", which it sees as " + printable(rule.guest);
    }
  } else {
    text = std::string(info.name);
    std::string value = grant::value_text(rule);
    if (!value.empty()) text += " " + printable(value);
  }
  return text + "  (" + printable(rule.origin) + ")";
}

class Explanation {
 public:
  Explanation(const std::string& name, const nacre_module& module, const Grants& grants)
      : name_(printable(name)), module_(module), grants_(grants) {
    for (const wasm::Import& item : module.module->wasm().imports) {
      if (const auto* info = find_function(item)) {
        reach_[info->uses].push_back(std::string(info->name));
      } else if (++other_count_ <= kShownOthers) {
        // A group of a million imports may share one long module name.
        others_.push_back(printable(item.module) + "." + printable(item.name));
      }
    }
  }

  std::string text(const std::vector<policy::Signer>& signers, const std::vector<Rule>& rules,
                   const std::vector<Rule>* used) {
    out_ = name_ + "\n  " + module_.source->digest() + "\n";
    say_signers(signers);
    if (Result<void> runs = module_.module->check_runs(); !runs)
      line("cannot be run: " + runs.error().to_string());
    say_reach();
    say_grants(rules);
    say_idle(rules, used);
    return out_;
  }

 private:
  void heading(std::string_view text) { out_ += "\n" + std::string(text) + "\n"; }
  void line(std::string_view text) { out_ += "  " + std::string(text) + "\n"; }

  void say_signers(const std::vector<policy::Signer>& signers) {
    for (const policy::Signer& signer : signers) line("signed by \"" + signer.name + "\"");
    if (!signers.empty() || !module_.source->carries_signature()) return;
    line(!signature::is_built()
             ? "carries a signature, but this build has no support for signatures"
         : !grants_.reads_store()
             ? "carries a signature, which is not looked at with these options"
             : "carries a signature, but no valid one of a signer that you trust");
  }

  void say_reach() {
    heading("By its imports it can ask for");
    bool any = false;
    std::vector<std::string> never;
    for (Uses uses : {Uses::path, Uses::held, Uses::net, Uses::listen, Uses::env, Uses::clock,
                      Uses::random, Uses::arguments}) {
      auto found = reach_.find(uses);
      if (found == reach_.end()) {
        never.push_back(std::string(grant::uses_help(uses)));
        continue;
      }
      any = true;
      line(std::string(grant::uses_help(uses)) + "  (" + joined(found->second, 4) + ")");
      if (uses == Uses::env) say_variables();
    }
    if (!any) line("nothing: it can only compute");
    if (!never.empty()) {
      heading("It has no call for");
      for (const std::string& what : never) line(what);
      line("anything else that is not named here");
    }
    if (!others_.empty()) {
      heading("It needs functions or memories of other modules, which decide what those can do");
      line(joined(others_, kShownOthers, other_count_));
    }
    std::vector<std::string> exports;
    for (const wasm::Export& item : module_.module->wasm().exports) {
      exports.push_back(printable(item.name));
    }
    heading("It offers");
    line(exports.empty() ? "nothing" : joined(exports, 12));
  }

  void say_variables() {
    auto names = mentioned_names(module_.module->wasm(), policy::names_of_variables());
    if (!names.empty()) line("  of those that are set here its code names " + joined(names, 12));
  }

  void say_grants(const std::vector<Rule>& rules) {
    heading("It is granted");
    grant::RuleSet set;
    set.add_all(rules);
    bool any = false;
    for (const grant::KindInfo& info : grant::kinds()) {
      if (info.shape != Shape::on_off || !grants_.granted_by_default(info.kind)) continue;
      auto verdict = set.evaluate({.kind = info.kind, .object = {}});
      if (verdict.answer != grant::Verdict::undecided) continue;
      line(std::string(info.help) + "  (unless it is taken away)");
      any = true;
    }
    for (const Rule& rule : rules) {
      if (!rule.allow) continue;
      line(in_words(rule));
      any = true;
    }
    if (!any) line("nothing");
    heading("It is denied, whatever is granted");
    for (const Rule& rule : grants_.own_rules()) line(in_words(rule));
    for (const Rule& rule : rules) {
      if (!rule.allow) line(in_words(rule));
    }
    out_ += grants_.asks() ? "\nWhat is neither granted nor denied is asked for at a terminal, "
                             "else refused.\n"
                           : "\nWhat is not granted is refused.\n";
    out_ += (grants_.locks_down() ? describe_lockdown()
                                  : "Its process is not locked down: it keeps its user's rights.") +
            "\n";
  }

  void say_idle(const std::vector<Rule>& rules, const std::vector<Rule>* used) {
    std::vector<std::string> useless;
    std::vector<std::string> unused;
    for (const Rule& rule : rules) {
      if (!rule.allow || is_limit(rule)) continue;
      if (!could_use(rule.kind, reach_)) {
        useless.push_back(in_words(rule));
      } else if (used != nullptr && std::none_of(used->begin(), used->end(), [&](const Rule& one) {
                   return grant::covers(rule, one);
                 })) {
        unused.push_back(in_words(rule));
      }
    }
    if (!useless.empty()) heading("Granted, but it has no call that could use it");
    for (const std::string& text : useless) line(text);
    if (!unused.empty()) heading("Granted, but not used in the run that was recorded");
    for (const std::string& text : unused) line(text);
  }

  std::string name_;
  const nacre_module& module_;
  const Grants& grants_;
  std::map<Uses, std::vector<std::string>> reach_;
  static constexpr size_t kShownOthers = 20;
  std::vector<std::string> others_;  // the first of them
  size_t other_count_ = 0;
  std::string out_;
};

}  // namespace

const wasi::p1::FunctionInfo* find_function(const wasm::Import& item) {
  bool current = item.module == wasi::p1::kModuleName;
  if (!current && item.module != wasi::p1::kUnstableModuleName) return nullptr;
  for (const wasi::p1::FunctionInfo& info : wasi::p1::function_infos()) {
    if (info.name == item.name && (current || info.in_unstable)) return &info;
  }
  return nullptr;
}

Result<std::string> explain(const std::string& name, const nacre_module& module,
                            const Grants& grants, const std::vector<Rule>* used) {
  std::vector<Rule> rules = grants.rules();
  policy::Remembered remembered = TRY(grants.remembered());
  std::move(remembered.rules.begin(), remembered.rules.end(), std::back_inserter(rules));
  return Explanation(name, module, grants).text(remembered.signers, rules, used);
}

}  // namespace nacre::api
