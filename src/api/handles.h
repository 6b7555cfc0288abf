// What stands behind the C API's opaque handles.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "api/error.h"
#include "api/grants.h"
#include "api/pool.h"
#include "api/source.h"
#include "api/stored_code.h"
#include "base/result.h"
#include "nacre/nacre.h"
#include "os/event_loop.h"
#include "os/worker_threads.h"
#include "runtime/engine.h"
#include "runtime/func.h"
#include "runtime/instance.h"
#include "runtime/linker.h"
#include "runtime/module.h"
#include "runtime/store.h"
#include "wasi/guest.h"

namespace nacre::api {

// nacre_config_set_checks.
struct Checks {
  bool dirty = false;
  bool merges = false;
  bool edge = false;
  bool park = false;
  bool mix = false;
  StoredCode stored_code;
};

}  // namespace nacre::api

struct nacre_config {
  std::string tier = "auto";
  nacre::wasm::Features features;
  nacre::api::Checks checks;
  nacre::runtime::ModuleOptions::Validate validate = nacre::runtime::ModuleOptions::Validate::eager;
  bool perf_map = false;
  bool debug = false;
  bool fuel = false;
  bool map_at_load = false;
};

struct nacre_engine {
  std::shared_ptr<nacre::runtime::Engine> engine;
  nacre::runtime::ModuleOptions module_options;
};

struct nacre_module {
  nacre_module(nacre::runtime::ModulePtr pointer, nacre::Bytes bytes,
               std::shared_ptr<const void> owner)
      : module(std::move(pointer)),
        source(std::make_shared<nacre::api::Source>(bytes, std::move(owner))) {}

  nacre::runtime::ModulePtr module;
  std::shared_ptr<nacre::api::Source> source;
  // What nacre_module_import and _export show, made when it is first asked for.
  mutable std::once_flag listed;
  mutable std::vector<std::string> strings;
  mutable std::vector<nacre_import_t> imports;
  mutable std::vector<nacre_export_t> exports;
};

// A function as the C API shows it; owned by its instance so that pointers stay valid.
struct nacre_func {
  nacre_func(std::string its_name, const nacre::runtime::PreparedCall& prepared)
      : name(std::move(its_name)), call(prepared) {}

  std::string name;
  nacre::runtime::PreparedCall call;
  std::vector<nacre_val_kind_t> params;
  std::vector<nacre_val_kind_t> results;
};

namespace nacre::api {

// The rights of a program, or of a module beside it.
struct GuestRights {
  explicit GuestRights(host::World world, std::string its_name = "")
      : name(std::move(its_name)), guest(std::move(world)) {}
  GuestRights(const GuestRights&) = delete;
  GuestRights& operator=(const GuestRights&) = delete;

  std::string name;  // of the module, for messages; empty: the program
  wasi::Guest guest;
};

}  // namespace nacre::api

struct nacre_instance {
  nacre_instance(nacre_store* owner, nacre::runtime::Instance* its_instance)
      : store(owner), instance(its_instance) {}

  nacre_store* store;  // null: it comes from a pool, and `guest` is set
  nacre::runtime::Instance* instance;
  std::unique_ptr<nacre::api::PoolGuest> guest;
  nacre::api::GuestRights* rights = nullptr;       // the store's; null: none of its own
  std::vector<std::unique_ptr<nacre_func>> funcs;  // asked for so far
};

namespace nacre::api {

// What calls need that do not block their thread.
struct Waits {
  std::unique_ptr<os::EventLoop> loop;
  std::shared_ptr<os::WorkerThreads> workers;
};

}  // namespace nacre::api

struct nacre_store {
  // Of the program, if it has any, and of modules with rights of their own. Destroyed after the
  // store, which calls their host functions.
  std::unique_ptr<nacre::api::GuestRights> rights;
  std::vector<std::unique_ptr<nacre::api::GuestRights>> child_rights;
  nacre::api::PolicySession session;
  bool failed = false;  // the guest trapped, or ended itself with another code than 0
  std::unique_ptr<nacre::runtime::Store> store;
  std::unique_ptr<nacre::runtime::Linker> linker;
  std::vector<std::unique_ptr<nacre_instance>> instances;
  std::vector<std::string> denials;
  std::unique_ptr<nacre::api::Waits> waits;  // null: no such call was started
};

namespace nacre::api {

// The tier of that name. Errors: unsupported (planned, not built), usage (no such tier).
Result<std::unique_ptr<abi::Executor>> make_tier(std::string_view name);
// The same with what the configuration says of profilers, debuggers and checks. Errors: also io.
Result<std::unique_ptr<abi::Executor>> make_tier(const nacre_config& config);
// Errors: those of make_tier and of runtime::Engine::create.
Result<std::shared_ptr<runtime::Engine>> make_engine(const nacre_config& config);

nacre_error_t* make_error(const runtime::Failure& failure);
// The error of a call that did not return; also noted in the store.
nacre_error_t* ended(nacre_instance& instance, const runtime::Failure& failure);

// An exported function. Errors: usage, if there is none of that name.
Result<nacre_func*> get_func(nacre_instance& instance, std::string_view name);
// The error of a call whose arguments do not fit the function.
nacre_error_t* wrong_arguments(const nacre_func& func, const nacre_val_t* args, size_t arg_count,
                               size_t result_count);
// Null if the counts, and the kinds of the arguments, are those of the function.
inline nacre_error_t* check_arguments(const nacre_func& func, const nacre_val_t* args,
                                      size_t arg_count, size_t result_count) {
  if (arg_count != func.params.size() || result_count != func.results.size())
    return wrong_arguments(func, args, arg_count, result_count);
  for (size_t i = 0; i < arg_count; ++i) {
    if (args[i].kind != func.params[i]) return wrong_arguments(func, args, arg_count, result_count);
  }
  return nullptr;
}

// The module as policies see it; `name`: as its user calls it.
policy::Subject make_subject(const std::string& name, const nacre_module& module);
// An owned copy for a caller of the C API.
nacre_bytes_t to_bytes(std::string_view text);

}  // namespace nacre::api
