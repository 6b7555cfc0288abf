// Configurations, engines and modules of the C API.

#include <algorithm>
#include <functional>
#include <unordered_map>

#include "api/handles.h"
#include "baseline/tier.h"
#include "interp/tier.h"
#include "os/cpu.h"
#include "os/file_contents.h"
#include "os/gdb_jit.h"
#include "os/perf_map.h"
#include "tiering/executor.h"
#include "wasm/limits.h"
#include "wasm/to_binary.h"

namespace nacre::api {
namespace {

Result<runtime::ModulePtr> make_module(const nacre_engine& engine, Bytes bytes,
                                       std::shared_ptr<const void> backing) {
  std::optional<std::vector<uint8_t>> text = TRY(wasm::to_binary(bytes, engine.engine->features()));
  if (text) return runtime::Module::create(engine.engine, *std::move(text), engine.module_options);
  return runtime::Module::create(engine.engine, bytes, std::move(backing), engine.module_options);
}

nacre_extern_kind_t kind_of(wasm::ExternKind kind) {
  return static_cast<nacre_extern_kind_t>(kind);
}
static_assert(static_cast<int>(wasm::ExternKind::func) == NACRE_FUNC &&
              static_cast<int>(wasm::ExternKind::table) == NACRE_TABLE &&
              static_cast<int>(wasm::ExternKind::memory) == NACRE_MEMORY &&
              static_cast<int>(wasm::ExternKind::global) == NACRE_GLOBAL &&
              static_cast<int>(wasm::ExternKind::tag) == NACRE_TAG);

// The declared type behind an export, as an import would declare it.
wasm::ExternType type_of(const wasm::Module& module, const wasm::Export& item) {
  wasm::ExternType type;
  type.kind = item.kind;
  switch (item.kind) {
    case wasm::ExternKind::func:
      type.func = module.functions[item.index];
      break;
    case wasm::ExternKind::table:
      type.table = module.tables[item.index].type;
      break;
    case wasm::ExternKind::memory:
      type.memory = module.memories[item.index];
      break;
    case wasm::ExternKind::global:
      type.global = module.globals[item.index].type;
      break;
    case wasm::ExternKind::tag:
      type.tag = module.tags[item.index];
      break;
  }
  return type;
}

std::string type_text(const runtime::Module& module, const wasm::ExternType& type) {
  if (type.kind == wasm::ExternKind::func) {
    return wasm::to_string(module.wasm().types[wasm::index_of(type.func)].func);
  }
  return runtime::describe(type, module.type_ids(), module.engine().types());
}

// The strings do not move afterwards.
void list_externs(const nacre_module& handle) {
  const wasm::Module& module = handle.module->wasm();
  handle.strings.reserve(module.imports.size() * 3 + module.exports.size() * 2);
  auto keep = [&](std::string text) {
    handle.strings.push_back(std::move(text));
    return handle.strings.back().c_str();
  };
  // A long signature may be that of a million functions, and a group of imports has one module
  // name: each is written once.
  std::unordered_map<uint32_t, const char*> signatures;
  auto keep_type = [&](const wasm::ExternType& type) {
    if (type.kind != wasm::ExternKind::func) return keep(type_text(*handle.module, type));
    const char*& known = signatures[wasm::index_of(type.func)];
    if (known == nullptr) known = keep(type_text(*handle.module, type));
    return known;
  };
  std::string_view last_module;
  const char* from = nullptr;
  for (const wasm::Import& item : module.imports) {
    bool is_same = from != nullptr && item.module.data() == last_module.data() &&
                   item.module.size() == last_module.size();
    if (!is_same) from = keep(std::string(item.module));
    last_module = item.module;
    const char* name = keep(std::string(item.name));
    handle.imports.push_back({from, name, kind_of(item.type.kind), keep_type(item.type)});
  }
  for (const wasm::Export& item : module.exports) {
    const char* name = keep(std::string(item.name));
    handle.exports.push_back({name, kind_of(item.kind), keep_type(type_of(module, item))});
  }
}

Result<std::unique_ptr<abi::Executor>> make_baseline(const nacre_config& config) {
  std::unique_ptr<os::CodeListeners> listeners;
  if (config.perf_map || config.debug) listeners = std::make_unique<os::CodeListeners>();
  if (config.perf_map) listeners->add(TRY(os::make_perf_map()));
  if (config.debug) listeners->add(os::make_gdb_listener());
  return baseline::make_tier({.cpu = os::cpu_features(),
                              .guarded_memories = !config.checks.edge,
                              .poison_upper_bits = config.checks.dirty,
                              .check_consistency = config.checks.merges,
                              .count_fuel = config.fuel,
                              .debug = config.debug,
                              .code_changes = config.checks.mix,
                              .map_at_load = config.map_at_load},
                             std::move(listeners));
}

Result<std::unique_ptr<abi::Executor>> make_mixed(const nacre_config& config) {
  std::vector<std::unique_ptr<abi::Executor>> executors;
  executors.push_back(interp::make_tier({.count_fuel = config.fuel}));
  executors.push_back(TRY(make_baseline(config)));
  constexpr uint64_t kSeed = 1;
  return tiering::make_executor(std::move(executors), tiering::choose_at_random(kSeed, 2));
}

}  // namespace

Result<std::unique_ptr<abi::Executor>> make_tier(std::string_view name) {
  nacre_config config;
  config.tier = name;
  return make_tier(config);
}

Result<std::unique_ptr<abi::Executor>> make_tier(const nacre_config& config) {
  const std::string& name = config.tier;
  if (config.checks.mix) return make_mixed(config);
  if (name == "interp") return interp::make_tier({.count_fuel = config.fuel});
  if (name == "baseline") return make_baseline(config);
  if (name == "auto") {
    // Where no machine code can be made, the portable tier does.
    auto tier = make_baseline(config);
    if (!tier && tier.error().code() != ErrorCode::io)
      return interp::make_tier({.count_fuel = config.fuel});
    return tier;
  }
  if (name == "optimizing") {
    return fail(ErrorCode::unsupported, "the tier \"" + name + "\" is not built in this version");
  }
  return fail(ErrorCode::usage,
              "there is no tier \"" + name + "\": auto, interp, baseline or optimizing");
}

Result<std::shared_ptr<runtime::Engine>> make_engine(const nacre_config& config) {
  runtime::EngineOptions options;
  options.features = config.features;
  options.guarded_memories = !config.checks.edge;
  options.memories_end_at_guard = config.checks.edge;
  options.park_waits = config.checks.park;
  options.counts_fuel = config.fuel;
  return runtime::Engine::create(TRY(make_tier(config)), options);
}

}  // namespace nacre::api

