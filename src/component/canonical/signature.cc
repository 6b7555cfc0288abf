#include "component/canonical/signature.h"

#include "component/limits.h"

namespace nacre::component {
namespace {

void append(std::vector<wasm::ValType>& list, const FlatTypes& flat) {
  for (uint32_t i = 0; i < flat.size(); ++i) list.push_back(core_type(flat.at(i)));
}

void set_params(CoreSignature& signature, const FlatTypes& params, uint32_t max,
                wasm::ValType address) {
  signature.spills_params = params.size() > max;
  if (signature.spills_params) {
    signature.type.params = {address};
  } else {
    append(signature.type.params, params);
  }
}

}  // namespace

wasm::ValType core_type(FlatType type) {
  switch (type) {
    case FlatType::i32:
      break;
    case FlatType::i64:
      return wasm::ValType::kI64;
    case FlatType::f32:
      return wasm::ValType::kF32;
    case FlatType::f64:
      return wasm::ValType::kF64;
  }
  return wasm::ValType::kI32;
}

CoreSignature lift_signature(const FlatTypes& params, const FlatTypes& result, bool is_async,
                             bool has_callback, AddressWidth width) {
  wasm::ValType address = core_type(address_type(width));
  CoreSignature signature;
  set_params(signature, params, kMaxFlatParams, address);
  if (is_async) {  // results are given to task.return
    if (has_callback) signature.type.results = {wasm::ValType::kI32};
    return signature;
  }
  signature.spills_result = result.size() > kMaxFlatResults;
  if (signature.spills_result) {
    signature.type.results = {address};
  } else {
    append(signature.type.results, result);
  }
  return signature;
}

CoreSignature lower_signature(const FlatTypes& params, const FlatTypes& result, bool is_async,
                              AddressWidth width) {
  wasm::ValType address = core_type(address_type(width));
  CoreSignature signature;
  set_params(signature, params, is_async ? kMaxFlatAsyncParams : kMaxFlatParams, address);
  signature.spills_result = result.size() > (is_async ? 0 : kMaxFlatResults);
  if (signature.spills_result) {
    signature.type.params.push_back(address);
  } else {
    append(signature.type.results, result);
  }
  if (is_async) signature.type.results = {wasm::ValType::kI32};  // the state of the call
  return signature;
}

}  // namespace nacre::component
