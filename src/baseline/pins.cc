#include "baseline/pins.h"

#include <algorithm>
#include <array>

#include "wasm/walk.h"

namespace nacre::baseline {
namespace {

using wasm::Op;

// Loops count eightfold, down to four of them inside each other.
constexpr uint32_t kMaxDepth = 4;
constexpr uint32_t kManyUses = 1u << 31;  // counted no further

// Instructions that call something: the runtime's builtins as well.
constexpr bool calls(Op op) {
  const wasm::OpInfo& info = wasm::op_info(op);
  if (info.has_flag('K')) return !info.has_flag('B');
  switch (op) {
    case Op::memory_grow:
    case Op::memory_init:
    case Op::data_drop:
    case Op::memory_copy:
    case Op::memory_fill:
    case Op::table_init:
    case Op::elem_drop:
    case Op::table_copy:
    case Op::table_grow:
    case Op::table_fill:
    case Op::memory_atomic_notify:
    case Op::memory_atomic_wait32:
    case Op::memory_atomic_wait64:
      return true;
    default:
      return false;
  }
}

struct Surveyor {
  explicit Surveyor(BodySurvey& result) : survey(result) {}

#define OP(name, text, prefix, code, imm_, sig, feature, flags) \
  void name(const wasm::imm::imm_& i) { see<Op::name>(i); }
#include "wasm/ops.def"
#undef OP

  template <Op op, class Imm>
  void see(const Imm& i) {
    if constexpr (op == Op::local_get || op == Op::local_set || op == Op::local_tee) {
      if (i.index >= survey.uses.size()) [[unlikely]]
        survey.uses.resize(i.index + 16);
      uint32_t& uses = survey.uses[i.index];
      if (uses < kManyUses) uses += weight;
    } else if constexpr (op == Op::loop) {
      ++depth;
      if (depth <= kMaxDepth) weight *= 8;
      open.push_back(true);
    } else if constexpr (op == Op::block || op == Op::if_ || op == Op::try_ ||
                         op == Op::try_table) {
      open.push_back(false);
    } else if constexpr (op == Op::end || op == Op::delegate) {
      if (open.empty()) return;
      if (open.back()) {
        if (depth <= kMaxDepth) weight /= 8;
        --depth;
      }
      open.pop_back();
    } else if constexpr (calls(op)) {
      survey.has_calls = true;
      survey.calls += weight;
    }
  }

  BodySurvey& survey;
  uint32_t weight = 1;
  uint32_t depth = 0;
  std::vector<bool> open;  // whether each open block is a loop
};

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
x64::GprSet arriving(const std::vector<Local>& locals, uint32_t params, uint32_t local) {
  if (local >= params) return {};
  uint32_t number = 0;
  for (uint32_t i = 0; i < local; ++i) number += !in_xmm(locals[i].type);
  return number < x64::kGprArgs.size() ? x64::GprSet::of(x64::kGprArgs[number]) : x64::GprSet();
}

}  // namespace

void survey_body(wasm::BodyReader reader, BodySurvey& survey) {
  survey.uses.clear();
  survey.calls = 0;
  survey.has_calls = false;
  Surveyor surveyor(survey);
  wasm::Trusted checker;
  wasm::walk(reader, checker, surveyor);
}

PinnedRegisters pin_locals(const BodySurvey& survey, uint32_t param_count,
                           std::vector<Local>& locals) {
  Best<x64::kGprPins.size() + x64::kGprSavedPins.size()> integers;
  Best<x64::kXmmPins.size()> floats;
  size_t count = std::min(survey.uses.size(), locals.size());
  for (uint32_t i = 0; i < count; ++i) {
    if (survey.uses[i] == 0) continue;
    if (in_xmm(locals[i].type)) {
      floats.offer({i, survey.uses[i]});
    } else {
      integers.offer({i, survey.uses[i]});
    }
  }

  // A call costs a store and a load of each register that it loses; a saved register costs the same
  // once a function.
  uint64_t lost_cost = 2 * survey.calls;
  constexpr uint64_t kSavedCost = 2;
  x64::GprSet lost, saved;
  for (x64::Gpr reg : x64::kGprPins) lost.add(reg);
  for (x64::Gpr reg : x64::kGprSavedPins) saved.add(reg);
  PinnedRegisters pinned;
  for (const Candidate& candidate : integers) {
    Local& local = locals[candidate.local];
    bool prefer_lost = lost_cost < kSavedCost;
    x64::GprSet& set = (prefer_lost && !lost.empty()) || saved.empty() ? lost : saved;
    uint64_t cost = &set == &lost ? lost_cost : kSavedCost;
    if (set.empty() || candidate.uses <= cost) continue;
    x64::Gpr reg = set.first();
    for (x64::Gpr own : x64::kGprPins) {
      if (set.has(own) && arriving(locals, param_count, candidate.local).has(own)) reg = own;
    }
    set.remove(reg);
    pinned.gprs.add(reg);
    local.pin = number(reg);
    local.saved_in_calls = &set == &lost;
  }
  size_t next = 0;
  for (const Candidate& candidate : floats) {
    if (candidate.uses <= lost_cost) break;
    Local& local = locals[candidate.local];
    x64::Xmm reg = x64::kXmmPins[next++];
    pinned.xmms.add(reg);
    local.pin = number(reg);
    local.saved_in_calls = true;
  }
  return pinned;
}

}  // namespace nacre::baseline
