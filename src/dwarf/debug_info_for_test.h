// A module with debug information, made byte by byte in any version and encoding: for tests and the
// fuzzer, which alone include this.
//
// What its source would be:
//
//   src/inl.h:19   namespace geo { struct Vec { int twice() { ... } }; }
//   src/a.cc:4     int work() {
//   src/a.cc:5       ...
//   src/a.cc:6       v.twice();
//   src/a.cc:7       ...
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "dwarf/sections.h"
#include "wasm/binary/decoder.h"
#include "wasm/binary/writer.h"

namespace nacre::dwarf {

using ByteVector = std::vector<uint8_t>;

struct DebugInfoForTest {
  uint16_t version = 5;
  uint32_t offset_bytes = 4;
  uint32_t address_bytes = 4;
  bool has_range_list = false;  // of the unit; else its first and last address
  bool has_unit_range = true;
  bool indexes = false;           // version 5: texts and addresses by their number
  bool is_origin_circle = false;  // the inlined function is one of itself
  bool is_stale = false;          // of a module in which the function was longer
  bool has_dead_code = false;     // in front, of a function that the linker threw away
  bool is_dead_zero = false;      // as old linkers mark it
  std::string directory = "/home/x";
  std::string file = "a.cc";

  // Addresses, counted from the contents of the code section.
  static constexpr uint64_t kWork = 2, kTwice = 20, kAfter = 30, kEnd = 60;
  static constexpr size_t kCodeBytes = kEnd;

  std::map<std::string, ByteVector> sections() const;
};

// A module with such a code section and these custom sections.
inline ByteVector module_with(const std::map<std::string, ByteVector>& sections) {
  wasm::ByteWriter out;
  constexpr uint8_t kFront[] = {0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,  //
                                1, 4,    1,    0x60, 0, 0,        // a type: of no parameters
                                3, 2,    1,    0};                // a function of it
  for (uint8_t byte : kFront) out.u8(byte);
  size_t body = DebugInfoForTest::kCodeBytes - 2;
  out.u8(10);
  out.u32(DebugInfoForTest::kCodeBytes);
  out.u8(1);
  out.u32(static_cast<uint32_t>(body));
  out.u8(0);
  for (size_t i = 0; i + 2 < body; ++i) out.u8(1);
  out.u8(0x0B);
  for (const auto& [name, bytes] : sections) {
    wasm::ByteWriter section;
    section.name(name);
    section.raw(bytes);
    out.u8(0);
    out.sized(section.bytes());
  }
  return std::move(out).take();
}
// Where that code section's contents begin.
inline constexpr uint64_t kCodeBegin = 20;

class DebugInfoWriter {
 public:
  explicit DebugInfoWriter(const DebugInfoForTest& is) : is_(is) {}

  std::map<std::string, ByteVector> write() {
    abbreviations();
    info();
    lines();
    std::map<std::string, ByteVector> made;
    made[".debug_info"] = with_length(info_);
    made[".debug_abbrev"] = std::move(abbrev_).take();
    made[".debug_line"] = with_length(line_);
    made[".debug_str"] = std::move(str_).take();
    if (is_.indexes) {
      made[".debug_addr"] = std::move(addr_).take();
      made[".debug_str_offsets"] = std::move(str_offsets_).take();
    }
    if (is_.has_range_list) {
      made[is_.version >= 5 ? ".debug_rnglists" : ".debug_ranges"] = std::move(ranges_).take();
    }
    return made;
  }

 private:
  using Writer = wasm::ByteWriter;
  enum Kind : uint8_t { kUnit = 1, kNamespace, kType, kDeclared, kAbstract, kConcrete, kInlined };

