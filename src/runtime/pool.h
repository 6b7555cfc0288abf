// Instances for many short-lived guests. A pool keeps the instances that guests are done with and
// gives them, put back to their initial state, to the next guests of the same module: that costs as
// much as the former guest has written, instead of mappings, page faults and linking.
//
//   auto pool = Pool::create(engine, host, {.max_slots = 64});
//   Run<Lease> lease = pool->instantiate(module);      // as instantiate(): runs the start function
//   call(lease->store(), *lease->instance().find_export("f"), args, results);
//   lease = {};                                        // back to the pool
//
// A slot is a store with all that is made in it for one guest: an instance of the module, and what
// the host puts beside it, which may be other instances, memories, tables and globals. All of it is
// put back together. A slot is given out for one guest at a time, with affinity: to the module that
// was in it last, or, if all slots are taken and one is idle, to another module, for which
// everything in it is made anew in the same address space.
//
// What one guest leaves behind is never seen by the next (invariants.md: slot-reset): a slot is
// restored when it comes back, by its actual state and before it can be given out, and is destroyed
// instead if the guest trapped, if something of it is still in use, or if any step fails. Restoring
// is the last thing that happens to a slot, after everything that the guest's owner did with it.
//
// Pools are thread-safe; a lease is used by one thread at a time. Threads have parts (lanes) of
// their own: as long as a thread finds idle slots of its module in its lane, it takes no lock that
// others take.
#pragma once

#include <atomic>
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
  StoreOptions store;  // of each slot; `stock` and `restorable` are ignored
  // Off: written pages are dropped without asking the kernel which they are. For tests.
  bool scan_pages = true;
};

// What guests of a pool may call. Used by all threads of the pool at once, for different stores;
// outlives the pool and its leases.
class PoolHost {
 public:
  virtual ~PoolHost() = default;
  // Makes in `store` what an instance of `module` needs, and returns its imports in order.
  // Other instances are made by instantiate_unstarted(): the start functions of all of them run for
  // each guest, in the order in which they were made. Bytes of memories that the host makes are
  // written by Memory::initialize(). Host functions find what belongs to the present guest through
  // what bind() sets. Called once when a slot is made for a module. It must make the same each
  // time, because memories of later slots start with what was written into those of the first.
  // Errors as Linker::resolve and instantiate_unstarted.
  virtual Run<std::vector<Extern>> link(Store& store, const Module& module) = 0;
  // A guest gets the slot: what it calls acts for it from now on. Its start function has not run.
  virtual void bind(Store& store, void* guest) { store.set_host_data(guest); }
};

// A host that offers nothing.
class NoPoolHost final : public PoolHost {
 public:
  Run<std::vector<Extern>> link(Store& store, const Module& module) override;
};

struct PoolStatistics {
  uint32_t slots = 0;    // made and not destroyed
  uint32_t idle = 0;     // of them not given out
  uint64_t warm = 0;     // instances that were there already
  uint64_t made = 0;     // instances that had to be made
  uint64_t retired = 0;  // slots that were destroyed instead of reused
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
  // if all slots are given out.
  // Traps are detached (Failure::detach). `guest`: what the host binds the
  // slot to (PoolHost::bind).
  // `limits`: of this guest; at most those of PoolOptions::store, and none of the stack.
  Run<Lease> instantiate(const ModulePtr& module, void* guest = nullptr, Limits limits = {});

  PoolStatistics statistics() const;

 private:
  friend class Lease;
  struct Slot;
  using SlotPtr = std::unique_ptr<Slot>;
  // What the slots of one module in one lane share.
  struct ModuleSlots {
    ModulePtr module;  // kept, so that its address is not another's
    std::vector<Memory::Image> images;
    std::vector<SlotPtr> idle;  // free list: the one that came back last is taken first
    uint32_t slots = 0;         // idle or given out
  };
  // The slots that some threads made. A slot comes back to the lane that it was taken from,
  // on whatever thread; threads that find no slot in theirs look into all of them.
  struct alignas(64) Lane {
    mutable std::mutex mutex;
    uint64_t clock = 0;  // counts slots that came back
    PoolStatistics counts;
    std::unordered_map<const Module*, ModuleSlots> modules;  // of modules that have slots

    // An idle slot of the module; null if there is none.
    SlotPtr take(const Module* module);
    // The idle slot that was not used for the longest time, now of no module; null if all are given
    // out.
    SlotPtr take_oldest();
    // Makes a slot one of the module's, given out.
    void adopt(Slot& slot, const ModulePtr& module);
    // One of the slots leaves; with the last one the entry of the module goes as well.
    void leave(ModuleSlots& left);
  };
  class AllLanes;

  Pool(std::shared_ptr<Engine> engine, std::shared_ptr<PoolHost> host, PoolOptions options);
  Lane& own_lane();
  // An idle slot of the module, or one that fill() has to make ready.
  Result<SlotPtr> take(const ModulePtr& module);
  Result<SlotPtr> take_from_all(Lane& own, const ModulePtr& module);
  Run<void> fill(Slot& slot);
  Run<void> start(Slot& slot);
  void give_back(SlotPtr slot);
  void destroy(SlotPtr slot);

  std::shared_ptr<Engine> engine_;
  std::shared_ptr<PoolHost> host_;
  const PoolOptions options_;
  const os::PageRestorer restorer_;
  std::atomic<uint32_t> slots_ = 0;  // changed with all lanes locked, but for slots that go
  std::vector<Lane> lanes_;          // a power of two
};

// A slot given out to one guest; destroying it gives the slot back. It must not be destroyed while
// its guest runs (from a host function that the guest called): the slot is then never used or freed
// again.
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
