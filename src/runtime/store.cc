#include "runtime/store.h"

#include <algorithm>
#include <string>
#include <utility>

#include "runtime/guest_call.h"
#include "runtime/instance.h"
#include "runtime/park_waits.h"

namespace nacre::runtime {

using abi::TrapKind;

namespace {

constexpr uint64_t kKeptStackBytes = 64 << 10;  // of a restored stack, for the next guest

Error wrong_owner() { return Error(ErrorCode::usage, "this handle belongs to another store"); }

bool has_concrete_ref(const wasm::FuncType& type) {
  auto concrete = [](wasm::ValType t) { return t.is_ref() && t.heap().is_concrete(); };
  return std::any_of(type.params.begin(), type.params.end(), concrete) ||
         std::any_of(type.results.begin(), type.results.end(), concrete);
}

// In the form of the words of a limit that was set.
std::string default_words(TrapKind kind, const StoreOptions& options) {
  if (kind == TrapKind::tables_limit) {
    return std::to_string(options.max_table_elements) + " (the default; --tables raises it)";
  }
  return std::to_string(options.max_memory_bytes >> 20) + " MiB (the default; --memory raises it)";
}

// Of a fixed limit.
std::string all_of(uint32_t most, const char* what) {
  return "the store has all the " + std::string(what) + " that it may have, " +
         std::to_string(most) + ", which nothing raises";
}

}  // namespace

Store::Store(std::shared_ptr<Engine> engine, StoreOptions options)
    : engine_(std::move(engine)),
      options_(std::move(options)),
      id_(StoreId{Engine::next_store_id()}),
      main_(*this, options_.max_host_depth),
      current_(&main_),
      attached_(&main_),
      memory_budget_(std::make_shared<MemoryBudget>(options_.max_memory_bytes)),
      table_budget_(options_.max_table_elements) {}

Store::~Store() {
  for (GuestCall* call : calls_) call->store_ended();
}

Result<std::unique_ptr<Store>> Store::create(std::shared_ptr<Engine> engine, StoreOptions options) {
  if (engine == nullptr) return fail(ErrorCode::usage, "a store needs an engine");
  if (const Limit* stack = find_limit(options.limits, TrapKind::stack_limit))
    options.guest_stack_bytes = stack->amount;
  std::unique_ptr<Store> store(new Store(std::move(engine), std::move(options)));
  TRY(store->map_stack());
  TRY(store->apply_limits());
  return store;
}

// Tiers check each frame against the stack's end; the guards on both sides are the second net.
Result<void> Store::map_stack() {
  uint64_t bytes = os::round_up_to_page(options_.guest_stack_bytes);
  if (bytes == 0 || bytes > uint64_t{1} << 40) {
    const std::string* words = words_of(TrapKind::stack_limit);
    return fail(ErrorCode::usage, "a guest stack has between 1 byte and 1 TiB" +
                                      (words != nullptr ? ", not " + *words : std::string()));
  }
  bytes += abi::kStackReserveBytes;
  if (bytes <= StackPool::kStackBytes) {
    main_.use(TRY(engine_->small_stacks().take(bytes, id_)));
    return {};
  }
  os::MappingContext mapping = engine_->mapping();
  mapping.stock = options_.stock;
  main_.use(TRY(StackMemory::map(bytes, mapping)));
  return {};
}

// ---- stacks

void Store::attach(GuestStack& stack) {
  if (attached_ == &stack) return;
  stack.fuel = attached_->fuel;
  stack.counts_fuel = attached_->counts_fuel;
  attached_ = &stack;
  if (watch_ != nullptr) watch_->set_target(stack.running);
  for (const auto& instance : instances_) abi::run_on(instance->vmctx(), stack);
}

// What the next guest runs on, while none does.
void Store::choose_stack() {
  if (!main_is_taken_) {
    current_ = &main_;
    return attach(main_);
  }
  if (no_stack_ == nullptr) no_stack_ = std::make_unique<GuestStack>(*this, 0);
  current_ = no_stack_.get();
}

Result<GuestStack*> Store::take_stack() {
  GuestStack* stack = &main_;
  if (main_is_taken_) {
    uint64_t bytes = static_cast<uint64_t>(main_.stack_end - main_.stack_begin);
    StackMemory memory =
        TRY(engine_->small_stacks().take(std::min(bytes, StackPool::kStackBytes), id_));
    stack = small_.emplace_back(std::make_unique<GuestStack>(*this, main_.max_host_depth)).get();
    stack->use(std::move(memory));
  }
  main_is_taken_ = true;
  attach(*stack);
  current_ = stack;
  return stack;
}

void Store::give_back(GuestStack& stack) {
  bool another_runs = current_ != &stack && running();
  stack.suspension = {};
  stack.suspend_depth = 0;
  stack.stack_top = stack.stack_begin;
  stack.frame_top = stack.stack_end;
  if (&stack == &main_) {
    main_is_taken_ = false;
  } else {
    if (attached_ == &stack) attach(main_);
    auto owner = std::ranges::find(small_, &stack, &std::unique_ptr<GuestStack>::get);
    std::swap(*owner, small_.back());
    small_.pop_back();
  }
  if (!another_runs) choose_stack();
}

void Store::park() {
  ++parked_;
  choose_stack();
}

void Store::resume(GuestStack& stack) {
  --parked_;
  attach(stack);
  current_ = &stack;
}

void Store::abandon(GuestStack& stack) {
  --parked_;
  if (!running() && parked_ == 0 && watch_ != nullptr) watch_->stop_waiting();
  give_back(stack);
}

void Store::end_time(bool begins_to_wait) {
  if (begins_to_wait || parked_ != 0) {
    watch_->wait();
  } else {
    watch_->end();
  }
}

void Store::remove_call(GuestCall& call) {
  auto found = std::ranges::find(calls_, &call);
  if (found == calls_.end()) return;  // it never began
  std::swap(*found, calls_.back());
  calls_.pop_back();
}

// ---- limits

Result<void> Store::apply_limits() {
  auto amount = [&](TrapKind kind, uint64_t otherwise) {
    const Limit* limit = find_limit(options_.limits, kind);
    return limit != nullptr ? limit->amount : otherwise;
  };
  auto refuse = [&](TrapKind kind) {
    return fail(ErrorCode::limit,
                "what is there already is more than " + find_limit(options_.limits, kind)->words);
  };
  if (!memory_budget_->set_limit(amount(TrapKind::memory_limit, options_.max_memory_bytes)))
    return refuse(TrapKind::memory_limit);
  if (!table_budget_.set_limit(amount(TrapKind::tables_limit, options_.max_table_elements)))
    return refuse(TrapKind::tables_limit);
  const Limit* fuel = find_limit(options_.limits, TrapKind::fuel_limit);
  if (fuel != nullptr && !engine_->options().counts_fuel)
    return fail(ErrorCode::usage, "the engine was not made to count fuel");
  // The code of such an engine counts in any case.
  attached_->counts_fuel = engine_->options().counts_fuel;
  attached_->fuel = fuel == nullptr
                        ? INT64_MAX
                        : static_cast<int64_t>(std::min<uint64_t>(fuel->amount, INT64_MAX));
  const Limit* time = find_limit(options_.limits, TrapKind::time_limit);
  const Limit* cpu_time = find_limit(options_.limits, TrapKind::cpu_time_limit);
  if (time == nullptr && cpu_time == nullptr) return {};
  TRY(make_interruptible());
  if (time != nullptr) watch_->set_time_left(time->amount);
  if (cpu_time != nullptr) watch_->set_cpu_time_left(cpu_time->amount);
  return {};
}

Result<void> Store::set_limits(Limits limits) {
  if (running()) return fail(ErrorCode::usage, "a guest is running in the store");
  if (find_limit(limits, TrapKind::stack_limit) != nullptr)
    return fail(ErrorCode::usage, "the size of the stack was chosen when the store was made");
  watch_ = nullptr;
  options_.limits = std::move(limits);
  return apply_limits();
}

Result<void> Store::make_interruptible() {
  if (watch_ != nullptr) return {};
  if (running()) return fail(ErrorCode::usage, "a guest is running in the store");
  constexpr os::Watch::Reasons kReasons = {
      .time = static_cast<uint32_t>(TrapKind::time_limit),
      .cpu_time = static_cast<uint32_t>(TrapKind::cpu_time_limit),
      .interrupted = static_cast<uint32_t>(TrapKind::interrupted)};
  watch_ = std::make_unique<os::Watch>(TRY(engine_->watchdog()), attached_->running, kReasons);
  return {};
}

Error Store::with_limit(TrapKind kind, Error error) const {
  if (error.code() != ErrorCode::limit) return error;
  const std::string* words = words_of(kind);
  std::string amount = words != nullptr ? *words : default_words(kind, options_);
  return Error(ErrorCode::limit, error.message() + ": " + amount);
}

const std::string* Store::words_of(TrapKind kind) const {
  const Limit* limit = find_limit(options_.limits, kind);
  return limit != nullptr ? &limit->words : nullptr;
}

bool Store::is_beyond_memory_limit(uint64_t more_bytes) const {
  return words_of(TrapKind::memory_limit) != nullptr && !memory_budget_->has_room(more_bytes);
}

bool Store::is_beyond_table_limit(uint64_t more_elements) const {
  return words_of(TrapKind::tables_limit) != nullptr && !table_budget_.has_room(more_elements);
}

uint64_t Store::fuel_used() const {
  const Limit* fuel = find_limit(options_.limits, TrapKind::fuel_limit);
  if (fuel == nullptr) return 0;
  uint64_t amount = std::min<uint64_t>(fuel->amount, INT64_MAX);
  return amount - static_cast<uint64_t>(std::max<int64_t>(attached_->fuel, 0));
}

void Store::note_trap(abi::Trap& trap) {
  if (watch_ != nullptr) {
    watch_->note_stopped(static_cast<uint32_t>(trap.kind));
  } else {
    attached_->running.stop.store(0, std::memory_order_relaxed);
  }
  note_end(trap);
}

void Store::note_end(abi::Trap& trap) {
  trapped_ |= trap.kind != TrapKind::exit;
  if (!trap.message.empty()) return;
  if (trap.kind == TrapKind::call_stack_exhausted && words_of(TrapKind::stack_limit) != nullptr)
    trap.kind = TrapKind::stack_limit;
  if (const std::string* words = words_of(trap.kind))
    trap.message = std::string(abi::trap_text(trap.kind)) + ": " + *words;
}

Result<Extern> Store::add_func(abi::HostFunc func) {
  if (func.call == nullptr) return fail(ErrorCode::usage, "a host function without a body");
  if (func.canon_type == wasm::kNoCanonType) {
    if (has_concrete_ref(func.type))
      return fail(ErrorCode::usage, func.name + ": concrete references need a canonical type");
    func.canon_type = TRY(engine_->types().intern(func.type));
  }
  if (func.may_block && engine_->options().park_waits) func = parking(*this, std::move(func));
  abi::FuncObject object;
  object.type = func.canon_type;
  object.host = &host_funcs_.emplace_back(std::move(func));
  TRY(engine_->executor().attach_host(object));
  abi::FuncObject& kept = host_func_objects_.emplace_back(object);
  add_functions(&kept, 1);
  return Extern(id_, kept);
}

Result<std::unique_ptr<Table>> Store::make_table(const wasm::TableType& type, abi::Ref initial) {
  if (table_count_ >= options_.max_tables)
    return fail(ErrorCode::limit, all_of(options_.max_tables, "tables"));
  auto table = Table::create(type, initial, &table_budget_, engine_->fail_point());
  if (!table) return std::unexpected(with_limit(TrapKind::tables_limit, std::move(table).error()));
  ++table_count_;
  return table;
}

Result<std::shared_ptr<Memory>> Store::make_memory(const wasm::MemoryType& type) {
  if (memory_count_ >= options_.max_memories)
    return fail(ErrorCode::limit, all_of(options_.max_memories, "memories"));
  MemoryContext context{.mapping = engine_->mapping(),
                        .budget = memory_budget_,
                        .allow_guards = engine_->options().guarded_memories,
                        .end_at_guard = engine_->options().memories_end_at_guard,
                        .small_pages = options_.restorable,
                        .owner = engine_};
  // A shared memory may outlive the store, and so what the store takes its address space from.
  if (!type.shared) context.mapping.stock = options_.stock;
  auto memory = memory_count_ < images_.size()
                    ? Memory::create(type, context, images_[memory_count_])
                    : Memory::create(type, context);
  if (!memory)
    return std::unexpected(with_limit(TrapKind::memory_limit, std::move(memory).error()));
  ++memory_count_;
  if (options_.restorable) restorable_memories_.push_back(*memory);
  return memory;
}

Result<Extern> Store::add_table(const wasm::TableType& type, abi::Ref initial) {
  if (!is_ref_of_type(initial, type.element))
    return fail(ErrorCode::usage,
                "the initial reference is not of type " + to_string(type.element));
  host_tables_.push_back(TRY(make_table(type, initial)));
  return Extern(id_, *host_tables_.back());
}

Result<Extern> Store::add_memory(const wasm::MemoryType& type) {
  host_memories_.push_back(TRY(make_memory(type)));
  return Extern(id_, *host_memories_.back());
}

Result<Extern> Store::add_global(const wasm::GlobalType& type, abi::Value value) {
  if (type.type.is_ref() && !is_ref_of_type(value.ref, type.type))
    return fail(ErrorCode::usage, "the reference is not of type " + to_string(type.type));
  return Extern(id_, host_globals_.emplace_back(Global{.value = value, .type = type}));
}

Result<Extern> Store::add_tag(const wasm::FuncType& type) {
  if (has_concrete_ref(type))
    return fail(ErrorCode::usage, "concrete references need a canonical type");
  Tag tag{.type = TRY(engine_->types().intern(type))};
  return Extern(id_, host_tags_.emplace_back(tag));
}

Result<Extern> Store::adopt(std::shared_ptr<Memory> memory) {
  if (memory == nullptr || !memory->type().shared)
    return fail(ErrorCode::usage, "only shared memories can be used by several stores");
  if (options_.restorable)
    return fail(ErrorCode::usage, "a memory of another store cannot be put back");
  host_memories_.push_back(std::move(memory));
  return Extern(id_, *host_memories_.back());
}

std::shared_ptr<Memory> Store::share(const Extern& memory) const {
  if (!owns(memory) || memory.memory() == nullptr || !memory.memory()->type().shared)
    return nullptr;
  return memory.memory()->shared_from_this();
}

abi::Ref Store::add_extern_value(std::shared_ptr<void> value) {
  extern_values_.push_back(std::move(value));
  return extern_values_.size();
}

std::shared_ptr<void> Store::extern_value(abi::Ref ref) const {
  if (ref == abi::kNullRef || ref > extern_values_.size()) return nullptr;
  return extern_values_[ref - 1];
}

void Store::add_functions(const abi::FuncObject* begin, size_t count) {
  if (count == 0) return;
  auto at = std::upper_bound(
      functions_.begin(), functions_.end(), begin,
      [](const abi::FuncObject* a, const FunctionRange& b) { return a < b.begin; });
  // Host functions that were made one after the other lie side by side.
  if (at != functions_.begin() && std::prev(at)->begin + std::prev(at)->count == begin) {
    std::prev(at)->count += count;
    return;
  }
  functions_.insert(at, {begin, count});
}

abi::FuncObject* Store::func_of(abi::Ref ref) const {
  auto after = std::upper_bound(functions_.begin(), functions_.end(), ref,
                                [](abi::Ref address, const FunctionRange& range) {
                                  return address < reinterpret_cast<abi::Ref>(range.begin);
                                });
  if (after == functions_.begin()) return nullptr;
  const FunctionRange& range = *std::prev(after);
  uint64_t offset = ref - reinterpret_cast<abi::Ref>(range.begin);
  if (offset % sizeof(abi::FuncObject) != 0 || offset / sizeof(abi::FuncObject) >= range.count)
    return nullptr;
  return reinterpret_cast<abi::FuncObject*>(ref);  // NOLINT(performance-no-int-to-ptr)
}

bool Store::is_ref_of_type(abi::Ref value, wasm::ValType type) const {
  if (value == abi::kNullRef) return type.nullable();
  wasm::HeapType heap = type.heap();
  if (heap.is_concrete()) {
    const abi::FuncObject* func = func_of(value);
    wasm::CanonTypeId wanted{wasm::index_of(heap.index())};
    return func != nullptr && engine_->types().is_subtype(func->type, wanted);
  }
  if (heap.abstract() == wasm::HeapType::kFunc) return func_of(value) != nullptr;
  return heap.abstract() == wasm::HeapType::kExtern;
}

const wasm::FuncType& Store::type_of(const abi::FuncObject& func) const {
  return engine_->types().at(func.type).type.func;
}

Result<void> Store::set_global(const Extern& item, abi::Value value) {
  Global* global = item.global();
  if (!owns(item)) return std::unexpected(wrong_owner());
  if (global == nullptr) return fail(ErrorCode::usage, "this handle is not a global");
  if (!global->type.is_mutable) return fail(ErrorCode::usage, "the global is immutable");
  if (global->type.type.is_ref() && !is_ref_of_type(value.ref, global->type.type))
    return fail(ErrorCode::usage, "the reference is not of type " + to_string(global->type.type));
  global->value = value;
  return {};
}

Result<void> Store::set_table(const Extern& item, uint64_t index, abi::Ref value) {
  Table* table = item.table();
  if (!owns(item)) return std::unexpected(wrong_owner());
  if (table == nullptr) return fail(ErrorCode::usage, "this handle is not a table");
  if (!is_ref_of_type(value, table->type().element))
    return fail(ErrorCode::usage,
                "the reference is not of type " + to_string(table->type().element));
  if (!table->set(index, value)) {
    return fail(ErrorCode::usage, "the table has " + std::to_string(table->size()) +
                                      " elements, none at " + std::to_string(index));
  }
  return {};
}

Store::Counts Store::counts() const {
  return {.kept = kept_.size(),
          .extern_values = extern_values_.size(),
          .functions = host_func_objects_.size(),
          .globals = host_globals_.size(),
          .tags = host_tags_.size(),
          .tables = host_tables_.size(),
          .memories = host_memories_.size(),
          .instances = instances_.size(),
          .groups = more_groups_.size()};
}

void Store::freeze() { frozen_ = counts(); }

Result<void> Store::restore(const os::PageRestorer& restorer) {
  if (running()) return fail(ErrorCode::usage, "a guest is running in the store");
  if (parked_ != 0) return fail(ErrorCode::usage, "a guest waits in the store");
  if (trapped_) return fail(ErrorCode::usage, "a guest trapped in the store");
  // Of what was added, host objects behind externrefs are the guest's and go with it; anything else
  // may be in use.
  if (frozen_ && extern_values_.size() > frozen_->extern_values)
    extern_values_.resize(frozen_->extern_values);
  if (frozen_ != counts()) return fail(ErrorCode::usage, "something was added to the store");
  attach(main_);
  if (main_.stack_top != main_.stack_begin || main_.frame_top != main_.stack_end ||
      main_.native_sp != nullptr || main_.trap != nullptr)
    return fail(ErrorCode::internal, "the guest's stack was not left as it was entered");
  if (entered_) {
    uint64_t bytes = static_cast<uint64_t>(main_.stack_end - main_.stack_begin);
    TRY(restorer.restore(main_.stack_begin, bytes, {}, kKeptStackBytes));
  }
  entered_ = false;
  host_data_ = nullptr;
  group_.world = nullptr;
  for (const auto& group : more_groups_) group->world = nullptr;
  if (!options_.limits.empty() || watch_ != nullptr) TRY(set_limits({}));
  id_ = StoreId{Engine::next_store_id()};
  return {};
}

Instance* Store::add_instance(std::unique_ptr<Instance> instance) {
  return instances_.emplace_back(std::move(instance)).get();
}

}  // namespace nacre::runtime
