// Stores, linking and instances of the C API.

#include <algorithm>
#include <cstring>
#include <iterator>

#include "api/callback.h"
#include "api/denials.h"
#include "api/handles.h"
#include "api/limits.h"
#include "api/lockdown.h"
#include "api/values.h"
#include "base/checked.h"
#include "base/utf8.h"
#include "os/watchdog.h"
#include "runtime/func.h"

namespace nacre::api {
namespace {

using runtime::Extern;
using wasm::ValType;

nacre_val_kind_t kind_of(ValType type, const wasm::TypeRegistry& types) {
  switch (type.code()) {
    case ValType::kI32:
      return NACRE_I32;
    case ValType::kI64:
      return NACRE_I64;
    case ValType::kF32:
      return NACRE_F32;
    case ValType::kF64:
      return NACRE_F64;
    case ValType::kV128:
      return NACRE_V128;
    default:
      return types.matches(type.as_nullable(), ValType::funcref()) ? NACRE_FUNCREF
                                                                   : NACRE_EXTERNREF;
  }
}

// Null if there is no such function.
Result<nacre_func*> find_func(nacre_instance& instance, std::string_view name) {
  for (const auto& func : instance.funcs) {
    if (func->name == name) return func.get();
  }
  std::optional<Extern> item = instance.instance->find_export(name);
  if (!item || item->func() == nullptr) return nullptr;
  runtime::Store& store = instance.instance->store();
  const wasm::FuncType& type = store.type_of(*item->func());
  auto call = TRY(runtime::PreparedCall::create(store, *item));
  auto func = std::make_unique<nacre_func>(std::string(name), call);
  for (ValType param : type.params) {
    func->params.push_back(kind_of(param, store.engine().types()));
  }
  for (ValType result : type.results) {
    func->results.push_back(kind_of(result, store.engine().types()));
  }
  instance.funcs.push_back(std::move(func));
  return instance.funcs.back().get();
}

}  // namespace

Result<nacre_func*> get_func(nacre_instance& instance, std::string_view name) {
  nacre_func* func = TRY(find_func(instance, name));
  if (func != nullptr) return func;
  return fail(ErrorCode::usage, "no function \"" + printable(name) + "\" is exported");
}

namespace {

runtime::UnknownImports to_policy(nacre_unknown_imports_t unknown) {
  return unknown == NACRE_UNKNOWN_IMPORTS_TRAP ? runtime::UnknownImports::trap
                                               : runtime::UnknownImports::deny;
}

}  // namespace

nacre_error_t* ended(nacre_instance& instance, const runtime::Failure& failure) {
  nacre_error_t* error = make_error(failure);
  bool well = error->kind == NACRE_ERROR_EXIT && error->exit_code == 0;
  if (instance.store != nullptr) instance.store->failed |= !well;
  return error;
}

nacre_error_t* wrong_arguments(const nacre_func& func, const nacre_val_t* args, size_t arg_count,
                               size_t result_count) {
  if (arg_count != func.params.size() || result_count != func.results.size()) {
    return make_error(NACRE_ERROR_USAGE, "wrong use: \"" + func.name + "\" takes " +
                                             std::to_string(func.params.size()) +
                                             " arguments and returns " +
                                             std::to_string(func.results.size()));
  }
  size_t i = 0;
  while (args[i].kind == func.params[i]) ++i;
  return make_error(NACRE_ERROR_USAGE, "wrong use: argument " + std::to_string(i) + " of \"" +
                                           func.name + "\" is of another kind");
}

namespace {

nacre_error_t* call_unit(nacre_instance& instance, const nacre_func& func) {
  if (!func.params.empty() || !func.results.empty()) {
    return make_error(NACRE_ERROR_INVALID,
                      "\"" + func.name +
                          "\" takes no arguments and returns nothing in a WASI "
                          "program, but here it does");
  }
  auto done = func.call({});
  return done ? nullptr : ended(instance, done.error());
}

// Of the program, and of modules with rights of their own.
Denials denials_of(const nacre_store& store, Missed missed) {
  Denials all;
  if (store.rights) {
    all = describe_denials(store.rights->guest.world().denials()->denials(), store.session, missed);
  }
  for (const auto& child : store.child_rights) {
    PolicySession of_child;
    of_child.name = child->name;
    auto more = describe_denials(child->guest.world().denials()->denials(), of_child, missed);
    std::ranges::move(more.lines, std::back_inserter(all.lines));
    all.things += more.things;
  }
  return all;
}

}  // namespace

nacre_error_t* make_error(const runtime::Failure& failure) {
  if (!failure.is_trap()) return make_error(failure.error());
  return make_error(failure.trap(), failure.backtrace());
}

}  // namespace nacre::api

