#include "runtime/table.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>

#include "base/checked.h"

namespace nacre::runtime {
namespace {

constexpr uint64_t kKeptElements = 1024;  // room that a restored table may keep

// What a table may have beside its own maximum: its budget decides, where there is one.
uint64_t most_elements(const wasm::TableType& type, const os::AddressSpaceBudget* budget) {
  if (budget == nullptr) return wasm::kMaxTableElements;
  return type.limits.address == wasm::AddressType::i64 ? UINT64_MAX : UINT32_MAX;
}

}  // namespace

Table::Table(const wasm::TableType& type, os::AddressSpaceBudget* budget, os::FailPoint* fail_point)
    : type_(type),
      budget_(budget),
      fail_point_(fail_point),
      max_size_(std::min(type.limits.max.value_or(UINT64_MAX), most_elements(type, budget))) {
  record_.is_64 = type.limits.address == wasm::AddressType::i64;
}

Table::~Table() {
  if (budget_ != nullptr) budget_->give_back(record_.size);
  std::free(record_.elements);
}

Result<std::unique_ptr<Table>> Table::create(const wasm::TableType& type, abi::Ref initial,
                                             os::AddressSpaceBudget* budget,
                                             os::FailPoint* fail_point) {
  if (budget == nullptr && type.limits.min > wasm::kMaxTableElements) {
    return fail(ErrorCode::limit, "a table of " + std::to_string(type.limits.min) +
                                      " elements; at most " +
                                      std::to_string(wasm::kMaxTableElements) + " are supported");
  }
  std::unique_ptr<Table> table(new (std::nothrow) Table(type, budget, fail_point));
  bool made = table != nullptr && table->grow(type.limits.min, initial) != kGrowFailed;
  if (made) return table;
  std::string size = std::to_string(type.limits.min) + " elements";
  if (budget != nullptr && !budget->has_room(type.limits.min))
    return fail(ErrorCode::limit, "a table of " + size + " is more than the store may have");
  return fail(ErrorCode::out_of_memory, "no room for a table of " + size);
}

wasm::TableType Table::current_type() const {
  wasm::TableType type = type_;
  type.limits.min = record_.size;
  return type;
}

// Room for `new_size` elements, all behind the present ones null.
bool Table::extend(uint64_t new_size) {
  if (new_size <= capacity_) return true;
  if (fail_point_ != nullptr && fail_point_->hit()) return false;
  // calloc takes large blocks from the operating system untouched; realloc would have to be
  // cleared.
  uint64_t twice = checked_mul(capacity_, uint64_t{2}).value_or(UINT64_MAX);
  uint64_t capacity = std::max(new_size, std::min(twice, max_size_));
  auto* elements = static_cast<abi::Ref*>(std::calloc(capacity, sizeof(abi::Ref)));
  if (elements == nullptr) return false;
  if (record_.size != 0) {
    std::memcpy(elements, record_.elements, record_.size * sizeof(abi::Ref));
  }
  std::free(record_.elements);
  record_.elements = elements;
  capacity_ = capacity;
  return true;
}

bool Table::may_grow(uint64_t delta) const { return in_bounds(record_.size, delta, max_size_); }

uint64_t Table::grow(uint64_t delta, abi::Ref initial) {
  uint64_t old_size = record_.size;
  if (delta == 0) return old_size;
  if (!may_grow(delta)) return kGrowFailed;
  if (budget_ != nullptr && !budget_->take(delta)) return kGrowFailed;
  if (!extend(old_size + delta)) {
    if (budget_ != nullptr) budget_->give_back(delta);
    return kGrowFailed;
  }
  record_.written = true;
  if (initial != abi::kNullRef) {
    std::fill_n(record_.elements + old_size, delta, initial);
  }
  record_.size = old_size + delta;  // after the elements are there (invariants.md: publish-last)
  return old_size;
}

Result<FixedArray<abi::Ref>> Table::save() {
  auto saved = TRY(FixedArray<abi::Ref>::create(record_.size, fail_point_));
  std::copy_n(record_.elements, record_.size, saved.data());
  record_.written = false;
  return saved;
}

Result<void> Table::restore(const FixedArray<abi::Ref>& saved) {
  if (!record_.written) return {};
  // Much room is given back; little stays, null again behind the elements.
  if (capacity_ > 2 * saved.size() + kKeptElements) {
    auto* elements = static_cast<abi::Ref*>(std::calloc(saved.size() + 1, sizeof(abi::Ref)));
    if (elements == nullptr) return fail(ErrorCode::out_of_memory, "no room for a table");
    std::free(record_.elements);
    record_.elements = elements;
    capacity_ = saved.size();
  } else if (record_.size > saved.size()) {
    std::fill(record_.elements + saved.size(), record_.elements + record_.size, abi::kNullRef);
  }
  std::copy_n(saved.data(), saved.size(), record_.elements);
  if (budget_ != nullptr) budget_->give_back(record_.size - saved.size());
  record_.size = saved.size();
  record_.written = false;
  return {};
}

std::optional<abi::Ref> Table::get(uint64_t index) const {
  if (index >= record_.size) return std::nullopt;
  return record_.elements[index];
}

bool Table::set(uint64_t index, abi::Ref value) {
  if (index >= record_.size) return false;
  elements_to_write()[index] = value;
  return true;
}

}  // namespace nacre::runtime
