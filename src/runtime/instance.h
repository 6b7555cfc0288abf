// Instances of modules in a store, and instantiation (specification 3.0, 4.7.2).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "abi/vmctx.h"
#include "runtime/extern.h"
#include "runtime/failure.h"
#include "runtime/fixed_array.h"
#include "runtime/module.h"

namespace nacre::runtime {

class Store;

// Lives as long as its store; pointers to it are stable. One thread at a time.
class Instance {
 public:
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  Store& store() const { return store_; }
  const Module& module() const { return *module_; }
  const ModulePtr& shared_module() const { return module_; }
  abi::VmCtx& vmctx() { return *vmctx_; }
  abi::CallerGroup& group() const { return group_; }
  static Instance& of(const abi::VmCtx& vmctx) { return *static_cast<Instance*>(vmctx.instance); }

  std::optional<Extern> find_export(std::string_view name) const;
  // In the order of the module's export section.
  size_t export_count() const;
  std::string_view export_name(size_t index) const;
  Extern export_at(size_t index) const;

  // By index, imports first; the index must be in range.
  Extern item(wasm::ExternKind kind, uint32_t index) const;

  // ---- For the builtins (runtime/builtins.cc).
  //
  // The references of a passive element segment that was not dropped; reading one is fallible only
  // by bounds.
  uint64_t element_count(uint32_t segment) const;  // 0 once dropped
  abi::Ref element(uint32_t segment, uint64_t index) const;
  void drop_element(uint32_t segment);
  Bytes data(uint32_t segment) const;  // empty once dropped
  void drop_data(uint32_t segment);
  Memory& memory(uint32_t index) const { return *memories_[index]; }
  Table& table(uint32_t index) const { return *tables_[index]; }

 private:
  friend class Instantiator;
  friend class Snapshot;

  Instance(Store& store, ModulePtr module, abi::CallerGroup& group);
  // Allocates everything the module declares, and makes the records of running code point there.
  Result<void> allocate(os::FailPoint* fail_point);
  Result<void> allocate_block(size_t globals, os::FailPoint* fail_point);
  void index_exports();

  Store& store_;
  ModulePtr module_;
  abi::CallerGroup& group_;
  FixedArray<uint64_t> block_;  // *vmctx_, and behind it the globals that the module defines
  abi::VmCtx* vmctx_ = nullptr;
  Global* own_globals_ = nullptr;
  FixedArray<uint32_t> exports_;  // indices of the module's exports, by name

  // What the module defines.
  FixedArray<abi::FuncObject> own_functions_;
  FixedArray<Tag> own_tags_;
  std::vector<std::unique_ptr<Table>> own_tables_;
  std::vector<std::shared_ptr<Memory>> own_memories_;

  // The index spaces: imports first.
  FixedArray<abi::FuncObject*> functions_;
  FixedArray<Table*> tables_;
  FixedArray<Memory*> memories_;
  FixedArray<Tag*> tags_;
  FixedArray<abi::TableRecord*> table_records_;
  FixedArray<abi::MemoryRecord*> memory_records_;
  FixedArray<abi::Value*> global_values_;  // each the first member of its Global

  // The evaluated expressions of passive element segments: [begin, begin + count) of element_refs_
  // for each segment; segments that name functions have none.
  FixedArray<abi::Ref> element_refs_;
  FixedArray<uint64_t> element_begins_;
  FixedArray<bool> dropped_elements_;
  FixedArray<bool> dropped_data_;
};

// Makes an instance: matches the imports, allocates, evaluates constant expressions, writes active
// segments, runs the start function. `imports` are the module's imports in order, all of `store`;
// `group`: what the instance belongs to, of `store`; null: its first one.
//
// Errors: usage (a handle of another store or too few of them; a module of another engine),
// unlinkable (one import: what was wanted, what was found), limit, out_of_memory. A trap comes from
// an active segment, a constant expression or the start function; what happened before it stays
// visible, as the specification says.
Run<Instance*> instantiate(Store& store, ModulePtr module, std::span<const Extern> imports,
                           abi::CallerGroup* group = nullptr);

// The same without the start function, which run_start() then runs; for instance pools.
Run<Instance*> instantiate_unstarted(Store& store, ModulePtr module,
                                     std::span<const Extern> imports,
                                     abi::CallerGroup* group = nullptr);
Run<void> run_start(Instance& instance);

// Whether `found` can be what `module` imports; the error (unlinkable) says why not.
Result<void> check_import(const Store& store, const Module& module, const wasm::Import& wanted,
                          const Extern& found);

}  // namespace nacre::runtime
