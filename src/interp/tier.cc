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

class InterpExecutor final : public abi::Executor {
 public:
  explicit InterpExecutor(Options options) : options_(options) {}

  std::string_view name() const override { return "interp"; }

  Result<std::unique_ptr<abi::ModuleCode>> prepare(const abi::ModuleInput& input) override {
    return InterpCode::create(input, options_);
  }

  // What is suspended keeps its part of the stack.
  Outcome call(abi::ExecContext& exec, abi::FuncObject& function, abi::Value* values) override {
    uint8_t* top = exec.stack_top;
    os::Notice* outer = exec.running.notice;
    Outcome outcome = enter(exec, function, values);
    exec.running.notice = outer;
    if (!outcome.is_suspended()) exec.stack_top = top;
    return outcome;
  }

  Outcome resume(abi::ExecContext& exec, abi::Value* values) override {
    abi::Suspension suspension = std::exchange(exec.suspension, {});
    auto* activation = static_cast<Activation*>(suspension.resume_point);
    os::Notice* outer = std::exchange(exec.running.notice, &activation->notice);
    go_on(*activation, suspension.values);
    Outcome outcome = leave(*activation, values);
    exec.running.notice = outer;
    if (!outcome.is_suspended()) exec.stack_top = reinterpret_cast<uint8_t*>(activation);
    return outcome;
  }

  void abandon(abi::ExecContext& exec, abi::Trap& trap) override {
    auto* activation = static_cast<Activation*>(exec.suspension.resume_point);
    add_frames(*activation, trap);
    std::destroy_at(activation);
  }

 private:
  Outcome enter(abi::ExecContext& exec, abi::FuncObject& function, abi::Value* values) const;
  static Outcome leave(Activation& activation, abi::Value* values);

  Options options_;
};

// The activation, a bridge to the host, then the arguments as the first locals.
Outcome InterpExecutor::enter(abi::ExecContext& exec, abi::FuncObject& function,
                              abi::Value* values) const {
  constexpr size_t kActivationBytes = (sizeof(Activation) + 15) & ~size_t{15};
  constexpr size_t kHeadBytes = kActivationBytes + sizeof(Bridge);
  uint8_t* stack = exec.stack_top;
  uint8_t* end = exec.upwards_end;
  if (stack > end || static_cast<size_t>(end - stack) < kHeadBytes)
    return abi::make_trap(TrapKind::call_stack_exhausted);
  Activation& activation = *new (stack) Activation;
  activation.limit = end;
  activation.vmctx = function.vmctx;
  activation.exec = &exec;
  activation.executor = this;
  if (exec.counts_fuel)
    activation.notice.interrupt_pending.store(os::Notice::kInterruptPending,
                                              std::memory_order_relaxed);
  exec.running.notice = &activation.notice;
  const FunctionCode* code = resolve(activation, function);
  if (code == nullptr) {
    Outcome outcome = std::move(activation.host_trap);
    std::destroy_at(&activation);
    return outcome;
  }
  activation.type = &code->module->type(function.index);
  if (TrapKind stop = poll_interrupts(activation, code->body_bytes); stop != TrapKind::none)
    return abi::make_trap(stop);
  if (static_cast<size_t>(end - stack) < kHeadBytes + code->frame_bytes)
    return abi::make_trap(TrapKind::call_stack_exhausted);
  auto* base = new (stack + kActivationBytes) Bridge{};
  values_to_slots(values, activation.type->params, stack + kHeadBytes, code->wide);
  run(activation, base, function.vmctx, *code);
  return leave(activation, values);
}

// After handlers stopped.
[[gnu::always_inline]] inline Outcome InterpExecutor::leave(Activation& activation,
                                                            abi::Value* values) {
  if (activation.suspended.type != nullptr) {
    abi::Suspension& suspension = activation.exec->suspension;
    suspension.resume_point = &activation;
    if (suspension.tail) std::destroy_at(&activation);
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

std::unique_ptr<abi::Executor> make_tier(Options options) {
  return std::make_unique<InterpExecutor>(options);
}

}  // namespace nacre::interp
