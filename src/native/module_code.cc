#include "native/module_code.h"

#include <cstring>
#include <new>
#include <string>
#include <utility>

#include "abi/memory_layout.h"
#include "base/utf8.h"
#include "native/stored_code.h"
#include "native/unwind.h"
#include "os/interrupt.h"
#include "wasm/validate/validate.h"

namespace nacre::native {
namespace {

// Code of real programs stays below this for each byte.
constexpr uint64_t kSensibleCodePerByte = 32;
// Stacks are searched when this much code is retired, plus twice what the last search left.
constexpr uint64_t kLeastToFree = 64 << 10;

Error out_of_memory() {
  return Error(ErrorCode::out_of_memory, "no memory for the machine code of a module");
}

}  // namespace

ModuleCode::ModuleCode(const abi::ModuleInput& input, const Options& options, Compiler& compiler,
                       Stubs& stubs)
    : info_(input.info),
      options_(options),
      stubs_(stubs),
      stacks_(input.stacks),
      bodies_valid_(input.bodies_valid),
      names_(info_.module()),
      compiler_(compiler.compiler_of(input)),
      guarded_memories_(compiler_->uses_guards()),
      free_at_(kLeastToFree) {
  if (options_.listener != nullptr)
    module_name_ = printable(wasm::module_names(module()).module.value_or("wasm"));
}

ModuleCode::~ModuleCode() {
  if (options_.listener != nullptr && space_ != nullptr)
    options_.listener->code_freed(space_->begin(), space_->end());
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
  if (code->options_.code_changes) {
    code->slot_thunks_.resize(module.defined_functions());
    code->away_thunks_.resize(module.defined_functions());
  }
  if (code->options_.map_at_load) TRY(code->map());
  return std::unique_ptr<abi::ModuleCode>(std::move(code));
}

Result<void> ModuleCode::map() {
  uint64_t bodies = 0;
  for (Bytes body : module().bodies) bodies += body.size();
  uint32_t functions = module().defined_functions();
  space_ = TRY(CodeSpace::create({.first_function = module().imported_functions,
                                  .slots = functions,
                                  .code_bytes = CodeSpace::code_bytes_for(functions, bodies),
                                  .least_code_bytes = bodies * kSensibleCodePerByte,
                                  .type_ids = info_.type_ids(),
                                  .fault = stubs_.entry(Entry::fault),
                                  .interrupt = stubs_.entry(Entry::interrupt),
                                  .for_debuggers = options_.debug}));
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
    if (code == nullptr || options_.code_changes) code = stubs_.entry(Entry::lazy_object);
    function.code = const_cast<void*>(code);
  }
  return {};
}

// Before anything runs: no memory for code is not a trap then.
Result<void> ModuleCode::make_room() {
  if (has_room_.load(std::memory_order_acquire) || module().bodies.empty()) return {};
  std::lock_guard lock(compiling_);
  if (space_ == nullptr) TRY(map());
  return {};
}

Result<void> ModuleCode::choose_guards(const abi::VmCtx& vmctx) {
  bool all_guarded = true;
  for (size_t i = 0; i < module().memories.size(); ++i) {
    all_guarded &= vmctx.memories[i]->guarded || !abi::can_be_guarded(module().memories[i]);
  }
  if (all_guarded) return {};
  std::lock_guard lock(compiling_);
  if (!guarded_memories_) return {};
  if (space_ != nullptr && space_->code_bytes() != 0) {
    return fail(ErrorCode::out_of_memory,
                "no address space for the guards of another memory; the module's code needs them");
  }
  guarded_memories_ = false;
  compiler_->check_memories();
  return {};
}

Result<const void*> ModuleCode::entry(uint32_t index) {
  std::atomic<const void*>& known = entries_[index - module().imported_functions];
  if (const void* code = known.load(std::memory_order_acquire)) return code;
  std::unique_lock lock = TRY(lock_compiling());
  if (known.load(std::memory_order_relaxed) == nullptr) {
    TRY(compile(index));
    if (options_.listener != nullptr) announce();
  }
  return known.load(std::memory_order_relaxed);
}

