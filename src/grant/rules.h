// What a set of rules says about a request. Denying wins over allowing, whatever is narrower; among
// rules that say the same, the narrowest explains the verdict. No rule: undecided.
// Const use is thread-safe; add() is not.
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

  // A rule that allows connections to a host also allows looking its name up; one that denies every
  // port also denies that. Connections are decided by rules about the address and about the
  // request's names; a denial of either counts.
  Verdict evaluate(const Request& request) const;
  // Whether a denying rule is about this directory, or one above or below it.
  bool restricts(std::string_view host_directory) const;
  // The smallest limit that was set; nothing: none was.
  const Rule* limit(Kind kind) const;

 private:
  std::vector<Rule> rules_;
};

// The object that a rule for just this request would name: for a connection the name that led to
// the address, if a rule about that name would cover it; else the request's own object.
std::string subject_of(const Request& request);

// Whether `wide` says all that `narrow` says.
bool covers(const Rule& wide, const Rule& narrow);

}  // namespace nacre::grant
