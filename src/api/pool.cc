#include "api/pool.h"

#include <utility>

#include "api/handles.h"
#include "api/limits.h"
#include "runtime/linker.h"
#include "wasi/p1/bind.h"

namespace nacre::api {
namespace {

PoolGuest& guest_of(const abi::HostCall& call) {
  return *static_cast<PoolGuest*>(runtime::Store::of(call.exec).host_data());
}

abi::Outcome call_embedder(const abi::HostCall& call, void* data, abi::Value* values) {
  return static_cast<const Callback*>(data)->call_with(call, guest_of(call).data, values);
}

// `data` is the row of a table of WASI's functions; which guest's WASI it is, the store knows.
abi::Outcome call_wasi(const abi::HostCall& call, void* data, abi::Value* values) {
  PoolGuest& guest = guest_of(call);
  if (!guest.wasi) {
    Grants nothing;
    if (auto added = nothing.add("deny-all", {}); !added)
      return abi::make_trap(abi::TrapKind::host_error, added.error().to_string());
    auto prepared = nothing.prepare();
    if (!prepared) return abi::make_trap(abi::TrapKind::host_error, prepared.error().to_string());
    guest.wasi.emplace(std::move(prepared->world));
  }
  const auto& def = *static_cast<const runtime::HostFuncDef*>(data);
  bool logged = guest.wasi->call_log() != nullptr;
  return (logged ? wasi::p1::logged_form(def) : def).call(call, &*guest.wasi, values);
}

const runtime::HostFuncDef* find_wasi(std::string_view module, std::string_view name) {
  std::span<const runtime::HostFuncDef> functions;
  if (module == wasi::p1::kModuleName) functions = wasi::p1::host_functions(false);
  if (module == wasi::p1::kUnstableModuleName) functions = wasi::p1::unstable_host_functions(false);
  for (const runtime::HostFuncDef& def : functions) {
    if (def.name == name) return &def;
  }
  return nullptr;
}

}  // namespace

Result<void> PoolImports::define(std::string module, std::string name, Callback callback) {
  std::lock_guard lock(mutex_);
  if (sealed_)
    return fail(ErrorCode::usage, "the pool has made instances; functions are defined before");
  definitions_.push_back(
      std::make_unique<Definition>(std::move(module), std::move(name), std::move(callback)));
  return {};
}

void PoolImports::seal() {
  if (sealed_.load(std::memory_order_acquire)) return;
  std::lock_guard lock(mutex_);
  sealed_.store(true, std::memory_order_release);
}

std::optional<abi::HostFunc> PoolImports::find(std::string_view module, std::string_view name,
                                               const wasm::FuncType* wanted) const {
  abi::HostFunc func;
  func.name.append(module).append(".").append(name);
  for (size_t i = definitions_.size(); i-- > 0;) {
    Definition& definition = *definitions_[i];
    if (definition.module != module || definition.name != name) continue;
    func.type = definition.callback.type();
    func.call = call_embedder;
    func.data = &definition.callback;
    return func;
  }
  if (const runtime::HostFuncDef* def = find_wasi(module, name)) {
    if (wanted != nullptr) def = &def->fitting(*wanted);
    func.type = def->type();
    func.call = call_wasi;
    func.data = const_cast<runtime::HostFuncDef*>(def);
    func.may_block = def->may_block;
    return func;
  }
  return std::nullopt;
}

Result<std::vector<runtime::Extern>> PoolImports::link(runtime::Store& store,
                                                       const runtime::Module& module) {
  runtime::Linker linker(store);
  for (const wasm::Import& import : module.wasm().imports) {
    std::optional<abi::HostFunc> func =
        find(import.module, import.name, module.imported_func_type(import));
    if (!func) continue;  // resolve() names it
    runtime::Extern item = TRY(store.add_func(std::move(*func)));
    TRY(linker.define(import.module, import.name, item));
  }
  return linker.resolve(module);
}

}  // namespace nacre::api

using namespace nacre;

nacre_error_t* nacre_pool_new(nacre_engine_t* engine, const nacre_pool_limits_t* limits,
                              nacre_pool_t** out) {
  runtime::PoolOptions options;
  nacre_pool_limits_t wanted = limits != nullptr ? *limits : nacre_pool_limits_t{};
  if (wanted.max_instances != 0) options.max_slots = wanted.max_instances;
  if (wanted.keep_bytes != 0) options.keep_bytes = wanted.keep_bytes;
  if (wanted.max_memory_bytes != 0) options.store.max_memory_bytes = wanted.max_memory_bytes;
  if (wanted.guest_stack_bytes != 0) options.store.guest_stack_bytes = wanted.guest_stack_bytes;
  auto imports = std::make_shared<api::PoolImports>();
  auto pool = API_TRY(runtime::Pool::create(engine->engine, imports, options));
  *out = new nacre_pool{std::move(imports), std::move(pool)};
  return nullptr;
}

void nacre_pool_delete(nacre_pool_t* pool) { delete pool; }

nacre_error_t* nacre_pool_define_func(nacre_pool_t* pool, const char* module, const char* name,
                                      const nacre_val_kind_t* params, size_t param_count,
                                      const nacre_val_kind_t* results, size_t result_count,
                                      nacre_func_callback_t callback) {
  API_TRY(pool->imports->define(
      module, name,
      {callback, nullptr, {params, params + param_count}, {results, results + result_count}}));
  return nullptr;
}

nacre_error_t* nacre_pool_instantiate(nacre_pool_t* pool, nacre_module_t* module,
                                      nacre_grants_t* grants, void* data, nacre_instance_t** out) {
  std::unique_ptr<nacre_grants_t> owned(grants);
  API_TRY(module->module->check_runs());
  auto guest = std::make_unique<api::PoolGuest>();
  guest->data = data;
  runtime::Limits limits;
  if (owned) {
    if (owned->grants.locks_down()) {
      return api::make_error(NACRE_ERROR_USAGE,
                             "wrong use: a process that is locked down is one guest's, and a pool "
                             "is for many");
    }
    limits = api::limits_of(owned->grants.rules());
    auto prepared = API_TRY(owned->grants.prepare());
    guest->oversight = std::move(prepared.oversight);
    guest->wasi.emplace(std::move(prepared.world));
  }
  pool->imports->seal();
  auto lease = pool->pool->instantiate(module->module, guest.get(), std::move(limits));
  if (!lease) return api::make_error(lease.error());
  auto handle = std::make_unique<nacre_instance>(nullptr, &lease->instance());
  guest->lease = std::move(*lease);
  handle->guest = std::move(guest);
  *out = handle.release();
  return nullptr;
}

nacre_error_t* nacre_pool_release(nacre_instance_t* instance) {
  if (instance == nullptr) return nullptr;
  if (instance->guest == nullptr)
    return api::make_error(NACRE_ERROR_USAGE, "wrong use: this instance belongs to a store");
  if (instance->guest->lease.store().running()) {
    return api::make_error(NACRE_ERROR_USAGE,
                           "wrong use: a call of this instance has not returned yet");
  }
  Result<void> finished = instance->guest->oversight.finish();
  delete instance;
  API_TRY(std::move(finished));
  return nullptr;
}

nacre_pool_counts_t nacre_pool_statistics(const nacre_pool_t* pool) {
  runtime::PoolStatistics now = pool->pool->statistics();
  return {.instances = now.slots,
          .idle = now.idle,
          .warm = now.warm,
          .made = now.made,
          .retired = now.retired};
}
