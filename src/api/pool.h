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
#include "wasi/guest.h"

namespace nacre::api {

// Rights that many guests share.
struct SharedRights {
  std::shared_ptr<const wasi::SharedWorld> world;
  PolicySession session;
  runtime::Limits limits;
};

// One guest of a pool: Store::host_data() while the slot is its own.
struct PoolGuest {
  void* data = nullptr;  // the embedder's
  PolicySession session;
  std::shared_ptr<const SharedRights> shared;  // null: its rights are its own
  runtime::Lease lease;  // goes last: the slot is free when nothing of the guest is left
  std::optional<wasi::Guest> wasi;
};

class PoolImports final : public runtime::PoolHost {
 public:
  // Errors: usage, once an instance was made.
  Result<void> define(std::string module, std::string name, Callback callback);
  // The same, for what an instance of the module exports.
  Result<void> define_module(std::string name, runtime::ModulePtr module);
  // From now on nothing can be defined.
  void seal();
  runtime::Run<std::vector<runtime::Extern>> link(runtime::Store& store,
                                                  const runtime::Module& module) override;
  void bind(runtime::Store& store, void* guest) override;

 private:
  struct Definition {
    std::string module;
    std::string name;
    Callback callback;
  };
  // A module of which each guest gets an instance beside its own.
  struct Helper {
    std::string name;
    runtime::ModulePtr module;
  };
  Result<void> check_open() const;
  // The helpers that the module imports from, directly or by way of other helpers; in order.
  std::vector<const Helper*> helpers_of(const runtime::Module& module) const;
  // Functions that it imports.
  Result<void> define_functions_for(const runtime::Module& module, runtime::Store& store,
                                    runtime::Linker& linker) const;
  // The last definition of that name; null: none.
  const Definition* find(std::string_view module, std::string_view name) const;
  // Makes nothing_.
  Result<void> prepare_nothing();

  std::mutex mutex_;
  std::atomic<bool> sealed_ = false;
  std::vector<std::unique_ptr<Definition>> definitions_;
  std::vector<Helper> helpers_;
  // The world of guests to which nothing was granted; there once a module imports from WASI.
  std::shared_ptr<const wasi::SharedWorld> nothing_;
  std::atomic<bool> has_nothing_ = false;
};

}  // namespace nacre::api

struct nacre_rights {
  std::shared_ptr<const nacre::api::SharedRights> shared;
};

struct nacre_pool {
  std::shared_ptr<nacre::api::PoolImports> imports;
  std::shared_ptr<nacre::runtime::Pool> pool;
};
