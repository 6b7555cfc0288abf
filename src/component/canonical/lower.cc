#include "component/canonical/lower.h"

#include <algorithm>
#include <cstring>

#include "base/checked.h"
#include "base/result.h"
#include "component/canonical/allocate.h"
#include "component/canonical/number.h"
#include "component/canonical/strings.h"
#include "component/limits.h"

namespace nacre::component {

using Kind = Type::Kind;

namespace {

// What the host has comes from many places; what is not of the type must not become a wrong
// address.
OrTrap<void> check(bool fits) {
  if (fits) return {};
  return trap(TrapKind::wrong_value);
}

bool is_range(const Layout& type) {
  bool is_string = type.kind == Kind::primitive && type.primitive == Primitive::string;
  return is_string || type.kind == Kind::list || type.kind == Kind::map;
}

}  // namespace

// Behind a check of the range that it is in; writes nothing outside of the memory all the same.
OrTrap<void> Lowerer::write(uint64_t address, uint64_t bits, uint64_t bytes) {
  MutableBytes all = memory_->bytes();
  if (!in_bounds<uint64_t>(address, bytes, all.size())) {
    return trap(TrapKind::pointer_out_of_bounds);
  }
  std::memcpy(all.data() + address, &bits, bytes);
  return {};
}

// ---- entries

OrTrap<FlatValues> Lowerer::lower(LayoutId id, const Value& value, uint32_t max_flat,
                                  std::optional<uint64_t> address) {
  const Layout& type = layouts_.at(id);
  FlatValues values;
  if (type.flat.size() <= std::min(max_flat, FlatTypes::kMax)) {
    TRY(flat(type, value, values));
    return values;
  }
  if (!address) {
    if (memory_ == nullptr) return trap(TrapKind::pointer_out_of_bounds);
    Allocation allocation(*memory_);
    TRY(allocation.resize(type.align_bytes, type.size_bytes));
    values.push(allocation.address());
    address = allocation.address();
  }
  TRY(store(id, value, *address));
  return values;
}

OrTrap<void> Lowerer::store(LayoutId id, const Value& value, uint64_t address) {
  const Layout& type = layouts_.at(id);
  if (address % type.align_bytes != 0) return trap(TrapKind::unaligned_pointer);
  if (memory_ == nullptr ||
      !in_bounds<uint64_t>(address, type.size_bytes, memory_->bytes().size())) {
    return trap(TrapKind::pointer_out_of_bounds);
  }
  return in_memory(type, value, address);
}

OrTrap<void> Lowerer::store_list(LayoutId element, std::span<const Value> values,
                                 uint64_t address) {
  const Layout& type = layouts_.at(element);
  if (address % type.align_bytes != 0) return trap(TrapKind::unaligned_pointer);
  uint64_t bytes = type.size_bytes * values.size();
  if (memory_ == nullptr || !in_bounds<uint64_t>(address, bytes, memory_->bytes().size())) {
    return trap(TrapKind::list_out_of_bounds);
  }
  return elements(type, values, address);
}

// ---- core values

OrTrap<void> Lowerer::flat(const Layout& type, const Value& value, FlatValues& to) {
  if (is_range(type)) {
    Range range = TRY(this->range(type, value));
    to.push(range.address);
    to.push(range.length);
    return {};
  }
  switch (type.kind) {
    case Kind::record:
    case Kind::tuple:
      TRY(check(value.parts.size() == type.parts.size()));
      for (size_t i = 0; i < value.parts.size(); ++i) {
        TRY(flat(layouts_.at(type.parts[i].layout), value.parts[i], to));
      }
      return {};
    case Kind::fixed_list:
      TRY(check(value.parts.size() == type.length));
      for (const Value& part : value.parts) TRY(flat(layouts_.at(type.element), part, to));
      return {};
    default:
      break;
  }
  if (type.has_cases()) return flat_cases(type, value, to);
  // Narrow integers are extended to 32 bits, as their sign says.
  uint64_t bits = TRY(scalar(type, value));
  to.push(type.flat.at(0) == FlatType::i32 ? bits & low_bits(32) : bits);
  return {};
}

OrTrap<void> Lowerer::flat_cases(const Layout& type, const Value& value, FlatValues& to) {
  uint32_t end = to.count + type.flat.size();
  TRY(check(value.bits < type.parts.size()));
  const Layout::Part& part = type.parts[value.bits];
  TRY(check(value.parts.size() == (part.layout == kNoLayout ? 0 : 1)));
  to.push(value.bits);
  if (part.layout != kNoLayout) TRY(flat(layouts_.at(part.layout), value.parts[0], to));
  while (to.count < end) to.push(0);  // what only other cases use
  return {};
}

// ---- memory

OrTrap<void> Lowerer::in_memory(const Layout& type, const Value& value, uint64_t address) {
  if (is_range(type)) {
    Range range = TRY(this->range(type, value));
    uint32_t bytes = address_bytes(layouts_.width());
    TRY(write(address, range.address, bytes));
    return write(address + bytes, range.length, bytes);
  }
  switch (type.kind) {
    case Kind::record:
    case Kind::tuple:
      TRY(check(value.parts.size() == type.parts.size()));
      for (size_t i = 0; i < value.parts.size(); ++i) {
        const Layout::Part& part = type.parts[i];
        TRY(in_memory(layouts_.at(part.layout), value.parts[i], address + part.offset));
      }
      return {};
    case Kind::fixed_list:
      TRY(check(value.parts.size() == type.length));
      return elements(layouts_.at(type.element), value.parts, address);
    default:
      break;
  }
  if (!type.has_cases()) return write(address, TRY(scalar(type, value)), type.size_bytes);
  TRY(check(value.bits < type.parts.size()));
  const Layout::Part& part = type.parts[value.bits];
  TRY(check(value.parts.size() == (part.layout == kNoLayout ? 0 : 1)));
  TRY(write(address, value.bits, type.discriminant_bytes));
  if (part.layout == kNoLayout) return {};
  return in_memory(layouts_.at(part.layout), value.parts[0], address + part.offset);
}

OrTrap<void> Lowerer::elements(const Layout& element, std::span<const Value> values,
                               uint64_t address) {
  for (const Value& value : values) {
    TRY(in_memory(element, value, address));
    address += element.size_bytes;
  }
  return {};
}

// The parts of a map are keys and values in turn (value.h).
OrTrap<void> Lowerer::entries(const Layout& entry, std::span<const Value> parts, uint64_t address) {
  for (size_t i = 0; i < parts.size(); ++i) {
    const Layout::Part& part = entry.parts[i % 2];
    TRY(in_memory(layouts_.at(part.layout), parts[i], address + part.offset));
    if (i % 2 == 1) address += entry.size_bytes;
  }
  return {};
}

// ---- kinds of values

OrTrap<Lowerer::Range> Lowerer::range(const Layout& type, const Value& value) {
  if (memory_ == nullptr) return trap(TrapKind::pointer_out_of_bounds);
  return type.kind == Kind::primitive ? string(value) : list(type, value);
}

OrTrap<Lowerer::Range> Lowerer::string(const Value& value) {
  StringSource source{.text = value.text, .encoding = source_, .is_tagged = value.bits != 0};
  StringRange range = TRY(store_string(*memory_, encoding_, source, layouts_.width()));
  return Range{range.address, range.length};
}

OrTrap<Lowerer::Range> Lowerer::list(const Layout& type, const Value& value) {
  const Layout& element = layouts_.at(type.element);
  bool is_map = type.kind == Kind::map;
  TRY(check(!is_map || value.parts.size() % 2 == 0));
  uint64_t count = is_map ? value.parts.size() / 2 : value.parts.size();
  // A list from a memory with 32-bit addresses may be twice as large in one with 64-bit addresses.
  if (count > 2 * kMaxValueBytes / element.size_bytes) return trap(TrapKind::list_too_long);
  Allocation allocation(*memory_);
  TRY(allocation.resize(element.align_bytes, count * element.size_bytes));
  if (is_map) {
    TRY(entries(element, value.parts, allocation.address()));
  } else {
    TRY(elements(element, value.parts, allocation.address()));
  }
  return Range{allocation.address(), count};
}

// Its bits: the lowest are those of the type.
OrTrap<uint64_t> Lowerer::scalar(const Layout& type, const Value& value) {
  if (type.kind == Kind::flags) {
    TRY(check(value.bits <= low_bits(static_cast<uint32_t>(type.parts.size()))));
    return value.bits;
  }
  bool is_handle = type.kind != Kind::primitive || type.primitive == Primitive::error_context;
  if (is_handle) {
    TRY(check(handles_ != nullptr));
    return TRY(handles_->lower(type, value.bits));
  }
  auto width = static_cast<uint32_t>(8 * type.size_bytes);
  switch (type.primitive) {
    case Primitive::boolean:
      TRY(check(value.bits <= 1));
      break;
    case Primitive::character:
      TRY(check(is_scalar(value.bits)));
      break;
    case Primitive::s8:
    case Primitive::s16:
    case Primitive::s32: {
      // Sign and all bits above are the same.
      uint64_t above = value.bits >> (width - 1);
      TRY(check(above == 0 || above == low_bits(65 - width)));
      break;
    }
    case Primitive::f32:
      TRY(check(value.bits <= low_bits(32)));
      return canonical_f32(static_cast<uint32_t>(value.bits));
    case Primitive::f64:
      return canonical_f64(value.bits);
    default:
      TRY(check(value.bits <= low_bits(width)));
      break;
  }
  return value.bits;
}

}  // namespace nacre::component
