#include "policy/record.h"

#include "os/host_path.h"

namespace nacre::policy {
namespace {

Rule switched(Kind kind, bool on) {
  Rule rule;
  rule.kind = kind;
  rule.allow = on;
  return rule;
}

}  // namespace

void Recorder::decided(const host::Request& request, host::Decision decision, const Rule*,
                       std::string_view) {
  if (decision != host::Decision::allow || info_of(request.kind).shape != Shape::path) return;
  std::lock_guard lock(mutex_);
  auto found = paths_.try_emplace(std::string(request.object), Rights::none).first;
  found->second = found->second | request.rights;
}

void Recorder::called(const host::CallRecord& record) {
  if (record.result != "success") return;
  std::string key(record.call);
  // Of what is held, only the standard streams are of interest here.
  if (record.uses == host::Uses::held) key += " " + std::string(record.object);
  std::lock_guard lock(mutex_);
  if (calls_.size() < 10'000) calls_.insert(std::move(key));
}

// The deepest directory that was mounted under another name and holds the path.
const Rule* Recorder::renaming_mount(std::string_view path) const {
  const Rule* found = nullptr;
  for (const Rule& rule : granted_) {
    if (rule.kind != Kind::dir || !rule.allow || rule.guest.empty() || rule.guest == rule.given) {
      continue;
    }
    if (!os::is_beneath(path, rule.path)) continue;
    if (found == nullptr || rule.path.size() > found->path.size()) found = &rule;
  }
  return found;
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
  auto used = [&](const char* call) { return calls_.contains(call); };
  for (const Rule& rule : granted_) {
    bool variables = rule.kind == Kind::env && used("environ_get");
    bool sockets = rule.kind == Kind::listen && used("sock_accept");
    if (rule.allow && (variables || sockets)) rules.push_back(rule);
  }
  bool waits = used("poll_oneoff");
  rules.push_back(switched(Kind::clock, used("clock_time_get") || used("clock_res_get") || waits));
  rules.push_back(switched(Kind::random, used("random_get")));
  rules.push_back(switched(Kind::stdin, used("fd_read stdin") || waits));
  return rules;
}

}  // namespace nacre::policy
