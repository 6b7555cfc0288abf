#include "interp/module_code.h"

#include <new>
#include <utility>

#include "os/interrupt.h"
#include "wasm/validate/validate.h"
#include "wasm/walk.h"

namespace nacre::interp {
namespace {

// A walk that ends behind the last of the places.
struct Finder : wasm::Trusted {
  const wasm::Module& module;
  std::span<InterpCode::Place*> places;
  const uint8_t* last;  // the instruction that began last
  size_t found = 0;

  Finder(const wasm::Module& its_module, std::span<InterpCode::Place*> wanted)
      : module(its_module), places(wanted), last(wanted[0]->code->start) {}
  void begin(const uint8_t* pos) {
    for (; found < places.size() && places[found]->pc < pos; ++found) settle();
    last = pos;
  }
  void settle() { places[found]->offset = module.offset_of(last); }
  bool done() const { return found == places.size() || Trusted::done(); }
};

Error out_of_memory() {
  return Error(ErrorCode::out_of_memory, "no memory for the code of a function");
}

}  // namespace

Result<std::unique_ptr<abi::ModuleCode>> InterpCode::create(const abi::ModuleInput& input,
                                                            Options options) {
  if (input.info.module().bytes.empty())
    return fail(ErrorCode::internal, "the interpreter runs modules in the binary format only");
  std::unique_ptr<InterpCode> code(new (std::nothrow) InterpCode(input.info, options));
  if (code == nullptr) return std::unexpected(out_of_memory());
  code->function_count_ = code->module().defined_functions();
  code->functions_.reset(new (std::nothrow)
                             std::atomic<const FunctionCode*>[code->function_count_]());
  // All zero, and so without memory until it is written.
  size_t bytes = code->module().bytes.size();
  code->steps_.reset(static_cast<Step*>(std::calloc(bytes, sizeof(Step))));
  if (code->functions_ == nullptr || code->steps_ == nullptr) {
    return std::unexpected(out_of_memory());
  }
  code->steps_[0] = kBridgeStep;
  code->steps_[1] = kExitStep;
  return std::unique_ptr<abi::ModuleCode>(std::move(code));
}

InterpCode::~InterpCode() {
  for (uint32_t i = 0; i < function_count_; ++i) {
    delete functions_[i].load(std::memory_order_relaxed);
  }
}

const wasm::FuncType& InterpCode::type(uint32_t index) const {
  return module().types[wasm::index_of(module().functions[index])].func;
}

Result<const FunctionCode*> InterpCode::function(uint32_t index) {
  std::atomic<const FunctionCode*>& slot = functions_[index - module().imported_functions];
  const FunctionCode* known = slot.load(std::memory_order_acquire);
  if (known != nullptr) return known;
  std::unique_lock lock(making_, std::defer_lock);
  if (!os::lock_unless_stopped(lock))
    return fail(ErrorCode::stopped, "waiting for the code of a function was stopped");
  known = slot.load(std::memory_order_relaxed);
  if (known != nullptr) return known;
  std::unique_ptr<FunctionCode> made = TRY(make(index));
  slot.store(made.get());
  return made.release();
}

Result<std::unique_ptr<FunctionCode>> InterpCode::make(uint32_t index) {
  wasm::SideTable table;
  wasm::FunctionShape shape = TRY(wasm::build_side_table(info_, index, table, os::stop_requested));
  const uint8_t* body = module().body_of(index).data();
  plan_steps(Bytes(body + shape.code_begin, shape.code_end - shape.code_begin), shape,
             info_.features(), options_.count_fuel ? Branching::as_written : Branching::shortened,
             table.branches, steps_.get() + (body + shape.code_begin - module().bytes.data()));
  std::unique_ptr<FunctionCode> code(new (std::nothrow) FunctionCode);
  size_t entries = table.branches.size();
  Branch* branches = new (std::nothrow) Branch[entries];
  if (code == nullptr || branches == nullptr) {
    delete[] branches;
    return std::unexpected(out_of_memory());
  }
  for (size_t i = 0; i < entries; ++i) {
    const wasm::BranchEntry& entry = table.branches[i];
    branches[i] = {.delta_pc = entry.delta_pc + 1,
                   .delta_cursor = entry.delta_entry * static_cast<int32_t>(sizeof(Branch)),
                   .moves = Branch::moves_of(entry.pop, entry.keep)};
  }
  code->module = this;
  code->branches = branches;
  code->start = body + shape.code_begin;
  code->end = body + shape.code_end - 1;
  code->wide = shape.uses_v128;
  code->fast_width.store(code->wide, std::memory_order_relaxed);
  uint32_t slot = shape.uses_v128 ? 16 : 8;
  code->param_count = shape.param_count;
  code->result_count = shape.result_count;
  code->param_bytes = shape.param_count * slot;
  code->local_bytes = shape.local_count * slot;
  code->frame_bytes = code->local_bytes + sizeof(Frame) + uint64_t{shape.max_operands} * slot;
  code->index = index;
  code->body_bytes = shape.code_end;
  return code;
}

void InterpCode::find_instructions(std::span<Place*> places) const {
  const FunctionCode& code = *places[0]->code;
  Bytes rest(code.start, static_cast<size_t>(code.end + 1 - code.start));
  wasm::BodyReader reader(rest, 0, info_.features());
  Finder finder(module(), places);
  wasm::NullVisitor visitor;
  wasm::walk(reader, finder, visitor);
  for (; finder.found < places.size(); ++finder.found) finder.settle();
}

Result<const void*> InterpCode::give_away(uint32_t index) {
  const FunctionCode* code = functions_[index - module().imported_functions].load();
  if (code != nullptr) code->fast_width = FunctionCode::kNotFast;
  return nullptr;
}

Result<const void*> InterpCode::take_back(uint32_t index) {
  const FunctionCode* code = functions_[index - module().imported_functions].load();
  if (code != nullptr) code->fast_width = code->wide;
  return nullptr;
}

Result<const FunctionCode*> code_of(abi::FuncObject& function, const abi::Executor& executor) {
  if (function.interpreted == nullptr) {
    // What this executor made.
    auto& module = static_cast<InterpCode&>(function.vmctx->code->made_by(executor));
    const FunctionCode* code = TRY(module.function(function.index));
    // It may have been given away since it was asked for.
    if (!runs_here(function, executor)) code->fast_width = FunctionCode::kNotFast;
    function.interpreted = code;
  }
  return static_cast<const FunctionCode*>(function.interpreted);
}

bool runs_here(const abi::FuncObject& function, const abi::Executor& executor) {
  const abi::Executor* runner = function.vmctx->code->runner(function.index);
  return runner == nullptr || runner == &executor;
}

}  // namespace nacre::interp
