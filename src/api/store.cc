// Stores, linking and instances of the C API.

#include <algorithm>
#include <cstring>

#include "api/denials.h"
#include "api/handles.h"
#include "runtime/backtrace.h"
#include "runtime/func.h"
#include "wasi/p1/bind.h"

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

ValType type_of(nacre_val_kind_t kind) {
  switch (kind) {
    case NACRE_I32:
      return ValType::kI32;
    case NACRE_I64:
      return ValType::kI64;
    case NACRE_F32:
      return ValType::kF32;
    case NACRE_F64:
      return ValType::kF64;
    case NACRE_V128:
      return ValType::kV128;
    case NACRE_FUNCREF:
      return ValType::funcref();
    case NACRE_EXTERNREF:
      return ValType::externref();
  }
  return {};
}

abi::Value to_value(const nacre_val_t& from) {
  abi::Value value;
  std::memcpy(value.v128.data(), &from.of, sizeof value.v128);
  return value;
}

nacre_val_t from_value(const abi::Value& from, nacre_val_kind_t kind) {
  nacre_val_t value{};
  value.kind = kind;
  std::memcpy(&value.of, from.v128.data(), sizeof from.v128);
  return value;
}
static_assert(sizeof(abi::Value) == sizeof(nacre_val_t::of));

// An embedder's function, and what runs it.
struct Callback {
  nacre_func_callback_t function;
  void* data;
  std::vector<nacre_val_kind_t> params;
  std::vector<nacre_val_kind_t> results;

  static abi::Outcome call(const abi::HostCall& call, void* data, abi::Value* values) {
    const auto& self = *static_cast<const Callback*>(data);
    std::vector<nacre_val_t> args;
    args.reserve(self.params.size());
    for (size_t i = 0; i < self.params.size(); ++i) {
      args.push_back(from_value(values[i], self.params[i]));
    }
    std::vector<nacre_val_t> results;
    results.reserve(self.results.size());
    for (nacre_val_kind_t kind : self.results) results.push_back({kind, {}});
    std::unique_ptr<nacre_error_t> error(
        self.function(self.data, args.data(), args.size(), results.data(), results.size()));
    if (error) {
      abi::Outcome trap = abi::make_trap(
          error->kind == NACRE_ERROR_EXIT ? abi::TrapKind::exit : abi::TrapKind::host_error,
          error->message);
      trap->exit_code = error->exit_code;
      return trap;
    }
    for (size_t i = 0; i < results.size(); ++i) {
      values[i] = to_value(results[i]);
      // A made-up function reference must not reach the guest, who would call it.
      if (self.results[i] == NACRE_FUNCREF &&
          !runtime::Store::of(call.exec).is_ref_of_type(values[i].ref, ValType::funcref())) {
        return abi::make_trap(abi::TrapKind::host_error,
                              "a host function returned something that is no function reference");
      }
    }
    return nullptr;
  }
};

nacre_func_shape* find_func(nacre_instance& instance, std::string_view name) {
  for (const auto& shape : instance.shapes) {
    if (shape->name == name) return shape.get();
  }
  std::optional<Extern> item = instance.instance->find_export(name);
  if (!item || item->func() == nullptr) return nullptr;
  runtime::Store& store = *instance.store->store;
  const wasm::FuncType& type = store.type_of(*item->func());
  auto shape = std::make_unique<nacre_func_shape>(std::string(name), *item);
  for (ValType param : type.params) {
    shape->params.push_back(kind_of(param, store.engine().types()));
  }
  for (ValType result : type.results) {
    shape->results.push_back(kind_of(result, store.engine().types()));
  }
  instance.shapes.push_back(std::move(shape));
  return instance.shapes.back().get();
}

nacre_error_t* call_unit(nacre_instance& instance, const nacre_func_shape& shape) {
  if (!shape.params.empty() || !shape.results.empty()) {
    return make_error(NACRE_ERROR_INVALID,
                      "\"" + shape.name +
                          "\" takes no arguments and returns nothing in a WASI "
                          "program, but here it does");
  }
  auto done = runtime::call(*instance.store->store, shape.func, {}, {});
  if (done) return nullptr;
  nacre_error_t* error = make_error(done.error());
  bool well = error->kind == NACRE_ERROR_EXIT && error->exit_code == 0;
  instance.store->failed |= !well;
  return error;
}

}  // namespace

nacre_error_t* make_error(const runtime::Failure& failure) {
  if (!failure.is_trap()) return make_error(failure.error());
  return make_error(failure.trap(), runtime::format_backtrace(failure.trap()));
}

}  // namespace nacre::api

using namespace nacre;

