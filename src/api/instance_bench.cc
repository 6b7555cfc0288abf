// What instances and calls cost: instance_bench [TIER...] (baseline, interp)
//
// Each figure is the median of batches, in nanoseconds by the monotonic clock; on a busy machine
// the fastest tenth, printed beside it, says more. `made` and `warm` are whole lives of an
// instance: from the pool, one call that writes its memory, and back to the pool.
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "api/handles.h"
#include "runtime/guest_call.h"
#include "runtime/pool.h"
#include "runtime/typed_func.h"
#include "wasm/text/parser.h"

namespace {

using namespace nacre;

constexpr std::string_view kModule = R"((module
  (import "env" "nop" (func $nop (param i32 i32) (result i32)))
  (memory (export "m") 1)
  (table 4 funcref)
  (elem (i32.const 0) $add)
  (global $g (mut i32) (i32.const 1))
  (data (i32.const 16) "some initial data")
  (func $add (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (export "touch") (param i32 i32) (result i32)
    (global.set $g (local.get 0))
    (i32.store (i32.const 1024) (local.get 0))
    (i32.load (i32.const 16)))
  (func (export "loop") (param i32 i32) (result i32)
    (loop $l
      (local.set 1 (call $nop (local.get 0) (local.get 1)))
      (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 1))
  (func (export "empty_loop") (param i32 i32) (result i32)
    (loop $l
      (local.set 1 (i32.add (local.get 0) (local.get 1)))
      (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 1))))";

constexpr std::string_view kAsking = R"((module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_res_get" (func $get (param i32 i32) (result i32)))
  (memory (export "m") 1)
  (func (export "touch") (param i32 i32) (result i32)
    (i32.store (i32.const 1024) (local.get 0))
    (call $write (i32.const 77) (i32.const 0) (i32.const 0) (i32.const 0)))
  (func (export "loop") (param i32 i32) (result i32)
    (loop $l
      (local.set 1 (call $get (i32.const 1) (i32.const 64)))
      (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 1))))";

template <class T, class E>
T must(std::expected<T, E> result) {
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().to_string().c_str());
    std::exit(1);
  }
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}
void must(nacre_error_t* error) {
  if (error == nullptr) return;
  std::fprintf(stderr, "%s\n", nacre_error_message(error));
  std::exit(1);
}

double now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

// `function` runs `per_batch` times what is measured; `between` is not measured.
template <class F, class G = void (*)()>
void measure(const char* what, int batches, int per_batch, F function, G between = [] {}) {
  std::vector<double> times;
  for (int i = 0; i < batches; ++i) {
    double start = now();
    function();
    times.push_back((now() - start) / per_batch);
    between();
  }
  std::sort(times.begin(), times.end());
  std::printf("  %-44s %10.1f ns   fastest tenth %10.1f ns\n", what, times[times.size() / 2],
              times[times.size() / 10]);
}

int32_t nop(int32_t a, int32_t) { return a; }
constexpr runtime::HostFuncDef kFunctions[] = {runtime::host_func<nop>("nop")};

class Host final : public runtime::PoolHost {
 public:
  runtime::Run<std::vector<runtime::Extern>> link(runtime::Store& store,
                                                  const runtime::Module& module) override {
    runtime::Linker linker(store);
    linker.define_functions("env", kFunctions, nullptr);
    return linker.resolve(module);
  }
};

using Binary = int32_t(int32_t, int32_t);

runtime::TypedFunc<Binary> typed(runtime::Store& store, runtime::Instance& instance,
                                 std::string_view name) {
  return must(runtime::TypedFunc<Binary>::create(store, *instance.find_export(name)));
}

void touch(runtime::Lease& lease) { must(typed(lease.store(), lease.instance(), "touch")(5, 6)); }

runtime::ModulePtr parse(const std::shared_ptr<runtime::Engine>& engine, std::string_view text) {
  auto binary = must(wasm::text_to_binary(text, engine->features()));
  return must(runtime::Module::create(engine, std::move(binary)));
}

