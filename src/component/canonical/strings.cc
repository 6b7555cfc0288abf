#include "component/canonical/strings.h"

#include <algorithm>

#include "base/checked.h"
#include "base/result.h"
#include "base/utf8.h"
#include "component/canonical/allocate.h"
#include "component/canonical/number.h"
#include "component/limits.h"

namespace nacre::component {
namespace {

constexpr uint64_t kFirstHighSurrogate = 0xD800;
constexpr uint64_t kFirstLowSurrogate = 0xDC00;
constexpr uint64_t kLastSurrogate = 0xDFFF;
constexpr uint64_t kFirstSupplementary = 0x10000;

// The highest bit of a length.
uint64_t utf16_tag(AddressWidth width) { return uint64_t{1} << (8 * address_bytes(width) - 1); }

std::string from_latin1(Bytes bytes) {
  std::string text;
  text.reserve(bytes.size());
  for (uint8_t byte : bytes) append_utf8(text, byte);
  return text;
}

OrTrap<std::string> from_utf16(Bytes bytes) {
  std::string text;
  text.reserve(bytes.size() / 2);
  for (size_t i = 0; i < bytes.size(); i += 2) {
    uint32_t unit = load_le<uint16_t>(&bytes[i]);
    if (unit >= kFirstHighSurrogate && unit < kFirstLowSurrogate && bytes.size() - i >= 4) {
      uint32_t low = load_le<uint16_t>(&bytes[i + 2]);
      if (low >= kFirstLowSurrogate && low <= kLastSurrogate) {
        unit =
            kFirstSupplementary + ((unit - kFirstHighSurrogate) << 10 | (low - kFirstLowSurrogate));
        i += 2;
      }
    }
    if (!is_scalar(unit)) return trap(TrapKind::invalid_utf16);
    append_utf8(text, unit);
  }
  return text;
}

}  // namespace

OrTrap<LiftedString> load_string(Bytes memory, StringEncoding encoding, StringRange range,
                                 AddressWidth width, uint64_t max_units) {
  bool is_tagged =
      encoding == StringEncoding::latin1_utf16 && (range.length & utf16_tag(width)) != 0;
  bool is_utf16 = encoding == StringEncoding::utf16 || is_tagged;
  uint64_t units = is_tagged ? range.length ^ utf16_tag(width) : range.length;
  uint64_t unit_bytes = is_utf16 ? 2 : 1;
  if (units > kMaxValueBytes / unit_bytes) return trap(TrapKind::string_too_long);
  // Strings that may be UTF-16 are always aligned for it.
  uint64_t align = encoding == StringEncoding::utf8 ? 1 : 2;
  if (range.address % align != 0) return trap(TrapKind::unaligned_pointer);
  if (!in_bounds<uint64_t>(range.address, units * unit_bytes, memory.size())) {
    return trap(TrapKind::string_out_of_bounds);
  }
  if (units > max_units) return trap(TrapKind::values_too_large);
  Bytes bytes = memory.subspan(range.address, units * unit_bytes);
  if (is_utf16) return LiftedString{TRY(from_utf16(bytes)), is_tagged};
  if (encoding == StringEncoding::latin1_utf16) return LiftedString{from_latin1(bytes)};
  if (!is_utf8(bytes)) return trap(TrapKind::invalid_utf8);
  return LiftedString{std::string(as_text(bytes))};
}

// ---- storing

namespace {

// What the host's text is in each encoding.
struct Measured {
  std::string_view text;
  uint64_t utf16_units = 0;
  bool is_latin1 = true;
  uint64_t ascii_prefix = 0;   // bytes, so units of every encoding
  uint64_t latin1_prefix = 0;  // units of Latin-1 and UTF-16
};

template <class Visit>
void each_scalar(std::string_view text, Visit visit) {
  for (size_t i = 0; i < text.size();) {
    FirstScalar scalar = first_scalar(text.substr(i));
    visit(scalar.value);
    i += std::max<size_t>(scalar.length, 1);
  }
}

Measured measure(std::string_view text) {
  Measured measured{.text = text};
  auto is_ascii = [](char c) { return static_cast<uint8_t>(c) < 0x80; };
  measured.ascii_prefix =
      static_cast<uint64_t>(std::ranges::find_if_not(text, is_ascii) - text.begin());
  each_scalar(text, [&](uint32_t scalar) {
    measured.is_latin1 &= scalar <= 0xFF;
    if (measured.is_latin1) ++measured.latin1_prefix;
    measured.utf16_units += scalar >= kFirstSupplementary ? 2 : 1;
  });
  return measured;
}

std::vector<uint8_t> to_utf16(std::string_view text) {
  std::vector<uint8_t> bytes;
  auto push = [&](uint64_t unit) {
    bytes.push_back(static_cast<uint8_t>(unit));
    bytes.push_back(static_cast<uint8_t>(unit >> 8));
  };
  each_scalar(text, [&](uint32_t scalar) {
    if (scalar < kFirstSupplementary) return push(scalar);
    uint64_t offset = scalar - kFirstSupplementary;
    push(kFirstHighSurrogate + (offset >> 10));
    push(kFirstLowSurrogate + (offset & 0x3FF));
  });
  return bytes;
}

// At most `count` scalars, which are those of Latin-1.
std::vector<uint8_t> to_latin1(std::string_view text, uint64_t count) {
  std::vector<uint8_t> bytes;
  bytes.reserve(count);
  for (size_t i = 0; bytes.size() < count;) {
    FirstScalar scalar = first_scalar(text.substr(i));
    bytes.push_back(static_cast<uint8_t>(scalar.value));
    i += std::max<size_t>(scalar.length, 1);
  }
  return bytes;
}

// The specification's algorithms, one method each. Every address that realloc returned is checked
// before it is used; what the guest does in between may change anything but that the memory is as
// large as it was.
class Storer {
 public:
  Storer(Memory& memory, const Measured& source, AddressWidth width)
      : allocation_(memory), source_(source), tag_(utf16_tag(width)) {}

