// Learning: collects what a run really used, and writes it as the smallest policy that allows it.
//
// Files and directories become `file` rules with just the rights that were used, by the path that
// the guest's names led to; a directory that was mounted under another name stays a mount, with
// fewer rights. Connections become `net` rules by the name that led there, else by the address. Any
// thread.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "host/call_log.h"
#include "policy/policy.h"

namespace nacre::policy {

class Recorder final : public Watcher, public host::CallLog {
 public:
  // What the run had: variables and sockets come from there, and mounts with names of their own.
  explicit Recorder(std::vector<Rule> granted) : granted_(std::move(granted)) {}

  void decided(const host::Request& request, host::Decision decision, const Rule* because,
               std::string_view asked) override;
  void called(const host::CallRecord& record) override;

  // Which calls of interest there were, a bit each; and those of another recorder of the same run.
  uint32_t calls() const;
  void add_calls(uint32_t calls);

  std::vector<Rule> needed() const;

 private:
  const Rule* renaming_mount(std::string_view path) const;
  void add_network(std::vector<Rule>& rules) const;

  std::vector<Rule> granted_;
  mutable std::mutex mutex_;
  std::map<std::string, Rights, std::less<>> paths_;
  std::set<std::string, std::less<>> variables_;  // that were asked about
  std::set<std::pair<Kind, std::string>> ends_;   // of the network
  uint32_t calls_ = 0;
};

}  // namespace nacre::policy
