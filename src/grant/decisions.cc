#include "grant/decisions.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "base/hex.h"
#include "base/utf8.h"
#include "grant/rules.h"
#include "grant/toml.h"

namespace nacre::grant {
namespace {

constexpr Seconds kDay = 24 * 60 * 60;
constexpr std::string_view kKeyPrefix = "ed25519:";
constexpr size_t kKeyDigits = 64;
constexpr size_t kMaxNameBytes = 100;

bool is_key(std::string_view text) {
  return text.starts_with(kKeyPrefix) && text.size() == kKeyPrefix.size() + kKeyDigits &&
         text.find_first_not_of(kHexDigits, kKeyPrefix.size()) == std::string_view::npos;
}

std::optional<Seconds> to_seconds(const toml::node* node) {
  const auto* value = node == nullptr ? nullptr : node->as_date_time();
  if (value == nullptr) return std::nullopt;
  const toml::date_time& at = value->get();
  std::chrono::year_month_day date{std::chrono::year(at.date.year),
                                   std::chrono::month(at.date.month),
                                   std::chrono::day(at.date.day)};
  Seconds days = std::chrono::sys_days(date).time_since_epoch().count();
  Seconds offset = at.offset ? Seconds{at.offset->minutes} * 60 : 0;
  return days * kDay + at.time.hour * 3600 + at.time.minute * 60 + at.time.second - offset;
}

class Reader {
 public:
  Reader(const std::string& path, Seconds now) : path_(path), now_(now) {}

  Result<Decisions> read(std::string_view text) const {
    if (auto objection = objection_to(text)) {
      return fail(ErrorCode::io, printable(path_) + ":" + std::to_string(objection->line) +
                                     ":1: " + objection->what +
                                     "; mend the file, or forget everything "
                                     "with nacre permissions reset");
    }
    toml::parse_result parsed = toml::parse(text);
    if (!parsed) return wrong(parsed.error().source(), parsed.error().description());
    Decisions all;
    for (const auto& [key, node] : parsed.table()) {
      const toml::table* table = node.as_table();
      if (table == nullptr) return wrong(key.source(), "not a module's or signer's table");
      if (key.str().starts_with(kKeyPrefix)) {
        TRY(read_signer(all, key, *table));
      } else {
        all.modules.push_back(TRY(read_module(key.str(), *table)));
      }
    }
    return all;
  }

 private:
  std::unexpected<Error> wrong(const toml::source_region& where, std::string_view what) const {
    return fail(ErrorCode::io, printable(path_) + ":" + std::to_string(where.begin.line) + ":" +
                                   std::to_string(where.begin.column) + ": " + printable(what) +
                                   "; mend the file, or forget everything with "
                                   "nacre permissions reset");
  }

  Result<ModuleDecisions> read_module(std::string_view digest, const toml::table& table) const {
    ModuleDecisions module;
    module.digest = digest;
    module.place = table["place"].value_or(std::string());
    if (const toml::array* reaches = table["reaches"].as_array()) {
      for (const toml::node& node : *reaches) {
        if (const auto* text = node.as_string()) module.reaches.push_back(text->get());
      }
    }
    module.size_bytes = static_cast<uint64_t>(table["size"].value_or(int64_t{0}));
    module.decisions = TRY(read_decisions(table, "decided "));
    return module;
  }

  Result<void> read_signer(Decisions& all, const toml::key& key, const toml::table& table) const {
    std::string name = table["name"].value_or(std::string());
    auto trusted = trust(all, name, std::string(key.str()));
    if (!trusted) return wrong(key.source(), trusted.error().message());
    (*trusted)->decisions = TRY(read_decisions(table, "decided by signer " + name + " "));
    return {};
  }

  // `origin`: the text before the time when a decision is shown.
  Result<std::vector<StoredDecision>> read_decisions(const toml::table& table,
                                                     const std::string& origin) const {
    const toml::array* list = table["decisions"].as_array();
    if (list == nullptr) return wrong(table.source(), "a table without decisions");
    std::vector<StoredDecision> decisions;
    for (const toml::node& node : *list) {
      StoredDecision decision = TRY(read_decision(node));
      if (decision.expires && *decision.expires <= now_) continue;
      decision.rule.source = Source::remembered;
      decision.rule.origin = origin + time_text(decision.made);
      decisions.push_back(std::move(decision));
    }
    return decisions;
  }

  Result<StoredDecision> read_decision(const toml::node& node) const {
    const toml::table* table = node.as_table();
    if (table == nullptr) return wrong(node.source(), "not a decision");
    bool allow = table->contains("allow");
    const auto* text = (*table)[allow ? "allow" : "deny"].as_string();
    if (text == nullptr || (allow && table->contains("deny"))) {
      return wrong(node.source(), "a decision says allow or deny");
    }
    std::string_view words = text->get();
    size_t space = words.find(' ');
    const KindInfo* info = find_kind(words.substr(0, space));
    if (info == nullptr) return wrong(node.source(), "it decides about an unknown kind of grant");
    std::optional<std::string_view> value;
    if (space != std::string_view::npos) value = words.substr(space + 1);
    // It was made about a path as it was then. Were links on it followed again, who could put a
    // link in place of what was decided about would choose what the decision is about from then on.
    auto rule = parse_rule(info->kind, value, allow, Place(way_by_words));
    if (!rule) return wrong(node.source(), rule.error().message());
    StoredDecision decision;
    decision.made = to_seconds(table->get("made")).value_or(0);
    decision.expires = to_seconds(table->get("expires"));
    if (table->contains("expires") && !decision.expires) {
      return wrong(node.source(), "expires is not a time");
    }
    decision.rule = std::move(*rule);
    return decision;
  }

