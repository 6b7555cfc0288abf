#include "tiering/executor.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "tiering/segment.h"

namespace nacre::tiering {
namespace {

using abi::Outcome;

// Only modules of this executor are in its engine.
TieredCode& code_of(const abi::FuncObject& function) {
  return static_cast<TieredCode&>(*function.vmctx->code);
}

const wasm::FuncType& type_of(const abi::FuncObject& function) {
  const wasm::Module& module = *function.vmctx->module;
  return module.types[wasm::index_of(module.functions[function.index])].func;
}

class TieredExecutor final : public abi::Executor {
 public:
  TieredExecutor(std::vector<std::unique_ptr<abi::Executor>> executors,
                 std::unique_ptr<Choice> choice)
      : executors_(std::move(executors)), choice_(std::move(choice)) {}

  std::string_view name() const override { return "tiered"; }
  bool uses_both_ends() const override { return true; }
  bool replaces_code() const override {
    return std::ranges::any_of(
        executors_, &abi::Executor::replaces_code,
        [](const auto& executor) -> const abi::Executor& { return *executor; });
  }

  Result<std::unique_ptr<abi::ModuleCode>> prepare(const abi::ModuleInput& input) override {
    std::vector<std::unique_ptr<abi::ModuleCode>> parts;
    parts.reserve(executors_.size());
    for (auto& executor : executors_) parts.push_back(TRY(executor->prepare(input)));
    return TieredCode::create(input.info.module(), executors_, std::move(parts), *choice_);
  }

  Result<void> attach_host(abi::FuncObject& function) override {
    for (auto& executor : executors_) TRY(executor->attach_host(function));
    return {};
  }

  Outcome call(abi::ExecContext& exec, abi::FuncObject& function, abi::Value* values) override;
  Outcome resume(abi::ExecContext& exec, abi::Value* values) override;
  void abandon(abi::ExecContext& exec, abi::Trap& trap) override;

 private:
  static Outcome enter(abi::ExecContext& exec, abi::FuncObject& function, const Segment& call);
  static Outcome call_for(abi::ExecContext& exec);
  static Outcome tail_call_for(abi::ExecContext& exec, const abi::Suspension& suspension);
  static Outcome go_on(abi::ExecContext& exec);
  static Outcome run(abi::ExecContext& exec, Outcome outcome);

