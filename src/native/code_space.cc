#include "native/code_space.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "native/support.h"
#include "native/x64/thunk.h"
#include "os/synchronize.h"

namespace nacre::native {
namespace {

// What costs most for its bytes is a call in a function whose locals live in registers, and what
// costs most for a function is its frame. The most is within reach of the slots.
constexpr uint64_t kCodePerByte = 256;
constexpr uint64_t kCodePerFunction = 1 << 10;
constexpr uint64_t kMinCodeBytes = 1 << 20;
constexpr uint64_t kMaxCodeBytes = (uint64_t{1} << 31) - (uint64_t{16} << 20);
static_assert(kMaxCodeBytes + 8 * uint64_t{wasm::kMaxFunctions} < uint64_t{1} << 31);

constexpr uint64_t kCodeAlignment = 16;
// What a function's code takes away.
constexpr uint64_t taken_by(uint64_t code_bytes) {
  return (code_bytes + kCodeAlignment - 1) & ~(kCodeAlignment - 1);
}

Error too_large(uint32_t function) {
  return Error(ErrorCode::limit, "function " + std::to_string(function) +
                                     ": the machine code of its module is too large");
}

// In the list of what is published.
auto first_behind(auto& published, const uint8_t* address) {
  return std::upper_bound(
      published.begin(), published.end(), address,
      [](const uint8_t* a, const auto& function) { return a < function->code.data(); });
}

}  // namespace

uint64_t CodeSpace::code_bytes_for(uint64_t functions, uint64_t body_bytes) {
  return std::min(kMinCodeBytes + functions * kCodePerFunction + body_bytes * kCodePerByte,
                  kMaxCodeBytes);
}

uint64_t CodeSpace::slot_bytes_for(uint64_t slots) {
  return (sizeof(void*) * slots + 63) & ~uint64_t{63};
}

Result<std::unique_ptr<CodeSpace>> CodeSpace::create(const Shape& shape) {
  uint64_t slot_bytes = slot_bytes_for(shape.slots);
  uint64_t code_bytes = shape.code_bytes;
  auto memory = os::CodeMemory::create(slot_bytes + code_bytes, shape.for_debuggers);
  while (!memory && code_bytes > std::max(kMinCodeBytes, shape.least_code_bytes)) {
    code_bytes /= 2;
    memory = os::CodeMemory::create(slot_bytes + code_bytes, shape.for_debuggers);
  }
  if (!memory) return std::unexpected(std::move(memory).error());
  std::unique_ptr<CodeSpace> space(new CodeSpace(shape));
  space->memory_ = std::move(*memory);
  space->slot_bytes_ = space->used_ = slot_bytes;
  space->range_ = os::CodeRange(space->begin(), space->memory_.size_bytes(), shape.fault,
                                shape.interrupt, space.get());
  if (!space->range_.ok())
    return fail(ErrorCode::out_of_memory, "no memory for the machine code of a module");
  return space;
}

// ---- publishing

// Where much was published, much will be: an eighth more at a time, so that little is in vain.
void CodeSpace::populate_ahead() {
  constexpr uint64_t kLeast = 64 << 10, kMost = 1 << 20;
  if (code_bytes() < 2 * kLeast || used_ + kLeast / 4 < populated_) return;
  uint64_t from = std::max(used_, populated_);
  uint64_t bytes = std::clamp(code_bytes() / 8, kLeast, kMost);
  memory_.populate(from, bytes);
  populated_ = from + bytes;
}

Result<Bytes> CodeSpace::publish(const CodeImage& image, uint32_t function) {
  uint64_t bytes = image.code.size();
  uint64_t thunk_bytes = image.relocations.size() * x64::kThunkBytes;
  if (unused() < thunk_bytes) return std::unexpected(too_large(function));
  uint8_t* code = copy_to_freed(image);
  bool is_new = code == nullptr;
  if (is_new) {
    if (unused() < taken_by(bytes) + thunk_bytes) return std::unexpected(too_large(function));
    code = copy_to_unused(image);
  }
  for (const Relocation& relocation : image.relocations) relocate(relocation, code);
  align(kCodeAlignment);
  // A processor may have fetched what was there.
  if (!is_new && !os::synchronize_threads())
    return fail(ErrorCode::internal, "threads cannot be synchronized any more");
  auto record = std::make_unique<Published>();
  record->code = Bytes(memory_.executable_of(code), bytes);
  record->function = function;
  record->sites = image.sites;
  record->frame = image.frame;
  Bytes published = record->code;
  std::lock_guard lock(mutex_);
  auto after = is_new ? published_.end() : first_behind(published_, published.data());
  published_.insert(after, std::move(record));
  return published;
}

uint8_t* CodeSpace::copy_to_freed(const CodeImage& image) {
  std::optional<uint64_t> offset = free_.take(taken_by(image.code.size()));
  if (!offset) return nullptr;
  std::memcpy(memory_.writable() + *offset, image.code.data(), image.code.size());
  return memory_.writable() + *offset;
}

uint8_t* CodeSpace::copy_to_unused(const CodeImage& image) {
  populate_ahead();
  uint8_t* code = memory_.writable() + used_;
  std::memcpy(code, image.code.data(), image.code.size());
  used_ += taken_by(image.code.size());
  return code;
}

void CodeSpace::lead_to(uint32_t function, const void* entry) {
  slot(function).store(entry, std::memory_order_release);
}

void CodeSpace::align(uint32_t bytes) {
  used_ = std::min((used_ + bytes - 1) & ~uint64_t{bytes - 1}, memory_.size_bytes());
}

int32_t slot_distance(const Relocation& relocation, uint64_t code_offset, uint32_t first_function) {
  uint64_t behind = code_offset + relocation.offset + 4;
  uint64_t slot = uint64_t{8} * (relocation.index - first_function);
  return static_cast<int32_t>(slot - behind);
}

void CodeSpace::relocate(const Relocation& relocation, uint8_t* code) {
  auto write = [&](auto value) { std::memcpy(code + relocation.offset, &value, sizeof value); };
  auto code_offset = static_cast<uint64_t>(code - memory_.writable());
  switch (relocation.kind) {
    case Relocation::Kind::function_slot:
      write(slot_distance(relocation, code_offset, shape_.first_function));
      if (slot(relocation.index).load(std::memory_order_relaxed) == nullptr)
        make_lazy_thunk(relocation.index);
      break;
    case Relocation::Kind::type_id:
      write(shape_.type_ids[relocation.index]);
      break;
    case Relocation::Kind::space_offset:
      write(static_cast<int32_t>(relocation.index - (code_offset + relocation.offset + 4)));
      break;
    case Relocation::Kind::stub_callee:
      write(address_of(static_cast<StubCallee>(relocation.index)));
      break;
  }
}

const void* CodeSpace::take_thunk(size_t bytes) {
  const void* thunk = memory_.executable_of(memory_.writable() + used_);
  used_ += bytes;
  return thunk;
}

void CodeSpace::make_lazy_thunk(uint32_t function) {
  lead_to(function, take_thunk(x64::emit_lazy_thunk(memory_.writable() + used_, function)));
}

Result<const void*> CodeSpace::make_slot_thunk(uint32_t function) {
  if (unused() < 2 * x64::kThunkBytes) return std::unexpected(too_large(function));
  if (slot(function).load(std::memory_order_relaxed) == nullptr) make_lazy_thunk(function);
  int64_t distance = int64_t{8} * (function - shape_.first_function) - static_cast<int64_t>(used_);
  const void* thunk =
      take_thunk(x64::emit_slot_thunk(memory_.writable() + used_, static_cast<int32_t>(distance)));
  align(kCodeAlignment);
  return thunk;
}

Result<const void*> CodeSpace::make_object_thunk(uint32_t function, const void* stub) {
  if (unused() < x64::kThunkBytes) return std::unexpected(too_large(function));
  const void* thunk =
      take_thunk(x64::emit_object_thunk(memory_.writable() + used_, function, stub));
  align(kCodeAlignment);
  return thunk;
}

// ---- freeing

void CodeSpace::retire(const void* code) {
  const auto* begin = static_cast<const uint8_t*>(code);
  abi::OldCode old{.begin = begin};
  {
    std::lock_guard lock(mutex_);
    old.end = begin + function_at(begin)->code.size();
  }
  retired_bytes_ += static_cast<uint64_t>(old.end - begin);
  auto after =
      std::upper_bound(retired_.begin(), retired_.end(), begin,
                       [](const uint8_t* a, const abi::OldCode& other) { return a < other.begin; });
  retired_.insert(after, std::move(old));
}

std::vector<Bytes> CodeSpace::free_unused(abi::GuestStacks& stacks, const abi::ExecContext* own) {
  std::vector<Bytes> freed;
  if (!stacks.look_for(retired_, own)) return freed;
  std::erase_if(retired_, [&](const abi::OldCode& old) {
    if (!old.is_unused()) return false;
    freed.emplace_back(old.begin, old.end);
    return true;
  });
  std::lock_guard lock(mutex_);
  for (Bytes code : freed) {
    retired_bytes_ -= code.size();
    published_.erase(std::prev(first_behind(published_, code.data())));
    if (!shape_.for_debuggers)
      free_.give(static_cast<uint64_t>(code.data() - begin()), taken_by(code.size()));
  }
  return freed;
}

// ---- finding

const CodeSpace::Published* CodeSpace::function_at(const uint8_t* pc) const {
  auto after = first_behind(published_, pc);
  if (after == published_.begin()) return nullptr;
  const Published& function = **std::prev(after);
  bool inside = static_cast<uint64_t>(pc - function.code.data()) < function.code.size();
  return inside ? &function : nullptr;
}

std::optional<CodeSpace::Place> CodeSpace::find(const uint8_t* pc, CodeSite::Kind kind) const {
  std::lock_guard lock(mutex_);
  const Published* function = function_at(pc);
  if (function == nullptr) return std::nullopt;
  auto offset = static_cast<uint64_t>(pc - function->code.data());
  const std::vector<CodeSite>& sites = function->sites;
  auto site = std::lower_bound(sites.begin(), sites.end(), offset,
                               [](const CodeSite& a, uint64_t code) { return a.code < code; });
  // An access may stand where a call returns to: then both have this offset.
  for (; site != sites.end() && site->code == offset; ++site) {
    if (site->kind == kind) return Place{function->function, site->body};
  }
  return std::nullopt;
}

CodeSpace::Interrupted CodeSpace::find_interrupted(const uint8_t* pc) const {
  std::lock_guard lock(mutex_);
  const Published* function = function_at(pc);
  if (function == nullptr) return {};
  auto offset = static_cast<uint32_t>(pc - function->code.data());
  const std::vector<CodeSite>& sites = function->sites;
  auto after = std::upper_bound(sites.begin(), sites.end(), offset,
                                [](uint32_t code, const CodeSite& a) { return code < a.code; });
  uint32_t body = after == sites.begin() ? 0 : std::prev(after)->body;
  return {.frame = function->frame.at(offset), .place = Place{function->function, body}};
}

}  // namespace nacre::native
