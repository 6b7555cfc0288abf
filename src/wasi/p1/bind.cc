#include "wasi/p1/bind.h"

#include <array>
#include <string>
#include <utility>

namespace nacre::wasi::p1 {
namespace {

std::vector<wasm::ValType> types_of(std::string_view letters) {
  std::vector<wasm::ValType> types;
  for (char letter : letters) {
    types.push_back(letter == 'I' ? wasm::ValType::kI64 : wasm::ValType::kI32);
  }
  return types;
}

}  // namespace

Bindings::Bindings(Config config) : preview1_(std::move(config)) {
  for (const Function& function : functions()) {
    add(kModuleName, function, function.call);
    if (function.unstable_call != nullptr) {
      add(kUnstableModuleName, function, function.unstable_call);
    }
  }
}

void Bindings::add(std::string_view module, const Function& function, RawCall call) {
  calls_.push_back(std::make_unique<Call>(Call{&preview1_, &function, call}));
  auto host = std::make_unique<abi::HostFunc>();
  host->type = {types_of(function.params), types_of(function.results)};
  host->call = &invoke;
  host->data = calls_.back().get();
  host->may_block = function.may_block;
  host->name = std::string(module) + "." + std::string(function.name);
  items_.push_back({module, function.name, host.get()});
  functions_.push_back(std::move(host));
}

abi::Outcome Bindings::invoke(const abi::HostCall& call, void* data, abi::Value* values) {
  const Call& bound = *static_cast<const Call*>(data);
  std::array<uint64_t, kMaxParams> arguments;
  std::string_view params = bound.function->params;
  for (size_t i = 0; i < params.size(); ++i) {
    arguments[i] = params[i] == 'I' ? values[i].i64 : uint64_t{values[i].i32};
  }
  abi::GuestMemory memory = call.memory();
  CallResult result = bound.call(*bound.preview1, memory, arguments.data());
  if (result.exit_code) {
    abi::Outcome exit = abi::make_trap(abi::TrapKind::exit);
    exit->exit_code = *result.exit_code;
    return exit;
  }
  if (bound.function->results.empty()) return nullptr;
  values[0].i64 = 0;
  values[0].i32 = static_cast<uint32_t>(result.error);
  return nullptr;
}

}  // namespace nacre::wasi::p1
