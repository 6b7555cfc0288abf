#include "grant/record.h"

#include <algorithm>

#include "base/path.h"
#include "grant/rules.h"

namespace nacre::grant {
namespace {

Rule switched(Kind kind, bool on) {
  Rule rule;
  rule.kind = kind;
  rule.allow = on;
  return rule;
}

}  // namespace

void Record::add(const Request& allowed) {
  if (allowed.kind == Kind::env) variables_.emplace(allowed.object);
  Shape shape = info_of(allowed.kind).shape;
  bool is_end = shape == Shape::endpoint || shape == Shape::host;
  // What was listened at for the guest is in what it had.
  if (is_end && !allowed.granted) ends_.emplace(allowed.kind, subject_of(allowed));
  if (shape != Shape::path) return;
  auto found = paths_.try_emplace(std::string(allowed.object), Rights::none).first;
  found->second = found->second | allowed.rights;
}

// The deepest directory that was mounted under another name and holds the path.
const Rule* Record::renaming_mount(std::string_view path) const {
  const Rule* found = nullptr;
  for (const Rule& rule : granted_) {
    if (rule.kind != Kind::dir || !rule.allow || rule.guest.empty() || rule.guest == rule.given) {
      continue;
    }
    if (!is_beneath(path, rule.path)) continue;
    if (found == nullptr || rule.path.size() > found->path.size()) found = &rule;
  }
  return found;
}

// Looking up what is connected to by its name goes without saying.
void Record::add_network(std::vector<Rule>& rules) const {
  for (const auto& [kind, object] : ends_) {
    auto rule = parse_rule(kind, object, true, Place(way_by_words));
    if (!rule) continue;
    bool said = std::ranges::any_of(rules, [&](const Rule& old) {
      bool implied =
          old.kind == Kind::net && kind == Kind::lookup && old.endpoint.covers_host(rule->endpoint);
      return implied || covers(old, *rule);
    });
    if (!said) rules.push_back(std::move(*rule));
  }
}

std::vector<Rule> Record::needed() const {
  std::vector<Rule> rules;
  std::map<const Rule*, Rights> mounts;
  for (const auto& [path, rights] : paths_) {
    if (const Rule* mount = renaming_mount(path)) {
      mounts[mount] = mounts[mount] | rights;
      continue;
    }
    Rule rule;
    rule.kind = Kind::file;
    rule.path = path;
    rule.given = path;
    rule.rights = rights;
    rules.push_back(std::move(rule));
  }
  for (const auto& [mount, rights] : mounts) {
    Rule rule = *mount;
    rule.rights = rights;
    rules.push_back(std::move(rule));
  }
  for (const Rule& rule : granted_) {
    bool variables = rule.kind == Kind::env && has(Need::variables);
    bool sockets = rule.kind == Kind::listen && has(Need::sockets);
    if (rule.allow && (variables || sockets)) rules.push_back(rule);
  }
  for (const std::string& name : variables_) {
    Rule rule;
    rule.kind = Kind::env;
    rule.name = name;
    rules.push_back(std::move(rule));
  }
  add_network(rules);
  rules.push_back(switched(Kind::clock, has(Need::clock) || has(Need::waiting)));
  rules.push_back(switched(Kind::random, has(Need::random)));
  rules.push_back(switched(Kind::stdin, has(Need::input) || has(Need::waiting)));
  return rules;
}

}  // namespace nacre::grant
