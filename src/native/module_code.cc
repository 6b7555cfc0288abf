#include "native/module_code.h"

#include <algorithm>
#include <new>
#include <string>
#include <utility>

#include "abi/memory_layout.h"
#include "base/utf8.h"
#include "native/unwind.h"
#include "native/x64/thunk.h"
#include "os/interrupt.h"
#include "wasm/validate/validate.h"

namespace nacre::native {
namespace {

// What costs most for its bytes is a call in a function whose locals live in registers, and what
// costs most for a function is its frame. The most is within reach of the slots.
constexpr uint64_t kCodePerByte = 256;
constexpr uint64_t kCodePerFunction = 1 << 10;
constexpr uint64_t kMinCodeBytes = 1 << 20;
constexpr uint64_t kMaxCodeBytes = (uint64_t{1} << 31) - (uint64_t{16} << 20);
static_assert(kMaxCodeBytes + 8 * uint64_t{wasm::kMaxFunctions} < uint64_t{1} << 31);
// Code of real programs stays below this for each byte.
constexpr uint64_t kSensibleCodePerByte = 32;

Error out_of_memory() {
  return Error(ErrorCode::out_of_memory, "no memory for the machine code of a module");
}

}  // namespace

ModuleCode::ModuleCode(const abi::ModuleInput& input, const Options& options, Compiler& compiler,
                       Stubs& stubs)
    : info_(input.info),
      options_(options),
      stubs_(stubs),
      bodies_valid_(input.bodies_valid),
      names_(info_.module()),
      compiler_(compiler.compiler_of(input)),
      guarded_memories_(compiler_->uses_guards()) {
  if (options_.listener != nullptr)
    module_name_ = printable(wasm::module_names(module()).module.value_or("wasm"));
}

ModuleCode::~ModuleCode() {
  if (options_.listener != nullptr && memory_.size_bytes() != 0) {
    const uint8_t* begin = memory_.executable();
    options_.listener->code_freed(begin, begin + memory_.size_bytes());
  }
}

Result<std::unique_ptr<abi::ModuleCode>> ModuleCode::create(const abi::ModuleInput& input,
                                                            const Options& options,
                                                            Compiler& compiler, Stubs& stubs) {
  std::unique_ptr<ModuleCode> code(new (std::nothrow) ModuleCode(input, options, compiler, stubs));
  if (code == nullptr) return std::unexpected(out_of_memory());
  const wasm::Module& module = code->module();
  code->entries_.reset(new (std::nothrow)
                           std::atomic<const void*>[module.defined_functions() + 1]());
  code->host_entries_.reset(new (std::nothrow) std::atomic<HostEntry>[module.types.size() + 1]());
  if (code->entries_ == nullptr || code->host_entries_ == nullptr)
    return std::unexpected(out_of_memory());
  if (code->options_.map_at_load) TRY(code->map());
  return std::unique_ptr<abi::ModuleCode>(std::move(code));
}

uint64_t ModuleCode::code_bytes_for(uint64_t functions, uint64_t body_bytes) {
  return std::min(kMinCodeBytes + functions * kCodePerFunction + body_bytes * kCodePerByte,
                  kMaxCodeBytes);
}

Result<void> ModuleCode::map() {
  uint64_t bodies = 0;
  for (Bytes body : module().bodies) bodies += body.size();
  uint64_t slot_bytes = slot_bytes_for(module().defined_functions());
  uint64_t code_bytes = code_bytes_for(module().defined_functions(), bodies);
  auto memory = os::CodeMemory::create(slot_bytes + code_bytes, options_.debug);
  // Where address space is short, what sensible functions need will do.
  while (!memory && code_bytes > std::max(kMinCodeBytes, bodies * kSensibleCodePerByte)) {
    code_bytes /= 2;
    memory = os::CodeMemory::create(slot_bytes + code_bytes, options_.debug);
  }
  if (!memory) return std::unexpected(std::move(memory).error());
  os::CodeRange range(memory->executable(), memory->size_bytes(), stubs_.entry(Entry::fault),
                      stubs_.entry(Entry::interrupt));
  if (!range.ok()) return std::unexpected(out_of_memory());
  used_ = slot_bytes;
  std::lock_guard lock(mutex_);
  memory_ = std::move(*memory);
  fault_range_ = std::move(range);
  has_room_.store(true, std::memory_order_release);
  return {};
}

Result<void> ModuleCode::attach(abi::VmCtx& vmctx, std::span<abi::FuncObject> functions) {
  vmctx.entries = stubs_.entries();
  vmctx.trap_entry = stubs_.entry(Entry::trap);
  vmctx.native_call_entry = stubs_.entry(Entry::native_call);
  TRY(choose_guards(vmctx));
  TRY(make_room());
  if (options_.debug) compile_first();
  for (abi::FuncObject& function : functions) {
    const void* code =
        entries_[function.index - module().imported_functions].load(std::memory_order_acquire);
    if (code == nullptr) code = stubs_.entry(Entry::lazy_object);
    function.code = const_cast<void*>(code);
  }
  return {};
}

// Before anything runs: no memory for code is not a trap then.
Result<void> ModuleCode::make_room() {
  if (has_room_.load(std::memory_order_acquire) || module().bodies.empty()) return {};
  std::lock_guard lock(compiling_);
  if (memory_.size_bytes() == 0) TRY(map());
  return {};
}

Result<void> ModuleCode::choose_guards(const abi::VmCtx& vmctx) {
  bool all_guarded = true;
  for (size_t i = 0; i < module().memories.size(); ++i) {
    all_guarded &= vmctx.memories[i]->guarded || !abi::can_be_guarded(module().memories[i]);
  }
  if (all_guarded) return {};
  std::lock_guard compiling(compiling_);
  std::lock_guard lock(mutex_);
  if (!guarded_memories_) return {};
  if (!functions_.empty()) {
    return fail(ErrorCode::out_of_memory,
                "no address space for the guards of another memory; the module's code needs them");
  }
  guarded_memories_ = false;
  compiler_->check_memories();
  return {};
}

Result<const void*> ModuleCode::function(uint32_t index) {
  std::atomic<const void*>& entry = entries_[index - module().imported_functions];
  if (const void* code = entry.load(std::memory_order_acquire)) return code;
  std::unique_lock lock(compiling_, std::defer_lock);
  if (!os::lock_unless_stopped(lock))
    return fail(ErrorCode::stopped, "waiting for the code of a function was stopped");
  if (entry.load(std::memory_order_relaxed) == nullptr) {
    TRY(compile(index));
    if (options_.listener != nullptr) announce(functions_.size() - 1);
  }
  return entry.load(std::memory_order_relaxed);
}

Result<HostEntry> ModuleCode::host_entry(uint32_t index) {
  wasm::TypeIdx type = module().functions[index];
  std::atomic<HostEntry>& known = host_entries_[wasm::index_of(type)];
  HostEntry entry = known.load(std::memory_order_acquire);
  if (entry == nullptr) {
    entry = TRY(stubs_.host_entry(info_.type_ids()[wasm::index_of(type)],
                                  module().types[wasm::index_of(type)].func));
    known.store(entry, std::memory_order_release);
  }
  return entry;
}

// Where much was compiled, much will be: an eighth more at a time, so that little is in vain.
void ModuleCode::populate_ahead() {
  constexpr size_t kLeast = 64 << 10, kMost = 1 << 20;
  size_t code = used_ - module().defined_functions() * sizeof(void*);
  if (code < 2 * kLeast || used_ + kLeast / 4 < populated_) return;
  size_t from = std::max(used_, populated_);
  size_t bytes = std::clamp(code / 8, kLeast, kMost);
  memory_.populate(from, bytes);
  populated_ = from + bytes;
}

Result<void> ModuleCode::compile(uint32_t index) {
  if (memory_.size_bytes() == 0) TRY(map());
  if (!bodies_valid_) TRY(wasm::validate_function(info_, index, os::stop_requested));
  populate_ahead();
  uint8_t* buffer = memory_.writable() + used_;
  const uint8_t* limit = memory_.writable() + memory_.size_bytes();
  CompiledFunction compiled =
      TRY(compiler_->compile(index, buffer, limit, -static_cast<int64_t>(used_)));
  if (memory_.size_bytes() - used_ <
      compiled.code_bytes + compiled.callees.size() * x64::kThunkBytes) {
    return fail(ErrorCode::limit, "function " + std::to_string(index) +
                                      ": the machine code of its module is too large");
  }
  auto record = std::make_unique<FunctionCode>();
  record->code = Bytes(memory_.executable() + used_, compiled.code_bytes);
  record->index = index;
  record->positions.assign(compiled.positions.begin(), compiled.positions.end());
  used_ += compiled.code_bytes;
  for (uint32_t callee : compiled.callees) {
    if (slots()[callee - module().imported_functions].load(std::memory_order_relaxed) == nullptr)
      make_thunk(callee);
  }
  used_ = std::min<size_t>((used_ + 15) & ~size_t{15}, memory_.size_bytes());
  const void* entry = record->code.data();
  {
    std::lock_guard lock(mutex_);
    functions_.push_back(std::move(record));
  }
  uint32_t defined = index - module().imported_functions;
  slots()[defined].store(entry, std::memory_order_release);
  entries_[defined].store(entry, std::memory_order_release);
  return {};
}

void ModuleCode::make_thunk(uint32_t index) {
  uint8_t* thunk = memory_.writable() + used_;
  used_ += x64::emit_lazy_thunk(thunk, index);
  slots()[index - module().imported_functions].store(memory_.executable_of(thunk),
                                                     std::memory_order_release);
}

Result<uint64_t> ModuleCode::compile_all() {
  size_t before = 0;
  {
    std::lock_guard lock(compiling_);
    before = used_;
  }
  for (uint32_t i = 0; i < module().defined_functions(); ++i) {
    TRY(function(module().imported_functions + i));
  }
  std::lock_guard lock(compiling_);
  return used_ - before;
}

// What cannot be compiled says so when it is called, and so does what there was no time for.
void ModuleCode::compile_first() {
  std::unique_lock lock(compiling_, std::defer_lock);
  if (!os::lock_unless_stopped(lock) || !functions_.empty()) return;
  for (uint32_t i = 0; i < module().defined_functions(); ++i) {
    auto compiled = compile(module().imported_functions + i);
    if (compiled) continue;
    ErrorCode why = compiled.error().code();
    if (why == ErrorCode::out_of_memory || why == ErrorCode::stopped) break;
  }
  if (options_.listener != nullptr) announce(0);
}

void ModuleCode::announce(size_t first) {
  std::vector<os::NewCode> made;
  for (size_t i = first; i < functions_.size(); ++i) {
    const FunctionCode& function = *functions_[i];
    made.push_back({.begin = function.code.data(),
                    .size_bytes = function.code.size(),
                    .name = module_name_ + "!" + names_.show(function.index),
                    .unwind = unwind_frame_pointer()});
  }
  options_.listener->code_made(made);
}

const ModuleCode::FunctionCode* ModuleCode::function_at(const uint8_t* pc) const {
  auto after = std::upper_bound(
      functions_.begin(), functions_.end(), pc,
      [](const uint8_t* a, const auto& function) { return a < function->code.data(); });
  if (after == functions_.begin()) return nullptr;
  const FunctionCode& function = **std::prev(after);
  bool inside = static_cast<uint64_t>(pc - function.code.data()) < function.code.size();
  return inside ? &function : nullptr;
}

std::optional<ModuleCode::Place> ModuleCode::find(const uint8_t* pc, At at) const {
  std::lock_guard lock(mutex_);
  const FunctionCode* found = function_at(pc);
  if (found == nullptr) return std::nullopt;
  const FunctionCode& function = *found;
  auto offset = static_cast<uint64_t>(pc - function.code.data());
  auto position =
      std::lower_bound(function.positions.begin(), function.positions.end(), offset,
                       [](const CodePosition& a, uint64_t code) { return a.code < code; });
  auto wanted = at == At::access ? CodePosition::Kind::access : CodePosition::Kind::call;
  auto fits = [&] { return position->code == offset && position->kind == wanted; };
  // An access may stand where a call returns to: then both have this offset.
  while (position != function.positions.end() && position->code == offset && !fits()) ++position;
  if (position == function.positions.end() || !fits()) return std::nullopt;
  return Place{function.index, module_offset(function, position->body)};
}

namespace {

// By what the compiler emits: push rbp, mov rbp, rsp, push r13 first; a frame is undone in front of
// a `ret`, of a jump through a slot, and where positions say so.
ModuleCode::FrameState frame_state(const ModuleCode::FunctionCode& function, uint64_t offset) {
  using State = ModuleCode::FrameState;
  constexpr uint64_t kPushed = 1, kLinked = 4;
  constexpr uint8_t kRet = 0xC3, kGroup5 = 0xFF, kJumpRip = 0x25;
  if (offset == 0) return State::none;
  if (offset == kPushed) return State::pushed;
  if (offset == kLinked) return State::linked;
  const uint8_t* pc = function.code.data() + offset;
  if (pc[0] == kRet) return State::none;
  if (pc[0] == kGroup5 && offset + 1 < function.code.size() && pc[1] == kJumpRip)
    return State::none;
  auto after = std::upper_bound(function.positions.begin(), function.positions.end(), offset,
                                [](uint64_t code, const CodePosition& a) { return code < a.code; });
  bool gone = after != function.positions.begin() &&
              std::prev(after)->kind == CodePosition::Kind::frame_gone;
  return gone ? State::none : State::whole;
}

}  // namespace

std::optional<ModuleCode::Interrupted> ModuleCode::find_interrupted(const uint8_t* pc) const {
  std::lock_guard lock(mutex_);
  const uint8_t* begin = memory_.executable();
  if (begin == nullptr || pc < begin || pc >= begin + memory_.size_bytes()) return std::nullopt;
  const FunctionCode* function = function_at(pc);
  if (function == nullptr) return Interrupted{};
  auto offset = static_cast<uint64_t>(pc - function->code.data());
  auto after = std::upper_bound(function->positions.begin(), function->positions.end(), offset,
                                [](uint64_t code, const CodePosition& a) { return code < a.code; });
  uint32_t body = after == function->positions.begin() ? 0 : std::prev(after)->body;
  return Interrupted{.in_function = true,
                     .function = function->index,
                     .module_offset = module_offset(*function, body),
                     .frame = frame_state(*function, offset)};
}

Result<abi::CodeListing> ModuleCode::list(uint32_t function, const os::CpuFeatures& cpu) {
  if (!bodies_valid_) TRY(wasm::validate_function(info_, function));
  bool guarded_memories = false;
  {
    std::lock_guard lock(mutex_);
    guarded_memories = guarded_memories_;
  }
  return compiler_->list(function, guarded_memories, cpu);
}

const ModuleCode::FunctionCode* ModuleCode::function_code(uint32_t index) const {
  std::lock_guard lock(mutex_);
  for (const auto& function : functions_) {
    if (function->index == index) return function.get();
  }
  return nullptr;
}

}  // namespace nacre::native
