// Learning: collects what a run really used, and makes the smallest policy that allows it.
//
// Files and directories become `file` rules with just the rights that were used, by the path that
// the guest's names led to; a directory that was mounted under another name stays a mount, with
// fewer rights. Connections become `net` rules by the name that led there, else by the address.
#pragma once

#include <cstdint>
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
  void add(Need need) { needs_ |= bit(need); }
  // Which needs there were, a bit each; and adds those of another record of the same run.
  uint32_t needs() const { return needs_; }
  void add_needs(uint32_t needs) { needs_ |= needs; }

  std::vector<Rule> needed() const;

 private:
  static uint32_t bit(Need need) { return uint32_t{1} << static_cast<uint32_t>(need); }
  bool has(Need need) const { return (needs_ & bit(need)) != 0; }
  const Rule* renaming_mount(std::string_view path) const;
  void add_network(std::vector<Rule>& rules) const;

  std::vector<Rule> granted_;
  std::map<std::string, Rights, std::less<>> paths_;
  std::set<std::string, std::less<>> variables_;  // that questions were asked about
  std::set<std::pair<Kind, std::string>> ends_;   // of the network
  uint32_t needs_ = 0;
};

}  // namespace nacre::grant
