// Instances for many short-lived guests. A pool keeps the instances that guests are done with and
// gives them, put back to what they were before, to the next guests of the same module: that costs
// what the former guest has dirtied instead of mappings, page faults and linking.
//
//   auto pool = Pool::create(engine, host, {.max_slots = 64});
//   Run<Lease> lease = pool->instantiate(module);      // as instantiate(): runs the start function
//   call(lease->store(), *lease->instance().find_export("f"), args, results);
//   lease = {};                                        // back to the pool
//
// A slot is a store with one instance, address space included. It is given out for one guest at a
// time, with affinity: to the module that was in it last, or, if all slots are taken and one is
// idle, to another module, for which everything in it is made anew in the same address space.
//
// What one guest leaves behind is never seen by the next (invariants.md: slot-reset): a slot is
// restored when it comes back, by its actual state and before anybody can have it, and is destroyed
// instead if the guest trapped, if something of it is still in use, or if any step fails. Restoring
// is the last thing that happens to a slot, after everything that the guest's owner did with it.
//
// Pools are thread-safe; a lease is used by one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "os/page_restorer.h"
#include "runtime/engine.h"
#include "runtime/failure.h"
#include "runtime/instance.h"
#include "runtime/module.h"
#include "runtime/store.h"

namespace nacre::runtime {

struct PoolOptions {
  // At one time, given out or kept.
  uint32_t max_slots = 100;
  // How much of what a guest wrote in each of its memories stays resident for the next one.
  uint64_t keep_bytes = uint64_t{4} << 20;
  StoreOptions store;  // of each slot; `stock` is ignored
  // Off: written pages are dropped without asking the kernel which they are. For tests.
  bool scan_pages = true;
};

// What guests of a pool may call. Used by all threads of the pool at once, for different stores;
// outlives the pool and its leases.
class PoolHost {
 public:
  virtual ~PoolHost() = default;
  // The imports of `module`, in order, for all guests that will be in `store`: functions that find
  // what belongs to the present guest through Store::host_data(), which is null before each. Called
  // once when a slot is made for a module. Errors as Linker::resolve.
  virtual Result<std::vector<Extern>> link(Store& store, const Module& module) = 0;
};

// A host that offers nothing.
class NoPoolHost final : public PoolHost {
 public:
  Result<std::vector<Extern>> link(Store& store, const Module& module) override;
};

struct PoolStatistics {
  uint32_t slots = 0;    // made and not destroyed
  uint32_t idle = 0;     // of them not given out
  uint64_t warm = 0;     // instances that were there already
  uint64_t made = 0;     // instances that had to be made
  uint64_t retired = 0;  // slots that no second guest got
};

class Lease;

class Pool : public std::enable_shared_from_this<Pool> {
 public:
  // Errors: usage (no engine, no slots).
  static Result<std::shared_ptr<Pool>> create(std::shared_ptr<Engine> engine,
                                              std::shared_ptr<PoolHost> host,
                                              PoolOptions options = {});
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool();

  // An instance that no guest has used. Errors: as runtime::instantiate and PoolHost::link; limit,
  // if all slots are given out; unsupported, if the module imports anything but functions.
  // Traps of the start function are detached (Failure::detach). `host_data`: of this guest, there
  // before the start function runs.
  // `limits`: of this guest. They may say less than PoolOptions::store, and nothing of the stack.
  Run<Lease> instantiate(const ModulePtr& module, void* host_data = nullptr, Limits limits = {});

  PoolStatistics statistics() const;

 private:
  friend class Lease;
  struct Slot;
  using SlotPtr = std::unique_ptr<Slot>;
  // What the slots of one module share.
  struct Shelf {
    ModulePtr module;  // kept, so that its address is not another's
    std::vector<Memory::Image> images;
    std::vector<SlotPtr> idle;  // the one that came back last is taken first
    uint32_t slots = 0;         // idle or given out
  };

  Pool(std::shared_ptr<Engine> engine, std::shared_ptr<PoolHost> host, PoolOptions options);
  // An idle slot of the module, or one that fill() has to make ready.
  Result<SlotPtr> take(const ModulePtr& module);
  SlotPtr take_oldest();
  void leave(Shelf& shelf);
  Run<void> fill(Slot& slot);
  void give_back(SlotPtr slot);
  void destroy(SlotPtr slot);

  std::shared_ptr<Engine> engine_;
  std::shared_ptr<PoolHost> host_;
  const PoolOptions options_;
  const os::PageRestorer restorer_;

  mutable std::mutex mutex_;
  uint64_t clock_ = 0;  // counts slots that came back
  PoolStatistics statistics_;
  std::unordered_map<const Module*, Shelf> shelves_;  // of modules that have slots
};

// A slot given out to one guest. Going, it gives the slot back; it must not go while its guest runs
// (from a host function that the guest called): the slot then is never used or freed again.
class Lease {
 public:
  Lease();  // of nothing
  Lease(Lease&& other) noexcept;
  Lease& operator=(Lease&& other) noexcept;
  ~Lease();

  explicit operator bool() const { return slot_ != nullptr; }
  Store& store() const;
  Instance& instance() const;

  void release();

 private:
  friend class Pool;
  Lease(std::shared_ptr<Pool> pool, Pool::SlotPtr slot);

  std::shared_ptr<Pool> pool_;
  Pool::SlotPtr slot_;
};

}  // namespace nacre::runtime
