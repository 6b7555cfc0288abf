// What a value takes when it crosses a component's border: bytes in memory, or core values (component
// model, "Canonical ABI": Alignment, Element Size, Flattening). Footprints of parts make that of the
// whole, so nothing in here knows how types refer to each other.
//
// The width is that of the addresses of the memory that the value is in. Everything is a pure
// function.
#pragma once

#include <cstdint>
#include <span>

#include "component/component.h"

namespace nacre::component {

enum class AddressWidth : uint8_t { b32, b64 };
inline constexpr AddressWidth kAddressWidths[] = {AddressWidth::b32, AddressWidth::b64};
constexpr uint32_t address_bytes(AddressWidth width) { return width == AddressWidth::b32 ? 4 : 8; }

// The core types that values are passed as.
enum class FlatType : uint8_t { i32, i64, f32, f64 };
constexpr FlatType address_type(AddressWidth width) {
  return width == AddressWidth::b32 ? FlatType::i32 : FlatType::i64;
}

// The list of core types that a value flattens to, as far as it is short enough to be passed so.
class FlatTypes {
 public:
  static constexpr uint32_t kMax = 16;

  bool is_too_long() const { return count_ > kMax; }
  uint32_t size() const { return count_; }  // kMax + 1: longer than kMax
  FlatType at(uint32_t i) const { return static_cast<FlatType>(bits_ >> (2 * i) & 3); }
  void push(FlatType type) {
    if (count_ < kMax) bits_ |= static_cast<uint32_t>(type) << (2 * count_);
    if (count_ <= kMax) ++count_;
  }
  void append(const FlatTypes& other) {
    if (other.is_too_long()) count_ = kMax + 1;
    for (uint32_t i = 0; i < other.size() && !is_too_long(); ++i) push(other.at(i));
  }
  // So that either list can be passed in this one, from position `from` on.
  void join(const FlatTypes& other, uint32_t from);

 private:
  uint32_t bits_ = 0;
  uint8_t count_ = 0;
};

struct Footprint {
  uint64_t size_bytes = 0;
  uint32_t align_bytes = 1;  // a power of two
  FlatTypes flat;
};

constexpr uint64_t align_up(uint64_t size, uint64_t align) {
  return (size + align - 1) & ~(align - 1);
}

Footprint primitive_footprint(Primitive primitive, AddressWidth width);
// An address and a length: strings, lists, maps.
Footprint range_footprint(AddressWidth width);
// An index of a component instance's table: resources, streams, futures, error contexts.
Footprint handle_footprint();
Footprint flags_footprint(uint64_t labels);
// `count` of them, one behind the other.
Footprint array_footprint(const Footprint& element, uint64_t count);

// Fields one behind the other.
class RecordFootprint {
 public:
  // Where the field begins.
  uint64_t add(const Footprint& field);
  Footprint finish() const;

 private:
  Footprint sum_;
};

// The number of a case, then what the case holds.
class VariantFootprint {
 public:
  explicit VariantFootprint(uint64_t cases);
  void add(const Footprint& payload);

  uint32_t discriminant_bytes() const { return discriminant_bytes_; }
  uint64_t payload_offset() const { return align_up(discriminant_bytes_, payload_align_); }
  Footprint finish() const;

 private:
  uint32_t discriminant_bytes_;
  uint64_t payload_bytes_ = 0;
  uint32_t payload_align_ = 1;
  FlatTypes flat_;
};

}  // namespace nacre::component
