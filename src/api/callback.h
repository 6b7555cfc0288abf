// The embedder's functions, as guests call them.
#pragma once

#include <vector>

#include "abi/host_func.h"
#include "nacre/nacre.h"
#include "wasm/types.h"

namespace nacre::api {

wasm::ValType type_of(nacre_val_kind_t kind);

struct Callback {
  nacre_func_callback_t function = nullptr;
  void* data = nullptr;  // its first argument, unless call_with() is given another
  std::vector<nacre_val_kind_t> params;
  std::vector<nacre_val_kind_t> results;

  wasm::FuncType type() const;
  // As abi::HostFunc wants it; `data` is the Callback.
  static abi::Outcome call(const abi::HostCall& call, void* data, abi::Value* values);
  abi::Outcome call_with(const abi::HostCall& call, void* first, abi::Value* values) const;
};

}  // namespace nacre::api
