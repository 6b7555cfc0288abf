// Values of the C API and those of the runtime.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <new>

#include "abi/value.h"
#include "nacre/nacre.h"

namespace nacre::api {

inline abi::Value to_value(const nacre_val_t& from) {
  abi::Value value;
  std::memcpy(value.v128.data(), &from.of, sizeof value.v128);
  return value;
}

inline nacre_val_t from_value(const abi::Value& from, nacre_val_kind_t kind) {
  nacre_val_t value{};
  value.kind = kind;
  std::memcpy(&value.of, from.v128.data(), sizeof from.v128);
  return value;
}
static_assert(sizeof(abi::Value) == sizeof(nacre_val_t::of));
static_assert(sizeof(abi::Value) == sizeof(nacre_raw_val_t) &&
              alignof(abi::Value) == alignof(nacre_raw_val_t));

// Room for the values of one call; without allocation for nearly all functions.
template <class T>
class Room {
 public:
  explicit Room(size_t count) : many_(count > kFew ? new T[count] : nullptr) {}
  T* data() { return many_ != nullptr ? many_.get() : few_; }
  T& operator[](size_t index) { return data()[index]; }

 private:
  static constexpr size_t kFew = 8;
  T few_[kFew];
  std::unique_ptr<T[]> many_;
};

}  // namespace nacre::api
