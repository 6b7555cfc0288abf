// Messages between a guest's process and its broker: numbers, little-endian, and texts with their
// length in front. A reader trusts nothing: beyond the end, and for what is too large, it gives
// zeros and empty texts and says so at the end.
#pragma once

#include <string_view>
#include <type_traits>
#include <vector>

#include "base/bytes.h"

namespace nacre::broker {

class Writer {
 public:
  template <class T>
    requires std::is_integral_v<T>
  Writer& number(T value) {
    size_t at = bytes_.size();
    bytes_.resize(at + sizeof value);
    store_le(bytes_.data() + at, value);
    return *this;
  }
  template <class T>
    requires std::is_enum_v<T>
  Writer& number(T value) {
    return number(static_cast<std::underlying_type_t<T>>(value));
  }
  Writer& text(std::string_view text) {
    number(static_cast<uint32_t>(text.size()));
    bytes_.insert(bytes_.end(), text.begin(), text.end());
    return *this;
  }
  Writer& append(const Writer& other) {
    bytes_.insert(bytes_.end(), other.bytes_.begin(), other.bytes_.end());
    return *this;
  }
  Bytes bytes() const { return bytes_; }
  bool empty() const { return bytes_.empty(); }

 private:
  std::vector<uint8_t> bytes_;
};

class Reader {
 public:
  explicit Reader(Bytes bytes) : rest_(bytes) {}

  template <class T>
  T number() {
    if constexpr (std::is_enum_v<T>) {
      return static_cast<T>(number<std::underlying_type_t<T>>());
    } else {
      T value{};
      Bytes from = take(sizeof value);
      if (!from.empty()) value = load_le<T>(from.data());
      return value;
    }
  }
  bool flag() { return number<uint8_t>() != 0; }
  // As long as the message's bytes.
  std::string_view text() { return as_text(take(number<uint32_t>())); }

  // Something in it is not what it must be.
  void fail() { well_ = false; }
  // Everything was there, and nothing is left over.
  bool complete() const { return well_ && rest_.empty(); }
  // More elements of a list may follow.
  bool more() const { return well_ && !rest_.empty(); }

 private:
  Bytes take(size_t count) {
    if (!well_ || count > rest_.size()) {
      well_ = false;
      return {};
    }
    Bytes taken = rest_.first(count);
    rest_ = rest_.subspan(count);
    return taken;
  }

  Bytes rest_;
  bool well_ = true;
};

}  // namespace nacre::broker
