// Preview 1 as host functions that a linker can give to a module: the only file between class
// Preview1 and the runtime.
//
// The functions of both module names share one Preview1, so a program linked from parts of either
// age has one set of descriptors. The guest's memory is the caller's memory 0.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "abi/host_func.h"
#include "wasi/p1/functions.h"
#include "wasi/p1/preview1.h"

namespace nacre::wasi::p1 {

class Bindings {
 public:
  explicit Bindings(Config config);
  Bindings(const Bindings&) = delete;
  Bindings& operator=(const Bindings&) = delete;

  struct Item {
    std::string_view module;  // wasi_snapshot_preview1 or wasi_unstable
    std::string_view name;
    const abi::HostFunc* function;  // owned by this object, which must outlive the store
  };
  // 46 of preview 1 and 45 of preview 0.
  const std::vector<Item>& items() const { return items_; }

  Preview1& preview1() { return preview1_; }

 private:
  struct Call {
    Preview1* preview1;
    const Function* function;
    RawCall call;
  };
  static abi::Outcome invoke(const abi::HostCall& call, void* data, abi::Value* values);
  void add(std::string_view module, const Function& function, RawCall call);

  Preview1 preview1_;
  std::vector<std::unique_ptr<Call>> calls_;
  std::vector<std::unique_ptr<abi::HostFunc>> functions_;
  std::vector<Item> items_;
};

}  // namespace nacre::wasi::p1
