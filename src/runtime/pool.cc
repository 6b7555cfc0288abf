#include "runtime/pool.h"

#include <algorithm>
#include <bit>
#include <new>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "os/thread_number.h"
#include "runtime/linker.h"
#include "runtime/snapshot.h"

namespace nacre::runtime {

// Destroyed from the last to the first: the address space goes after everything that lies in it.
struct Pool::Slot {
  Lane* lane = nullptr;          // that it comes back to
  ModuleSlots* peers = nullptr;  // in this lane, of the module it is for
  os::ReservationStock stock;
  std::unique_ptr<Store> store;
  Instance* instance = nullptr;      // of the module, in `store`
  std::vector<Instance*> starting;   // those of `store` that have a start function, in order
  std::optional<Snapshot> snapshot;  // nothing: fill() has to make all of this
  uint64_t came_back = 0;
};

namespace {

// Twice as many as can run at one time, so that few threads share one.
size_t lane_count() {
  unsigned most = std::clamp(std::thread::hardware_concurrency(), 1u, 64u);
  return std::bit_ceil(size_t{2} * most);
}

}  // namespace

Run<std::vector<Extern>> NoPoolHost::link(Store& store, const Module& module) {
  return Linker(store).resolve(module);
}

Pool::Pool(std::shared_ptr<Engine> engine, std::shared_ptr<PoolHost> host, PoolOptions options)
    : engine_(std::move(engine)),
      host_(std::move(host)),
      options_(std::move(options)),
      restorer_(options_.scan_pages ? os::PageRestorer::create() : os::PageRestorer()),
      lanes_(lane_count()) {}

Pool::~Pool() = default;

Result<std::shared_ptr<Pool>> Pool::create(std::shared_ptr<Engine> engine,
                                           std::shared_ptr<PoolHost> host, PoolOptions options) {
  if (engine == nullptr || host == nullptr)
    return fail(ErrorCode::usage, "a pool needs an engine and a host");
  if (options.max_slots == 0) return fail(ErrorCode::usage, "a pool has at least one slot");
  return std::shared_ptr<Pool>(new Pool(std::move(engine), std::move(host), std::move(options)));
}

Run<Lease> Pool::instantiate(const ModulePtr& module, void* guest, Limits limits) {
  if (module == nullptr) return fail(ErrorCode::usage, "no module to instantiate");
  if (&module->engine() != engine_.get())
    return fail(ErrorCode::usage, "the module and the pool belong to different engines");
  SlotPtr slot = TRY(take(module));
  if (!slot->snapshot) {
    if (Run<void> filled = fill(*slot); !filled) {
      filled.error().detach();  // what the trap names will be gone
      destroy(std::move(slot));
      return std::unexpected(std::move(filled).error());
    }
  }
  host_->bind(*slot->store, guest);
  Slot& given = *slot;
  Lease lease(shared_from_this(), std::move(slot));
  if (!limits.empty()) TRY(given.store->set_limits(std::move(limits)));
  if (Run<void> started = start(given); !started) {
    started.error().detach();  // the slot will be gone
    return std::unexpected(std::move(started).error());
  }
  return lease;
}

Run<void> Pool::start(Slot& slot) {
  for (Instance* instance : slot.starting) TRY(run_start(*instance));
  return {};
}

// ---- lanes

// All of them locked, in order: what is then seen of the pool is one state.
class Pool::AllLanes {
 public:
  explicit AllLanes(std::vector<Lane>& lanes) : lanes_(lanes) {
    for (Lane& lane : lanes_) lane.mutex.lock();
  }
  ~AllLanes() {
    for (Lane& lane : lanes_) lane.mutex.unlock();
  }
  AllLanes(const AllLanes&) = delete;
  AllLanes& operator=(const AllLanes&) = delete;

