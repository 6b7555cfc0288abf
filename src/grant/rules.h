// What a set of rules says about a request. Denying wins over allowing, whatever is narrower; among
// rules that say the same, the narrowest explains the verdict. No rule: undecided.
// Immutable use is thread-safe; add() is the owner's business to serialise.
#pragma once

#include <vector>

#include "grant/gate.h"
#include "grant/rule.h"

namespace nacre::grant {

struct Verdict {
  enum Answer : uint8_t { undecided, allowed, denied };
  Answer answer = undecided;
  const Rule* because = nullptr;  // belongs to the RuleSet, until rules are added
};

class RuleSet {
 public:
  void add(Rule rule) { rules_.push_back(std::move(rule)); }
  void add_all(std::vector<Rule> rules);
  const std::vector<Rule>& rules() const { return rules_; }

  // A rule about connections is also one about looking the host's name up: allowing implies it;
  // denying every port does. Connections are decided by rules about the address and about the
  // request's names; a denial of either counts.
  Verdict evaluate(const Request& request) const;
  // Whether a rule against something lies at, above or below this directory.
  bool restricts(std::string_view host_directory) const;
  // The smallest amount that was said; nothing: no limit was said.
  const Rule* limit(Kind kind) const;

 private:
  std::vector<Rule> rules_;
};

// What a request is about, as a rule about just that would be written: of a connection the name
// that led to the address, if a rule about it would do; else the object itself.
std::string subject_of(const Request& request);

// Whether `narrow` says nothing that `wide` does not say already.
bool covers(const Rule& wide, const Rule& narrow);

}  // namespace nacre::grant
