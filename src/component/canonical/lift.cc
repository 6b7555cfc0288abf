#include "component/canonical/lift.h"

#include <algorithm>

#include "base/checked.h"
#include "base/result.h"
#include "component/canonical/number.h"
#include "component/canonical/strings.h"
#include "component/limits.h"

namespace nacre::component {

using Kind = Type::Kind;

namespace {

bool is_string(const Layout& type) {
  return type.kind == Kind::primitive && type.primitive == Primitive::string;
}

Value list_of(std::vector<Value> parts) {
  Value value;
  value.parts = std::move(parts);
  return value;
}

}  // namespace

struct Lifter::Flat {
  std::span<const uint64_t> values;
  size_t next = 0;

  uint64_t take() { return next < values.size() ? values[next++] : 0; }
};

OrTrap<void> Lifter::spend(uint64_t bytes) {
  if (bytes > bytes_left_) return trap(TrapKind::values_too_large);
  bytes_left_ -= bytes;
  return {};
}

// Behind a check of the range that it is in; reads nothing outside of the memory all the same.
uint64_t Lifter::read(uint64_t address, uint32_t bytes) const {
  Bytes all = memory();
  uint64_t bits = 0;
  if (in_bounds<uint64_t>(address, bytes, all.size())) {
    std::memcpy(&bits, all.data() + address, bytes);
  }
  return bits;
}

// ---- entries

OrTrap<Value> Lifter::lift(LayoutId id, std::span<const uint64_t> values, uint32_t max_flat) {
  const Layout& type = layouts_.at(id);
  Flat from{values};
  if (type.flat.size() > std::min(max_flat, FlatTypes::kMax)) return load(id, from.take());
  return flat(type, from);
}

OrTrap<Value> Lifter::load(LayoutId id, uint64_t address) {
  const Layout& type = layouts_.at(id);
  if (address % type.align_bytes != 0) return trap(TrapKind::unaligned_pointer);
  if (!in_bounds<uint64_t>(address, type.size_bytes, memory().size())) {
    return trap(TrapKind::pointer_out_of_bounds);
  }
  return in_memory(type, address);
}

OrTrap<std::vector<Value>> Lifter::load_list(LayoutId element, uint64_t address, uint64_t count) {
  const Layout& type = layouts_.at(element);
  if (count > kMaxValueBytes / std::max<uint64_t>(type.size_bytes, 1))
    return trap(TrapKind::list_too_long);
  if (address % type.align_bytes != 0) return trap(TrapKind::unaligned_pointer);
  if (!in_bounds<uint64_t>(address, count * type.size_bytes, memory().size())) {
    return trap(TrapKind::list_out_of_bounds);
  }
  return elements(element, address, count);
}

// ---- core values

OrTrap<Value> Lifter::flat(const Layout& type, Flat& from) {
  switch (type.kind) {
    case Kind::primitive:
      if (!is_string(type)) return primitive(type, from.take());
      [[fallthrough]];
    case Kind::list:
    case Kind::map: {
      uint64_t address = from.take();
      return range(type, address, from.take());
    }
    case Kind::record:
    case Kind::tuple: {
      Value value;
      TRY(spend(type.parts.size() * sizeof(Value)));
      for (const Layout::Part& part : type.parts) {
        value.parts.push_back(TRY(flat(layouts_.at(part.layout), from)));
      }
      return value;
    }
    case Kind::fixed_list: {
      Value value;
      TRY(spend(type.length * sizeof(Value)));
      for (uint32_t i = 0; i < type.length; ++i) {
        value.parts.push_back(TRY(flat(layouts_.at(type.element), from)));
      }
      return value;
    }
    case Kind::variant:
    case Kind::enumeration:
    case Kind::option:
    case Kind::result:
      return flat_cases(type, from);
    case Kind::flags:
      return Value{.bits = from.take() & low_bits(static_cast<uint32_t>(type.parts.size()))};
    default:
      return handle(type, from.take());
  }
}

OrTrap<Value> Lifter::flat_cases(const Layout& type, Flat& from) {
  size_t end = from.next + type.flat.size();
  uint64_t number = from.take() & low_bits(32);
  if (number >= type.parts.size()) return trap(TrapKind::invalid_discriminant, number);
  Value value{.bits = number};
  const Layout::Part& part = type.parts[number];
  if (part.layout != kNoLayout) {
    TRY(spend(sizeof(Value)));
    value.parts.push_back(TRY(flat(layouts_.at(part.layout), from)));
  }
  from.next = end;  // other cases may take more
  return value;
}

// ---- memory

OrTrap<Value> Lifter::in_memory(const Layout& type, uint64_t address) {
  switch (type.kind) {
    case Kind::primitive:
      if (!is_string(type)) {
        return primitive(type, read(address, static_cast<uint32_t>(type.size_bytes)));
      }
      [[fallthrough]];
    case Kind::list:
    case Kind::map: {
      uint32_t bytes = address_bytes(layouts_.width());
      return range(type, read(address, bytes), read(address + bytes, bytes));
    }
    case Kind::record:
    case Kind::tuple: {
      Value value;
      TRY(spend(type.parts.size() * sizeof(Value)));
      for (const Layout::Part& part : type.parts) {
        value.parts.push_back(TRY(in_memory(layouts_.at(part.layout), address + part.offset)));
      }
      return value;
    }
    case Kind::fixed_list:
      return list_of(TRY(elements(type.element, address, type.length)));
    case Kind::variant:
    case Kind::enumeration:
    case Kind::option:
    case Kind::result: {
      uint64_t number = read(address, type.discriminant_bytes);
      if (number >= type.parts.size()) return trap(TrapKind::invalid_discriminant, number);
      Value value{.bits = number};
      const Layout::Part& part = type.parts[number];
      if (part.layout == kNoLayout) return value;
      TRY(spend(sizeof(Value)));
      value.parts.push_back(TRY(in_memory(layouts_.at(part.layout), address + part.offset)));
      return value;
    }
    case Kind::flags:
      return Value{.bits = read(address, static_cast<uint32_t>(type.size_bytes)) &
                           low_bits(static_cast<uint32_t>(type.parts.size()))};
    default:
      return handle(type, read(address, static_cast<uint32_t>(type.size_bytes)));
  }
}

// Of a range that was checked.
OrTrap<std::vector<Value>> Lifter::elements(LayoutId element, uint64_t address, uint64_t count) {
  const Layout& type = layouts_.at(element);
  TRY(spend(count * sizeof(Value)));
  std::vector<Value> values;
  values.reserve(count);
  for (uint64_t i = 0; i < count; ++i) {
    values.push_back(TRY(in_memory(type, address + i * type.size_bytes)));
  }
  return values;
}

// ---- kinds of values

// Of any but strings.
OrTrap<Value> Lifter::primitive(const Layout& type, uint64_t bits) {
  auto sign_extended = [&](uint32_t width) {
    return static_cast<uint64_t>(static_cast<int64_t>(bits << (64 - width)) >> (64 - width));
  };
  switch (type.primitive) {
    case Primitive::boolean:
      // Any number but 0 is true.
      return Value{.bits = (bits & low_bits(32)) != 0 ? 1u : 0u};
    case Primitive::s8:
    case Primitive::s16:
    case Primitive::s32:
      return Value{.bits = sign_extended(static_cast<uint32_t>(8 * type.size_bytes))};
    case Primitive::f32:
      return Value{.bits = canonical_f32(static_cast<uint32_t>(bits))};
    case Primitive::f64:
      return Value{.bits = canonical_f64(bits)};
    case Primitive::character: {
      uint64_t scalar = bits & low_bits(32);
      if (!is_scalar(scalar)) return trap(TrapKind::invalid_char, scalar);
      return Value{.bits = scalar};
    }
    case Primitive::error_context:
      return handle(type, bits);
    default:
      return Value{.bits = bits & low_bits(static_cast<uint32_t>(8 * type.size_bytes))};
  }
}

OrTrap<Value> Lifter::handle(const Layout& type, uint64_t bits) {
  if (handles_ == nullptr) return trap(TrapKind::unknown_handle, bits & low_bits(32));
  return Value{.bits = TRY(handles_->lift(type, static_cast<uint32_t>(bits)))};
}

OrTrap<Value> Lifter::range(const Layout& type, uint64_t address, uint64_t length) {
  uint64_t mask = low_bits(8 * address_bytes(layouts_.width()));
  address &= mask;
  length &= mask;
  if (type.kind == Kind::primitive) {
    LiftedString string =
        TRY(load_string(memory(), encoding_, {address, length}, layouts_.width(), bytes_left_));
    TRY(spend(string.text.size()));
    Value value{.bits = string.is_tagged ? 1u : 0u};
    value.text = std::move(string.text);
    return value;
  }
  Value value = list_of(TRY(load_list(type.element, address, length)));
  if (type.kind == Kind::list) return value;
  // The entries of a map are flattened (value.h).
  Value map;
  map.parts.reserve(2 * value.parts.size());
  TRY(spend(2 * value.parts.size() * sizeof(Value)));
  for (Value& entry : value.parts) {
    for (Value& part : entry.parts) map.parts.push_back(std::move(part));
  }
  return map;
}

}  // namespace nacre::component