  OrTrap<StringRange> copy(Bytes bytes, uint64_t unit_bytes, uint64_t align) {
    TRY(allocation_.resize(align, bytes.size()));
    TRY(allocation_.write(0, bytes));
    return range(bytes.size() / unit_bytes);
  }

  OrTrap<StringRange> utf8(uint64_t source_units, uint64_t worst_bytes) {
    Bytes bytes = as_bytes(source_.text);
    TRY(allocation_.resize(1, source_units));
    uint64_t prefix = source_.ascii_prefix;
    TRY(allocation_.write(0, bytes.first(prefix)));
    if (prefix == bytes.size()) return range(bytes.size());
    TRY(allocation_.resize(1, worst_bytes));
    TRY(allocation_.write(prefix, bytes.subspan(prefix)));
    TRY(shrink(1, bytes.size()));
    return range(bytes.size());
  }

  OrTrap<StringRange> utf8_to_utf16() {
    TRY(allocation_.resize(2, 2 * source_.text.size()));
    std::vector<uint8_t> bytes = to_utf16(source_.text);
    TRY(allocation_.write(0, bytes));
    TRY(shrink(2, bytes.size()));
    return range(bytes.size() / 2);
  }

  OrTrap<StringRange> latin1_or_utf16(uint64_t source_units) {
    TRY(allocation_.resize(2, source_units));
    uint64_t prefix = source_.latin1_prefix;
    TRY(allocation_.write(0, to_latin1(source_.text, prefix)));
    if (source_.is_latin1) {
      TRY(shrink(2, prefix));
      return range(prefix);
    }
    TRY(allocation_.resize(2, 2 * source_units));
    TRY(allocation_.widen(prefix));
    std::vector<uint8_t> bytes = to_utf16(source_.text);
    TRY(allocation_.write(2 * prefix, Bytes(bytes).subspan(2 * prefix)));
    TRY(shrink(2, bytes.size()));
    return range(bytes.size() / 2 | tag_);
  }

  // Text that was UTF-16 where either is possible will mostly be UTF-16 here, too.
  OrTrap<StringRange> probably_utf16() {
    std::vector<uint8_t> bytes = to_utf16(source_.text);
    TRY(allocation_.resize(2, bytes.size()));
    TRY(allocation_.write(0, bytes));
    if (!source_.is_latin1) return range(bytes.size() / 2 | tag_);
    TRY(allocation_.write(0, to_latin1(source_.text, source_.latin1_prefix)));
    TRY(allocation_.resize(1, source_.latin1_prefix));
    return range(source_.latin1_prefix);
  }

 private:
  OrTrap<void> shrink(uint64_t align, uint64_t size) {
    if (size == allocation_.size()) return {};
    return allocation_.resize(align, size);
  }
  StringRange range(uint64_t length) const { return {allocation_.address(), length}; }

  Allocation allocation_;
  const Measured& source_;
  uint64_t tag_;
};

}  // namespace

OrTrap<StringRange> store_string(Memory& memory, StringEncoding encoding,
                                 const StringSource& source, AddressWidth width) {
  if (source.text.size() > 2 * kMaxValueBytes) return trap(TrapKind::string_too_long);
  if (!is_utf8(source.text)) return trap(TrapKind::wrong_value);
  Measured text = measure(source.text);
  bool from_either = source.encoding == StringEncoding::latin1_utf16;
  bool from_utf16 = source.encoding == StringEncoding::utf16 ||
                    (from_either && (source.is_tagged || !text.is_latin1));
  bool from_utf8 = source.encoding == StringEncoding::utf8;
  uint64_t units = from_utf8 ? text.text.size() : text.utf16_units;
  if (units > kMaxValueBytes / (from_utf16 ? 2 : 1)) return trap(TrapKind::string_too_long);
  Storer storer(memory, text, width);
  switch (encoding) {
    case StringEncoding::utf8:
      if (from_utf8) return storer.copy(as_bytes(text.text), 1, 1);
      return storer.utf8(units, units * (from_utf16 ? 3 : 2));
    case StringEncoding::utf16:
      if (from_utf8) return storer.utf8_to_utf16();
      return storer.copy(to_utf16(text.text), 2, 2);
    case StringEncoding::latin1_utf16:
      if (!from_either) return storer.latin1_or_utf16(units);
      if (from_utf16) return storer.probably_utf16();
      return storer.copy(to_latin1(text.text, units), 1, 2);
  }
  return trap(TrapKind::wrong_value);
}

}  // namespace nacre::component