  bool is_new() const { return is_.version >= 5; }
  void sized(Writer& out, uint64_t value, uint32_t bytes) {
    for (uint32_t i = 0; i < bytes; ++i) out.u8(static_cast<uint8_t>(value >> 8 * i));
  }
  void text_here(Writer& out, std::string_view text) {
    for (char c : text) out.u8(static_cast<uint8_t>(c));
    out.u8(0);
  }
  ByteVector with_length(Writer& content) {
    ByteVector bytes = std::move(content).take();
    Writer out;
    if (is_.offset_bytes == 8) sized(out, 0xFFFF'FFFF, 4);
    sized(out, bytes.size(), is_.offset_bytes);
    out.raw(bytes);
    return std::move(out).take();
  }

  uint64_t text_form() const { return is_.indexes ? 0x1a : 0x0e; }
  uint64_t address_form() const { return is_.indexes ? 0x1b : 0x01; }
  uint64_t offset_form() const { return is_.version >= 4 ? 0x17 : is_.offset_bytes == 8 ? 7 : 6; }
  uint64_t length_form() const { return is_.version >= 4 ? 0x06 : address_form(); }

  void kind(uint8_t code, uint64_t tag, bool children,
            std::vector<std::pair<uint64_t, uint64_t>> attributes) {
    abbrev_.u32(code);
    abbrev_.u64(tag);
    abbrev_.u8(children ? 1 : 0);
    attributes.push_back({0, 0});
    for (auto [attribute, form] : attributes) {
      abbrev_.u64(attribute);
      abbrev_.u64(form);
    }
  }

  void abbreviations() {
    std::vector<std::pair<uint64_t, uint64_t>> unit = {
        {0x03, text_form()}, {0x10, offset_form()}, {0x1b, text_form()}};
    if (is_.indexes) {
      unit.push_back({0x72, offset_form()});
      unit.push_back({0x73, offset_form()});
    }
    if (is_.has_unit_range) {
      unit.push_back({0x11, address_form()});
      if (is_.has_range_list) {
        unit.push_back({0x55, offset_form()});
      } else {
        unit.push_back({0x12, length_form()});
      }
    }
    kind(kUnit, 0x11, true, unit);
    kind(kNamespace, 0x39, true, {{0x03, text_form()}});
    kind(kType, 0x13, true, {{0x03, text_form()}, {0x0b, 0x0b}});
    kind(kDeclared, 0x2e, false, {{0x03, text_form()}, {0x3c, 0x19}});
    kind(kAbstract, 0x2e, false, {{0x47, 0x13}, {0x20, 0x0b}});
    kind(kConcrete, 0x2e, true,
         {{0x11, address_form()}, {0x12, length_form()}, {0x40, 0x0a}, {0x03, text_form()}});
    kind(kInlined, 0x1d, false,
         {{0x31, 0x13}, {0x11, address_form()}, {0x12, length_form()}, {0x58, 0x0b}, {0x59, 0x05}});
    abbrev_.u8(0);
  }

  void text(std::string_view text) {
    uint64_t offset = str_.size();
    text_here(str_, text);
    if (!is_.indexes) return sized(info_, offset, is_.offset_bytes);
    info_.u64(texts_++);
    sized(str_offsets_, offset, is_.offset_bytes);
  }
  void address(uint64_t address) {
    if (!is_.indexes) return sized(info_, address, is_.address_bytes);
    info_.u64(addresses_++);
    sized(addr_, address, is_.address_bytes);
  }
  void end_of(uint64_t begin, uint64_t end) {
    if (is_.version >= 4) return sized(info_, end - begin, 4);
    address(end);
  }
  uint64_t dead() const {
    if (is_.is_dead_zero) return 0;
    return is_.address_bytes == 4 ? UINT32_MAX : UINT64_MAX;
  }
  // Offsets in the unit count its length as well.
  uint64_t here() { return info_.size() + (is_.offset_bytes == 8 ? 12 : 4); }

  void info() {
    using Test = DebugInfoForTest;
    sized(info_, is_.version, 2);
    if (is_new()) {
      info_.u8(1);
      info_.u8(static_cast<uint8_t>(is_.address_bytes));
    }
    sized(info_, 0, is_.offset_bytes);
    if (!is_new()) info_.u8(static_cast<uint8_t>(is_.address_bytes));
    info_.u8(kUnit);
    text(is_.file);
    sized(info_, 0, is_.offset_bytes);
    text(is_.directory);
    if (is_.indexes) {
      sized(info_, 0, is_.offset_bytes);
      sized(info_, 0, is_.offset_bytes);
    }
    if (is_.has_unit_range && is_.has_range_list) {
      address(0);
      sized(info_, 0, is_.offset_bytes);
      range_list();
    } else if (is_.has_unit_range) {
      address(Test::kWork);
      end_of(Test::kWork, Test::kEnd);
    }
    info_.u8(kNamespace);
    text("geo");
    info_.u8(kType);
    text("Vec");
    info_.u8(4);
    uint64_t declared = here();
    info_.u8(kDeclared);
    text("twice");
    info_.u8(0);
    info_.u8(0);
    uint64_t abstract = here();
    info_.u8(kAbstract);
    sized(info_, is_.is_origin_circle ? abstract : declared, 4);
    info_.u8(1);
    if (is_.has_dead_code) {
      concrete(dead(), dead() + Test::kEnd, "thrown_away");
      info_.u8(0);
    }
    concrete(Test::kWork, Test::kEnd + (is_.is_stale ? 4 : 0), "work");
    info_.u8(kInlined);
    sized(info_, abstract, 4);
    address(Test::kTwice);
    end_of(Test::kTwice, Test::kAfter);
    info_.u8(1);
    sized(info_, 6, 2);
    info_.u8(0);
    info_.u8(0);
  }

  void concrete(uint64_t begin, uint64_t end, std::string_view name) {
    info_.u8(kConcrete);
    address(begin);
    end_of(begin, end);
    info_.u8(3);
    for (int i = 0; i < 3; ++i) info_.u8(0xED);
    text(name);
  }

  void range_list() {
    using Test = DebugInfoForTest;
    if (!is_new()) {
      for (uint64_t end : {dead() - 1, uint64_t{Test::kWork}, uint64_t{0}}) {
        sized(ranges_, end, is_.address_bytes);
        sized(ranges_, end == Test::kWork ? Test::kEnd : end == 0 ? 0 : end + 1, is_.address_bytes);
      }
      return;
    }
    ranges_.u8(5);  // a base
    sized(ranges_, Test::kWork - 1, is_.address_bytes);
    ranges_.u8(4);  // offsets from it
    ranges_.u64(1);
    ranges_.u64(Test::kTwice);
    ranges_.u8(7);  // begin and length
    sized(ranges_, Test::kTwice, is_.address_bytes);
    ranges_.u64(5);
    ranges_.u8(6);  // begin and end
    sized(ranges_, Test::kTwice + 5, is_.address_bytes);
    sized(ranges_, Test::kEnd, is_.address_bytes);
    ranges_.u8(0);
  }

  void lines() {
    using Test = DebugInfoForTest;
    Writer rest;
    rest.u8(1);
    if (is_.version >= 4) rest.u8(1);
    rest.u8(1);
    rest.u8(static_cast<uint8_t>(-5));
    rest.u8(14);
    rest.u8(13);
    for (uint8_t operands : {0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1}) rest.u8(operands);
    if (is_new()) {
      rest.u8(1);  // directories: a path each
      for (uint8_t byte : {1, 8, 2}) rest.u8(byte);
      text_here(rest, is_.directory);
      text_here(rest, "src");
      rest.u8(2);  // files: a path and a directory each
      for (uint8_t byte : {1, 8, 2, 0x0b, 3}) rest.u8(byte);
    } else {
      text_here(rest, "src");
      rest.u8(0);
    }
    for (std::string_view name :
         {std::string_view(is_.file), std::string_view(is_.file), std::string_view("inl.h")}) {
      text_here(rest, name);
      rest.u8(1);
      for (int i = is_new() ? 2 : 0; i < 2; ++i) rest.u8(0);  // time, size
    }
    if (!is_new()) rest.u8(0);
    ByteVector header = std::move(rest).take();
    sized(line_, is_.version, 2);
    if (is_new()) {
      line_.u8(static_cast<uint8_t>(is_.address_bytes));
      line_.u8(0);
    }
    sized(line_, header.size(), is_.offset_bytes);
    line_.raw(header);
    if (is_.has_dead_code) sequence(dead(), 100);
    sequence(Test::kWork, 4);
  }

  void sequence(uint64_t begin, uint8_t line) {
    using Test = DebugInfoForTest;
    line_.u8(0);
    line_.u64(1 + is_.address_bytes);
    line_.u8(2);
    sized(line_, begin, is_.address_bytes);
    line_.u8(3);
    line_.u64(line - 1u);
    line_.u8(1);                                            // a row at kWork
    line_.u8(static_cast<uint8_t>(13 + (8 * 14 + 1 + 5)));  // 8 bytes on, next line
    line_.u8(9);                                            // fixed advance
    sized(line_, Test::kTwice - Test::kWork - 8, 2);
    row(line_file(2), 19 - (line + 1));
    line_.u8(2);
    line_.u64(Test::kAfter - Test::kTwice);
    row(line_file(1), line + 3 - 19);
    line_.u8(2);
    line_.u64(Test::kEnd - Test::kAfter);
    for (uint8_t byte : {0, 1, 1}) line_.u8(byte);
  }
  uint64_t line_file(uint64_t file) const { return is_new() ? file : file + 1; }
  void row(uint64_t file, int64_t lines) {
    line_.u8(4);
    line_.u64(file);
    line_.u8(3);
    line_.s64(lines);
    line_.u8(1);
  }

  const DebugInfoForTest& is_;
  Writer abbrev_, info_, line_, str_, addr_, str_offsets_, ranges_;
  uint64_t texts_ = 0, addresses_ = 0;
};

inline std::map<std::string, ByteVector> DebugInfoForTest::sections() const {
  return DebugInfoWriter(*this).write();
}

}  // namespace nacre::dwarf