using namespace nacre;

nacre_error_t* nacre_store_new(nacre_engine_t* engine, nacre_grants_t* grants,
                               nacre_store_t** out) {
  std::unique_ptr<nacre_grants_t> owned(grants);
  auto handle = std::make_unique<nacre_store>();
  runtime::StoreOptions options;
  if (owned) {
    options.limits = api::limits_of(owned->grants.rules());
    auto prepared = API_TRY(owned->grants.prepare());
    if (owned->grants.locks_down()) {
      if (api::keep_time(options.limits)) os::prefer_short_turns();
      API_TRY(api::lock_down(prepared));
    }
    handle->session = std::move(prepared.session);
    handle->rights = std::make_unique<api::GuestRights>(std::move(prepared.world));
  }
  handle->store = API_TRY(runtime::Store::create(engine->engine, std::move(options)));
  handle->linker = std::make_unique<runtime::Linker>(*handle->store);
  if (handle->rights) {
    handle->store->group().world = &handle->rights->guest;
    wasi::define_functions(*handle->linker);
  }
  *out = handle.release();
  return nullptr;
}

nacre_error_t* nacre_store_set_deadline(nacre_store_t* store, uint64_t milliseconds) {
  API_TRY(store->store->make_interruptible());
  uint64_t nanoseconds = checked_mul(milliseconds, uint64_t{1'000'000}).value_or(UINT64_MAX);
  store->store->watch()->set_time_left(nanoseconds);
  return nullptr;
}

nacre_error_t* nacre_store_make_interruptible(nacre_store_t* store) {
  API_TRY(store->store->make_interruptible());
  return nullptr;
}

bool nacre_store_interrupt(nacre_store_t* store) {
  os::Watch* watch = store->store->watch();
  if (watch != nullptr) watch->interrupt();
  return watch != nullptr;
}

uint64_t nacre_store_fuel_used(const nacre_store_t* store) { return store->store->fuel_used(); }

void nacre_store_delete(nacre_store_t* store) { delete store; }

size_t nacre_store_denial_count(nacre_store_t* store) {
  auto missed = store->failed ? api::Missed::if_all_it_was : api::Missed::left_out;
  store->denials = api::denials_of(*store, missed).lines;
  return store->denials.size();
}

size_t nacre_store_denial_count_all(nacre_store_t* store) {
  store->denials = api::denials_of(*store, api::Missed::told).lines;
  return store->denials.size();
}

const char* nacre_store_denial_summary(nacre_store_t* store) {
  api::Denials denials = api::denials_of(*store, api::Missed::left_out);
  store->denials = {api::summarize(denials, store->session.name)};
  return store->denials.front().c_str();
}

const char* nacre_store_denial(const nacre_store_t* store, size_t index) {
  return index < store->denials.size() ? store->denials[index].c_str() : "";
}

nacre_error_t* nacre_store_finish(nacre_store_t* store) {
  API_TRY(store->session.finish());
  return nullptr;
}

nacre_error_t* nacre_store_define_func(nacre_store_t* store, const char* module, const char* name,
                                       const nacre_val_kind_t* params, size_t param_count,
                                       const nacre_val_kind_t* results, size_t result_count,
                                       nacre_func_callback_t callback, void* data) {
  auto kept = std::make_shared<api::Callback>(api::Callback{
      callback, data, {params, params + param_count}, {results, results + result_count}});
  abi::HostFunc func;
  func.type = kept->type();
  func.call = api::Callback::call;
  func.data = kept.get();
  func.name = std::string(module) + "." + name;
  store->store->keep(std::move(kept));
  runtime::Extern item = API_TRY(store->store->add_func(std::move(func)));
  API_TRY(store->linker->define(module, name, item));
  return nullptr;
}

nacre_error_t* nacre_store_define_instance(nacre_store_t* store, const char* module,
                                           nacre_instance_t* instance) {
  if (instance->store != store) {
    return api::make_error(NACRE_ERROR_USAGE, "wrong use: an instance of another store");
  }
  API_TRY(store->linker->define_instance(module, *instance->instance));
  return nullptr;
}

nacre_error_t* nacre_instance_new(nacre_store_t* store, nacre_module_t* module,
                                  nacre_unknown_imports_t unknown_imports, nacre_instance_t** out) {
  API_TRY(module->module->check_runs());
  auto instance = store->linker->instantiate(module->module, api::to_policy(unknown_imports));
  if (!instance) return api::make_error(instance.error());
  store->instances.push_back(std::make_unique<nacre_instance>(store, *instance));
  *out = store->instances.back().get();
  (*out)->rights = store->rights.get();
  return nullptr;
}

