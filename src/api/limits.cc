#include "api/limits.h"

#include <algorithm>
#include <string>

#include "base/utf8.h"
#include "grant/rules.h"

namespace nacre::api {
namespace {

using abi::TrapKind;
using grant::Kind;
using grant::Rule;
using grant::Shape;

struct Row {
  Kind kind;
  TrapKind trap;
};
constexpr Row kRows[] = {
#define LIMIT(kind, trap) {Kind::kind, TrapKind::trap},
#include "api/limits.def"
#undef LIMIT
};

// "64 MiB", "10 s", "1000".
std::string shown(const Rule& rule) {
  std::string text = grant::value_text(rule);
  size_t digits = text.find_first_not_of("0123456789");
  std::string unit = digits == std::string::npos ? "" : text.substr(digits);
  std::string number = text.substr(0, digits);
  if (grant::info_of(rule.kind).shape == Shape::size)
    return number + (unit.empty() ? " bytes" : " " + unit + "iB");
  return unit.empty() ? number : number + " " + unit;
}

}  // namespace

runtime::Limits limits_of(const std::vector<Rule>& rules) {
  grant::RuleSet set;
  set.add_all(rules);
  runtime::Limits limits;
  for (const Row& row : kRows) {
    const Rule* rule = set.limit(row.kind);
    if (rule == nullptr) continue;
    limits.push_back({.kind = row.trap,
                      .amount = rule->amount,
                      .words = shown(*rule) + " (" + printable(rule->origin) + ")"});
  }
  return limits;
}

bool keep_time(const runtime::Limits& limits) {
  return std::ranges::any_of(limits, [](const runtime::Limit& limit) {
    return limit.kind == TrapKind::time_limit || limit.kind == TrapKind::cpu_time_limit;
  });
}

const char* limit_name(TrapKind trap) {
  for (const Row& row : kRows) {
    if (row.trap == trap) return grant::info_of(row.kind).name.data();
  }
  return "";
}

}  // namespace nacre::api
