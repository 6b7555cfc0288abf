#include <memory>

#include "measures.h"
#include "nacre/nacre.h"
#include "timing.h"

namespace nacre::bench {
namespace {

template <auto function>
struct Deleter {
  template <class T>
  void operator()(T* object) const {
    function(object);
  }
};
using EngineHandle = std::unique_ptr<nacre_engine_t, Deleter<nacre_engine_delete>>;
using ModuleHandle = std::unique_ptr<nacre_module_t, Deleter<nacre_module_delete>>;
using StoreHandle = std::unique_ptr<nacre_store_t, Deleter<nacre_store_delete>>;

Result<void> check(nacre_error_t* error) {
  if (error == nullptr) return {};
  std::string message = nacre_error_message(error);
  nacre_error_delete(error);
  return fail(ErrorCode::internal, std::move(message));
}

nacre_val_t i32(int32_t value) { return {.kind = NACRE_I32, .of = {.i32 = value}}; }

nacre_error_t* next(void*, const nacre_val_t* args, size_t, nacre_val_t* results, size_t) {
  results[0].of.i32 = args[0].of.i32 + 1;
  return nullptr;
}

struct Guest {
  EngineHandle engine;
  ModuleHandle module;
  StoreHandle store;
  nacre_instance_t* instance = nullptr;
};

Result<Guest> make_guest(const std::string& tier, Bytes bytes) {
  Guest guest;
  nacre_config_t* config = nacre_config_new();
  if (auto set = check(nacre_config_set_tier(config, tier.c_str())); !set) {
    nacre_config_delete(config);
    return std::unexpected(std::move(set).error());
  }
  nacre_engine_t* engine = nullptr;
  TRY(check(nacre_engine_new(config, &engine)));
  guest.engine.reset(engine);
  nacre_module_t* module = nullptr;
  TRY(check(nacre_module_new(engine, bytes.data(), bytes.size(), &module)));
  guest.module.reset(module);
  nacre_store_t* store = nullptr;
  TRY(check(nacre_store_new(engine, nullptr, &store)));
  guest.store.reset(store);
  nacre_val_kind_t kind = NACRE_I32;
  TRY(check(nacre_store_define_func(store, "host", "next", &kind, 1, &kind, 1, next, nullptr)));
  TRY(check(nacre_instance_new(store, module, NACRE_UNKNOWN_IMPORTS_DENY, &guest.instance)));
  return guest;
}

Result<double> call_by_name(Guest& guest) {
  constexpr int kCalls = 20'000;
  return time_batches(51, kCalls, [&]() -> Result<void> {
    nacre_val_t sum = i32(0);
    for (int i = 0; i < kCalls; ++i) {
      nacre_val_t args[] = {sum, i32(1)};
      TRY(check(nacre_instance_call(guest.instance, "add", args, 2, &sum, 1)));
    }
    return expect(static_cast<uint32_t>(sum.of.i32), kCalls);
  });
}

Result<double> turn_of(Guest& guest, const char* loop) {
  constexpr int kTurns = 100'000;
  return time_batches(51, kTurns, [&]() -> Result<void> {
    nacre_val_t args[] = {i32(kTurns)};
    nacre_val_t result = i32(0);
    TRY(check(nacre_instance_call(guest.instance, loop, args, 1, &result, 1)));
    return expect(static_cast<uint32_t>(result.of.i32), kTurns);
  });
}

}  // namespace

Result<ApiCalls> measure_api_calls(const std::string& tier, Bytes module) {
  Guest guest = TRY(make_guest(tier, module));
  ApiCalls calls;
  calls.in_by_name = TRY(call_by_name(guest));
  calls.out_callback = TRY(turn_of(guest, "call_host")) - TRY(turn_of(guest, "call_nothing"));
  return calls;
}

}  // namespace nacre::bench