Result<std::unique_lock<std::mutex>> ModuleCode::lock_compiling() {
  std::unique_lock lock(compiling_, std::defer_lock);
  if (!os::lock_unless_stopped(lock))
    return fail(ErrorCode::stopped, "waiting for the code of a function was stopped");
  return lock;
}

Result<const void*> ModuleCode::object_entry(uint32_t index) {
  if (!options_.code_changes) return entry(index);
  std::unique_lock lock = TRY(lock_compiling());
  const void*& thunk = slot_thunks_[index - module().imported_functions];
  if (thunk == nullptr) thunk = TRY(space_->make_slot_thunk(index));
  return thunk;
}

Result<const void*> ModuleCode::give_away(uint32_t index) {
  TRY(make_room());
  std::unique_lock lock = TRY(lock_compiling());
  const void*& thunk = away_thunks_[index - module().imported_functions];
  if (thunk == nullptr) {
    uint32_t type = wasm::index_of(module().functions[index]);
    const void* stub = TRY(stubs_.elsewhere(info_.type_ids()[type], module().types[type].func));
    thunk = TRY(space_->make_object_thunk(index, stub));
  }
  space_->lead_to(index, thunk);
  return thunk;
}

Result<const void*> ModuleCode::take_back(uint32_t index) {
  TRY(make_room());
  TRY(entry(index));
  std::unique_lock lock = TRY(lock_compiling());
  // Not what entry() said: that may have been replaced since.
  const void* code = entries_[index - module().imported_functions].load(std::memory_order_relaxed);
  space_->lead_to(index, code);
  return code;
}

Result<HostEntry> ModuleCode::host_entry(uint32_t index) {
  wasm::TypeIdx type = module().functions[index];
  std::atomic<HostEntry>& known = host_entries_[wasm::index_of(type)];
  HostEntry made = known.load(std::memory_order_acquire);
  if (made == nullptr) {
    made = TRY(stubs_.host_entry(info_.type_ids()[wasm::index_of(type)],
                                 module().types[wasm::index_of(type)].func));
    known.store(made, std::memory_order_release);
  }
  return made;
}

Result<void> ModuleCode::compile(uint32_t index) {
  if (space_ == nullptr) TRY(map());
  if (!bodies_valid_) TRY(wasm::validate_function(info_, index, os::stop_requested));
  image_.clear();
  TRY(compiler_->compile(index, space_->room(), image_));
  return publish(index, image_);
}

Result<void> ModuleCode::publish(uint32_t index, const CodeImage& image) {
  Bytes code = TRY(space_->publish(image, index));
  if (!leads_away(index)) space_->lead_to(index, code.data());
  entries_[index - module().imported_functions].store(code.data(), std::memory_order_release);
  if (options_.listener != nullptr) {
    unannounced_.push_back({.begin = code.data(),
                            .size_bytes = code.size(),
                            .name = module_name_ + "!" + names_.show(index),
                            .unwind = unwind_frame_pointer(image.frame)});
  }
  return {};
}

bool ModuleCode::leads_away(uint32_t index) const {
  if (!options_.code_changes) return false;
  const void* away = away_thunks_[index - module().imported_functions];
  return away != nullptr && space_->target_of(index) == away;
}

Result<void> ModuleCode::replace(uint32_t index, const CodeImage& image,
                                 const abi::ExecContext* own) {
  if (!options_.code_changes)
    return fail(ErrorCode::usage, "the engine was made for code that does not change");
  TRY(make_room());
  std::unique_lock lock = TRY(lock_compiling());
  if (space_->retired_bytes() >= free_at_ || space_->room() < image.code.size()) free_retired(own);
  const void* before =
      entries_[index - module().imported_functions].load(std::memory_order_relaxed);
  TRY(publish(index, image));
  if (before != nullptr) space_->retire(before);
  if (options_.listener != nullptr) announce();
  return {};
}

void ModuleCode::free_unused(const abi::ExecContext* own) {
  std::lock_guard lock(compiling_);
  if (space_ != nullptr) free_retired(own);
}

void ModuleCode::free_retired(const abi::ExecContext* own) {
  if (stacks_ == nullptr) return;
  std::vector<Bytes> freed = space_->free_unused(*stacks_, own);
  free_at_ = kLeastToFree + 2 * space_->retired_bytes();
  if (options_.listener == nullptr) return;
  for (Bytes code : freed) options_.listener->code_freed(code.data(), code.data() + code.size());
}