 private:
  std::vector<Lane>& lanes_;
};

Pool::Lane& Pool::own_lane() { return lanes_[os::thread_number() & (lanes_.size() - 1)]; }

Pool::SlotPtr Pool::Lane::take(const Module* module) {
  auto found = modules.find(module);
  if (found == modules.end() || found->second.idle.empty()) return nullptr;
  SlotPtr slot = std::move(found->second.idle.back());
  found->second.idle.pop_back();
  --counts.idle;
  return slot;
}

Pool::SlotPtr Pool::Lane::take_oldest() {
  ModuleSlots* oldest = nullptr;
  for (auto& [module, candidate] : modules) {
    if (candidate.idle.empty()) continue;
    bool older = oldest == nullptr || candidate.idle[0]->came_back < oldest->idle[0]->came_back;
    if (older) oldest = &candidate;
  }
  if (oldest == nullptr) return nullptr;
  SlotPtr slot = std::move(oldest->idle.front());
  oldest->idle.erase(oldest->idle.begin());
  --counts.idle;
  leave(*oldest);
  return slot;
}

void Pool::Lane::adopt(Slot& slot, const ModulePtr& module) {
  ModuleSlots& peers = modules[module.get()];
  peers.module = module;
  ++peers.slots;
  ++counts.slots;
  slot.lane = this;
  slot.peers = &peers;
}

void Pool::Lane::leave(ModuleSlots& left) {
  --counts.slots;
  if (--left.slots == 0) modules.erase(left.module.get());
}

Result<Pool::SlotPtr> Pool::take(const ModulePtr& module) {
  Lane& own = own_lane();
  {
    std::lock_guard lock(own.mutex);
    if (SlotPtr slot = own.take(module.get())) {
      ++own.counts.warm;
      return slot;
    }
  }
  return take_from_all(own, module);
}

Result<Pool::SlotPtr> Pool::take_from_all(Lane& own, const ModulePtr& module) {
  AllLanes locked(lanes_);
  for (Lane& lane : lanes_) {
    SlotPtr slot = lane.take(module.get());
    if (slot == nullptr) continue;
    ++own.counts.warm;
    if (&lane == &own) return slot;
    std::vector<Memory::Image> images = slot->peers->images;
    lane.leave(*slot->peers);
    own.adopt(*slot, module);
    if (slot->peers->images.empty()) slot->peers->images = std::move(images);
    return slot;
  }
  SlotPtr slot;
  if (slots_ < options_.max_slots) {
    slot.reset(new (std::nothrow) Slot);
    if (slot == nullptr) return fail(ErrorCode::out_of_memory, "no room for a slot");
    ++slots_;
  } else {
    slot = own.take_oldest();
    for (size_t i = 0; slot == nullptr && i < lanes_.size(); ++i) slot = lanes_[i].take_oldest();
    if (slot == nullptr) {
      return fail(ErrorCode::limit,
                  "all " + std::to_string(options_.max_slots) + " slots of the pool are in use");
    }
    slot->snapshot.reset();  // of the other module
  }
  own.adopt(*slot, module);
  for (size_t i = 0; slot->peers->images.empty() && i < lanes_.size(); ++i) {
    auto found = lanes_[i].modules.find(module.get());
    if (found != lanes_[i].modules.end()) slot->peers->images = found->second.images;
  }
  ++own.counts.made;
  return slot;
}

// ---- slots

// Everything anew in the address space that is there.
Run<void> Pool::fill(Slot& slot) {
  slot.starting.clear();
  slot.store.reset();
  ModulePtr module;
  std::vector<Memory::Image> images;
  {
    std::lock_guard lock(slot.lane->mutex);
    module = slot.peers->module;
    images = slot.peers->images;
  }
  bool is_first = images.empty();
  StoreOptions options = options_.store;
  options.stock = &slot.stock;
  options.restorable = true;
  slot.store = TRY(Store::create(engine_, options));
  slot.store->start_memories_from(std::move(images));
  std::vector<Extern> imports = TRY(host_->link(*slot.store, *module));
  slot.instance = TRY(instantiate_unstarted(*slot.store, module, imports));
  slot.snapshot = TRY(Snapshot::take(*slot.store));
  slot.starting = slot.snapshot->starting();
  slot.store->freeze();
  if (!is_first) return {};
  std::lock_guard lock(slot.lane->mutex);
  slot.peers->images = slot.snapshot->images();
  return {};
}

void Pool::give_back(SlotPtr slot) {
  bool restored = slot->store->restore(restorer_).has_value() &&
                  slot->snapshot->restore(restorer_, options_.keep_bytes).has_value();
  if (!restored) {
    destroy(std::move(slot));
    return;
  }
  Lane& lane = *slot->lane;
  std::lock_guard lock(lane.mutex);
  slot->came_back = ++lane.clock;
  ++lane.counts.idle;
  std::vector<SlotPtr>& idle = slot->peers->idle;
  idle.push_back(std::move(slot));
}

void Pool::destroy(SlotPtr slot) {
  Lane& lane = *slot->lane;
  ModuleSlots& peers = *slot->peers;
  slot = nullptr;  // outside of the lock: unmapping takes its time
  std::lock_guard lock(lane.mutex);
  --slots_;
  ++lane.counts.retired;
  lane.leave(peers);
}

PoolStatistics Pool::statistics() const {
  PoolStatistics all;
  for (const Lane& lane : lanes_) {
    std::lock_guard lock(lane.mutex);
    all.slots += lane.counts.slots;
    all.idle += lane.counts.idle;
    all.warm += lane.counts.warm;
    all.made += lane.counts.made;
    all.retired += lane.counts.retired;
  }
  return all;
}

// ---- leases

Lease::Lease() = default;
Lease::Lease(std::shared_ptr<Pool> pool, Pool::SlotPtr slot)
    : pool_(std::move(pool)), slot_(std::move(slot)) {}
Lease::Lease(Lease&& other) noexcept = default;
Lease& Lease::operator=(Lease&& other) noexcept {
  if (this != &other) {
    release();
    pool_ = std::move(other.pool_);
    slot_ = std::move(other.slot_);
  }
  return *this;
}
Lease::~Lease() { release(); }

Store& Lease::store() const { return *slot_->store; }
Instance& Lease::instance() const { return *slot_->instance; }

void Lease::release() {
  if (slot_ == nullptr) return;
  if (slot_->store->running()) {
    // Its frames are on a stack below, which must never be reused or unmapped (invariants.md:
    // slot-reset).
    [[maybe_unused]] Pool::Slot* kept = slot_.release();
  } else {
    pool_->give_back(std::move(slot_));
  }
  pool_ = nullptr;
}

}  // namespace nacre::runtime
