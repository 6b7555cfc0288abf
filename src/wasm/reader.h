// A bounds-checked cursor over binary wasm. The first failure sticks: later reads return zeros and
// the caller checks once per item. Offsets in errors count from the start of the module.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/bytes.h"
#include "base/error.h"
#include "base/result.h"

namespace nacre::wasm {

class Reader {
 public:
  // `bytes` begin `base_offset` bytes after the start of the module.
  explicit Reader(Bytes bytes, uint64_t base_offset = 0)
      : begin_(bytes.data()),
        pos_(bytes.data()),
        end_(bytes.data() + bytes.size()),
        base_offset_(base_offset) {}

  bool ok() const { return message_ == nullptr; }
  bool at_end() const { return pos_ == end_; }
  size_t remaining() const { return static_cast<size_t>(end_ - pos_); }
  const uint8_t* pos() const { return pos_; }
  uint64_t offset() const { return base_offset_ + static_cast<uint64_t>(pos_ - begin_); }

  [[gnu::always_inline]] uint8_t u8() {
    if (pos_ == end_) [[unlikely]]
      return fail_u8();
    return *pos_++;
  }
  uint8_t peek_u8() const { return pos_ == end_ ? 0 : *pos_; }  // 0 at the end: check at_end()

  // LEB128. The one-byte form is by far the commonest, so it alone is inline.
  [[gnu::always_inline]] uint32_t u32() {
    if (pos_ != end_ && *pos_ < 0x80) [[likely]]
      return *pos_++;
    return static_cast<uint32_t>(leb_unsigned(32));
  }
  [[gnu::always_inline]] uint64_t u64() {
    if (pos_ != end_ && *pos_ < 0x80) [[likely]]
      return *pos_++;
    return leb_unsigned(64);
  }
  [[gnu::always_inline]] int32_t s32() {
    if (pos_ != end_ && *pos_ < 0x80) [[likely]]
      return sign_extend_7(*pos_++);
    return static_cast<int32_t>(leb_signed(32));
  }
  [[gnu::always_inline]] int64_t s33() {
    if (pos_ != end_ && *pos_ < 0x80) [[likely]]
      return sign_extend_7(*pos_++);
    return leb_signed(33);
  }
  [[gnu::always_inline]] int64_t s64() {
    if (pos_ != end_ && *pos_ < 0x80) [[likely]]
      return sign_extend_7(*pos_++);
    return leb_signed(64);
  }

  template <class T>
  [[gnu::always_inline]] T fixed() {
    if (remaining() < sizeof(T)) [[unlikely]] {
      fail("unexpected end");
      return T{};
    }
    T value = load_le<T>(pos_);
    pos_ += sizeof(T);
    return value;
  }

  // The next `length` bytes, or none of them and a failure.
  Bytes bytes(uint64_t length);
  // A vector of bytes that must be UTF-8.
  std::string_view name();
  // The length of a vector whose items take at least `min_item_bytes` each, and of which there may
  // be at most `limit`: a count that the remaining bytes cannot hold fails here, before any
  // allocation (invariants.md: bounded-counts).
  uint32_t count(uint32_t limit, uint32_t min_item_bytes = 1);

  void skip_to(const uint8_t* pos) { pos_ = pos; }

  // The first failure wins. `message` must be a string literal or outlive the reader.
  [[gnu::cold]] void fail(const char* message) { fail_at(message, offset()); }
  [[gnu::cold]] void fail_at(const char* message, uint64_t offset,
                             ErrorCode code = ErrorCode::malformed);
  Error error() const { return Error(code_, message_ ? message_ : "no error", error_offset_); }
  // The value, unless something failed before.
  template <class T>
  Result<T> done(T value) {
    if (!ok()) return std::unexpected(error());
    return value;
  }

 private:
  static int32_t sign_extend_7(uint8_t byte) {
    return static_cast<int32_t>(static_cast<uint32_t>(byte) << 25) >> 25;
  }
  [[gnu::cold]] uint8_t fail_u8();
  uint64_t leb_unsigned(uint32_t bits);
  int64_t leb_signed(uint32_t bits);

  const uint8_t* begin_;
  const uint8_t* pos_;
  const uint8_t* end_;
  uint64_t base_offset_;
  const char* message_ = nullptr;
  uint64_t error_offset_ = 0;
  ErrorCode code_ = ErrorCode::malformed;
};

}  // namespace nacre::wasm
