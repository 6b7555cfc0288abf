// A Store holds one guest, or several that live and end together: it owns their instances and
// everything these are made of, until it is destroyed. Nothing is freed before.
//
// One thread at a time, except for shared memories. Limits bound what guests may take from their
// host; they are on by default (invariants.md: limits-by-default).
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <optional>
#include <vector>

#include "abi/code.h"
#include "abi/host_func.h"
#include "abi/value.h"
#include "abi/vmctx.h"
#include "base/result.h"
#include "os/memory.h"
#include "os/page_restorer.h"
#include "os/watchdog.h"
#include "runtime/engine.h"
#include "runtime/extern.h"
#include "runtime/global.h"
#include "runtime/guest_stack.h"
#include "runtime/limits.h"
#include "runtime/memory.h"
#include "runtime/module.h"
#include "runtime/table.h"

namespace nacre::runtime {

class GuestCall;
class Instance;

struct StoreOptions {
  uint64_t max_memory_bytes = uint64_t{16} << 30;  // accessible, of all memories together
  uint64_t max_table_elements = 50'000'000;        // of all tables together
  uint32_t max_instances = 10'000;
  uint32_t max_memories = 10'000;
  uint32_t max_tables = 200'000;
  // Frames of guest functions. Address space until it is used. Calls that are made while another
  // guest waits on this stack get a small one, of at most StackPool::kStackBytes.
  uint64_t guest_stack_bytes = uint64_t{8} << 20;
  // How deep the host may call the guest calling the host; each level costs native stack.
  uint32_t max_host_depth = 200;
  // Limits that were set: they replace the defaults above, or limit what has no default. Time and
  // fuel are counted over all that guests do in the store.
  Limits limits;
  // Of instance pools: what is made can be put back (runtime/snapshot.h).
  bool restorable = false;
  // Where memories and stacks come from and go back to; may be null, outlives the store.
  os::ReservationStock* stock = nullptr;
};

class Store {
 public:
  // Errors: out_of_memory; usage, if fuel is limited and the engine does not count it.
  static Result<std::unique_ptr<Store>> create(std::shared_ptr<Engine> engine,
                                               StoreOptions options = {});
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  StoreId id() const { return id_; }
  Engine& engine() { return *engine_; }
  const Engine& engine() const { return *engine_; }
  const StoreOptions& options() const { return options_; }
  // The stack that a guest runs on, or that the next one will run on.
  abi::ExecContext& exec() { return *current_; }
  // The store whose code runs in `exec`.
  static Store& of(abi::ExecContext& exec) { return static_cast<GuestStack&>(exec).store; }

  // ---- What the host makes. Types are the engine's (concrete heap types are canonical ids);
  // errors: limit, out_of_memory.
  //
  // `func.canon_type` may be left out if its references are abstract. `func.data` outlives the
  // store: keep() is one way.
  Result<Extern> add_func(abi::HostFunc func);
  Result<Extern> add_table(const wasm::TableType& type, abi::Ref initial = abi::kNullRef);
  Result<Extern> add_memory(const wasm::MemoryType& type);
  Result<Extern> add_global(const wasm::GlobalType& type, abi::Value value);
  Result<Extern> add_tag(const wasm::FuncType& type);
  // Lets instances of this store import a shared memory of another one.
  Result<Extern> adopt(std::shared_ptr<Memory> memory);
  // The memory, to be adopted elsewhere; null unless it is a shared memory of this store.
  std::shared_ptr<Memory> share(const Extern& memory) const;

  // Keeps `data` alive as long as the store; it is released after all instances.
  void keep(std::shared_ptr<void> data) { kept_.push_back(std::move(data)); }

  // The embedder's data, for host functions, which find their store by Store::of; not owned.
  void* host_data() const { return host_data_; }
  void set_host_data(void* data) { host_data_ = data; }

  // Groups of instances with rights of their own (abi/vmctx.h); the first is there from the start.
  abi::CallerGroup& group() { return group_; }
  abi::CallerGroup& add_group(void* world) {
    return *more_groups_.emplace_back(std::make_unique<abi::CallerGroup>(world));
  }

