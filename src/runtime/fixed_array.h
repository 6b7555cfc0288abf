// An array whose length a guest chose: zeroed, of a fixed size, allocated without exceptions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

#include "base/result.h"
#include "os/memory.h"

namespace nacre::runtime {

// Move-only; elements have a stable address. All-zero bytes must be a valid T.
template <class T>
class FixedArray {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);
  static_assert(alignof(T) <= alignof(std::max_align_t));

 public:
  FixedArray() = default;
  FixedArray(FixedArray&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  FixedArray& operator=(FixedArray&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~FixedArray() { std::free(data_); }

  static Result<FixedArray> create(size_t size, os::FailPoint* fail_point) {
    FixedArray result;
    if (size == 0) return result;
    bool failed = fail_point != nullptr && fail_point->hit();
    if (!failed) result.data_ = static_cast<T*>(std::calloc(size, sizeof(T)));
    if (result.data_ == nullptr)
      return fail(ErrorCode::out_of_memory, "no room for " + std::to_string(size) + " items");
    result.size_ = size;
    return result;
  }

  size_t size() const { return size_; }
  T* data() const { return data_; }
  T& operator[](size_t index) const { return data_[index]; }
  T* begin() const { return data_; }
  T* end() const { return data_ + size_; }

 private:
  T* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace nacre::runtime
