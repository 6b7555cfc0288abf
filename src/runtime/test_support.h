// For the unit tests of src/runtime: modules from text, and a tier whose functions are written in
// C++, so that these tests need no interpreter.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "runtime/engine.h"
#include "runtime/func.h"
#include "runtime/instance.h"
#include "runtime/linker.h"
#include "runtime/module.h"
#include "runtime/store.h"
#include "wasm/text/parser.h"

namespace nacre::runtime {

// What a call of a wasm function does.
using Behaviour =
    std::function<abi::Outcome(abi::ExecContext&, abi::FuncObject&, abi::Value* values)>;

class FakeExecutor : public abi::Executor {
 public:
  explicit FakeExecutor(std::shared_ptr<Behaviour> behaviour) : behaviour_(std::move(behaviour)) {}
  std::string_view name() const override { return "fake"; }
  Result<std::unique_ptr<abi::ModuleCode>> prepare(const abi::ModuleInput&) override {
    return std::make_unique<abi::ModuleCode>();
  }
  abi::Outcome call(abi::ExecContext& exec, abi::FuncObject& function,
                    abi::Value* values) override {
    return *behaviour_ ? (*behaviour_)(exec, function, values) : abi::Outcome();
  }
  // What it left off with a suspension goes on with the next call.
  abi::Outcome resume(abi::ExecContext& exec, abi::Value* values) override {
    return (*behaviour_)(exec, *static_cast<abi::FuncObject*>(exec.suspension.resume_point),
                         values);
  }
  void abandon(abi::ExecContext&, abi::Trap&) override {}

 private:
  std::shared_ptr<Behaviour> behaviour_;
};

// An engine with a store; calls of wasm functions do what `behaviour` says.
struct World {
  explicit World(EngineOptions options = {}, StoreOptions store_options = {}) {
    options.features = wasm::Features::all_built();
    engine = Engine::create(std::make_unique<FakeExecutor>(behaviour), options).value();
    if (auto made = Store::create(engine, store_options)) store = std::move(*made);
  }

  ModulePtr parse(std::string_view text) {
    auto binary = wasm::text_to_binary(text, engine->features());
    if (!binary) {
      ADD_FAILURE() << binary.error().to_string();
      return nullptr;
    }
    auto module = Module::create(engine, std::move(*binary));
    if (!module) {
      ADD_FAILURE() << module.error().to_string();
      return nullptr;
    }
    return *module;
  }

  // Without imports; null, and a failed test, if it does not work.
  Instance* instantiate(std::string_view text, std::vector<Extern> imports = {}) {
    Run<Instance*> instance = runtime::instantiate(*store, parse(text), imports);
    if (!instance) {
      ADD_FAILURE() << instance.error().to_string();
      return nullptr;
    }
    return *instance;
  }

  std::shared_ptr<Behaviour> behaviour = std::make_shared<Behaviour>();
  std::shared_ptr<Engine> engine;
  std::unique_ptr<Store> store;
};

inline abi::Value i32(uint32_t value) {
  abi::Value result;
  result.i32 = value;
  return result;
}
inline abi::Value i64(uint64_t value) {
  abi::Value result;
  result.i64 = value;
  return result;
}
inline abi::Value ref(abi::Ref value) {
  abi::Value result;
  result.ref = value;
  return result;
}

}  // namespace nacre::runtime
