// Learning: collects what a run really used, and makes the smallest policy that allows it.
//
// Files and directories become `file` rules with just the rights that were used, by the path that
// the guest's names led to; a directory that was mounted under another name stays a mount, with
// fewer rights. Connections become `net` rules by the name that led there, else by the address.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "grant/gate.h"
#include "grant/rule.h"

namespace nacre::grant {

class Record {
 public:
  // What the run had: variables and sockets come from there, and mounts with names of their own.
  explicit Record(std::vector<Rule> granted) : granted_(std::move(granted)) {}

  // Something that was allowed.
  void add(const Request& allowed);
  // A call, if it is of interest; `object`: what it was about, as the guest names it.
  void add_call(std::string_view call, std::string_view object);
  // Which calls of interest there were, a bit each; and those of another record of the same run.
  uint32_t calls() const { return calls_; }
  void add_calls(uint32_t calls) { calls_ |= calls; }

  std::vector<Rule> needed() const;

 private:
  const Rule* renaming_mount(std::string_view path) const;
  void add_network(std::vector<Rule>& rules) const;

  std::vector<Rule> granted_;
  std::map<std::string, Rights, std::less<>> paths_;
  std::set<std::string, std::less<>> variables_;  // that were asked about
  std::set<std::pair<Kind, std::string>> ends_;   // of the network
  uint32_t calls_ = 0;
};

}  // namespace nacre::grant