  // ---- For instance pools: one guest after the other in the same store.
  //
  // The next memories start from these, in order: images of a store that was made in the same way,
  // so that initial contents are not written again.
  void start_memories_from(std::vector<Memory::Image> images) { images_ = std::move(images); }
  // Call when everything is made and no guest ran yet: the store is as restore() will want it.
  void freeze();
  // Prepares for the next guest: nothing of the former one is left on the stack, and handles that
  // it was given are refused from now on. Errors: usage, if the store is running, something was
  // added since freeze(), or a guest trapped in it; out_of_memory. After an error it must not be
  // given to another guest.
  Result<void> restore(const os::PageRestorer& restorer);
  // Whether a guest ended by a trap, other than its own exit.
  bool trapped() const { return trapped_; }
  bool running() const { return current_->stack_use.depth() != 0; }
  // How many guests wait for something, each parked on its stack (runtime/guest_call.h).
  size_t parked() const { return parked_; }
  // Notes that a guest is about to use the stack.
  void note_entry() { entered_ = true; }
  // Notes that a guest that ran ended by this trap, and completes its message if it is about a
  // limit.
  void note_trap(abi::Trap& trap);
  // The same for a guest that was parked.
  void note_end(abi::Trap& trap);

  // ---- Stacks, for the code that enters the store (runtime/func.cc, guest_call.cc).
  //
  // Whether exec() can be entered: no guest is parked on the store's stack, or one runs elsewhere.
  bool has_stack() const { return current_ != no_stack_.get(); }
  // Makes a stack on which no guest is parked exec(): the store's own, or else a small one. Only
  // while no guest runs. Errors: limit, out_of_memory.
  Result<GuestStack*> take_stack();
  // Takes a stack back whose guest has ended.
  void give_back(GuestStack& stack);
  // park(): the guest on exec() waits and has left it; resume(): it is about to run there again.
  void park();
  void resume(GuestStack& stack);
  // Takes a stack back whose parked guest will not be resumed. Also while another one runs.
  void abandon(GuestStack& stack);
  // Sets the stack of a new instance's code: the one that all code of the store runs on.
  void run_here(abi::VmCtx& vmctx) { abi::run_on(vmctx, *attached_); }
  // Called when no guest runs any more. Time goes on if one waits, or this one begins to.
  void end_time(bool begins_to_wait);
  // Calls that are told when the store is destroyed.
  void add_call(GuestCall& call) { calls_.push_back(&call); }
  void remove_call(GuestCall& call);

  // ---- Limits.
  //
  // Those that were set. A pool changes them between guests: set_limits() may be called while no
  // guest runs; it cannot change the size of the stack. Errors: limit (more is in use), usage.
  const Limits& limits() const { return options_.limits; }
  Result<void> set_limits(Limits limits);
  // The text of a limit that was set (Limits); null: it was not set.
  const std::string* words_of(abi::TrapKind kind) const;
  // Whether this many more bytes exceed a memory limit that was set; likewise elements of tables.
  bool is_beyond_memory_limit(uint64_t more_bytes) const;
  bool is_beyond_table_limit(uint64_t more_elements) const;
  // Keeps time for the guest from now on, so that it can be interrupted. Errors: internal.
  Result<void> make_interruptible();
  // Null: not interruptible.
  os::Watch* watch() { return watch_.get(); }
  // Fuel used so far; 0 if it is not limited.
  uint64_t fuel_used() const;

  // ---- References.
  //
  // An externref to a host object; null without one. Hosts that use numbers of their own as
  // externrefs (any number plus one) do not need these.
  abi::Ref add_extern_value(std::shared_ptr<void> value);
  // Null if no such value was added.
  std::shared_ptr<void> extern_value(abi::Ref ref) const;

