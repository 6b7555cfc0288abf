#include "policy/record.h"

#include <algorithm>

#include "os/host_path.h"
#include "policy/rules.h"

namespace nacre::policy {
namespace {

// Calls whose success says that something was needed.
enum Call : uint32_t {
  get_time = 1,
  wait = 2,
  get_random = 4,
  get_variables = 8,
  accept = 16,
  input = 32
};
struct CallOfInterest {
  std::string_view name;
  Call call;
};
constexpr CallOfInterest kCalls[] = {
    {"clock_time_get", get_time}, {"clock_res_get", get_time},    {"poll_oneoff", wait},
    {"random_get", get_random},   {"environ_get", get_variables}, {"sock_accept", accept},
};

Rule switched(Kind kind, bool on) {
  Rule rule;
  rule.kind = kind;
  rule.allow = on;
  return rule;
}

}  // namespace

void Recorder::decided(const host::Request& request, host::Decision decision, const Rule*,
                       std::string_view) {
  if (decision != host::Decision::allow) return;
  std::lock_guard lock(mutex_);
  if (request.kind == Kind::env) variables_.emplace(request.object);
  Shape shape = info_of(request.kind).shape;
  bool is_end = shape == Shape::endpoint || shape == Shape::host;
  // What was listened at for the guest is in what it had.
  if (is_end && !request.granted) ends_.emplace(request.kind, subject_of(request));
  if (shape != Shape::path) return;
  auto found = paths_.try_emplace(std::string(request.object), Rights::none).first;
  found->second = found->second | request.rights;
}

void Recorder::called(const host::CallRecord& record) {
  if (record.result != "success") return;
  uint32_t call = 0;
  for (const CallOfInterest& item : kCalls) {
    if (item.name == record.call) call = item.call;
  }
  if (record.call == "fd_read" && record.object == "stdin") call = input;
  if (call != 0) add_calls(call);
}

uint32_t Recorder::calls() const {
  std::lock_guard lock(mutex_);
  return calls_;
}

void Recorder::add_calls(uint32_t calls) {
  std::lock_guard lock(mutex_);
  calls_ |= calls;
}

// The deepest directory that was mounted under another name and holds the path.
const Rule* Recorder::renaming_mount(std::string_view path) const {
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
void Recorder::add_network(std::vector<Rule>& rules) const {
  for (const auto& [kind, object] : ends_) {
    auto rule = parse_rule(kind, object, true, Place{"/", ""});
    if (!rule) continue;
    bool said = std::ranges::any_of(rules, [&](const Rule& old) {
      bool implied =
          old.kind == Kind::net && kind == Kind::lookup && old.endpoint.covers_host(rule->endpoint);
      return implied || covers(old, *rule);
    });
    if (!said) rules.push_back(std::move(*rule));
  }
}

std::vector<Rule> Recorder::needed() const {
  std::lock_guard lock(mutex_);
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
  auto used = [&](uint32_t calls) { return (calls_ & calls) != 0; };
  for (const Rule& rule : granted_) {
    bool variables = rule.kind == Kind::env && used(get_variables);
    bool sockets = rule.kind == Kind::listen && used(accept);
    if (rule.allow && (variables || sockets)) rules.push_back(rule);
  }
  for (const std::string& name : variables_) {
    Rule rule;
    rule.kind = Kind::env;
    rule.name = name;
    rules.push_back(std::move(rule));
  }
  add_network(rules);
  rules.push_back(switched(Kind::clock, used(get_time | wait)));
  rules.push_back(switched(Kind::random, used(get_random)));
  rules.push_back(switched(Kind::stdin, used(input | wait)));
  return rules;
}

}  // namespace nacre::policy
