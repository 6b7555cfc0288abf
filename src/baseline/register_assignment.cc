#include "baseline/register_assignment.h"

#include <algorithm>
#include <array>

namespace nacre::baseline {
namespace {

struct Candidate {
  uint32_t local;
  uint32_t uses;
};

// The most used locals of one kind of register, at most N.
template <size_t N>
class Best {
 public:
  void offer(Candidate candidate) {
    if (count_ == N && candidate.uses <= items_[N - 1].uses) return;
    size_t at = count_ < N ? count_++ : N - 1;
    while (at > 0 && items_[at - 1].uses < candidate.uses) {
      items_[at] = items_[at - 1];
      --at;
    }
    items_[at] = candidate;
  }
  const Candidate* begin() const { return items_.data(); }
  const Candidate* end() const { return items_.data() + count_; }

 private:
  std::array<Candidate, N> items_{};
  size_t count_ = 0;
};

// The register in which argument number `number` of the integers arrives, if locals may have it.
GprSet arriving(const std::vector<Local>& locals, uint32_t params, uint32_t local) {
  if (local >= params) return {};
  uint32_t number = 0;
  for (uint32_t i = 0; i < local; ++i) number += !in_fpr(locals[i].type);
  return number < kGprArgs.size() ? GprSet::of(kGprArgs[number]) : GprSet();
}

}  // namespace

AssignedRegisters assign_registers(const UseCounts& counts, uint32_t param_count,
                                   std::vector<Local>& locals) {
  Best<kCallerSavedLocalGprs.size() + kCalleeSavedLocalGprs.size()> integers;
  Best<kLocalFprs.size()> floats;
  size_t count = std::min(counts.locals.size(), locals.size());
  for (uint32_t i = 0; i < count; ++i) {
    if (counts.locals[i] == 0) continue;
    if (in_fpr(locals[i].type)) {
      floats.offer({i, counts.locals[i]});
    } else {
      integers.offer({i, counts.locals[i]});
    }
  }

  // A caller-saved register costs a store and a load at each call; a callee-saved one costs them
  // once a function.
  uint64_t caller_saved_cost = 2 * counts.calls;
  constexpr uint64_t kCalleeSavedCost = 2;
  GprSet caller_saved, callee_saved;
  for (Gpr reg : kCallerSavedLocalGprs) caller_saved.add(reg);
  for (Gpr reg : kCalleeSavedLocalGprs) callee_saved.add(reg);
  AssignedRegisters assigned;
  for (const Candidate& candidate : integers) {
    Local& local = locals[candidate.local];
    bool prefer_caller_saved = caller_saved_cost < kCalleeSavedCost;
    GprSet& set = (prefer_caller_saved && !caller_saved.empty()) || callee_saved.empty()
                      ? caller_saved
                      : callee_saved;
    uint64_t cost = &set == &caller_saved ? caller_saved_cost : kCalleeSavedCost;
    if (set.empty() || candidate.uses <= cost) continue;
    Gpr reg = set.first();
    for (Gpr own : kCallerSavedLocalGprs) {
      if (set.has(own) && arriving(locals, param_count, candidate.local).has(own)) reg = own;
    }
    set.remove(reg);
    assigned.gprs.add(reg);
    local.reg = number(reg);
    local.caller_saved = &set == &caller_saved;
  }
  size_t next = 0;
  for (const Candidate& candidate : floats) {
    if (candidate.uses <= caller_saved_cost) break;
    Local& local = locals[candidate.local];
    Fpr reg = kLocalFprs[next++];
    assigned.fprs.add(reg);
    local.reg = number(reg);
    local.caller_saved = true;
  }
  return assigned;
}

}  // namespace nacre::baseline
