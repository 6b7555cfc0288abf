// Says what src/grant makes of cases: run natively and as a WebAssembly module, it must say the same.
//
// A line of standard input is a case: a word and fields, separated by tabs; \n, \t, \\ and \xHH in a
// field are characters.
//   place   DIRECTORY HOME                       where paths begin from now on
//   policy  TEXT                                 the rules from now on
//   request KIND OBJECT RIGHTS FLAGS [NAME...]   rights and flags as numbers
//   rule    KIND allow|deny [VALUE]
//   decisions TEXT
// What is learned about a case is one or more lines of standard output.

#include <charconv>
#include <cstdint>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "base/utf8.h"
#include "grant/decisions.h"
#include "grant/gate.h"
#include "grant/policy_file.h"
#include "grant/question.h"
#include "grant/record.h"
#include "grant/rules.h"

using namespace nacre;
using namespace nacre::grant;

namespace {

using Fields = std::vector<std::string>;

uint32_t number(std::string_view text, int base = 10) {
  uint32_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value, base);
  return value;
}

Fields fields_of(std::string_view line) {
  Fields fields(1);
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\t') {
      fields.emplace_back();
    } else if (line[i] != '\\' || i + 1 == line.size()) {
      fields.back() += line[i];
    } else if (char c = line[++i]; c == 'x') {
      fields.back() += static_cast<char>(number(line.substr(i + 1, 2), 16));
      i += 2;
    } else {
      fields.back() += c == 'n' ? '\n' : c == 't' ? '\t' : c;
    }
  }
  return fields;
}

// So that a text of any bytes is one line.
std::string shown(std::string_view text) { return printable(text, SIZE_MAX); }

void say(std::string_view what, std::string_view text) {
  std::cout << what << ' ' << shown(text) << '\n';
}

void say_rule(const Rule& rule) {
  say("rule", flag_text(rule, "/srv"));
  say(" for a shell", shell_text(rule, "/srv"));
  std::cout << " allow " << rule.allow << " source " << static_cast<int>(rule.source) << " amount "
            << rule.amount << " rights " << rights_text(rule.rights) << " guest "
            << shown(rule.guest) << " from " << shown(rule.origin) << '\n';
}

class Cases {
 public:
  void run(const Fields& fields) {
    auto field = [&](size_t at) { return at < fields.size() ? fields[at] : std::string(); };
    const std::string& word = fields[0];
    if (word == "place") {
      place_ = Place(way_by_words, field(1), field(2));
    } else if (word == "policy") {
      policy(field(1));
    } else if (word == "request") {
      request(fields);
    } else if (word == "rule") {
      rule(fields);
    } else if (word == "decisions") {
      decisions(field(1));
    } else {
      say("no such case", word);
    }
  }

 private:
  void policy(const std::string& text) {
    PolicyFile file = parse_policy(text, "p.toml", place_);
    rules_ = RuleSet();
    for (const Problem& problem : file.problems) say("problem", problem_text("p.toml", problem));
    for (const Rule& one : file.rules) say_rule(one);
    say("written", write_policy(file.rules, text.substr(0, 20)));
    record_ = Record(file.rules);
    rules_.add_all(std::move(file.rules));
  }

  void request(const Fields& fields) {
    const KindInfo* info = fields.size() < 5 ? nullptr : find_kind(fields[1]);
    if (info == nullptr) return say("no request", fields[0]);
    Fields names(fields.begin() + 5, fields.end());
    uint32_t flags = number(fields[4]);
    Request request{.kind = info->kind,
                    .object = fields[2],
                    .rights = static_cast<Rights>(number(fields[3]) & 7),
                    .granted = (flags & 1) != 0,
                    .missing = (flags & 2) != 0,
                    .is_directory = (flags & 4) != 0,
                    .is_link = (flags & 8) != 0,
                    .subtree = (flags & 16) != 0,
                    .removes = (flags & 32) != 0,
                    .takes = (flags & 64) != 0,
                    .names = names,
                    .stays_here = (flags & 128) != 0};
    Verdict verdict = rules_.evaluate(request);
    std::cout << "verdict " << static_cast<int>(verdict.answer) << " near "
              << rules_.restricts(request.object) << '\n';
    if (verdict.because != nullptr) {
      say(" because", flag_text(*verdict.because) + " (" + verdict.because->origin + ")");
    }
    if (verdict.answer == Verdict::allowed) record_.add(request);
    ask(request);
  }

  static void ask(const Request& request) {
    Question question{.module_name = "app.wasm",
                      .digest = "sha256:00",
                      .signers = {"alice"},
                      .kind = request.kind,
                      .object = subject_of(request),
                      .rights = request.rights,
                      .is_directory = request.is_directory,
                      .missing = request.missing,
                      .folder = std::string(parent_of(request.object))};
    say(" asked", question_text(question, "bcdf"));
    for (std::string_view line : {"no", "always bcdf", "always", "always dir bcdf", "never dir"}) {
      std::cout << ' ' << info_of(answer_of(line, "bcdf", question)).word;
    }
    std::cout << '\n';
  }

  void rule(const Fields& fields) {
    const KindInfo* info = fields.size() < 3 ? nullptr : find_kind(fields[1]);
    if (info == nullptr) return say("no rule", fields[0]);
    std::optional<std::string_view> value;
    if (fields.size() > 3) value = fields[3];
    auto parsed = parse_rule(info->kind, value, fields[2] == "allow", place_);
    if (!parsed) return say("wrong", parsed.error().to_string());
    say_rule(*parsed);
  }

  static void decisions(const std::string& text) {
    constexpr Seconds kNow = 1'800'000'000;
    auto all = parse_decisions(text, "/permissions.toml", kNow);
    if (!all) return say("wrong", all.error().to_string());
    for (const ModuleDecisions& module : all->modules) {
      for (const StoredDecision& one : module.decisions) say_rule(one.rule);
    }
    say("decisions", write_decisions(*all));
  }

 public:
  void end() const {
    say("learned", write_policy(record_.needed(), "learned"));
    say("schema", policy_schema());
  }

 private:
  Place place_{way_by_words};
  RuleSet rules_;
  Record record_{{}};
};

}  // namespace

int main() {
  std::ios::sync_with_stdio(false);
  Cases cases;
  for (std::string line; std::getline(std::cin, line);) cases.run(fields_of(line));
  cases.end();
}
