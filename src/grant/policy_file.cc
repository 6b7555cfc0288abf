#include "grant/policy_file.h"

#include <algorithm>
#include <tuple>

#include "base/utf8.h"
#include "grant/settings.h"
#include "grant/toml.h"

namespace nacre::grant {
namespace {

constexpr size_t kMaxRules = 10'000;

class Reader {
 public:
  Reader(std::string_view name, const Place& place, PolicyFile& out)
      : name_(name), place_(place), out_(out) {}

  void read(const toml::table& root) {
    for (const auto& [key, node] : root) {
      std::string_view word = key.str();
      if (word == "allow" || word == "deny") {
        const toml::table* table = node.as_table();
        if (table == nullptr) {
          problem(node.source(),
                  "\"" + std::string(word) + "\" is a table: [" + std::string(word) + "]");
        } else {
          read_rules(*table, word == "allow");
        }
      } else if (word == info_of(Setting::module).name) {
        read_module(node);
      } else {
        problem(key.source(),
                "there is no \"" + printable(word) + "\" here: module, [allow] or [deny]");
      }
    }
    auto before = [](const Problem& a, const Problem& b) {
      return std::tie(a.line, a.column, a.message) < std::tie(b.line, b.column, b.message);
    };
    std::sort(out_.problems.begin(), out_.problems.end(), before);
  }

  void problem(const toml::source_region& where, std::string message) {
    out_.problems.push_back({where.begin.line, where.begin.column, std::move(message)});
  }

 private:
  void read_module(const toml::node& node) {
    const auto* text = node.as_string();
    constexpr std::string_view kPrefix = "sha256:";
    constexpr size_t kDigits = 64;
    if (text == nullptr || !text->get().starts_with(kPrefix) ||
        text->get().size() != kPrefix.size() + kDigits) {
      return problem(node.source(),
                     "module is \"sha256:\" and 64 digits, as nacre explain says it");
    }
    out_.module = text->get();
  }

  void read_rules(const toml::table& table, bool allow) {
    for (const auto& [key, node] : table) {
      const KindInfo* info = find_kind(key.str());
      if (info == nullptr) {
        problem(key.source(), "there is nothing called \"" + printable(key.str()) +
                                  "\" to grant: " + kind_names());
      } else if (info->shape == Shape::on_off) {
        read_switch(*info, node, allow);
      } else if (const toml::array* array = node.as_array()) {
        for (const toml::node& item : *array) read_value(*info, item, allow);
      } else {
        read_value(*info, node, allow);
      }
    }
  }

  void read_switch(const KindInfo& info, const toml::node& node, bool allow) {
    const auto* on = node.as_boolean();
    if (on == nullptr) {
      return problem(node.source(), std::string(info.name) + " is true or false");
    }
    if (!on->get() && !allow) {
      return problem(node.source(), "what is not to be denied is left out");
    }
    add(parse_rule(info.kind, std::nullopt, on->get() && allow, place_), node);
  }

  void read_value(const KindInfo& info, const toml::node& node, bool allow) {
    if (const auto* text = node.as_string()) {
      return add(parse_rule(info.kind, text->get(), allow, place_), node);
    }
    const auto* number = node.as_integer();
    if (number != nullptr && info.shape == Shape::count) {
      return add(parse_rule(info.kind, std::to_string(number->get()), allow, place_), node);
    }
    problem(node.source(),
            std::string(info.name) + " is written as text: \"" + std::string(info.form) + "\"");
  }

  void add(Result<Rule> rule, const toml::node& node) {
    if (!rule) return problem(node.source(), rule.error().message());
    if (out_.rules.size() == kMaxRules) return problem(node.source(), "more than 10000 rules");
    const auto& at = node.source().begin;
    rule->source = Source::file;
    rule->origin = name_ + ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
    out_.rules.push_back(std::move(*rule));
  }

  static std::string kind_names() {
    std::string names;
    for (const KindInfo& info : kinds()) {
      if (!names.empty()) names += ", ";
      names += info.name;
    }
    return names;
  }

  std::string name_;
  const Place& place_;
  PolicyFile& out_;
};

}  // namespace

PolicyFile parse_policy(std::string_view text, std::string_view name, const Place& place) {
  PolicyFile file;
  Reader reader(printable(name), place, file);
  if (auto objection = objection_to(text)) {
    file.problems.push_back({objection->line, 1, objection->what});
    return file;
  }
  toml::parse_result parsed = toml::parse(text);
  if (parsed) {
    reader.read(parsed.table());
  } else {
    reader.problem(parsed.error().source(), printable(parsed.error().description()));
  }
  return file;
}

std::string problem_text(std::string_view name, const Problem& problem) {
  return printable(name) + ":" + std::to_string(problem.line) + ":" +
         std::to_string(problem.column) + ": " + problem.message;
}

namespace {

void write_rules(std::string& out, const std::vector<Rule>& rules, bool allow) {
  out += allow ? "\n[allow]\n" : "\n[deny]\n";
  for (const KindInfo& info : kinds()) {
    std::vector<std::string> values;
    bool said = false;
    for (const Rule& rule : rules) {
      if (rule.kind != info.kind || rule.allow != allow) continue;
      said = true;
      values.push_back(toml_string(value_text(rule)));
    }
    if (!said) continue;
    std::string key(info.name);
    if (info.shape == Shape::on_off) {
      out += key + " = true\n";
    } else if (values.size() == 1) {
      out += key + " = [" + values[0] + "]\n";
    } else {
      out += key + " = [\n";
      for (const std::string& value : values) out += "  " + value + ",\n";
      out += "]\n";
    }
  }
}

}  // namespace

std::string write_policy(const std::vector<Rule>& rules, std::string_view comment) {
  std::string out = "# " + printable(comment) + "\n";
  write_rules(out, rules, true);
  bool denies = std::any_of(rules.begin(), rules.end(), [](const Rule& r) { return !r.allow; });
  if (denies) write_rules(out, rules, false);
  return out;
}

}  // namespace nacre::grant