using namespace nacre;

nacre_config_t* nacre_config_new(void) { return new nacre_config; }
void nacre_config_delete(nacre_config_t* config) { delete config; }

void nacre_config_set_perf_map(nacre_config_t* config, bool on) { config->perf_map = on; }
void nacre_config_set_debug(nacre_config_t* config, bool on) { config->debug = on; }
void nacre_config_set_fuel(nacre_config_t* config, bool on) { config->fuel = on; }
void nacre_config_set_map_at_load(nacre_config_t* config, bool on) { config->map_at_load = on; }

nacre_error_t* nacre_config_set_tier(nacre_config_t* config, const char* tier) {
  API_TRY(api::make_tier(tier));  // only to find out whether there is one
  config->tier = tier;
  return nullptr;
}

nacre_error_t* nacre_config_set_features(nacre_config_t* config, const char* changes) {
  API_TRY(config->features.apply(changes));
  return nullptr;
}

nacre_error_t* nacre_config_set_validate(nacre_config_t* config, const char* when) {
  std::string_view word = when;
  if (word != "eager" && word != "lazy") {
    return api::make_error(NACRE_ERROR_USAGE,
                           "wrong use: eager or lazy, not \"" + std::string(word) + "\"");
  }
  config->validate = word == "eager" ? runtime::ModuleOptions::Validate::eager
                                     : runtime::ModuleOptions::Validate::lazy;
  return nullptr;
}

