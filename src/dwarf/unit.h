// A unit of .debug_info: what one compilation left of its names and places. Its entries form a tree
// and stand one behind the other, parents before children.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "dwarf/abbreviations.h"
#include "dwarf/addresses.h"
#include "dwarf/sections.h"
#include "wasm/reader.h"

namespace nacre::dwarf {

// A debugging information entry.
class Entry {
 public:
  uint64_t offset() const { return offset_; }  // in .debug_info
  Tag tag() const { return kind_->tag; }
  // Null: it has none.
  const Value* find(Attribute attribute) const {
    auto bit = static_cast<size_t>(attribute);
    return (present_ >> bit & 1) != 0 ? &values_[bit] : nullptr;
  }

 private:
  friend class Unit;
  friend class Entries;
  uint64_t offset_ = 0;
  const Abbreviations::Kind* kind_ = nullptr;  // null: the end of a list of children
  uint32_t present_ = 0;
  std::array<Value, kAttributes> values_;
};

// The sections and the work must outlive it.
class Unit {
 public:
  // The unit whose header begins at `offset`, with its root entry. Nothing where there is none, or
  // one that cannot be read, and then it is unknown where the next one begins.
  static std::optional<Unit> read(const Sections& sections, uint64_t offset, Work& work);
  // The same, of the unit that an entry is in; its entries can be read.
  static std::optional<Unit> around(const Sections& sections, uint64_t entry, Work& work);

  // From now on entries can be read, not only the root.
  void open();

  uint64_t begin() const { return begin_; }
  uint64_t end() const { return end_; }  // where the next one begins
  bool holds(uint64_t entry) const { return entry >= first_ && entry < end_; }
  Encoding encoding() const { return encoding_; }
  // Whether it is one of code; its root is then one.
  bool has_code() const { return has_code_; }
  const Entry& root() const { return root_; }
  Work& work() const { return *work_; }
  const Sections& sections() const { return *sections_; }

  bool read_entry(uint64_t offset, Entry& entry) const;

  std::string_view text(const Value* value) const;
  std::optional<uint64_t> address(const Value& value) const;
  // The entry that a value refers to.
  std::optional<uint64_t> reference(const Value& value) const;
  // From where to where the code of an entry is, if it is in one piece and says so.
  struct Extent {
    uint64_t begin = 0;
    uint64_t end = 0;
  };
  std::optional<Extent> extent(const Entry& entry) const;
  // Which addresses belong to an entry; nothing if it does not say.
  std::optional<AddressSet> covered(const Entry& entry, const Addresses& addresses) const;

 private:
  friend class Entries;
  Unit(const Sections& sections, Work& work) : sections_(&sections), work_(&work) {}
  bool read_header(uint64_t offset);
  bool read_root();
  void read_entry(wasm::Reader& reader, Entry& entry) const;
  std::optional<uint64_t> indexed_address(uint64_t index) const;
  AddressSet old_ranges(uint64_t offset, const Addresses& addresses) const;
  AddressSet range_list(uint64_t offset, const Addresses& addresses) const;
  uint64_t base_of(Attribute attribute) const;

  const Sections* sections_;
  Work* work_;
  Encoding encoding_;
  uint64_t begin_ = 0, first_ = 0, end_ = 0;
  uint64_t abbreviations_offset_ = 0;
  bool has_code_ = false;
  Abbreviations abbreviations_;
  Entry root_;
};

// All entries of an open unit.
class Entries {
 public:
  explicit Entries(const Unit& unit);
  // Null at the end, or where nothing can be read.
  const Entry* next();
  // Of the last entry: how many it is in.
  uint32_t depth() const { return depth_; }

 private:
  const Unit& unit_;
  wasm::Reader reader_;
  Entry entry_;
  uint32_t depth_ = 0;
  bool goes_down_ = false;  // the next one is a child of the last
};

}  // namespace nacre::dwarf