  std::vector<std::unique_ptr<abi::Executor>> executors_;
  std::unique_ptr<Choice> choice_;
};

// Takes the youngest segment off the stack, and with it what its call put there.
Segment pop(abi::ExecContext& exec) {
  Segment popped = *exec.segment;
  exec.stack_top = reinterpret_cast<uint8_t*>(exec.segment);
  exec.frame_top = popped.frame_top;
  exec.segment = popped.below;
  return popped;
}

// It called something that did not return.
void abandon_youngest(abi::ExecContext& exec, abi::Trap& trap) {
  exec.suspension = {.resume_point = exec.segment->resume_point};
  exec.segment->executor->abandon(exec, trap);
  exec.suspension = {};
}

bool has_room(const abi::ExecContext& exec, const uint8_t* from, size_t bytes) {
  return from <= exec.upwards_end && static_cast<size_t>(exec.upwards_end - from) >= bytes;
}

// There is room for a segment. `call` says what it is to be but for what is found out here.
Outcome TieredExecutor::enter(abi::ExecContext& exec, abi::FuncObject& function,
                              const Segment& call) {
  TieredCode& code = code_of(function);
  code.choice().before_call(code);
  auto* segment = new (exec.stack_top) Segment(call);
  segment->below = exec.segment;
  segment->executor = &code.executor_of(function.index);
  segment->type = &type_of(function);
  segment->frame_top = exec.frame_top;
  exec.segment = segment;
  exec.stack_top = call.end != nullptr ? call.end : reinterpret_cast<uint8_t*>(segment + 1);
  return segment->executor->call(exec, function, segment->values);
}

// The youngest segment was left for a function that another executor runs.
Outcome TieredExecutor::call_for(abi::ExecContext& exec) {
  abi::Suspension suspension = std::exchange(exec.suspension, {});
  if (suspension.tail) return tail_call_for(exec, suspension);
  exec.segment->awaited = suspension.values;
  exec.segment->resume_point = suspension.resume_point;
  if (!has_room(exec, exec.stack_top, sizeof(Segment))) {
    abi::TrapPtr trap = abi::make_trap(abi::TrapKind::call_stack_exhausted);
    abandon_youngest(exec, *trap);
    return trap;
  }
  return enter(exec, *suspension.callee,
               {.values = suspension.values, .results = suspension.values});
}

// The callee takes the place of the youngest segment, of which nothing is left but the arguments.
// They go behind the new one, where results are also put: who awaits them may have no room for
// arguments.
Outcome TieredExecutor::tail_call_for(abi::ExecContext& exec, const abi::Suspension& suspension) {
  const wasm::FuncType& type = type_of(*suspension.callee);
  size_t values = std::max(type.params.size(), type.results.size());
  auto* place = reinterpret_cast<uint8_t*>(exec.segment);
  if (!has_room(exec, place, sizeof(Segment) + values * sizeof(abi::Value)))
    return abi::make_trap(abi::TrapKind::call_stack_exhausted);
  Segment left = pop(exec);
  auto* moved = reinterpret_cast<abi::Value*>(place + sizeof(Segment));
  std::memmove(moved, suspension.values, type.params.size() * sizeof(abi::Value));
  return enter(exec, *suspension.callee,
               {.values = moved,
                .results = left.results,
                .end = reinterpret_cast<uint8_t*>(moved + values),
                .from_host = left.from_host});
}

// The youngest segment goes on with the results of what it called.
Outcome TieredExecutor::go_on(abi::ExecContext& exec) {
  Segment& segment = *exec.segment;
  exec.suspension = {.values = segment.awaited, .resume_point = segment.resume_point};
  exec.frame_top = segment.frame_top;
  return segment.executor->resume(exec, segment.values);
}

// The loop: `outcome` is how the youngest segment ended that the host has entered.
Outcome TieredExecutor::run(abi::ExecContext& exec, Outcome outcome) {
  while (true) {
    if (outcome.is_suspended()) {
      if (exec.suspension.callee == nullptr) {
        exec.segment->stack_top = exec.stack_top;
        return outcome;
      }
      outcome = call_for(exec);
      continue;
    }
    Segment ended = pop(exec);
    if (outcome.is_returned()) {
      if (ended.values != ended.results)
        std::copy_n(ended.values, ended.type->results.size(), ended.results);
      if (ended.from_host) return outcome;
      outcome = go_on(exec);
    } else {
      if (ended.from_host) return outcome;
      abandon_youngest(exec, outcome.trap());
    }
  }
}

Outcome TieredExecutor::call(abi::ExecContext& exec, abi::FuncObject& function,
                             abi::Value* values) {
  if (!has_room(exec, exec.stack_top, sizeof(Segment)))
    return abi::make_trap(abi::TrapKind::call_stack_exhausted);
  return run(exec, enter(exec, function, {.values = values, .results = values, .from_host = true}));
}

Outcome TieredExecutor::resume(abi::ExecContext& exec, abi::Value*) {
  exec.stack_top = exec.segment->stack_top;
  return run(exec, exec.segment->executor->resume(exec, exec.segment->values));
}

void TieredExecutor::abandon(abi::ExecContext& exec, abi::Trap& trap) {
  exec.segment->executor->abandon(exec, trap);
  while (!pop(exec).from_host) abandon_youngest(exec, trap);
}

}  // namespace

std::unique_ptr<abi::Executor> make_executor(std::vector<std::unique_ptr<abi::Executor>> executors,
                                             std::unique_ptr<Choice> choice) {
  return std::make_unique<TieredExecutor>(std::move(executors), std::move(choice));
}

}  // namespace nacre::tiering
