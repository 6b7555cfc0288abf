#include "runtime/snapshot.h"

#include <algorithm>
#include <utility>

#include "runtime/store.h"

namespace nacre::runtime {
namespace {

template <class T>
Result<FixedArray<T>> copy_of(const FixedArray<T>& from, os::FailPoint* fail_point) {
  auto copy = TRY(FixedArray<T>::create(from.size(), fail_point));
  std::copy(from.begin(), from.end(), copy.begin());
  return copy;
}

template <class T>
void put_back(const FixedArray<T>& saved, const FixedArray<T>& to) {
  std::copy(saved.begin(), saved.end(), to.begin());
}

}  // namespace

Result<Snapshot> Snapshot::take(Instance& instance) {
  os::FailPoint* fail_point = instance.store().engine().fail_point();
  Snapshot snapshot(instance);
  for (const auto& memory : instance.own_memories_)
    snapshot.images_.push_back(TRY(memory->freeze()));
  for (const auto& table : instance.own_tables_) snapshot.tables_.push_back(TRY(table->save()));
  snapshot.block_ = TRY(copy_of(instance.block_, fail_point));
  snapshot.dropped_elements_ = TRY(copy_of(instance.dropped_elements_, fail_point));
  snapshot.dropped_data_ = TRY(copy_of(instance.dropped_data_, fail_point));
  return snapshot;
}

Result<void> Snapshot::restore(const os::PageRestorer& restorer, uint64_t keep_bytes) {
  for (const auto& memory : instance_->own_memories_) {
    // A shared memory that another store adopted.
    if (memory.use_count() != 1)
      return fail(ErrorCode::usage, "a memory of the instance is still in use elsewhere");
    TRY(memory->restore(restorer, keep_bytes));
  }
  for (size_t i = 0; i < tables_.size(); ++i) TRY(instance_->own_tables_[i]->restore(tables_[i]));
  put_back(block_, instance_->block_);
  put_back(dropped_elements_, instance_->dropped_elements_);
  put_back(dropped_data_, instance_->dropped_data_);
  return {};
}

}  // namespace nacre::runtime