void measure_instances(const std::shared_ptr<runtime::Engine>& engine) {
  runtime::ModulePtr module = parse(engine, kModule);
  auto host = std::make_shared<Host>();
  measure("store and instance without a pool, one call", 200, 1, [&] {
    auto store = must(runtime::Store::create(engine));
    auto imports = must(host->link(*store, *module));
    auto* instance = must(runtime::instantiate(*store, module, imports));
    must(typed(*store, *instance, "touch")(5, 6));
  });
  {
    // Each first use is of a module that the pool has not seen.
    std::vector<runtime::ModulePtr> modules;
    for (int i = 0; i < 200; ++i) modules.push_back(parse(engine, kModule));
    auto pool = must(runtime::Pool::create(engine, host, {.max_slots = 1000}));
    size_t next = 0;
    std::vector<runtime::Lease> leases;
    measure("pool: first use of a module", 200, 1,
            [&] { leases.push_back(must(pool->instantiate(modules[next++]))); });
    measure("pool: another slot of a known module", 200, 1,
            [&] { leases.push_back(must(pool->instantiate(module))); });
  }
  {
    std::vector<runtime::ModulePtr> modules = {module, parse(engine, kModule)};
    auto pool = must(runtime::Pool::create(engine, host, {.max_slots = 1}));
    size_t next = 0;
    measure("pool: made in the slot of another module", 200, 1, [&] {
      runtime::Lease lease = must(pool->instantiate(modules[next++ % 2]));
      touch(lease);
    });
  }
  for (bool scan : {true, false}) {
    auto pool = must(runtime::Pool::create(engine, host, {.scan_pages = scan}));
    std::printf("  %s\n", scan ? "pool, asking which pages were written" : "pool, dropping pages");
    std::vector<runtime::Lease> leases(100);
    for (runtime::Lease& lease : leases) {
      lease = must(pool->instantiate(module));
      touch(lease);
    }
    leases.clear();
    measure(
        "warm: instantiate", 300, 50,
        [&] {
          for (int i = 0; i < 50; ++i) leases.push_back(must(pool->instantiate(module)));
        },
        [&] { leases.clear(); });
    measure("warm: instantiate and release", 300, 100, [&] {
      for (int i = 0; i < 100; ++i) must(pool->instantiate(module));
    });
    measure("warm: instantiate, one call, release", 300, 100, [&] {
      for (int i = 0; i < 100; ++i) {
        runtime::Lease lease = must(pool->instantiate(module));
        touch(lease);
      }
    });
  }
}

nacre_error_t* c_nop(void*, const nacre_val_t* args, size_t, nacre_val_t* results, size_t) {
  results[0].of.i32 = args[0].of.i32;
  return nullptr;
}

// What is granted to a pool's guest was made ready for all of them.
void measure_shared_rights(nacre_engine_t* engine, nacre_pool_t* pool, nacre_module_t* module) {
  nacre_grants_t* grants = nacre_grants_new();
  nacre_grants_add_arg(grants, "app");
  must(nacre_grants_add(grants, "dir", "/tmp"));
  must(nacre_grants_add(grants, "env", "A=b"));
  nacre_rights_t* rights = nullptr;
  must(nacre_rights_new(grants, &rights));
  nacre_module_t* asking = nullptr;
  must(nacre_module_new(engine, kAsking.data(), kAsking.size(), &asking));
  auto live = [&](nacre_module_t* of, const nacre_rights_t* with) {
    nacre_instance_t* instance = nullptr;
    if (with != nullptr) {
      must(nacre_pool_instantiate_shared(pool, of, with, nullptr, &instance));
    } else {
      must(nacre_pool_instantiate(pool, of, nullptr, nullptr, &instance));
    }
    nacre_func_t* func = nullptr;
    must(nacre_instance_func(instance, "touch", &func));
    nacre_raw_val_t values[2] = {};
    must(nacre_func_call(func, values, 2));
    must(nacre_pool_release(instance));
  };
  struct Case {
    const char* what;
    nacre_module_t* of;
    const nacre_rights_t* with;
  };
  for (const Case& one : {Case{"C: the same, nothing granted", module, nullptr},
                          Case{"C: the same, with shared rights", module, rights},
                          Case{"C: and one call of WASI, nothing granted", asking, nullptr},
                          Case{"C: and one call of WASI, with shared rights", asking, rights}}) {
    measure(one.what, 300, 100, [&] {
      for (int i = 0; i < 100; ++i) live(one.of, one.with);
    });
  }
  measure("C++: the same rights bound to a guest", 300, 1000, [&] {
    for (int i = 0; i < 1000; ++i) wasi::Guest guest(rights->shared->world);
  });
  measure("C++: the same, and its descriptors made", 300, 1000, [&] {
    for (int i = 0; i < 1000; ++i) wasi::Guest(rights->shared->world).preview1();
  });
  nacre_module_delete(asking);
  nacre_rights_delete(rights);
}

void measure_c_pool(nacre_engine_t* engine, nacre_module_t* module) {
  nacre_pool_t* pool = nullptr;
  must(nacre_pool_new(engine, nullptr, &pool));
  nacre_val_kind_t kinds[] = {NACRE_I32, NACRE_I32};
  must(nacre_pool_define_func(pool, "env", "nop", kinds, 2, kinds, 1, c_nop));
  measure("C: pool, warm: instantiate, one call, release", 300, 100, [&] {
    for (int i = 0; i < 100; ++i) {
      nacre_instance_t* instance = nullptr;
      must(nacre_pool_instantiate(pool, module, nullptr, nullptr, &instance));
      nacre_func_t* func = nullptr;
      must(nacre_instance_func(instance, "touch", &func));
      nacre_raw_val_t values[2] = {};
      must(nacre_func_call(func, values, 2));
      must(nacre_pool_release(instance));
    }
  });
  measure_shared_rights(engine, pool, module);
  nacre_pool_delete(pool);
}