nacre_error_t* nacre_instance_new_child(nacre_store_t* store, nacre_instance_t* parent,
                                        nacre_module_t* module,
                                        nacre_unknown_imports_t unknown_imports,
                                        nacre_grants_t* grants, nacre_instance_t** out) {
  std::unique_ptr<nacre_grants_t> owned(grants);
  API_TRY(module->module->check_runs());
  if (parent != nullptr && parent->store != store) {
    return api::make_error(NACRE_ERROR_USAGE, "wrong use: an instance of another store");
  }
  api::GuestRights* above = parent != nullptr ? parent->rights : store->rights.get();
  if (above == nullptr) {
    return api::make_error(NACRE_ERROR_DENIED,
                           "denied: the parent was granted nothing, so it can give nothing");
  }
  auto world = API_TRY(owned->grants.prepare_child(above->guest.world()));
  auto rights = std::make_unique<api::GuestRights>(std::move(world), owned->grants.subject().name);
  // All that is defined so far, but WASI with rights of its own.
  runtime::Linker linker = *store->linker;
  linker.set_group(store->store->add_group(&rights->guest));
  wasi::define_functions(linker);
  // Kept also if instantiating fails: functions of the store refer to them by then.
  store->child_rights.push_back(std::move(rights));
  auto instance = linker.instantiate(module->module, api::to_policy(unknown_imports));
  if (!instance) return api::make_error(instance.error());
  store->instances.push_back(std::make_unique<nacre_instance>(store, *instance));
  *out = store->instances.back().get();
  (*out)->rights = store->child_rights.back().get();
  return nullptr;
}

nacre_error_t* nacre_instance_initialize(nacre_instance_t* instance) {
  nacre_func* func = API_TRY(api::find_func(*instance, "_initialize"));
  return func == nullptr ? nullptr : api::call_unit(*instance, *func);
}

nacre_error_t* nacre_instance_start(nacre_instance_t* instance) {
  nacre_func* func = API_TRY(api::find_func(*instance, "_start"));
  if (func == nullptr) {
    return api::make_error(NACRE_ERROR_USAGE, "wrong use: the module exports no function _start");
  }
  return api::call_unit(*instance, *func);
}

bool nacre_instance_func_type(nacre_instance_t* instance, const char* name,
                              const nacre_val_kind_t** params, size_t* param_count,
                              const nacre_val_kind_t** results, size_t* result_count) {
  Result<nacre_func*> found = api::find_func(*instance, name);
  if (!found || *found == nullptr) return false;
  const nacre_func& func = **found;
  *params = func.params.data();
  *param_count = func.params.size();
  *results = func.results.data();
  *result_count = func.results.size();
  return true;
}

nacre_error_t* nacre_instance_call(nacre_instance_t* instance, const char* name,
                                   const nacre_val_t* args, size_t arg_count, nacre_val_t* results,
                                   size_t result_count) {
  const nacre_func& func = *API_TRY(api::get_func(*instance, name));
  if (auto* error = api::check_arguments(func, args, arg_count, result_count)) return error;
  size_t count = std::max(arg_count, result_count);
  api::Room<abi::Value> values(count);
  for (size_t i = 0; i < arg_count; ++i) values[i] = api::to_value(args[i]);
  if (auto done = func.call({values.data(), count}); !done)
    return api::ended(*instance, done.error());
  for (size_t i = 0; i < result_count; ++i)
    results[i] = api::from_value(values[i], func.results[i]);
  return nullptr;
}

nacre_error_t* nacre_instance_func(nacre_instance_t* instance, const char* name,
                                   nacre_func_t** out) {
  *out = API_TRY(api::get_func(*instance, name));
  return nullptr;
}

nacre_error_t* nacre_func_call(nacre_func_t* func, nacre_raw_val_t* values, size_t count) {
  API_TRY(func->call({reinterpret_cast<abi::Value*>(values), count}));
  return nullptr;
}

nacre_error_t* nacre_instance_memory(nacre_instance_t* instance, const char* name, uint8_t** data,
                                     size_t* size_bytes) {
  auto item = instance->instance->find_export(name);
  if (!item || item->memory() == nullptr) {
    return api::make_error(NACRE_ERROR_USAGE,
                           "wrong use: no memory \"" + std::string(name) + "\" is exported");
  }
  *data = item->memory()->base();
  *size_bytes = item->memory()->size_bytes();
  return nullptr;
}
