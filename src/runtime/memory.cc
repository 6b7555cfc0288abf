#include "runtime/memory.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <new>
#include <string>
#include <utility>

#include "base/checked.h"

namespace nacre::runtime {
namespace {

// What the address type and the page size allow (specification 3.0, 3.2.15; custom page sizes).
uint64_t max_pages(const wasm::MemoryType& type) {
  uint64_t by_address = UINT64_MAX;
  if (type.limits.address == wasm::AddressType::i32) {
    by_address = type.page_size_log2 == 0 ? UINT32_MAX : (uint64_t{1} << 32) >> type.page_size_log2;
  }
  return std::min(by_address, type.limits.max.value_or(UINT64_MAX));
}

// Saturating: a size beyond 64 bits is beyond every limit as well.
uint64_t pages_to_bytes(uint64_t pages, const wasm::MemoryType& type) {
  return checked_mul(pages, uint64_t{1} << type.page_size_log2).value_or(UINT64_MAX);
}

// Behind the last byte of a checked memory; the neighbour in address space is another mapping.
constexpr uint64_t kCheckedGuardBytes = 64 << 10;

}  // namespace

Memory::Memory(const wasm::MemoryType& type, const MemoryContext& context)
    : type_(type), context_(context) {
  record_.shared = type.shared;
  record_.is_64 = type.limits.address == wasm::AddressType::i64;
  record_.page_size_log2 = type.page_size_log2;
}

Memory::~Memory() {
  if (context_.budget != nullptr) context_.budget->give_back(charged_bytes_);
}

Result<std::shared_ptr<Memory>> Memory::create(const wasm::MemoryType& type,
                                               const MemoryContext& context) {
  uint64_t min_bytes = pages_to_bytes(type.limits.min, type);
  std::shared_ptr<Memory> memory(new (std::nothrow) Memory(type, context));
  if (memory == nullptr) return fail(ErrorCode::out_of_memory, "no room for a memory");
  if (context.budget != nullptr) {
    if (!context.budget->take(min_bytes)) {
      return fail(ErrorCode::limit, "a memory of " + std::to_string(type.limits.min) +
                                        " pages is more than the store may have");
    }
    memory->charged_bytes_ = min_bytes;
  }
  TRY(memory->map(min_bytes));
  memory->record_.size_bytes = min_bytes;
  memory->record_.guarded = memory->layout_.guarded;
  return memory;
}

Result<std::shared_ptr<Memory>> Memory::create(const wasm::MemoryType& type,
                                               const MemoryContext& context, Image image) {
  std::shared_ptr<Memory> memory = TRY(create(type, context));
  if (image->size_bytes() > os::round_up_to_page(memory->size_bytes()))
    return fail(ErrorCode::internal, "the image of a memory is larger than the memory");
  TRY(memory->start_from(std::move(image)));
  memory->is_complete_ = true;
  return memory;
}

Result<void> Memory::map(uint64_t min_bytes) {
  // Without the address space for guards, checks are as good (invariants.md: guards-are-optional).
  bool guarded =
      context_.allow_guards && abi::can_be_guarded(type_) && map_guarded(min_bytes).has_value();
  if (!guarded) TRY(map_checked(min_bytes));
  if (context_.small_pages) reservation_.use_small_pages();
  return {};
}

Result<void> Memory::map_guarded(uint64_t min_bytes) {
  uint64_t front = abi::kFrontGuardBytes;
  os::Reservation reservation =
      TRY(os::Reservation::reserve(front + abi::kGuardedReservationBytes, context_.mapping));
  TRY(reservation.commit(front, min_bytes));
  os::FaultRange range(reservation.data(), reservation.size_bytes());
  if (!range.ok()) return fail(ErrorCode::out_of_memory, "no room to register a memory");

  layout_ = {
      .front_guard_bytes = front, .reserved_bytes = abi::kGuardedReservationBytes, .guarded = true};
  max_bytes_ = pages_to_bytes(max_pages(type_), type_);
  // What code assumes is what was mapped (invariants.md: memory-layout).
  assert(reservation.size_bytes() >= layout_.front_guard_bytes + layout_.reserved_bytes);
  assert(max_bytes_ <= uint64_t{1} << 32);
  record_.base = reservation.data() + front;
  reservation_ = std::move(reservation);
  fault_range_ = std::move(range);
  return {};
}

Result<void> Memory::map_checked(uint64_t min_bytes) {
  // Who was given more may grow into more.
  uint64_t allowed = context_.budget != nullptr ? context_.budget->limit_bytes() : 0;
  uint64_t most =
      std::min(pages_to_bytes(max_pages(type_), type_), std::max(kMaxUnguardedBytes, allowed));
  uint64_t wanted = std::max(most, min_bytes);
  uint64_t front = context_.end_at_guard ? os::round_up_to_page(min_bytes) - min_bytes : 0;
  while (true) {
    // A sum that does not fit is more than can be reserved.
    uint64_t with_guard = checked_add(wanted, front + kCheckedGuardBytes).value_or(UINT64_MAX);
    auto reservation = os::Reservation::reserve(with_guard, context_.mapping);
    if (reservation) {
      TRY(reservation->commit(front, min_bytes));
      layout_ = {.front_guard_bytes = front, .reserved_bytes = wanted, .guarded = false};
      max_bytes_ = wanted;
      record_.base = reservation->data() + front;
      reservation_ = std::move(*reservation);
      return {};
    }
    if (wanted == min_bytes) return std::unexpected(std::move(reservation).error());
    wanted = std::max(wanted / 4, min_bytes);  // less room to grow is better than none
  }
}

Result<void> Memory::start_from(Image image) {
  TRY(reservation_.map_image(layout_.front_guard_bytes, *image));
  initial_bytes_ = record_.size_bytes;
  image_ = std::move(image);
  return {};
}

bool Memory::initialize(uint64_t offset, Bytes data) {
  if (!in_bounds(offset, uint64_t{data.size()}, size_bytes())) return false;
  if (data.empty() || is_complete_) return true;
  std::memcpy(record_.base + offset, data.data(), data.size());
  written_bytes_ = std::max(written_bytes_, offset + data.size());
  return true;
}

Result<Memory::Image> Memory::freeze() {
  is_complete_ = false;
  if (image_ != nullptr) return image_;
  os::MemoryImage image =
      TRY(os::MemoryImage::create(Bytes(record_.base, written_bytes_), context_.mapping));
  TRY(start_from(std::make_shared<const os::MemoryImage>(std::move(image))));
  return image_;
}

// By what the memory is now, not by what it was asked to become (invariants.md: slot-reset).
Result<void> Memory::restore(const os::PageRestorer& restorer, uint64_t keep_bytes) {
  if (image_ == nullptr) return fail(ErrorCode::internal, "the memory was never frozen");
  uint64_t initial = os::round_up_to_page(initial_bytes_);
  uint64_t present = os::round_up_to_page(record_.size_bytes);
  if (present > initial)
    TRY(reservation_.decommit(layout_.front_guard_bytes + initial, present - initial));
  TRY(restorer.restore(record_.base, initial, *image_, keep_bytes));
  record_.size_bytes = initial_bytes_;
  if (context_.budget != nullptr) context_.budget->give_back(charged_bytes_ - initial_bytes_);
  charged_bytes_ = initial_bytes_;
  return {};
}

wasm::MemoryType Memory::current_type() const {
  wasm::MemoryType type = type_;
  type.limits.min = size_pages();
  return type;
}

std::optional<uint64_t> Memory::growth_bytes(uint64_t delta_pages) const {
  if (delta_pages > max_pages(type_) - size_pages()) return std::nullopt;
  uint64_t delta_bytes = pages_to_bytes(delta_pages, type_);
  if (!in_bounds(size_bytes(), delta_bytes, UINT64_MAX - 1)) return std::nullopt;
  return delta_bytes;
}

uint64_t Memory::grow(uint64_t delta_pages) {
  std::lock_guard lock(grow_mutex_);
  uint64_t old_bytes = size_bytes();
  uint64_t old_pages = old_bytes >> type_.page_size_log2;
  if (delta_pages == 0) return old_pages;
  std::optional<uint64_t> growth = growth_bytes(delta_pages);
  if (!growth || !in_bounds(old_bytes, *growth, max_bytes_)) return kGrowFailed;
  uint64_t delta_bytes = *growth;

  MemoryBudget* budget = context_.budget.get();
  if (budget != nullptr && !budget->take(delta_bytes)) return kGrowFailed;
  if (!reservation_.commit(layout_.front_guard_bytes + old_bytes, delta_bytes)) {
    if (budget != nullptr) budget->give_back(delta_bytes);
    return kGrowFailed;
  }
  charged_bytes_ += delta_bytes;
  // Published last: other threads of a shared memory see accessible bytes only.
  std::atomic_ref<uint64_t>(record_.size_bytes)
      .store(old_bytes + delta_bytes, std::memory_order_release);
  return old_pages;
}

}  // namespace nacre::runtime
