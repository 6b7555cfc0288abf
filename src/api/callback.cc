#include "api/callback.h"

#include <memory>
#include <span>

#include "api/error.h"
#include "api/values.h"
#include "runtime/store.h"

namespace nacre::api {

using wasm::ValType;

ValType type_of(nacre_val_kind_t kind) {
  switch (kind) {
    case NACRE_I32:
      return ValType::kI32;
    case NACRE_I64:
      return ValType::kI64;
    case NACRE_F32:
      return ValType::kF32;
    case NACRE_F64:
      return ValType::kF64;
    case NACRE_V128:
      return ValType::kV128;
    case NACRE_FUNCREF:
      return ValType::funcref();
    case NACRE_EXTERNREF:
      return ValType::externref();
  }
  return {};
}

wasm::FuncType Callback::type() const {
  wasm::FuncType type;
  for (nacre_val_kind_t kind : params) type.params.push_back(type_of(kind));
  for (nacre_val_kind_t kind : results) type.results.push_back(type_of(kind));
  return type;
}

abi::Outcome Callback::call(const abi::HostCall& call, void* data, abi::Value* values) {
  const auto& self = *static_cast<const Callback*>(data);
  return self.call_with(call, self.data, values);
}

abi::Outcome Callback::call_with(const abi::HostCall& call, void* first, abi::Value* values) const {
  // As they are now: the compiler cannot know that the function does not change them.
  std::span<const nacre_val_kind_t> taken(params), given(results);
  Room<nacre_val_t> args(taken.size());
  for (size_t i = 0; i < taken.size(); ++i) args[i] = from_value(values[i], taken[i]);
  Room<nacre_val_t> out(given.size());
  for (size_t i = 0; i < given.size(); ++i) out[i] = {given[i], {}};
  std::unique_ptr<nacre_error_t> error(
      function(first, args.data(), taken.size(), out.data(), given.size()));
  if (error) {
    abi::TrapPtr trap = abi::make_trap(
        error->kind == NACRE_ERROR_EXIT ? abi::TrapKind::exit : abi::TrapKind::host_error,
        error->message);
    trap->exit_code = error->exit_code;
    return trap;
  }
  for (size_t i = 0; i < given.size(); ++i) {
    values[i] = to_value(out[i]);
    // A made-up function reference must not reach the guest, who would call it.
    if (given[i] == NACRE_FUNCREF &&
        !runtime::Store::of(call.exec).is_ref_of_type(values[i].ref, ValType::funcref())) {
      return abi::make_trap(abi::TrapKind::host_error,
                            "a host function returned something that is not a function reference");
    }
  }
  return nullptr;
}

}  // namespace nacre::api
