// What stands behind the C API's opaque handles.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "api/error.h"
#include "api/grants.h"
#include "base/result.h"
#include "nacre/nacre.h"
#include "runtime/engine.h"
#include "runtime/instance.h"
#include "runtime/linker.h"
#include "runtime/module.h"
#include "runtime/store.h"
#include "wasi/p1/preview1.h"

struct nacre_config {
  std::string tier = "auto";
  nacre::wasm::Features features;
  nacre::runtime::ModuleOptions::Validate validate = nacre::runtime::ModuleOptions::Validate::eager;
  bool perf_map = false;
  bool debug = false;
};

struct nacre_engine {
  std::shared_ptr<nacre::runtime::Engine> engine;
  nacre::runtime::ModuleOptions module_options;
};

struct nacre_module {
  explicit nacre_module(nacre::runtime::ModulePtr pointer) : module(std::move(pointer)) {}

  nacre::runtime::ModulePtr module;
  // What nacre_module_import and _export show, made when it is first asked for.
  mutable std::once_flag listed;
  mutable std::vector<std::string> strings;
  mutable std::vector<nacre_import_t> imports;
  mutable std::vector<nacre_export_t> exports;
};

// A function as the C API shows it; kept by its instance so that pointers stay good.
struct nacre_func_shape {
  std::string name;
  nacre::runtime::Extern func;
  std::vector<nacre_val_kind_t> params;
  std::vector<nacre_val_kind_t> results;
};

struct nacre_instance {
  nacre_store* store;
  nacre::runtime::Instance* instance;
  std::vector<std::unique_ptr<nacre_func_shape>> shapes;  // asked for so far
};

struct nacre_store {
  // Host functions of WASI; they go after the store that calls them.
  std::unique_ptr<nacre::wasi::p1::Preview1> wasi;
  std::unique_ptr<nacre::runtime::Store> store;
  std::unique_ptr<nacre::runtime::Linker> linker;
  std::vector<std::unique_ptr<nacre_instance>> instances;
  std::vector<std::string> denials;
};

namespace nacre::api {

// The tier of that name. Errors: unsupported (planned, not built), usage (no such tier).
Result<std::unique_ptr<abi::Tier>> make_tier(std::string_view name);
// The same with what the configuration says of profilers and debuggers. Errors: also io.
Result<std::unique_ptr<abi::Tier>> make_tier(const nacre_config& config);

nacre_error_t* make_error(const runtime::Failure& failure);

}  // namespace nacre::api