nacre_error_t* nacre_config_set_traps(nacre_config_t*, const char* mode) {
  std::string_view word = mode;
  // Every tier is precise; fast permits other behaviour, it does not demand it.
  if (word == "precise" || word == "fast") return nullptr;
  return api::make_error(NACRE_ERROR_USAGE,
                         "wrong use: precise or fast, not \"" + std::string(word) + "\"");
}

nacre_error_t* nacre_config_set_checks(nacre_config_t* config, const char* checks) {
  api::Checks chosen;
  for (std::string_view rest = checks; !rest.empty();) {
    std::string_view word = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    if (chosen.stored_code.set(word)) continue;
    bool* check = word == "dirty"    ? &chosen.dirty
                  : word == "merges" ? &chosen.merges
                  : word == "edge"   ? &chosen.edge
                  : word == "park"   ? &chosen.park
                  : word == "mix"    ? &chosen.mix
                                     : nullptr;
    if (check == nullptr) {
      return api::make_error(
          NACRE_ERROR_USAGE,
          "wrong use: dirty, merges, edge, park, mix, save=DIR or load=DIR, not \"" +
              std::string(word) + "\"");
    }
    *check = true;
  }
  config->checks = chosen;
  return nullptr;
}

nacre_error_t* nacre_engine_new(nacre_config_t* config, nacre_engine_t** out) {
  std::unique_ptr<nacre_config_t> owned(config != nullptr ? config : new nacre_config);
  auto engine = API_TRY(api::make_engine(*owned));
  *out = new nacre_engine{std::move(engine), {.validate = owned->validate}};
  return nullptr;
}

void nacre_engine_delete(nacre_engine_t* engine) { delete engine; }

nacre_error_t* nacre_module_new(nacre_engine_t* engine, const void* bytes, size_t size,
                                nacre_module_t** out) {
  if (size > wasm::kMaxModuleBytes) {
    return api::make_error(NACRE_ERROR_LIMIT,
                           "limit reached: a module of more than 1 GiB; nothing raises this limit");
  }
  const auto* data = static_cast<const uint8_t*>(bytes);
  auto copy = std::make_shared<std::vector<uint8_t>>(data, data + size);
  Bytes view(*copy);
  // Not inside the new expression: what that took would be lost on the way out.
  auto module = API_TRY(api::make_module(*engine, view, copy));
  *out = new nacre_module(std::move(module), view, std::move(copy));
  return nullptr;
}

nacre_error_t* nacre_module_load(nacre_engine_t* engine, const char* path, nacre_module_t** out) {
  auto file = API_TRY(os::FileContents::read(path, wasm::kMaxModuleBytes));
  Bytes view = file->bytes();
  auto module = API_TRY(api::make_module(*engine, view, file));
  *out = new nacre_module(std::move(module), view, std::move(file));
  return nullptr;
}

void nacre_module_delete(nacre_module_t* module) { delete module; }

nacre_error_t* nacre_module_check_runs(const nacre_module_t* module) {
  API_TRY(module->module->check_runs());
  return nullptr;
}

void nacre_module_set_signature(nacre_module_t* module, const void* bytes, size_t size) {
  module->source->set_signature(Bytes(static_cast<const uint8_t*>(bytes), size));
}

const char* nacre_module_digest(const nacre_module_t* module) {
  return module->source->digest().c_str();
}

bool nacre_module_has_start(const nacre_module_t* module) {
  return module->module->wasm().start.has_value();
}

size_t nacre_module_import_count(const nacre_module_t* module) {
  return module->module->wasm().imports.size();
}

size_t nacre_module_export_count(const nacre_module_t* module) {
  return module->module->wasm().exports.size();
}

nacre_import_t nacre_module_import(const nacre_module_t* module, size_t index) {
  std::call_once(module->listed, api::list_externs, std::cref(*module));
  if (index >= module->imports.size()) return {};
  return module->imports[index];
}

nacre_export_t nacre_module_export(const nacre_module_t* module, size_t index) {
  std::call_once(module->listed, api::list_externs, std::cref(*module));
  if (index >= module->exports.size()) return {};
  return module->exports[index];
}
