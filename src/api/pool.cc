#include "api/pool.h"

#include <algorithm>
#include <utility>

#include "api/handles.h"
#include "api/limits.h"
#include "base/utf8.h"
#include "runtime/linker.h"

namespace nacre::api {
namespace {

PoolGuest& guest_of(const abi::HostCall& call) {
  return *static_cast<PoolGuest*>(runtime::Store::of(call.exec).host_data());
}

abi::Outcome call_embedder(const abi::HostCall& call, void* data, abi::Value* values) {
  return static_cast<const Callback*>(data)->call_with(call, guest_of(call).data, values);
}

}  // namespace

Result<void> PoolImports::check_open() const {
  if (!sealed_) return {};
  return fail(ErrorCode::usage, "the pool has made instances; what it offers is defined before");
}

Result<void> PoolImports::define(std::string module, std::string name, Callback callback) {
  std::lock_guard lock(mutex_);
  TRY(check_open());
  if (std::ranges::find(helpers_, module, &Helper::name) != helpers_.end())
    return fail(ErrorCode::usage, "a module is offered as " + printable(module));
  definitions_.push_back(
      std::make_unique<Definition>(std::move(module), std::move(name), std::move(callback)));
  return {};
}

Result<void> PoolImports::define_module(std::string name, runtime::ModulePtr module) {
  std::lock_guard lock(mutex_);
  TRY(check_open());
  bool has_functions = std::ranges::any_of(
      definitions_, [&](const auto& definition) { return definition->module == name; });
  if (has_functions || std::ranges::find(helpers_, name, &Helper::name) != helpers_.end())
    return fail(ErrorCode::usage, "something is offered as " + printable(name) + " already");
  helpers_.push_back({std::move(name), std::move(module)});
  return {};
}

void PoolImports::seal() {
  if (sealed_.load(std::memory_order_acquire)) return;
  std::lock_guard lock(mutex_);
  sealed_.store(true, std::memory_order_release);
}

const PoolImports::Definition* PoolImports::find(std::string_view module,
                                                 std::string_view name) const {
  for (size_t i = definitions_.size(); i-- > 0;) {
    const Definition& definition = *definitions_[i];
    if (definition.module == module && definition.name == name) return &definition;
  }
  return nullptr;
}

Result<void> PoolImports::prepare_nothing() {
  std::lock_guard lock(mutex_);
  if (nothing_ != nullptr) return {};
  Grants nothing;
  TRY(nothing.add("deny-all", {}));
  nothing_ = std::make_shared<const wasi::SharedWorld>(TRY(nothing.prepare()).world);
  has_nothing_.store(true, std::memory_order_release);
  return {};
}

std::vector<const PoolImports::Helper*> PoolImports::helpers_of(
    const runtime::Module& module) const {
  std::vector<const Helper*> needed;
  auto is_imported = [&](const Helper& helper) {
    auto from_it = [&](const runtime::Module& importer) {
      return std::ranges::find(importer.wasm().imports, helper.name, &wasm::Import::module) !=
             importer.wasm().imports.end();
    };
    return from_it(module) ||
           std::ranges::any_of(needed, [&](const Helper* by) { return from_it(*by->module); });
  };
  // Each imports from earlier ones only.
  for (size_t i = helpers_.size(); i-- > 0;) {
    if (is_imported(helpers_[i])) needed.push_back(&helpers_[i]);
  }
  std::ranges::reverse(needed);
  return needed;
}

Result<void> PoolImports::define_functions_for(const runtime::Module& module, runtime::Store& store,
                                               runtime::Linker& linker) const {
  for (const wasm::Import& import : module.wasm().imports) {
    const Definition* definition = find(import.module, import.name);
    if (definition == nullptr) continue;
    abi::HostFunc func;
    func.name.append(definition->module).append(".").append(definition->name);
    func.type = definition->callback.type();
    func.call = call_embedder;
    func.data = const_cast<Callback*>(&definition->callback);
    runtime::Extern item = TRY(store.add_func(std::move(func)));
    TRY(linker.define(definition->module, definition->name, item));
  }
  return {};
}

runtime::Run<std::vector<runtime::Extern>> PoolImports::link(runtime::Store& store,
                                                             const runtime::Module& module) {
  runtime::Linker linker(store);
  bool has_wasi = false;
  auto prepare = [&](const runtime::Module& importer) -> Result<std::vector<runtime::Extern>> {
    bool wants_wasi = std::ranges::any_of(importer.wasm().imports, [](const wasm::Import& import) {
      return wasi::is_module_name(import.module);
    });
    if (wants_wasi && !has_wasi) {
      TRY(prepare_nothing());
      wasi::define_functions(linker);
      has_wasi = true;
    }
    TRY(define_functions_for(importer, store, linker));
    return linker.resolve(importer);
  };
  for (const Helper* helper : helpers_of(module)) {
    std::vector<runtime::Extern> imports = TRY(prepare(*helper->module));
    auto* instance = TRY(runtime::instantiate_unstarted(store, helper->module, imports));
    TRY(linker.define_instance(helper->name, *instance));
  }
  return TRY(prepare(module));
}

void PoolImports::bind(runtime::Store& store, void* guest) {
  auto& pool_guest = *static_cast<PoolGuest*>(guest);
  store.set_host_data(guest);
  if (!pool_guest.wasi) {
    if (!has_nothing_.load(std::memory_order_acquire)) return;
    pool_guest.wasi.emplace(nothing_);
  }
  store.group().world = &*pool_guest.wasi;
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

nacre_error_t* nacre_pool_define_module(nacre_pool_t* pool, const char* name,
                                        nacre_module_t* module) {
  API_TRY(module->module->check_runs());
  API_TRY(pool->imports->define_module(name, module->module));
  return nullptr;
}

namespace nacre::api {
namespace {

Result<void> refuse_lockdown(const Grants& grants) {
  if (!grants.locks_down()) return {};
  return fail(ErrorCode::usage,
              "a process that is locked down serves one guest, and a pool serves many");
}

nacre_error_t* instantiate(nacre_pool_t& pool, nacre_module_t& module,
                           std::unique_ptr<PoolGuest> guest, runtime::Limits limits,
                           nacre_instance_t** out) {
  pool.imports->seal();
  auto lease = pool.pool->instantiate(module.module, guest.get(), std::move(limits));
  if (!lease) return make_error(lease.error());
  auto handle = std::make_unique<nacre_instance>(nullptr, &lease->instance());
  guest->lease = std::move(*lease);
  handle->guest = std::move(guest);
  *out = handle.release();
  return nullptr;
}

}  // namespace
}  // namespace nacre::api

nacre_error_t* nacre_pool_instantiate(nacre_pool_t* pool, nacre_module_t* module,
                                      nacre_grants_t* grants, void* data, nacre_instance_t** out) {
  std::unique_ptr<nacre_grants_t> owned(grants);
  API_TRY(module->module->check_runs());
  auto guest = std::make_unique<api::PoolGuest>();
  guest->data = data;
  runtime::Limits limits;
  if (owned) {
    API_TRY(api::refuse_lockdown(owned->grants));
    limits = api::limits_of(owned->grants.rules());
    auto prepared = API_TRY(owned->grants.prepare());
    guest->session = std::move(prepared.session);
    guest->wasi.emplace(std::move(prepared.world));
  }
  return api::instantiate(*pool, *module, std::move(guest), std::move(limits), out);
}

nacre_error_t* nacre_pool_instantiate_shared(nacre_pool_t* pool, nacre_module_t* module,
                                             const nacre_rights_t* rights, void* data,
                                             nacre_instance_t** out) {
  API_TRY(module->module->check_runs());
  auto guest = std::make_unique<api::PoolGuest>();
  guest->data = data;
  guest->shared = rights->shared;
  guest->wasi.emplace(rights->shared->world);
  return api::instantiate(*pool, *module, std::move(guest), rights->shared->limits, out);
}

nacre_error_t* nacre_rights_new(nacre_grants_t* grants, nacre_rights_t** out) {
  std::unique_ptr<nacre_grants_t> owned(grants);
  API_TRY(api::refuse_lockdown(owned->grants));
  auto prepared = API_TRY(owned->grants.prepare());
  if (!prepared.world.sockets().empty()) {
    return api::make_error(NACRE_ERROR_USAGE,
                           "wrong use: an address to listen at belongs to one guest; leave "
                           "\"listen\" out of what many share");
  }
  auto shared = std::make_shared<api::SharedRights>();
  shared->world = std::make_shared<const wasi::SharedWorld>(std::move(prepared.world));
  shared->session = std::move(prepared.session);
  shared->limits = api::limits_of(owned->grants.rules());
  *out = new nacre_rights{std::move(shared)};
  return nullptr;
}

void nacre_rights_delete(nacre_rights_t* rights) { delete rights; }

nacre_error_t* nacre_rights_finish(const nacre_rights_t* rights) {
  API_TRY(rights->shared->session.finish());
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
  Result<void> finished = instance->guest->session.finish();
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