  const std::string& path_;
  Seconds now_;
};

std::string rule_words(const Rule& rule) {
  std::string value = value_text(rule);
  std::string kind(info_of(rule.kind).name);
  return value.empty() ? kind : kind + " " + value;
}

void write_list(std::string& out, const std::vector<StoredDecision>& decisions) {
  out += "decisions = [\n";
  for (const StoredDecision& decision : decisions) {
    out += decision.rule.allow ? "  { allow = " : "  { deny = ";
    out += toml_string(rule_words(decision.rule)) + ", made = " + time_text(decision.made);
    if (decision.expires) out += ", expires = " + time_text(*decision.expires);
    out += " },\n";
  }
  out += "]\n";
}

bool same_object(const Rule& a, const Rule& b) {
  return a.kind == b.kind && a.path == b.path && a.name == b.name &&
         a.endpoint_text == b.endpoint_text;
}

}  // namespace

std::string time_text(Seconds time) {
  std::chrono::sys_days day(std::chrono::days(time / kDay - (time % kDay < 0 ? 1 : 0)));
  std::chrono::year_month_day date(day);
  Seconds rest = time - day.time_since_epoch().count() * kDay;
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(rest / 3600), static_cast<int>(rest / 60 % 60),
                static_cast<int>(rest % 60));
  return text;
}

ModuleDecisions* find_module(Decisions& all, std::string_view digest) {
  auto found = std::ranges::find(all.modules, digest, &ModuleDecisions::digest);
  return found == all.modules.end() ? nullptr : &*found;
}

SignerDecisions* find_signer(Decisions& all, std::string_view name) {
  auto found = std::ranges::find(all.signers, name, &SignerDecisions::name);
  return found == all.signers.end() ? nullptr : &*found;
}

bool is_signer_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxNameBytes && is_printable(name) &&
         !name.starts_with(' ') && !name.ends_with(' ') &&
         name.find_first_of("\",") == std::string_view::npos;
}

Result<SignerDecisions*> trust(Decisions& all, std::string_view name, const std::string& key) {
  if (!is_signer_name(name)) {
    return fail(ErrorCode::usage, "\"" + printable(name) +
                                      "\" is not a name for a signer: at most 100 printable bytes, "
                                      "without commas and quotation marks");
  }
  if (!is_key(key)) return fail(ErrorCode::usage, "not a signer's key");
  for (SignerDecisions& signer : all.signers) {
    if (signer.name == name && signer.key == key) return &signer;
    if (signer.name == name) {
      return fail(ErrorCode::usage, "\"" + signer.name +
                                        "\" is trusted already, with another key: first nacre "
                                        "permissions distrust that one, or choose another name");
    }
    if (signer.key == key) {
      return fail(ErrorCode::usage, "this key is trusted already, as \"" + signer.name +
                                        "\": first nacre permissions distrust that one");
    }
  }
  auto place = std::ranges::upper_bound(all.signers, name, {}, &SignerDecisions::name);
  return &*all.signers.insert(place, {.key = key, .name = std::string(name)});
}

void decide(std::vector<StoredDecision>& decisions, StoredDecision decision) {
  std::vector<StoredDecision> kept;
  for (StoredDecision& old : decisions) {
    bool same = same_object(old.rule, decision.rule);
    if (same && old.rule.allow != decision.rule.allow) {
      old.rule.rights = old.rule.rights - decision.rule.rights;
      if (!old.rule.is_path() || old.rule.rights == Rights::none) continue;
    } else if (same && old.rule.is_path() && !old.expires && !decision.expires) {
      decision.rule.rights = decision.rule.rights | old.rule.rights;
      continue;
    } else if (!decision.expires && covers(decision.rule, old.rule)) {
      continue;
    }
    kept.push_back(std::move(old));
  }
  kept.push_back(std::move(decision));
  decisions = std::move(kept);
}

Result<Decisions> parse_decisions(std::string_view text, const std::string& path, Seconds now) {
  return Reader(path, now).read(text);
}

std::string write_decisions(const Decisions& all) {
  std::string out =
      "# What was decided about modules and signers; nacre permissions lists and changes it, "
      "and so may you.\n";
  for (const ModuleDecisions& module : all.modules) {
    if (module.decisions.empty()) continue;
    out += "\n[" + toml_string(module.digest) + "]\nplace = " + toml_string(module.place) +
           "\nsize = " + std::to_string(module.size_bytes) + "\nreaches = [";
    for (size_t i = 0; i < module.reaches.size(); ++i) {
      out += (i == 0 ? "" : ", ") + toml_string(module.reaches[i]);
    }
    out += "]\n";
    write_list(out, module.decisions);
  }
  for (const SignerDecisions& signer : all.signers) {
    out += "\n[" + toml_string(signer.key) + "]\nname = " + toml_string(signer.name) + "\n";
    write_list(out, signer.decisions);
  }
  return out;
}

}  // namespace nacre::grant
