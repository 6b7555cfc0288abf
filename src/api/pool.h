// Pools of the C API: what their guests may call, and what belongs to one guest.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/callback.h"
#include "api/grants.h"
#include "nacre/nacre.h"
#include "runtime/pool.h"
#include "wasi/p1/preview1.h"

namespace nacre::api {

// One guest of a pool: Store::host_data() while the slot is its own.
struct PoolGuest {
  void* data = nullptr;  // the embedder's
  Oversight oversight;
  runtime::Lease lease;  // goes last: the slot is free when nothing of the guest is left
  std::optional<wasi::p1::Preview1> wasi;  // made at the first call, if nothing was granted
};

class PoolImports final : public runtime::PoolHost {
 public:
  // Errors: usage, once an instance was made.
  Result<void> define(std::string module, std::string name, Callback callback);
  // From now on nothing can be defined.
  void seal();
  Result<std::vector<runtime::Extern>> link(runtime::Store& store,
                                            const runtime::Module& module) override;

 private:
  struct Definition {
    std::string module;
    std::string name;
    Callback callback;
  };
  // What the import names; nothing if there is no such function.
  std::optional<abi::HostFunc> find(std::string_view module, std::string_view name,
                                    const wasm::FuncType* wanted) const;

  std::mutex mutex_;
  std::atomic<bool> sealed_ = false;
  std::vector<std::unique_ptr<Definition>> definitions_;
};

}  // namespace nacre::api

struct nacre_pool {
  std::shared_ptr<nacre::api::PoolImports> imports;
  std::shared_ptr<nacre::runtime::Pool> pool;
};
