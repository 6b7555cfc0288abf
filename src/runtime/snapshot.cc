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

Result<void> Snapshot::take_table(Table& table) {
  tables_.push_back({&table, TRY(table.save())});
  return {};
}

Result<Snapshot> Snapshot::take(Store& store) {
  os::FailPoint* fail_point = store.engine().fail_point();
  Snapshot snapshot(store);
  for (const auto& memory : store.restorable_memories_)
    snapshot.images_.push_back(TRY(memory->freeze()));
  for (const auto& table : store.host_tables_) TRY(snapshot.take_table(*table));
  for (const Global& global : store.host_globals_) snapshot.host_globals_.push_back(global.value);
  for (const auto& instance : store.instances_) {
    for (const auto& table : instance->own_tables_) TRY(snapshot.take_table(*table));
    InstanceState& saved = snapshot.instances_.emplace_back(InstanceState{instance.get()});
    saved.block = TRY(copy_of(instance->block_, fail_point));
    saved.dropped_elements = TRY(copy_of(instance->dropped_elements_, fail_point));
    saved.dropped_data = TRY(copy_of(instance->dropped_data_, fail_point));
  }
  return snapshot;
}

std::vector<Instance*> Snapshot::starting() const {
  std::vector<Instance*> found;
  for (const InstanceState& saved : instances_) {
    if (saved.instance->module().wasm().start) found.push_back(saved.instance);
  }
  return found;
}

Result<void> Snapshot::restore(const os::PageRestorer& restorer, uint64_t keep_bytes) {
  for (const auto& memory : store_->restorable_memories_) {
    // Its two owners are its instance, or the host's part of the store, and the list of all.
    if (memory.use_count() > 2)
      return fail(ErrorCode::usage, "a memory of the store is still in use elsewhere");
    TRY(memory->restore(restorer, keep_bytes));
  }
  for (const TableState& saved : tables_) TRY(saved.table->restore(saved.elements));
  for (const InstanceState& saved : instances_) {
    put_back(saved.block, saved.instance->block_);
    put_back(saved.dropped_elements, saved.instance->dropped_elements_);
    put_back(saved.dropped_data, saved.instance->dropped_data_);
  }
  auto global = store_->host_globals_.begin();
  for (const abi::Value& saved : host_globals_) (global++)->value = saved;
  return {};
}

}  // namespace nacre::runtime
