#include <cstdio>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "api/handles.h"
#include "measures.h"
#include "os/file_contents.h"
#include "runtime/engine.h"
#include "runtime/func.h"
#include "runtime/host_func.h"
#include "runtime/instance.h"
#include "runtime/linker.h"
#include "runtime/module.h"
#include "runtime/pool.h"
#include "runtime/store.h"
#include "runtime/typed_func.h"
#include "timing.h"
#include "wasm/limits.h"

namespace nacre::bench {
namespace {

Error as_error(const runtime::Failure& failure) {
  return Error(ErrorCode::internal, failure.to_string());
}

// What a guest or the runtime did not do as the module says.
template <class T>
Result<T> checked(runtime::Run<T> run) {
  if (!run) return std::unexpected(as_error(run.error()));
  if constexpr (std::is_void_v<T>) {
    return {};
  } else {
    return std::move(*run);
  }
}

uint32_t next(uint32_t x) { return x + 1; }
constexpr runtime::HostFuncDef kImports[] = {runtime::host_func<next>("next")};

// A store with an instance of small.wat whose import is a typed C++ function.
struct Guest {
  std::unique_ptr<runtime::Store> store;
  std::unique_ptr<runtime::Linker> linker;
  runtime::Instance* instance = nullptr;
};

Result<Guest> make_guest(const runtime::ModulePtr& module) {
  Guest guest;
  guest.store = TRY(runtime::Store::create(module->shared_engine()));
  guest.linker = std::make_unique<runtime::Linker>(*guest.store);
  guest.linker->define_functions("host", kImports, nullptr);
  guest.instance = TRY(checked(guest.linker->instantiate(module)));
  return guest;
}

Result<runtime::Extern> find(const Guest& guest, std::string_view name) {
  std::optional<runtime::Extern> item = guest.instance->find_export(name);
  if (!item) return fail(ErrorCode::usage, "no export \"" + std::string(name) + "\"");
  return *item;
}

template <class F>
Result<runtime::TypedFunc<F>> typed(runtime::Store& store, const runtime::Extern& func) {
  return runtime::TypedFunc<F>::create(store, func);
}

using Add = uint32_t(uint32_t, uint32_t);
using Loop = uint32_t(uint32_t);

// Nanoseconds that a call of `add` takes.
Result<double> call_in(Guest& guest) {
  constexpr int kCalls = 20'000;
  auto add = TRY(typed<Add>(*guest.store, TRY(find(guest, "add"))));
  return time_batches(51, kCalls, [&]() -> Result<void> {
    uint32_t sum = 0;
    for (int i = 0; i < kCalls; ++i) sum = TRY(checked(add(sum, 1)));
    return expect(sum, kCalls);
  });
}

// Nanoseconds that an exported loop of n turns takes a turn.
Result<double> turn_of(Guest& guest, std::string_view loop) {
  constexpr int kTurns = 100'000;
  auto func = TRY(typed<Loop>(*guest.store, TRY(find(guest, loop))));
  return time_batches(51, kTurns,
                      [&]() -> Result<void> { return expect(TRY(checked(func(kTurns))), kTurns); });
}

// From a module to the answer of its first call, in a new store.
Result<double> time_instance(const runtime::ModulePtr& module) {
  Clock::time_point begin = Clock::now();
  Guest guest = TRY(make_guest(module));
  auto add = TRY(typed<Add>(*guest.store, TRY(find(guest, "add"))));
  uint32_t sum = TRY(checked(add(40, 2)));
  double time = ns_since(begin);
  TRY(expect(sum, 42));
  return time;
}

struct Source {
  std::shared_ptr<runtime::Engine> engine;
  std::shared_ptr<const os::FileContents> file;

  Result<runtime::ModulePtr> module() const {
    return runtime::Module::create(engine, file->bytes(), file);
  }
};

// The first instance of a module: nothing of its code is ready.
Result<double> first_instance(const Source& source) {
  std::vector<double> times;
  for (int i = 0; i < 301; ++i) times.push_back(TRY(time_instance(TRY(source.module()))));
  return median(std::move(times));
}

// Later instances of a module whose earlier ones are gone.
Result<double> next_instance(const Source& source) {
  runtime::ModulePtr module = TRY(source.module());
  std::vector<double> times;
  for (int i = 0; i < 2001; ++i) times.push_back(TRY(time_instance(module)));
  return median(std::move(times));
}

class Imports final : public runtime::PoolHost {
 public:
  runtime::Run<std::vector<runtime::Extern>> link(runtime::Store& store,
                                                  const runtime::Module& module) override {
    runtime::Linker linker(store);
    linker.define_functions("host", kImports, nullptr);
    return linker.resolve(module);
  }
};

// Out of a pool that has a warm slot of the module: made, and given back.
Result<double> pooled_instance(const Source& source) {
  constexpr int kInstances = 100;
  runtime::ModulePtr module = TRY(source.module());
  auto pool = TRY(runtime::Pool::create(source.engine, std::make_shared<Imports>()));
  return time_batches(51, kInstances, [&]() -> Result<void> {
    for (int i = 0; i < kInstances; ++i) TRY(checked(pool->instantiate(module)));
    return {};
  });
}

}  // namespace

Result<void> measure_embedding(const std::string& tier, const std::string& path) {
  Source source;
  source.engine = TRY(runtime::Engine::create(TRY(api::make_tier(tier))));
  source.file = TRY(os::FileContents::read(path, wasm::kMaxModuleBytes));
  Guest guest = TRY(make_guest(TRY(source.module())));
  double in = TRY(call_in(guest));
  double out = TRY(turn_of(guest, "call_host")) - TRY(turn_of(guest, "call_nothing"));
  double first = TRY(first_instance(source));
  double later = TRY(next_instance(source));
  double pooled = TRY(pooled_instance(source));
  ApiCalls api = TRY(measure_api_calls(tier, source.file->bytes()));
  std::printf(
      "{\"call_in\": %.2f, \"call_out\": %.2f, \"call_in_by_name\": %.2f, "
      "\"call_out_callback\": %.2f, \"first_instance\": %.0f, \"next_instance\": %.0f, "
      "\"pooled_instance\": %.1f}\n",
      in, out, api.in_by_name, api.out_callback, first, later, pooled);
  return {};
}

}  // namespace nacre::bench
