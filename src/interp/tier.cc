#include "interp/tier.h"

#include <utility>

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

 private:
  static Outcome enter(abi::ExecContext& exec, abi::FuncObject& function, abi::Value* values);

  Options options_;
};

Outcome InterpTier::enter(abi::ExecContext& exec, abi::FuncObject& function, abi::Value* values) {
  Activation activation;
  activation.limit = exec.stack_end;
  activation.vmctx = function.vmctx;
  activation.exec = &exec;
  if (exec.counts_fuel)
    activation.notice.attention.store(os::Notice::kAttention, std::memory_order_relaxed);
  exec.running.notice = &activation.notice;
  const FunctionCode* code = resolve(activation, function);
  if (code == nullptr) return std::move(activation.host_trap);
  if (TrapKind stop = attend(activation, code->body_bytes); stop != TrapKind::none)
    return abi::make_trap(stop);

  // A bridge to the host, then the arguments as the first locals.
  uint8_t* stack = exec.stack_top;
  if (stack > exec.stack_end ||
      static_cast<size_t>(exec.stack_end - stack) < sizeof(Bridge) + code->frame_bytes) {
    return abi::make_trap(TrapKind::call_stack_exhausted);
  }
  auto* base = reinterpret_cast<Bridge*>(stack);
  *base = Bridge{};
  uint8_t* args = stack + sizeof(Bridge);
  const wasm::FuncType& type = static_cast<InterpCode&>(*function.vmctx->code).type(function.index);
  values_to_slots(values, type.params, args, code->wide);

  if (run(activation, base, function.vmctx, *code)) {
    size_t slot_bytes = activation.exit_wide ? Wide::kSlot : Narrow<0>::kSlot;
    slots_to_values(activation.exit_sp - type.results.size() * slot_bytes, activation.exit_wide,
                    type.results, values);
    return nullptr;
  }
  abi::TrapPtr trap = activation.host_trap != nullptr ? std::move(activation.host_trap)
                                                      : abi::make_trap(activation.trap);
  add_frames(activation, *trap);
  return trap;
}

}  // namespace

std::unique_ptr<abi::Tier> make_tier(Options options) {
  return std::make_unique<InterpTier>(options);
}

}  // namespace nacre::interp
