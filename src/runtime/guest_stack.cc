#include "runtime/guest_stack.h"

#include <string>
#include <utility>

#include "runtime/store.h"

namespace nacre::runtime {
namespace {

constexpr uint64_t kLargeGuardBytes = 64 << 10;
// The top of a large stack lies a little above what one page of page tables maps, so that few
// entries are looked at when the written pages of a shallow stack are asked for (Store::restore).
constexpr uint64_t kPageTableBytes = 2 << 20;
constexpr uint64_t kStackTopBytes = 64 << 10;

}  // namespace

// ---- memory

StackMemory::StackMemory(StackMemory&& other) noexcept
    : begin_(std::exchange(other.begin_, nullptr)),
      end_(std::exchange(other.end_, nullptr)),
      own_(std::move(other.own_)),
      pool_(std::exchange(other.pool_, nullptr)),
      slot_(other.slot_) {}

StackMemory& StackMemory::operator=(StackMemory&& other) noexcept {
  if (this != &other) {
    reset();
    begin_ = std::exchange(other.begin_, nullptr);
    end_ = std::exchange(other.end_, nullptr);
    own_ = std::move(other.own_);
    pool_ = std::exchange(other.pool_, nullptr);
    slot_ = other.slot_;
  }
  return *this;
}

void StackMemory::reset() {
  if (pool_ != nullptr) pool_->give_back(slot_);
  pool_ = nullptr;
  begin_ = end_ = nullptr;
}

Result<StackMemory> StackMemory::map(uint64_t bytes, os::MappingContext mapping) {
  StackMemory result;
  result.own_ =
      TRY(os::Reservation::reserve(bytes + 2 * kLargeGuardBytes + kPageTableBytes, mapping));
  result.own_.use_small_pages();
  auto lowest_end = reinterpret_cast<uintptr_t>(result.own_.data()) + kLargeGuardBytes + bytes;
  uint64_t shift = (kStackTopBytes - lowest_end) % kPageTableBytes;
  uint64_t begin = kLargeGuardBytes + shift;
  TRY(result.own_.commit(begin, bytes));
  result.begin_ = result.own_.data() + begin;
  result.end_ = result.begin_ + bytes;
  return result;
}

// ---- the pool

Result<void> StackPool::add_chunk() {
  os::Reservation chunk =
      TRY(os::Reservation::reserve(kChunkSlots * kSlotBytes + kGuardBytes, mapping_));
  chunk.use_small_pages();
  auto first = static_cast<uint32_t>(slots_.size());
  chunks_.push_back(std::move(chunk));
  slots_.resize(first + kChunkSlots);
  for (uint32_t i = kChunkSlots; i-- > 0;) free_.push_back(first + i);
  return {};
}

Result<StackMemory> StackPool::take(uint64_t bytes, StoreId user) {
  std::lock_guard lock(mutex_);
  if (slots_.size() - free_.size() >= max_stacks_) {
    return fail(ErrorCode::limit, "all " + std::to_string(max_stacks_) +
                                      " small guest stacks of the engine are in use");
  }
  if (free_.empty()) TRY(add_chunk());
  uint32_t index = free_.back();
  Slot& slot = slots_[index];
  os::Reservation& chunk = chunk_of(index);
  uint64_t offset = offset_of(index);
  if (!slot.committed) TRY(chunk.commit(offset, kStackBytes));
  slot.committed = true;
  free_.pop_back();
  if (slot.written) {
    --warm_;
    if (slot.user != user) chunk.clear(offset, kStackBytes);
  }
  slot.user = user;
  slot.written = true;
  StackMemory result;
  result.end_ = chunk.data() + offset + kStackBytes;
  result.begin_ = result.end_ - bytes;
  result.pool_ = this;
  result.slot_ = index;
  return result;
}

void StackPool::give_back(uint32_t index) {
  std::lock_guard lock(mutex_);
  if (warm_ >= kMaxWarm) {
    chunk_of(index).clear(offset_of(index), kStackBytes);
    slots_[index].written = false;
  } else {
    ++warm_;
  }
  free_.push_back(index);
}

uint32_t StackPool::in_use() const {
  std::lock_guard lock(mutex_);
  return static_cast<uint32_t>(slots_.size() - free_.size());
}

// ---- stacks

GuestStack::GuestStack(Store& its_store, uint32_t max_depth) : store(its_store) {
  running.stop_for_others = static_cast<uint32_t>(abi::TrapKind::interrupted);
  max_host_depth = max_depth;
}

GuestStack::~GuestStack() {
  if (is_listed_) store.engine().guest_stacks().remove(*this);
}

void GuestStack::use(StackMemory its_memory) {
  if (!is_listed_ && store.engine().executor().replaces_code()) {
    store.engine().guest_stacks().add(*this);
    is_listed_ = true;
  }
  memory = std::move(its_memory);
  stack_begin = stack_top = downwards_end = memory.begin();
  stack_end = frame_top = upwards_end = memory.end();
  if (store.engine().executor().uses_both_ends()) {
    auto half = static_cast<uint64_t>(stack_end - stack_begin) / 2;
    downwards_end = upwards_end = stack_begin + (half & ~uint64_t{15});
  }
}

}  // namespace nacre::runtime