uint64_t ModuleCode::code_bytes() {
  std::lock_guard lock(compiling_);
  return space_ != nullptr ? space_->code_bytes() : 0;
}

Result<uint64_t> ModuleCode::compile_all() {
  TRY(make_room());
  uint64_t before = 0;
  {
    std::lock_guard lock(compiling_);
    if (space_ == nullptr) return 0;
    before = space_->code_bytes();
  }
  for (uint32_t i = 0; i < module().defined_functions(); ++i) {
    TRY(entry(module().imported_functions + i));
  }
  for (const wasm::Export& item : module().exports) {
    if (item.kind == wasm::ExternKind::func && item.index >= module().imported_functions)
      TRY(host_entry(item.index));
  }
  std::lock_guard lock(compiling_);
  return space_->code_bytes() - before;
}

// Functions that cannot be compiled are left out.
Result<std::vector<uint8_t>> ModuleCode::save() {
  std::lock_guard lock(compiling_);
  StoredCodeWriter writer(module(), compiler_->identity());
  for (uint32_t i = 0; i < module().defined_functions(); ++i) {
    uint32_t index = module().imported_functions + i;
    if (!bodies_valid_ && !wasm::validate_function(info_, index)) continue;
    image_.clear();
    auto compiled =
        compiler_->compile(index, CodeSpace::code_bytes_for(1, module().bodies[i].size()), image_);
    if (compiled) {
      writer.add(index, image_);
    } else if (compiled.error().code() != ErrorCode::limit) {
      return std::unexpected(std::move(compiled).error());
    }
  }
  return writer.take();
}

Result<void> ModuleCode::load(Bytes stored) {
  TRY(make_room());
  std::lock_guard lock(compiling_);
  auto reader = TRY(StoredCodeReader::open(stored, module(), compiler_->identity()));
  while (!reader.at_end()) {
    uint32_t index = TRY(reader.next(image_));
    if (entries_[index - module().imported_functions].load(std::memory_order_relaxed) == nullptr)
      TRY(publish(index, image_));
  }
  if (options_.listener != nullptr) announce();
  return {};
}

// What cannot be compiled says so when it is called, and so does what there was no time for.
void ModuleCode::compile_first() {
  std::unique_lock lock(compiling_, std::defer_lock);
  if (!os::lock_unless_stopped(lock) || space_ == nullptr || space_->code_bytes() != 0) return;
  for (uint32_t i = 0; i < module().defined_functions(); ++i) {
    auto compiled = compile(module().imported_functions + i);
    if (compiled) continue;
    ErrorCode why = compiled.error().code();
    if (why == ErrorCode::out_of_memory || why == ErrorCode::stopped) break;
  }
  if (options_.listener != nullptr) announce();
}

void ModuleCode::announce() {
  options_.listener->code_made(unannounced_);
  unannounced_.clear();
}

Result<abi::CodeListing> ModuleCode::list(uint32_t function, const os::CpuFeatures& cpu) {
  if (!bodies_valid_) TRY(wasm::validate_function(info_, function));
  CodeImage image;
  abi::CodeListing listing = TRY(compiler_->list(function, guarded_memories_, cpu, image));
  // As if it were the first function that is published.
  uint64_t code_offset = CodeSpace::slot_bytes_for(module().defined_functions());
  listing.code.assign(image.code.data(), image.code.data() + image.code.size());
  for (const Relocation& relocation : image.relocations) {
    if (relocation.kind == Relocation::Kind::function_slot) {
      int32_t distance = slot_distance(relocation, code_offset, module().imported_functions);
      std::memcpy(listing.code.data() + relocation.offset, &distance, sizeof distance);
      int64_t slot = int64_t{8} * (relocation.index - module().imported_functions);
      listing.slots.push_back({slot - static_cast<int64_t>(code_offset), relocation.index});
    } else if (relocation.kind == Relocation::Kind::type_id) {
      wasm::CanonTypeId id = info_.type_ids()[relocation.index];
      std::memcpy(listing.code.data() + relocation.offset, &id, sizeof id);
    }
  }
  return listing;
}

}  // namespace nacre::native
