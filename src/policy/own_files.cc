#include "policy/own_files.h"

#include <algorithm>
#include <utility>

#include "grant/rules.h"
#include "os/host_path.h"
#include "os/private_file.h"
#include "policy/store.h"

namespace nacre::policy {
namespace {

using grant::Kind;
using grant::Rights;
using grant::Rule;

constexpr std::string_view kOwn = "Nacre's own";

Rule denial(Kind kind, std::string_view path, std::string_view directory, Rights rights,
            std::string_view what) {
  Way way = os::way_of(path, directory);
  Rule rule;
  rule.kind = kind;
  rule.allow = false;
  rule.source = grant::Source::built_in;
  rule.origin = what;
  rule.path = std::move(way.end);
  rule.links = std::move(way.links);
  rule.given = rule.path;
  rule.rights = rights;
  return rule;
}

// Unless an earlier one says all that it says.
void add(std::vector<Rule>& rules, Rule rule) {
  bool said = std::ranges::any_of(rules, [&](const Rule& earlier) {
    return covers(earlier, rule) && earlier.links == rule.links;
  });
  if (!said) rules.push_back(std::move(rule));
}

void deny_file(std::vector<Rule>& rules, const OwnFile& file, std::string_view directory) {
  Rule rule = denial(Kind::file, file.path, directory, file.denied, file.what);
  Rule next = rule;
  add(rules, std::move(rule));
  if (!file.is_replaced) return;
  // Where a link lies there, it is replaced, not followed.
  next.path = next.given = os::next_path(next.path);
  add(rules, std::move(next));
}

}  // namespace

std::vector<Rule> protection(const std::vector<OwnFile>& files, std::string_view directory) {
  std::vector<Rule> rules;
  for (const std::string& folder : own_folders()) {
    add(rules, denial(Kind::dir, folder, "/", Rights::all, kOwn));
  }
  // The file may be a link out of its folder.
  for (const std::string& path : decision_files()) {
    deny_file(rules, {path, std::string(kOwn), Rights::all, true}, "/");
  }
  for (const OwnFile& file : files) deny_file(rules, file, directory);
  return rules;
}

}  // namespace nacre::policy