  // The function that a funcref names; null for null and for what is not a function of this store.
  abi::FuncObject* func_of(abi::Ref ref) const;
  static abi::Ref ref_of(const abi::FuncObject& func) { return reinterpret_cast<abi::Ref>(&func); }
  // Whether the host may use `value` as a `type` (canonical): null where it is allowed, functions
  // of this store with a fitting type, any externref.
  bool is_ref_of_type(abi::Ref value, wasm::ValType type) const;

  bool owns(const Extern& item) const { return item.store() == id_; }
  const wasm::FuncType& type_of(const abi::FuncObject& func) const;
  // Writes by the host, which check owner, type and bounds. Errors: usage.
  Result<void> set_global(const Extern& global, abi::Value value);
  Result<void> set_table(const Extern& table, uint64_t index, abi::Ref value);

  size_t instance_count() const { return instances_.size(); }

 private:
  friend class Instantiator;
  friend class Snapshot;

  // Address ranges of function objects, for func_of().
  struct FunctionRange {
    const abi::FuncObject* begin = nullptr;
    size_t count = 0;
  };
  // How many there are of each thing that can be added but never removed.
  struct Counts {
    size_t kept = 0, extern_values = 0, functions = 0, globals = 0, tags = 0, tables = 0;
    size_t memories = 0, instances = 0, groups = 0;
    friend bool operator==(const Counts&, const Counts&) = default;
  };
  Counts counts() const;

  Store(std::shared_ptr<Engine> engine, StoreOptions options);
  Result<void> map_stack();
  // Makes code of all instances run on that stack, with the fuel that is left.
  void attach(GuestStack& stack);
  void choose_stack();
  Result<void> apply_limits();
  // The error of something that was too large; names the limit if one was set.
  Error with_limit(abi::TrapKind kind, Error error) const;
  // Made, charged to the store's limits, and not yet owned by it.
  Result<std::unique_ptr<Table>> make_table(const wasm::TableType& type, abi::Ref initial);
  Result<std::shared_ptr<Memory>> make_memory(const wasm::MemoryType& type);
  void add_functions(const abi::FuncObject* begin, size_t count);
  Instance* add_instance(std::unique_ptr<Instance> instance);

  // Destroyed from the last to the first: instances go before what they refer to.
  std::shared_ptr<Engine> engine_;
  StoreOptions options_;
  StoreId id_;
  std::vector<std::shared_ptr<void>> kept_;
  bool trapped_ = false;
  bool entered_ = false;
  void* host_data_ = nullptr;
  std::optional<Counts> frozen_;
  GuestStack main_;
  std::unique_ptr<GuestStack> no_stack_;  // current_ where the store has no stack; never entered
  std::vector<std::unique_ptr<GuestStack>> small_;
  abi::ExecContext*
      current_;           // main_ unless a guest is parked there; else one of small_, or *no_stack_
  GuestStack* attached_;  // that the records of instances point to
  bool main_is_taken_ = false;
  size_t parked_ = 0;
  std::vector<GuestCall*> calls_;
  std::unique_ptr<os::Watch> watch_;  // of attached_
  std::shared_ptr<MemoryBudget> memory_budget_;
  os::AddressSpaceBudget table_budget_;
  uint64_t table_count_ = 0;
  uint64_t memory_count_ = 0;
  std::vector<Memory::Image> images_;
  std::vector<std::shared_ptr<Memory>> restorable_memories_;  // all, in the order they were made in
  std::vector<std::shared_ptr<void>> extern_values_;
  std::vector<FunctionRange> functions_;  // by rising address
  // Made by the host.
  abi::CallerGroup group_;
  std::vector<std::unique_ptr<abi::CallerGroup>> more_groups_;
  std::deque<abi::HostFunc> host_funcs_;
  std::list<abi::FuncObject> host_func_objects_;
  std::list<Global> host_globals_;
  std::list<Tag> host_tags_;
  std::vector<std::unique_ptr<Table>> host_tables_;
  std::vector<std::shared_ptr<Memory>> host_memories_;

  std::vector<std::unique_ptr<Instance>> instances_;
};

}  // namespace nacre::runtime
