#include "component/canonical/footprint.h"

#include <algorithm>

namespace nacre::component {
namespace {

struct Scalar {
  Primitive primitive;
  uint32_t bytes;
  FlatType flat;
};
constexpr Scalar kScalars[] = {
#define PRIMITIVE(name, code, text, bytes, flat) {Primitive::name, bytes, FlatType::flat},
#include "component/primitives.def"
};

constexpr uint32_t kHandleBytes = 4;

Footprint scalar(uint32_t bytes, FlatType flat) {
  Footprint footprint{.size_bytes = bytes, .align_bytes = bytes};
  footprint.flat.push(flat);
  return footprint;
}

FlatType join(FlatType a, FlatType b) {
  if (a == b) return a;
  auto is_narrow = [](FlatType type) { return type == FlatType::i32 || type == FlatType::f32; };
  return is_narrow(a) && is_narrow(b) ? FlatType::i32 : FlatType::i64;
}

}  // namespace

void FlatTypes::join(const FlatTypes& other, uint32_t from) {
  if (other.is_too_long() || is_too_long() || from + other.size() > kMax) {
    count_ = kMax + 1;
    return;
  }
  for (uint32_t i = 0; i < other.size(); ++i) {
    uint32_t place = from + i;
    if (place >= count_) {
      push(other.at(i));
      continue;
    }
    FlatType joined = component::join(at(place), other.at(i));
    bits_ = (bits_ & ~(3u << (2 * place))) | static_cast<uint32_t>(joined) << (2 * place);
  }
}

Footprint primitive_footprint(Primitive primitive, AddressWidth width) {
  if (primitive == Primitive::string) return range_footprint(width);
  auto found = std::ranges::find(kScalars, primitive, &Scalar::primitive);
  return scalar(found->bytes, found->flat);
}

Footprint range_footprint(AddressWidth width) {
  uint32_t bytes = address_bytes(width);
  Footprint footprint{.size_bytes = 2 * bytes, .align_bytes = bytes};
  footprint.flat.push(address_type(width));
  footprint.flat.push(address_type(width));
  return footprint;
}

Footprint handle_footprint() { return scalar(kHandleBytes, FlatType::i32); }

Footprint flags_footprint(uint64_t labels) {
  return scalar(labels <= 8 ? 1 : labels <= 16 ? 2 : 4, FlatType::i32);
}

Footprint array_footprint(const Footprint& element, uint64_t count) {
  Footprint footprint{.size_bytes = element.size_bytes * count, .align_bytes = element.align_bytes};
  for (uint64_t i = 0; i < count && !footprint.flat.is_too_long(); ++i) {
    footprint.flat.append(element.flat);
    if (element.flat.size() == 0) break;
  }
  return footprint;
}

uint64_t RecordFootprint::add(const Footprint& field) {
  uint64_t offset = align_up(sum_.size_bytes, field.align_bytes);
  sum_.size_bytes = offset + field.size_bytes;
  sum_.align_bytes = std::max(sum_.align_bytes, field.align_bytes);
  sum_.flat.append(field.flat);
  return offset;
}

Footprint RecordFootprint::finish() const {
  Footprint footprint = sum_;
  footprint.size_bytes = align_up(footprint.size_bytes, footprint.align_bytes);
  return footprint;
}

VariantFootprint::VariantFootprint(uint64_t cases)
    : discriminant_bytes_(cases <= 1u << 8    ? 1
                          : cases <= 1u << 16 ? 2
                                              : 4) {
  flat_.push(FlatType::i32);
}

void VariantFootprint::add(const Footprint& payload) {
  payload_bytes_ = std::max(payload_bytes_, payload.size_bytes);
  payload_align_ = std::max(payload_align_, payload.align_bytes);
  flat_.join(payload.flat, 1);
}

Footprint VariantFootprint::finish() const {
  uint32_t align = std::max(discriminant_bytes_, payload_align_);
  return {.size_bytes = align_up(payload_offset() + payload_bytes_, align),
          .align_bytes = align,
          .flat = flat_};
}

}  // namespace nacre::component
