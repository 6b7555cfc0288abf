#include "runtime/pool.h"

#include <new>
#include <optional>
#include <string>
#include <utility>

#include "base/utf8.h"
#include "runtime/linker.h"
#include "runtime/snapshot.h"

namespace nacre::runtime {

// Destroyed from the last to the first: the address space goes after everything that lies in it.
struct Pool::Slot {
  Shelf* shelf = nullptr;  // of the module it is for
  os::ReservationStock stock;
  std::unique_ptr<Store> store;
  Instance* instance = nullptr;      // of `store`
  std::optional<Snapshot> snapshot;  // nothing: fill() has to make all of this
  uint64_t came_back = 0;
};

namespace {

Result<void> check_imports(const Module& module, const std::vector<Extern>& found) {
  const std::vector<wasm::Import>& imports = module.wasm().imports;
  for (const wasm::Import& import : imports) {
    if (import.type.kind == wasm::ExternKind::func) continue;
    return fail(ErrorCode::unsupported,
                "a module in an instance pool can import functions only; it imports " +
                    printable(import.module) + "." + printable(import.name) + " (" +
                    describe(import.type, module.type_ids(), module.engine().types()) + ")");
  }
  for (size_t i = 0; i < found.size() && i < imports.size(); ++i) {
    // A function of another instance would bring a state that is never restored.
    if (found[i].func() == nullptr || found[i].func()->host == nullptr)
      return fail(ErrorCode::usage, "what a pool's host offers is not a host function");
  }
  return {};
}

}  // namespace

Result<std::vector<Extern>> NoPoolHost::link(Store& store, const Module& module) {
  return Linker(store).resolve(module);
}

Pool::Pool(std::shared_ptr<Engine> engine, std::shared_ptr<PoolHost> host, PoolOptions options)
    : engine_(std::move(engine)),
      host_(std::move(host)),
      options_(options),
      restorer_(options.scan_pages ? os::PageRestorer::create() : os::PageRestorer()) {}

Pool::~Pool() = default;

Result<std::shared_ptr<Pool>> Pool::create(std::shared_ptr<Engine> engine,
                                           std::shared_ptr<PoolHost> host, PoolOptions options) {
  if (engine == nullptr || host == nullptr)
    return fail(ErrorCode::usage, "a pool needs an engine and a host");
  if (options.max_slots == 0) return fail(ErrorCode::usage, "a pool has at least one slot");
  return std::shared_ptr<Pool>(new Pool(std::move(engine), std::move(host), options));
}

Run<Lease> Pool::instantiate(const ModulePtr& module, void* host_data, Limits limits) {
  if (module == nullptr) return fail(ErrorCode::usage, "no module to instantiate");
  if (&module->engine() != engine_.get())
    return fail(ErrorCode::usage, "the module and the pool belong to different engines");
  SlotPtr slot = TRY(take(module));
  if (!slot->snapshot) {
    if (Run<void> filled = fill(*slot); !filled) {
      destroy(std::move(slot));
      return std::unexpected(std::move(filled).error());
    }
  }
  slot->store->set_host_data(host_data);
  Lease lease(shared_from_this(), std::move(slot));
  if (!limits.empty()) TRY(lease.store().set_limits(std::move(limits)));
  if (Run<void> started = run_start(lease.instance()); !started) {
    started.error().detach();  // the slot will be gone
    return std::unexpected(std::move(started).error());
  }
  return lease;
}

Result<Pool::SlotPtr> Pool::take(const ModulePtr& module) {
  std::lock_guard lock(mutex_);
  auto found = shelves_.find(module.get());
  if (found != shelves_.end() && !found->second.idle.empty()) {
    SlotPtr slot = std::move(found->second.idle.back());
    found->second.idle.pop_back();
    --statistics_.idle;
    ++statistics_.warm;
    return slot;
  }
  SlotPtr slot;
  if (statistics_.slots < options_.max_slots) {
    slot.reset(new (std::nothrow) Slot);
    if (slot == nullptr) return fail(ErrorCode::out_of_memory, "no room for a slot");
    ++statistics_.slots;
  } else {
    slot = take_oldest();
    if (slot == nullptr) {
      return fail(ErrorCode::limit,
                  "all " + std::to_string(options_.max_slots) + " slots of the pool are in use");
    }
    slot->snapshot.reset();  // of the other module
  }
  slot->shelf = &shelves_[module.get()];
  slot->shelf->module = module;
  ++slot->shelf->slots;
  ++statistics_.made;
  return slot;
}

// The idle slot that was not used for the longest time, on no shelf any more; null if there is
// none.
Pool::SlotPtr Pool::take_oldest() {
  Shelf* shelf = nullptr;
  for (auto& [module, candidate] : shelves_) {
    if (candidate.idle.empty()) continue;
    bool older = shelf == nullptr || candidate.idle[0]->came_back < shelf->idle[0]->came_back;
    if (older) shelf = &candidate;
  }
  if (shelf == nullptr) return nullptr;
  SlotPtr slot = std::move(shelf->idle.front());
  shelf->idle.erase(shelf->idle.begin());
  --statistics_.idle;
  leave(*shelf);
  return slot;
}

// One slot fewer is of this shelf, and with the last one it goes.
void Pool::leave(Shelf& shelf) {
  if (--shelf.slots == 0) shelves_.erase(shelf.module.get());
}

// Everything anew in the address space that is there.
Run<void> Pool::fill(Slot& slot) {
  slot.store.reset();
  ModulePtr module;
  std::vector<Memory::Image> images;
  {
    std::lock_guard lock(mutex_);
    module = slot.shelf->module;
    images = slot.shelf->images;
  }
  StoreOptions options = options_.store;
  options.stock = &slot.stock;
  slot.store = TRY(Store::create(engine_, options));
  std::vector<Extern> imports;
  TRY(check_imports(*module, imports));
  imports = TRY(host_->link(*slot.store, *module));
  TRY(check_imports(*module, imports));
  slot.instance = TRY(instantiate_restorable(*slot.store, module, imports, images));
  slot.snapshot = TRY(Snapshot::take(*slot.instance));
  slot.store->freeze();
  if (!images.empty()) return {};
  std::lock_guard lock(mutex_);
  slot.shelf->images = slot.snapshot->images();
  return {};
}

void Pool::give_back(SlotPtr slot) {
  bool restored = slot->store->restore(restorer_).has_value() &&
                  slot->snapshot->restore(restorer_, options_.keep_bytes).has_value();
  if (!restored) {
    destroy(std::move(slot));
    return;
  }
  std::lock_guard lock(mutex_);
  slot->came_back = ++clock_;
  ++statistics_.idle;
  std::vector<SlotPtr>& idle = slot->shelf->idle;
  idle.push_back(std::move(slot));
}

void Pool::destroy(SlotPtr slot) {
  Shelf& shelf = *slot->shelf;
  slot = nullptr;  // outside of the lock: unmapping takes its time
  std::lock_guard lock(mutex_);
  --statistics_.slots;
  ++statistics_.retired;
  leave(shelf);
}

PoolStatistics Pool::statistics() const {
  std::lock_guard lock(mutex_);
  return statistics_;
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
    static_cast<void>(slot_.release());
  } else {
    pool_->give_back(std::move(slot_));
  }
  pool_ = nullptr;
}

}  // namespace nacre::runtime