void measure_calls(const std::shared_ptr<runtime::Engine>& engine) {
  runtime::ModulePtr module = parse(engine, kModule);
  auto store = must(runtime::Store::create(engine));
  auto imports = must(Host().link(*store, *module));
  auto* instance = must(runtime::instantiate(*store, module, imports));
  constexpr int kCalls = 2000;
  auto add = typed(*store, *instance, "add");
  measure("host to wasm, TypedFunc", 500, kCalls, [&] {
    int32_t sum = 0;
    for (int i = 0; i < kCalls; ++i) sum = must(add(sum, i));
    if (sum == 42) std::abort();
  });
  auto prepared = must(runtime::PreparedCall::create(*store, *instance->find_export("add")));
  measure("host to wasm, PreparedCall", 500, kCalls, [&] {
    abi::Value values[2];
    for (int i = 0; i < kCalls; ++i) must(prepared(values));
  });
  runtime::Extern func = *instance->find_export("add");
  measure("host to wasm, runtime::call", 500, kCalls, [&] {
    abi::Value args[2], result;
    for (int i = 0; i < kCalls; ++i) must(runtime::call(*store, func, args, {&result, 1}));
  });
  auto loop = typed(*store, *instance, "loop");
  auto empty = typed(*store, *instance, "empty_loop");
  constexpr int32_t kLoops = 10000;
  measure("wasm to host", 500, kLoops, [&] { must(loop(kLoops, 1)); });
  measure("the same loop without the call", 500, kLoops, [&] { must(empty(kLoops, 1)); });
}

runtime::HostResult<int32_t> wait(const abi::HostCall& call, int32_t) {
  return std::unexpected(call.suspend(nullptr));
}

// A guest that waits for ever, and one that waits once.
void measure_waits(const std::shared_ptr<runtime::Engine>& engine) {
  constexpr std::string_view kWaits = R"((module
    (import "env" "wait" (func $wait (param i32) (result i32)))
    (func (export "once") (result i32) (call $wait (i32.const 1)))
    (func (export "for ever") (loop $l (drop (call $wait (i32.const 1))) (br $l)))))";
  constexpr runtime::HostFuncDef kWait[] = {
      runtime::host_func<wait>("wait", runtime::MayBlock::yes)};
  auto store = must(runtime::Store::create(engine));
  runtime::Linker linker(*store);
  linker.define_functions("env", kWait, nullptr);
  auto* instance = must(linker.instantiate(parse(engine, kWaits)));
  constexpr int kCalls = 2000;
  auto call = must(runtime::GuestCall::start(*store, *instance->find_export("for ever"), {}));
  measure("resume and park again", 500, kCalls, [&] {
    for (int i = 0; i < kCalls; ++i) must(call->resume());
  });
  call = nullptr;
  runtime::Extern once = *instance->find_export("once");
  measure("start a call, park, resume, return", 500, kCalls, [&] {
    for (int i = 0; i < kCalls; ++i)
      must(must(runtime::GuestCall::start(*store, once, {}))->resume());
  });
}

void measure_c(const char* tier) {
  nacre_config_t* config = nacre_config_new();
  must(nacre_config_set_tier(config, tier));
  nacre_engine_t* engine = nullptr;
  must(nacre_engine_new(config, &engine));
  nacre_module_t* module = nullptr;
  must(nacre_module_new(engine, kModule.data(), kModule.size(), &module));
  nacre_store_t* store = nullptr;
  must(nacre_store_new(engine, nullptr, &store));
  nacre_val_kind_t kinds[] = {NACRE_I32, NACRE_I32};
  must(nacre_store_define_func(store, "env", "nop", kinds, 2, kinds, 1, c_nop, nullptr));
  nacre_instance_t* instance = nullptr;
  must(nacre_instance_new(store, module, NACRE_UNKNOWN_IMPORTS_DENY, &instance));
  nacre_val_t args[2] = {{NACRE_I32, {}}, {NACRE_I32, {}}};
  nacre_val_t result;
  constexpr int kCalls = 2000;
  nacre_func_t* add = nullptr;
  must(nacre_instance_func(instance, "add", &add));
  nacre_raw_val_t values[2] = {};
  measure("C: nacre_func_call", 500, kCalls, [&] {
    for (int i = 0; i < kCalls; ++i) must(nacre_func_call(add, values, 2));
  });
  measure("C: nacre_instance_call", 500, kCalls, [&] {
    for (int i = 0; i < kCalls; ++i)
      must(nacre_instance_call(instance, "add", args, 2, &result, 1));
  });
  args[0].of.i32 = 10000;
  measure("C: wasm to host", 100, 10000,
          [&] { must(nacre_instance_call(instance, "loop", args, 2, &result, 1)); });
  nacre_store_delete(store);
  measure_c_pool(engine, module);
  nacre_module_delete(module);
  nacre_engine_delete(engine);
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> tiers(argv + 1, argv + argc);
  if (tiers.empty()) tiers = {"baseline", "interp"};
  for (const std::string& tier : tiers) {
    std::printf("%s\n", tier.c_str());
    runtime::EngineOptions options;
    options.features = wasm::Features::all_built();
    auto engine = must(runtime::Engine::create(must(api::make_tier(tier)), options));
    measure_calls(engine);
    measure_waits(engine);
    measure_c(tier.c_str());
    measure_instances(engine);
  }
}