nacre_error_t* nacre_store_new(nacre_engine_t* engine, nacre_grants_t* grants,
                               nacre_store_t** out) {
  std::unique_ptr<nacre_grants_t> owned(grants);
  auto handle = std::make_unique<nacre_store>();
  if (owned) {
    auto prepared = API_TRY(owned->grants.prepare());
    handle->oversight = std::move(prepared.oversight);
    handle->wasi = std::make_unique<wasi::p1::Preview1>(std::move(prepared.config));
  }
  handle->store = API_TRY(runtime::Store::create(engine->engine));
  handle->linker = std::make_unique<runtime::Linker>(*handle->store);
  if (handle->wasi) {
    // Descriptions only: they become functions of the store when a module imports them.
    bool logged = handle->wasi->call_log() != nullptr;
    handle->linker->define_functions(wasi::p1::kModuleName, wasi::p1::host_functions(logged),
                                     handle->wasi.get());
    handle->linker->define_functions(wasi::p1::kUnstableModuleName,
                                     wasi::p1::unstable_host_functions(logged), handle->wasi.get());
  }
  *out = handle.release();
  return nullptr;
}

void nacre_store_delete(nacre_store_t* store) { delete store; }

size_t nacre_store_denial_count(nacre_store_t* store) {
  store->denials.clear();
  if (store->wasi) {
    store->denials =
        api::describe_denials(store->wasi->denials()->denials(), store->oversight, store->failed);
  }
  return store->denials.size();
}

const char* nacre_store_denial(const nacre_store_t* store, size_t index) {
  return index < store->denials.size() ? store->denials[index].c_str() : "";
}

nacre_error_t* nacre_store_finish(nacre_store_t* store) {
  API_TRY(store->oversight.finish());
  return nullptr;
}

nacre_error_t* nacre_store_define_func(nacre_store_t* store, const char* module, const char* name,
                                       const nacre_val_kind_t* params, size_t param_count,
                                       const nacre_val_kind_t* results, size_t result_count,
                                       nacre_func_callback_t callback, void* data) {
  auto kept = std::make_shared<api::Callback>(api::Callback{
      callback, data, {params, params + param_count}, {results, results + result_count}});
  abi::HostFunc func;
  for (nacre_val_kind_t kind : kept->params) func.type.params.push_back(api::type_of(kind));
  for (nacre_val_kind_t kind : kept->results) func.type.results.push_back(api::type_of(kind));
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
  auto policy = unknown_imports == NACRE_UNKNOWN_IMPORTS_TRAP ? runtime::UnknownImports::trap
                                                              : runtime::UnknownImports::deny;
  auto instance = store->linker->instantiate(module->module, policy);
  if (!instance) return api::make_error(instance.error());
  store->instances.push_back(std::make_unique<nacre_instance>(
      store, *instance, std::vector<std::unique_ptr<nacre_func_shape>>{}));
  *out = store->instances.back().get();
  return nullptr;
}

nacre_error_t* nacre_instance_initialize(nacre_instance_t* instance) {
  nacre_func_shape* shape = api::find_func(*instance, "_initialize");
  return shape == nullptr ? nullptr : api::call_unit(*instance, *shape);
}

nacre_error_t* nacre_instance_start(nacre_instance_t* instance) {
  nacre_func_shape* shape = api::find_func(*instance, "_start");
  if (shape == nullptr) {
    return api::make_error(NACRE_ERROR_USAGE, "wrong use: the module exports no function _start");
  }
  return api::call_unit(*instance, *shape);
}

bool nacre_instance_func_type(nacre_instance_t* instance, const char* name,
                              const nacre_val_kind_t** params, size_t* param_count,
                              const nacre_val_kind_t** results, size_t* result_count) {
  nacre_func_shape* shape = api::find_func(*instance, name);
  if (shape == nullptr) return false;
  *params = shape->params.data();
  *param_count = shape->params.size();
  *results = shape->results.data();
  *result_count = shape->results.size();
  return true;
}

nacre_error_t* nacre_instance_call(nacre_instance_t* instance, const char* name,
                                   const nacre_val_t* args, size_t arg_count, nacre_val_t* results,
                                   size_t result_count) {
  nacre_func_shape* shape = api::find_func(*instance, name);
  if (shape == nullptr) {
    return api::make_error(NACRE_ERROR_USAGE,
                           "wrong use: no function \"" + std::string(name) + "\" is exported");
  }
  if (arg_count != shape->params.size() || result_count != shape->results.size()) {
    return api::make_error(NACRE_ERROR_USAGE, "wrong use: \"" + shape->name + "\" takes " +
                                                  std::to_string(shape->params.size()) +
                                                  " arguments and returns " +
                                                  std::to_string(shape->results.size()));
  }
  std::vector<abi::Value> in(arg_count);
  for (size_t i = 0; i < arg_count; ++i) {
    if (args[i].kind != shape->params[i]) {
      return api::make_error(NACRE_ERROR_USAGE, "wrong use: argument " + std::to_string(i) +
                                                    " of \"" + shape->name +
                                                    "\" is of another kind");
    }
    in[i] = api::to_value(args[i]);
  }
  std::vector<abi::Value> out(result_count);
  auto done = runtime::call(*instance->store->store, shape->func, in, out);
  if (!done) return api::make_error(done.error());
  for (size_t i = 0; i < result_count; ++i) {
    results[i] = api::from_value(out[i], shape->results[i]);
  }
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
