#include "interp/tier.h"

#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "interp/run.h"

namespace nacre::interp {
namespace {

using abi::Outcome;
using abi::TrapKind;

class InterpTier final : public abi::Tier {
 public:
  explicit InterpTier(Options options) : options_(options) {}

  std::string_view name() const override { return "interp"; }

  Result<std::unique_ptr<abi::ModuleCode>> prepare(const abi::ModuleInput& input) override {
    return InterpCode::create(input, options_);
  }

  Outcome call(abi::ExecContext& exec, abi::FuncObject& function, abi::Value* values) override {
    uint8_t* top = exec.stack_top;
    os::Notice* outer = exec.running.notice;
    Outcome outcome = enter(exec, function, values);
    exec.running.notice = outer;
    exec.stack_top = top;
    return outcome;
  }

  Outcome resume(abi::ExecContext& exec, abi::Value* values) override {
    abi::Suspension suspension = std::exchange(exec.suspension, {});
    auto* activation = static_cast<Activation*>(suspension.resume_point);
    exec.running.notice = &activation->notice;
    go_on(*activation, suspension.values);
    Outcome outcome = leave(*activation, values);
    exec.running.notice = nullptr;
    exec.stack_top = exec.stack_begin;
    return outcome;
  }

  void abandon(abi::ExecContext& exec, abi::Trap& trap) override {
    auto* activation = static_cast<Activation*>(exec.suspension.resume_point);
    add_frames(*activation, trap);
    std::destroy_at(activation);
  }

 private:
  static Outcome enter(abi::ExecContext& exec, abi::FuncObject& function, abi::Value* values);
  static Outcome leave(Activation& activation, abi::Value* values);

  Options options_;
};

// The activation, a bridge to the host, then the arguments as the first locals.
Outcome InterpTier::enter(abi::ExecContext& exec, abi::FuncObject& function, abi::Value* values) {
  constexpr size_t kActivationBytes = (sizeof(Activation) + 15) & ~size_t{15};
  constexpr size_t kHeadBytes = kActivationBytes + sizeof(Bridge);
  uint8_t* stack = exec.stack_top;
  if (stack > exec.stack_end || static_cast<size_t>(exec.stack_end - stack) < kHeadBytes)
    return abi::make_trap(TrapKind::call_stack_exhausted);
  Activation& activation = *new (stack) Activation;
  activation.limit = exec.stack_end;
  activation.vmctx = function.vmctx;
  activation.exec = &exec;
  if (exec.counts_fuel)
    activation.notice.attention.store(os::Notice::kAttention, std::memory_order_relaxed);
  exec.running.notice = &activation.notice;
  const FunctionCode* code = resolve(activation, function);
  if (code == nullptr) {
    Outcome outcome = std::move(activation.host_trap);
    std::destroy_at(&activation);
    return outcome;
  }
  activation.type = &code->module->type(function.index);
  if (TrapKind stop = attend(activation, code->body_bytes); stop != TrapKind::none)
    return abi::make_trap(stop);
  if (static_cast<size_t>(exec.stack_end - stack) < kHeadBytes + code->frame_bytes)
    return abi::make_trap(TrapKind::call_stack_exhausted);
  auto* base = new (stack + kActivationBytes) Bridge{};
  values_to_slots(values, activation.type->params, stack + kHeadBytes, code->wide);
  run(activation, base, function.vmctx, *code);
  return leave(activation, values);
}

// After handlers stopped.
Outcome InterpTier::leave(Activation& activation, abi::Value* values) {
  if (activation.suspended.function != nullptr) {
    activation.exec->suspension.resume_point = &activation;
    return Outcome::suspended();
  }
  Outcome outcome;
  if (activation.trap == TrapKind::none) {
    const std::vector<wasm::ValType>& results = activation.type->results;
    size_t slot_bytes = activation.exit_wide ? Wide::kSlot : Narrow<0>::kSlot;
    slots_to_values(activation.exit_sp - results.size() * slot_bytes, activation.exit_wide, results,
                    values);
  } else {
    abi::TrapPtr trap = activation.host_trap != nullptr ? std::move(activation.host_trap)
                                                        : abi::make_trap(activation.trap);
    add_frames(activation, *trap);
    outcome = std::move(trap);
  }
  std::destroy_at(&activation);
  return outcome;
}

}  // namespace

std::unique_ptr<abi::Tier> make_tier(Options options) {
  return std::make_unique<InterpTier>(options);
}

}  // namespace nacre::interp
