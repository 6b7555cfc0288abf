#include "dwarf/unit.h"

#include "base/checked.h"

namespace nacre::dwarf {
namespace {

// Kinds of units (DWARF 5, section 7.5.1).
enum UnitType : uint8_t {
  kCompile = 1,
  kType = 2,
  kPartial = 3,
  kSkeleton = 4,
  kSplitCompile = 5,
  kSplitType = 6,
};

// Items of range lists (DWARF 5, section 7.25).
enum RangeItem : uint8_t {
  kEndOfList = 0,
  kBaseAddressIndex = 1,
  kStartIndexEndIndex = 2,
  kStartIndexLength = 3,
  kOffsetPair = 4,
  kBaseAddress = 5,
  kStartEnd = 6,
  kStartLength = 7,
};

}  // namespace

std::optional<Unit> Unit::read(const Sections& sections, uint64_t offset, Work& work) {
  Unit unit(sections, work);
  if (!unit.read_header(offset)) return std::nullopt;
  unit.has_code_ = unit.has_code_ && unit.read_root();
  return unit;
}

std::optional<Unit> Unit::around(const Sections& sections, uint64_t entry, Work& work) {
  uint64_t offset = 0;
  while (true) {
    Unit unit(sections, work);
    if (!unit.read_header(offset)) return std::nullopt;
    if (entry < unit.end_) {
      if (!unit.holds(entry) || !unit.read_root()) return std::nullopt;
      unit.open();
      return unit;
    }
    offset = unit.end_;
  }
}

bool Unit::read_header(uint64_t offset) {
  constexpr uint32_t kLong = 0xFFFF'FFFF;  // the length follows, and offsets have 8 bytes
  if (offset >= sections_->info.size() || !work_->spend()) return false;
  wasm::Reader reader(sections_->info.subspan(offset), offset);
  begin_ = offset;
  uint64_t length = reader.fixed<uint32_t>();
  if (length == kLong) {
    length = reader.fixed<uint64_t>();
    encoding_.offset_bytes = 8;
  }
  if (!reader.ok() || length == 0 || length > reader.remaining()) return false;
  end_ = reader.offset() + length;
  encoding_.version = reader.fixed<uint16_t>();
  uint8_t type = kCompile;
  if (encoding_.version >= 5) {
    type = reader.u8();
    encoding_.address_bytes = reader.u8();
  }
  abbreviations_offset_ = read_sized(reader, encoding_.offset_bytes);
  if (encoding_.version < 5) encoding_.address_bytes = reader.u8();
  if (type == kSkeleton || type == kSplitCompile) reader.bytes(8);
  if (type == kType || type == kSplitType) reader.bytes(8u + encoding_.offset_bytes);
  first_ = reader.offset();
  has_code_ = type == kCompile || type == kSkeleton;
  // What cannot be read has a length all the same, behind which the next one begins.
  if (!reader.ok() || first_ > end_ || encoding_.version < 2 || encoding_.version > 5 ||
      (encoding_.address_bytes != 4 && encoding_.address_bytes != 8)) {
    first_ = end_;
    has_code_ = false;
  }
  return true;
}

bool Unit::read_root() {
  if (first_ >= end_) return false;
  uint64_t code = wasm::Reader(sections_->info.subspan(first_, end_ - first_)).u64();
  if (code == 0) return false;
  abbreviations_ = Abbreviations::read(sections_->abbrev, abbreviations_offset_, code, *work_);
  bool is_whole = read_entry(first_, root_);
  bool is_code =
      is_whole && (root_.tag() == Tag::compile_unit || root_.tag() == Tag::skeleton_unit);
  // Only what it has as values outlives its kind.
  root_.kind_ = nullptr;
  return is_code;
}

void Unit::open() {
  abbreviations_ = Abbreviations::read(sections_->abbrev, abbreviations_offset_, 0, *work_);
}

bool Unit::read_entry(uint64_t offset, Entry& entry) const {
  if (!holds(offset)) return false;
  wasm::Reader reader(sections_->info.subspan(offset, end_ - offset), offset);
  read_entry(reader, entry);
  return reader.ok() && entry.kind_ != nullptr;
}

void Unit::read_entry(wasm::Reader& reader, Entry& entry) const {
  entry.offset_ = reader.offset();
  entry.present_ = 0;
  entry.kind_ = nullptr;
  if (!work_->spend()) return reader.fail("too much work");
  uint64_t code = reader.u64();
  if (code == 0) return;
  entry.kind_ = abbreviations_.find(code);
  if (entry.kind_ == nullptr) return reader.fail("an unknown kind of entry");
  for (const Abbreviations::Item& item : abbreviations_.items(*entry.kind_)) {
    Value value = read_value(reader, item.form, encoding_, *work_);
    if (!reader.ok()) return;
    if (item.attribute == Attribute::none) continue;
    if (item.form.size == Form::Size::implicit) value.number = static_cast<uint64_t>(item.implicit);
    auto bit = static_cast<size_t>(item.attribute);
    entry.values_[bit] = value;
    entry.present_ |= 1u << bit;
  }
}

uint64_t Unit::base_of(Attribute attribute) const {
  const Value* base = root_.find(attribute);
  return base == nullptr ? 0 : base->number;
}

std::string_view Unit::text(const Value* value) const {
  if (value == nullptr || !work_->spend(kMaxTextBytes / Work::kBytesPerStep)) return {};
  switch (value->meaning) {
    case Meaning::text:
      return text_at(Bytes(value->text, value->number), 0);
    case Meaning::str_offset:
      return text_at(sections_->str, value->number);
    case Meaning::line_str_offset:
      return text_at(sections_->line_str, value->number);
    case Meaning::str_index: {
      auto at = checked_mul<uint64_t>(value->number, encoding_.offset_bytes);
      if (at) at = checked_add(*at, base_of(Attribute::str_offsets_base));
      if (at) at = number_at(sections_->str_offsets, *at, encoding_.offset_bytes);
      return at ? text_at(sections_->str, *at) : std::string_view();
    }
    default:
      return {};
  }
}

std::optional<uint64_t> Unit::indexed_address(uint64_t index) const {
  auto at = checked_mul<uint64_t>(index, encoding_.address_bytes);
  if (at) at = checked_add(*at, base_of(Attribute::addr_base));
  return at ? number_at(sections_->addr, *at, encoding_.address_bytes) : std::nullopt;
}

std::optional<uint64_t> Unit::address(const Value& value) const {
  if (value.meaning == Meaning::address) return value.number;
  if (value.meaning == Meaning::address_index) return indexed_address(value.number);
  return std::nullopt;
}

std::optional<uint64_t> Unit::reference(const Value& value) const {
  if (value.meaning == Meaning::reference) return value.number;
  if (value.meaning == Meaning::unit_reference) return checked_add(begin_, value.number);
  return std::nullopt;
}

std::optional<Unit::Extent> Unit::extent(const Entry& entry) const {
  const Value* low = entry.find(Attribute::low_pc);
  const Value* high = entry.find(Attribute::high_pc);
  if (low == nullptr || high == nullptr) return std::nullopt;
  auto begin = address(*low);
  if (!begin || is_dead(*begin, encoding_.address_bytes)) return std::nullopt;
  // Often the end is given as what lies between.
  auto end =
      high->meaning == Meaning::constant ? checked_add(*begin, high->number) : address(*high);
  return end ? std::optional(Extent{.begin = *begin, .end = *end}) : std::nullopt;
}

std::optional<AddressSet> Unit::covered(const Entry& entry, const Addresses& addresses) const {
  if (const Value* ranges = entry.find(Attribute::ranges)) {
    if (encoding_.version < 5) return old_ranges(ranges->number, addresses);
    if (ranges->meaning != Meaning::ranges_index) return range_list(ranges->number, addresses);
    uint64_t base = base_of(Attribute::rnglists_base);
    auto at = checked_mul<uint64_t>(ranges->number, encoding_.offset_bytes);
    if (at) at = checked_add(*at, base);
    if (at) at = number_at(sections_->rnglists, *at, encoding_.offset_bytes);
    if (at) at = checked_add(*at, base);
    return at ? range_list(*at, addresses) : 0;
  }
  if (entry.find(Attribute::low_pc) == nullptr || entry.find(Attribute::high_pc) == nullptr)
    return std::nullopt;
  auto its = extent(entry);
  return its ? addresses.within(its->begin, its->end) : 0;
}

AddressSet Unit::old_ranges(uint64_t offset, const Addresses& addresses) const {
  if (offset >= sections_->ranges.size()) return 0;
  const Value* low = root_.find(Attribute::low_pc);
  uint64_t base = low == nullptr ? 0 : address(*low).value_or(0);
  uint64_t last = encoding_.address_bytes == 4 ? UINT32_MAX : UINT64_MAX;
  wasm::Reader reader(sections_->ranges.subspan(offset));
  AddressSet found = 0;
  while (work_->spend()) {
    uint64_t begin = read_sized(reader, encoding_.address_bytes);
    uint64_t end = read_sized(reader, encoding_.address_bytes);
    if (!reader.ok() || (begin == 0 && end == 0)) break;
    if (begin == last) {
      base = end;
    } else if (!is_dead(begin, encoding_.address_bytes) || base != 0) {
      auto from = checked_add(base, begin), to = checked_add(base, end);
      if (from && to) found |= addresses.within(*from, *to);
    }
  }
  return found;
}

AddressSet Unit::range_list(uint64_t offset, const Addresses& addresses) const {
  if (offset >= sections_->rnglists.size()) return 0;
  const Value* low = root_.find(Attribute::low_pc);
  std::optional<uint64_t> base = low == nullptr ? 0 : address(*low);
  wasm::Reader reader(sections_->rnglists.subspan(offset));
  auto sized = [&] { return std::optional(read_sized(reader, encoding_.address_bytes)); };
  AddressSet found = 0;
  while (reader.ok() && work_->spend()) {
    uint8_t item = reader.u8();
    std::optional<uint64_t> begin, end;
    bool is_length = false;
    switch (item) {
      case kBaseAddressIndex:
        base = indexed_address(reader.u64());
        continue;
      case kBaseAddress:
        base = sized();
        continue;
      case kStartIndexEndIndex:
        begin = indexed_address(reader.u64());
        end = indexed_address(reader.u64());
        break;
      case kStartIndexLength:
        begin = indexed_address(reader.u64());
        end = reader.u64();
        is_length = true;
        break;
      case kOffsetPair:
        begin = checked_add(base.value_or(UINT64_MAX), reader.u64());
        end = checked_add(base.value_or(UINT64_MAX), reader.u64());
        break;
      case kStartEnd:
        begin = sized();
        end = sized();
        break;
      case kStartLength:
        begin = sized();
        end = reader.u64();
        is_length = true;
        break;
      case kEndOfList:
      default:
        return found;
    }
    if (is_length && begin && end) end = checked_add(*begin, *end);
    bool is_dead_base =
        item == kOffsetPair && base && *base != 0 && is_dead(*base, encoding_.address_bytes);
    if (reader.ok() && begin && end && !is_dead_base && !is_dead(*begin, encoding_.address_bytes))
      found |= addresses.within(*begin, *end);
  }
  return found;
}

Entries::Entries(const Unit& unit)
    : unit_(unit),
      reader_(unit.sections().info.subspan(unit.first_, unit.end_ - unit.first_), unit.first_) {}

const Entry* Entries::next() {
  if (goes_down_) ++depth_;
  goes_down_ = false;
  while (reader_.ok() && !reader_.at_end()) {
    unit_.read_entry(reader_, entry_);
    if (!reader_.ok()) return nullptr;
    if (entry_.kind_ != nullptr) {
      goes_down_ = entry_.kind_->has_children;
      return &entry_;
    }
    if (depth_ <= 1) return nullptr;  // the root's list ends
    --depth_;
  }
  return nullptr;
}

}  // namespace nacre::dwarf
