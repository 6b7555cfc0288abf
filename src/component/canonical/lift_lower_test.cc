// Values into a guest's memory and out of it again.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <map>
#include <random>

#include "base/utf8.h"
#include "component/canonical/lift.h"
#include "component/canonical/lower.h"
#include "component/canonical/types_for_test.h"
#include "component/wave.h"

namespace nacre::component {
namespace {

constexpr uint64_t kEnough = 64 << 20;
constexpr StringEncoding kEncodings[] = {StringEncoding::utf8, StringEncoding::utf16,
                                         StringEncoding::latin1_utf16};

// Bytes with a page behind them that nothing may touch; where they were before they were resized
// nothing may either.
class GuardedBytes {
 public:
  explicit GuardedBytes(size_t size)
      : size_(size), mapped_((size + kPage - 1) / kPage * kPage + kPage) {
    int flags = MAP_PRIVATE | MAP_ANONYMOUS;
    void* base = mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, flags, -1, 0);
    base_ = static_cast<uint8_t*>(base);
    bool is_guarded =
        base != MAP_FAILED && mprotect(base_ + mapped_ - kPage, kPage, PROT_NONE) == 0;
    if (!is_guarded) std::abort();
  }
  ~GuardedBytes() { munmap(base_, mapped_); }
  GuardedBytes(const GuardedBytes&) = delete;
  GuardedBytes& operator=(const GuardedBytes&) = delete;

  MutableBytes bytes() { return {base_ + mapped_ - kPage - size_, size_}; }
  size_t size() const { return size_; }

 private:
  static constexpr size_t kPage = 65536;  // of any processor

  size_t size_;
  size_t mapped_;
  uint8_t* base_;
};

// Its realloc gives new memory each time, and moves all of it to grow; tests may say what it
// returns.
class TestMemory : public Memory {
 public:
  explicit TestMemory(size_t size) : bytes_(std::make_unique<GuardedBytes>(size)) {}

  MutableBytes bytes() override { return bytes_->bytes(); }
  OrTrap<uint64_t> reallocate(uint64_t old_address, uint64_t old_size, uint64_t align,
                              uint64_t size) override {
    calls += "(" + std::to_string(old_size) + " " + std::to_string(align) + " " +
             std::to_string(size) + ")";
    if (traps) return trap(TrapKind::called_guest);
    if (answer) return *answer;
    next_ = (next_ + align - 1) / align * align;
    uint64_t address = next_;
    next_ += size;
    if (next_ > bytes_->size()) {
      auto larger = std::make_unique<GuardedBytes>(next_ + 7);
      std::ranges::copy(bytes(), larger->bytes().begin());
      bytes_ = std::move(larger);
    }
    std::memmove(bytes().data() + address, bytes().data() + old_address, std::min(old_size, size));
    return address;
  }

  std::string calls;  // "(old size, alignment, size)" each
  std::optional<uint64_t> answer;
  bool traps = false;

 private:
  std::unique_ptr<GuardedBytes> bytes_;
  uint64_t next_ = 8;
};

// Handles from 1 on, each of the type it was made for.
class TestHandles : public Handles {
 public:
  OrTrap<uint64_t> lift(const Layout& type, uint32_t handle) override {
    auto found = table_.find(handle);
    if (found == table_.end()) return trap(TrapKind::unknown_handle, handle);
    if (found->second.first != type.resource) return trap(TrapKind::wrong_handle, handle);
    uint64_t what = found->second.second;
    if (type.kind != Type::Kind::borrow) table_.erase(found);
    return what;
  }
  OrTrap<uint32_t> lower(const Layout& type, uint64_t what) override {
    table_[++last_] = {type.resource, what};
    return last_;
  }
  size_t size() const { return table_.size(); }

 private:
  std::map<uint32_t, std::pair<ResourceIndex, uint64_t>> table_;
  uint32_t last_ = 0;
};

std::string hex(Bytes bytes) {
  std::string text;
  for (uint8_t byte : bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

// What may be asked of one type.
class LiftLower : public testing::Test {
 protected:
  LayoutId use(std::string_view type) {
    types_.emplace(
        "resource res;\nflags fl { a, b, c }\nenum e { x, y, z }\n"
        "variant v { n, i(u32), f(f32), l(u64), d(f64), s(string) }\ntype t = " +
        std::string(type) + ";\n");
    return layout_ = types_->layout("t", layouts_.emplace(AddressWidth::b32));
  }
  Value parse(std::string_view text) {
    Result<Value> value = parse_value(text, types_->types(), types_->type("t"));
    EXPECT_TRUE(value) << text << ": " << value.error().to_string();
    return value ? *value : Value();
  }
  std::string print(const Value& value) {
    return print_value(value, types_->types(), types_->type("t"));
  }

  // The core values that the value is passed as, with a space between.
  std::string lowered(std::string_view type, std::string_view text,
                      StringEncoding encoding = StringEncoding::utf8) {
    use(type);
    Lowerer lowerer(*layouts_, &memory_, encoding, &handles_);
    OrTrap<FlatValues> values = lowerer.lower(layout_, parse(text), 16);
    if (!values) return to_string(values.error());
    std::string result;
    for (uint64_t bits : values->values()) result += std::to_string(bits) + " ";
    return result;
  }
  std::string lifted(std::string_view type, std::vector<uint64_t> values,
                     StringEncoding encoding = StringEncoding::utf8) {
    use(type);
    Lifter lifter(*layouts_, &memory_, encoding, &handles_, kEnough);
    OrTrap<Value> value = lifter.lift(layout_, values, 16);
    return value ? print(*value) : to_string(value.error());
  }
  // The value as it lies at address 0, in hexadecimal digits.
  std::string stored(std::string_view type, std::string_view text) {
    use(type);
    std::ranges::fill(memory_.bytes(), uint8_t{0});
    Lowerer lowerer(*layouts_, &memory_, StringEncoding::utf8, &handles_);
    OrTrap<void> done = lowerer.store(layout_, parse(text), 0);
    if (!done) return to_string(done.error());
    return hex(memory_.bytes().first(layouts_->at(layout_).size_bytes));
  }
  void put(uint64_t address, std::vector<uint8_t> bytes) {
    std::ranges::copy(bytes, memory_.bytes().subspan(address).begin());
  }

  std::optional<TypesForTest> types_;
  std::optional<Layouts> layouts_;
  LayoutId layout_{};
  TestMemory memory_{64};
  TestHandles handles_;
};

// ---- core values

TEST_F(LiftLower, NarrowNumbersAreCutAndExtended) {
  EXPECT_EQ(lifted("u8", {0x1FF}), "255");
  EXPECT_EQ(lifted("s8", {0x180}), "-128");
  EXPECT_EQ(lifted("u16", {0x12345}), "9029");
  EXPECT_EQ(lifted("s16", {0x18000}), "-32768");
  EXPECT_EQ(lifted("s32", {0xFFFFFFFF}), "-1");
  EXPECT_EQ(lifted("s64", {~uint64_t{0}}), "-1");
  EXPECT_EQ(lifted("bool", {2}), "true");
  EXPECT_EQ(lifted("bool", {0}), "false");
  EXPECT_EQ(lifted("fl", {0xFD}), "{a, c}");
  EXPECT_EQ(lowered("s8", "-1"), "4294967295 ");
  EXPECT_EQ(lowered("s64", "-1"), "18446744073709551615 ");
  EXPECT_EQ(lowered("u16", "65535"), "65535 ");
}

TEST_F(LiftLower, CharsAreScalarValues) {
  EXPECT_EQ(lifted("char", {0xD7FF}).substr(0, 1), "'");
  EXPECT_EQ(lifted("char", {0x41}), "'A'");
  EXPECT_EQ(lifted("char", {0xD800}), "invalid `char` bit pattern");
  EXPECT_EQ(lifted("char", {0xDFFF}), "invalid `char` bit pattern");
  EXPECT_EQ(lifted("char", {0x110000}), "invalid `char` bit pattern");
}

TEST_F(LiftLower, CasesAreConverted) {
  constexpr std::string_view kUnused = "0 ";
  EXPECT_EQ(lowered("v", "n"), "0 0 0 ");
  EXPECT_EQ(lowered("v", "i(7)"), "1 7 " + std::string(kUnused));
  EXPECT_EQ(lowered("v", "f(1.0)"), "2 1065353216 0 ");
  EXPECT_EQ(lowered("v", "d(1.0)"), "4 4607182418800017408 0 ");
  // The place is an i64: of its upper half nothing is seen.
  EXPECT_EQ(lifted("v", {1, 0xABCD00000007, 9}), "i(7)");
  EXPECT_EQ(lifted("v", {2, 0xABCD3F800000, 9}), "f(1)");
  EXPECT_EQ(lifted("v", {6, 0, 0}), "invalid variant discriminant");
  EXPECT_EQ(lifted("e", {3}), "invalid variant discriminant");
  EXPECT_EQ(lifted("option<u8>", {2, 0}), "invalid variant discriminant");
  // What follows a case is found behind the longest one.
  EXPECT_EQ(lifted("tuple<v, u8>", {0, 5, 6, 7}), "(n, 7)");
}

TEST_F(LiftLower, NansAreOne) {
  use("tuple<f32, f64>");
  Lifter lifter(*layouts_, nullptr, StringEncoding::utf8, nullptr, kEnough);
  OrTrap<Value> value =
      lifter.lift(layout_, std::vector<uint64_t>{0xFFC12345, 0x7FF0000000000001}, 16);
  ASSERT_TRUE(value);
  EXPECT_EQ(value->parts[0].bits, 0x7FC00000u);
  EXPECT_EQ(value->parts[1].bits, 0x7FF8000000000000u);
}

// ---- memory

TEST_F(LiftLower, Stored) {
  EXPECT_EQ(stored("tuple<u8, u32, u16>", "(1, 2, 3)"), "010000000200000003000000");
  EXPECT_EQ(stored("option<u16>", "some(258)"), "01000201");
  EXPECT_EQ(stored("v", "l(1)"), "03000000000000000100000000000000");
  EXPECT_EQ(stored("list<u16, 3>", "[1, 2, 3]"), "010002000300");
  EXPECT_EQ(stored("fl", "{a, c}"), "05");
  // The first address that the test's realloc gives is 8.
  EXPECT_EQ(stored("string", "\"hi\""), "0800000002000000");
}

TEST_F(LiftLower, ListsAndMaps) {
  put(16, {1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0});
  EXPECT_EQ(lifted("list<u32>", {16, 4}), "[1, 2, 3, 4]");
  EXPECT_EQ(lifted("list<tuple<u8, u32>>", {16, 2}), "[(1, 2), (3, 4)]");
  use("map<u8, u32>");
  Lifter lifter(*layouts_, &memory_, StringEncoding::utf8, nullptr, kEnough);
  OrTrap<Value> map = lifter.lift(layout_, std::vector<uint64_t>{16, 2}, 16);
  ASSERT_TRUE(map);
  ASSERT_EQ(map->parts.size(), 4u);
  EXPECT_EQ(map->parts[2].bits, 3u);
  EXPECT_EQ(map->parts[3].bits, 4u);
  TestMemory other(8);
  Lowerer lowerer(*layouts_, &other, StringEncoding::utf8, nullptr);
  OrTrap<FlatValues> values = lowerer.lower(layout_, *map, 16);
  ASSERT_TRUE(values);
  EXPECT_EQ(other.calls, "(0 4 16)");
  EXPECT_EQ(hex(other.bytes().subspan(values->bits[0], 16)), "01000000020000000300000004000000");
}

TEST_F(LiftLower, RangesAreChecked) {
  EXPECT_EQ(lifted("list<u32>", {2, 0}), "unaligned pointer");
  EXPECT_EQ(lifted("list<u32>", {64, 0}), "[]");
  EXPECT_EQ(lifted("list<u32>", {68, 0}), "list pointer/length out of bounds of memory");
  EXPECT_EQ(lifted("list<u32>", {56, 3}), "list pointer/length out of bounds of memory");
  EXPECT_EQ(lifted("list<u32>", {0, 1 << 26}), "list too long");
  EXPECT_EQ(lifted("list<u32>", {0, 0xFFFFFFFF}), "list too long");
  EXPECT_EQ(lifted("string", {0, 1 << 28}), "string too long");
  EXPECT_EQ(lifted("string", {0, (1 << 28) - 1}), "string pointer/length out of bounds of memory");
  EXPECT_EQ(lifted("string", {0xFFFFFFFF, 2}), "string pointer/length out of bounds of memory");
  // 17 of them: the address of a tuple is passed.
  constexpr std::string_view kSpilled =
      "tuple<u8, u32, u32, u32, u32, u32, u32, u32, u32, u32, u32, u32, u32, u32, u32, u32, u32>";
  EXPECT_EQ(lifted(kSpilled, {2}), "unaligned pointer");
  EXPECT_EQ(lifted(kSpilled, {60}), "pointer out of bounds of memory");
}

TEST_F(LiftLower, ParametersThatAreTooManyAreStored) {
  constexpr std::string_view kFive = "tuple<u8, u8, u8, u8, u8>";
  use(kFive);
  Lowerer lowerer(*layouts_, &memory_, StringEncoding::utf8, nullptr);
  Value value = parse("(1, 2, 3, 4, 5)");
  OrTrap<FlatValues> values = lowerer.lower(layout_, value, 4);
  ASSERT_TRUE(values);
  ASSERT_EQ(values->count, 1u);
  EXPECT_EQ(memory_.calls, "(0 1 5)");
  Lifter lifter(*layouts_, &memory_, StringEncoding::utf8, nullptr, kEnough);
  EXPECT_EQ(print(*lifter.lift(layout_, values->values(), 4)), "(1, 2, 3, 4, 5)");
  // At the guest's address nothing is passed.
  values = lowerer.lower(layout_, value, 4, 40);
  ASSERT_TRUE(values);
  EXPECT_EQ(values->count, 0u);
  EXPECT_EQ(hex(memory_.bytes().subspan(40, 5)), "0102030405");
  EXPECT_EQ(lowerer.lower(layout_, value, 4, 60).error().kind, TrapKind::pointer_out_of_bounds);
}

TEST_F(LiftLower, ReallocIsNotBelieved) {
  memory_.answer = 2;
  EXPECT_EQ(lowered("list<u32>", "[1]"), "realloc return: result not aligned");
  memory_.answer = 0xFFFFFFFF;
  EXPECT_EQ(lowered("list<u32>", "[]"), "realloc return: result not aligned");
  memory_.answer = 0xFFFFFFFC;
  EXPECT_EQ(lowered("list<u32>", "[]"), "realloc return: beyond end of memory");
  memory_.answer = 60;
  EXPECT_EQ(lowered("list<u32>", "[1, 2]"), "realloc return: beyond end of memory");
  EXPECT_EQ(lowered("string", "\"12345\""), "realloc return: beyond end of memory");
  memory_.answer.reset();
  memory_.traps = true;
  EXPECT_EQ(lowered("string", "\"\""), "a function of the guest ended in a trap of its own");
}

// ---- strings

TEST_F(LiftLower, StringsOfEachEncoding) {
  put(0, {'h', 0xC3, 0xB6});
  EXPECT_EQ(lifted("string", {0, 3}), "\"hö\"");
  EXPECT_EQ(lifted("string", {1, 1}), "invalid utf-8");
  EXPECT_EQ(lifted("string", {2, 1}), "invalid utf-8");
  put(16, {'h', 0, 0xF6, 0, 0x3C, 0xD8, 0x70, 0xDF});
  EXPECT_EQ(lifted("string", {16, 4}, StringEncoding::utf16), "\"hö🍰\"");
  EXPECT_EQ(lifted("string", {16, 3}, StringEncoding::utf16), "invalid utf-16: unpaired surrogate");
  EXPECT_EQ(lifted("string", {22, 1}, StringEncoding::utf16), "invalid utf-16: unpaired surrogate");
  EXPECT_EQ(lifted("string", {17, 0}, StringEncoding::utf16), "unaligned pointer");
  EXPECT_EQ(lifted("string", {0, 1 << 27}, StringEncoding::utf16), "string too long");
  put(32, {'h', 0xF6});
  EXPECT_EQ(lifted("string", {32, 2}, StringEncoding::latin1_utf16), "\"hö\"");
  EXPECT_EQ(lifted("string", {16, 0x80000004}, StringEncoding::latin1_utf16), "\"hö🍰\"");
  EXPECT_EQ(lifted("string", {33, 0}, StringEncoding::latin1_utf16), "unaligned pointer");
  EXPECT_EQ(lifted("string", {0, 0xFFFFFFFF}, StringEncoding::latin1_utf16), "string too long");
}

// Sizes and alignments that realloc is called with; the specification says each of them.
TEST(StoreString, CallsOfRealloc) {
  struct Row {
    StringEncoding to;
    StringEncoding from;
    bool is_tagged;
    std::string_view text;
    std::string_view calls;
    uint64_t length;
  };
  constexpr StringEncoding k8 = StringEncoding::utf8;
  constexpr StringEncoding k16 = StringEncoding::utf16;
  constexpr StringEncoding kEither = StringEncoding::latin1_utf16;
  constexpr uint64_t kTag = 0x80000000;
  constexpr Row kRows[] = {
      {k8, k8, false, "", "(0 1 0)", 0},
      {k8, k8, false, "hö", "(0 1 3)", 3},
      {k8, k16, false, "abc", "(0 1 3)", 3},
      {k8, k16, false, "hö☃", "(0 1 3)(3 1 9)(9 1 6)", 6},
      {k8, k16, false, "☃", "(0 1 1)(1 1 3)", 3},  // as large as it can get
      {k8, kEither, false, "hö", "(0 1 2)(2 1 4)(4 1 3)", 3},
      {k8, kEither, true, "hö", "(0 1 2)(2 1 6)(6 1 3)", 3},
      {k16, k8, false, "abc", "(0 2 6)", 3},
      {k16, k8, false, "hö🍰", "(0 2 14)(14 2 8)", 4},
      {k16, k16, false, "hö🍰", "(0 2 8)", 4},
      {k16, kEither, false, "hö", "(0 2 4)", 2},
      {kEither, k8, false, "abc", "(0 2 3)", 3},
      {kEither, k8, false, "hö", "(0 2 3)(3 2 2)", 2},
      {kEither, k8, false, "hö☃", "(0 2 6)(6 2 12)(12 2 6)", 3 | kTag},
      {kEither, k16, false, "hö", "(0 2 2)", 2},
      {kEither, k16, false, "hö☃", "(0 2 3)(3 2 6)", 3 | kTag},
      {kEither, kEither, false, "hö", "(0 2 2)", 2},
      {kEither, kEither, true, "hö☃", "(0 2 6)", 3 | kTag},
      {kEither, kEither, true, "hö", "(0 2 4)(4 1 2)", 2},
  };
  for (const Row& row : kRows) {
    TypesForTest types("type t = string;\n");
    Layouts layouts(AddressWidth::b32);
    LayoutId layout = types.layout("t", layouts);
    TestMemory memory(8);
    Lowerer lowerer(layouts, &memory, row.to, nullptr, row.from);
    Value value{.bits = row.is_tagged ? 1u : 0u};
    value.text = row.text;
    OrTrap<FlatValues> lowered = lowerer.lower(layout, value, 16);
    ASSERT_TRUE(lowered) << row.text;
    EXPECT_EQ(memory.calls, row.calls) << row.text;
    EXPECT_EQ(lowered->bits[1], row.length) << row.text;
    Lifter lifter(layouts, &memory, row.to, nullptr, kEnough);
    EXPECT_EQ(lifter.lift(layout, lowered->values(), 16)->text, row.text);
  }
}

// ---- handles

TEST_F(LiftLower, HandlesAreOfTheirKeeper) {
  use("tuple<own<res>, borrow<res>>");
  Lowerer lowerer(*layouts_, nullptr, StringEncoding::utf8, &handles_);
  Value value;
  value.parts = {Value{.bits = 77}, Value{.bits = 78}};
  OrTrap<FlatValues> values = lowerer.lower(layout_, value, 16);
  ASSERT_TRUE(values);
  EXPECT_EQ(handles_.size(), 2u);
  Lifter lifter(*layouts_, nullptr, StringEncoding::utf8, &handles_, kEnough);
  OrTrap<Value> again = lifter.lift(layout_, values->values(), 16);
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, value);
  EXPECT_EQ(handles_.size(), 1u);  // what was owned is gone
  again = lifter.lift(layout_, values->values(), 16);
  ASSERT_FALSE(again);
  EXPECT_EQ(to_string(again.error()), "unknown handle index 1");
}

// ---- the host's side

TEST_F(LiftLower, WhatIsLiftedIsBounded) {
  // 8 lists that name the same 32 bytes.
  for (uint8_t i = 0; i < 8; ++i) put(8 * size_t{i}, {0, 0, 0, 0, 32, 0, 0, 0});
  use("list<list<u8>>");
  std::vector<uint64_t> values = {0, 8};
  uint64_t needed = (8 + 8 * 32) * sizeof(Value);
  Lifter enough(*layouts_, &memory_, StringEncoding::utf8, nullptr, needed);
  EXPECT_TRUE(enough.lift(layout_, values, 16));
  Lifter less(*layouts_, &memory_, StringEncoding::utf8, nullptr, needed - 1);
  EXPECT_EQ(less.lift(layout_, values, 16).error().kind, TrapKind::values_too_large);
}

// A guest can name gigabytes at no cost: the limit counts before they are decoded.
TEST_F(LiftLower, StringsBeyondTheHostsLimitAreNotDecoded) {
  put(0, {0x00, 0xDC, 0x00, 0xDC});  // no characters
  use("string");
  std::vector<uint64_t> values = {0, 2};
  Lifter enough(*layouts_, &memory_, StringEncoding::utf16, nullptr, 2);
  EXPECT_EQ(enough.lift(layout_, values, 16).error().kind, TrapKind::invalid_utf16);
  Lifter less(*layouts_, &memory_, StringEncoding::utf16, nullptr, 1);
  EXPECT_EQ(less.lift(layout_, values, 16).error().kind, TrapKind::values_too_large);
}

TEST_F(LiftLower, ValuesOfAnotherTypeAreRefused) {
  auto refused = [&](std::string_view type, Value value) {
    use(type);
    for (uint32_t max_flat : {16, 0}) {
      Lowerer lowerer(*layouts_, &memory_, StringEncoding::utf8, &handles_);
      OrTrap<FlatValues> values = lowerer.lower(layout_, value, max_flat);
      ASSERT_FALSE(values) << type;
      EXPECT_EQ(values.error().kind, TrapKind::wrong_value) << type;
    }
  };
  Value parts;
  parts.parts.resize(3);
  Value text;
  text.text = "\xFF";
  refused("bool", {.bits = 2});
  refused("u8", {.bits = 256});
  refused("s8", {.bits = 128});
  refused("s32", {.bits = uint64_t{1} << 31});
  refused("f32", {.bits = uint64_t{1} << 32});
  refused("char", {.bits = 0xD800});
  refused("fl", {.bits = 8});
  refused("e", {.bits = 3});
  refused("option<u8>", {.bits = 1});
  refused("option<u8>", parts);
  refused("v", {.bits = 6});
  refused("tuple<u8, u8>", parts);
  refused("list<u8, 2>", parts);
  refused("map<u8, u8>", parts);
  refused("string", text);
}

// ---- at random

class RandomTypes {
 public:
  explicit RandomTypes(uint64_t seed) : random_(seed) {
    TypeDef def{.kind = Type::Kind::resource, .resource = types_.add_resource()};
    resource_ = *types_.add(std::move(def));
  }

  uint64_t below(uint64_t bound) { return random_() % bound; }

  TypeId type(uint32_t depth) {
    using Kind = Type::Kind;
    auto primitive = static_cast<Primitive>(0x73 + below(13));
    TypeDef def{.kind = Kind::primitive, .primitive = primitive};
    constexpr Kind kKinds[] = {Kind::record, Kind::variant, Kind::list,        Kind::fixed_list,
                               Kind::tuple,  Kind::flags,   Kind::enumeration, Kind::option,
                               Kind::result, Kind::own,     Kind::borrow,      Kind::map};
    if (depth != 0 && below(4) != 0) def.kind = kKinds[below(std::size(kKinds))];
    auto part = [&] { return type(depth - 1); };
    auto perhaps = [&] { return below(3) == 0 ? kNoType : part(); };
    switch (def.kind) {
      case Kind::record:
      case Kind::tuple:
        for (uint64_t i = below(5); i-- > 0;) def.members.push_back({"", part()});
        def.members.push_back({"", part()});
        break;
      case Kind::variant:
        for (uint64_t i = below(4); i-- > 0;) def.members.push_back({"", perhaps()});
        def.members.push_back({"", perhaps()});
        break;
      case Kind::flags:
        def.members.resize(1 + below(32));
        break;
      case Kind::enumeration:
        def.members.resize(1 + (below(8) == 0 ? below(700) : below(5)));
        break;
      case Kind::list:
      case Kind::option:
        def.first = part();
        break;
      case Kind::map:
        def.first = types_.primitive(Primitive::u16);
        def.second = part();
        break;
      case Kind::result:
        def.first = perhaps();
        def.second = perhaps();
        break;
      case Kind::fixed_list:
        def.first = part();
        def.length = static_cast<uint32_t>(1 + below(4));
        break;
      case Kind::own:
      case Kind::borrow:
        def.first = resource_;
        break;
      default:
        break;
    }
    return *types_.add(std::move(def));
  }

  Value value(const Layouts& layouts, LayoutId id) {
    using Kind = Type::Kind;
    const Layout& layout = layouts.at(id);
    Value value;
    switch (layout.kind) {
      case Kind::primitive:
        return scalar(layout.primitive);
      case Kind::record:
      case Kind::tuple:
        for (const Layout::Part& part : layout.parts) {
          value.parts.push_back(this->value(layouts, part.layout));
        }
        break;
      case Kind::list:
      case Kind::fixed_list:
        for (uint64_t i = layout.kind == Kind::list ? below(4) : layout.length; i-- > 0;) {
          value.parts.push_back(this->value(layouts, layout.element));
        }
        break;
      case Kind::map:
        for (uint64_t i = below(4); i-- > 0;) {
          for (Value& part : this->value(layouts, layout.element).parts) {
            value.parts.push_back(std::move(part));
          }
        }
        break;
      case Kind::flags:
        value.bits = random_() & ((uint64_t{1} << layout.parts.size()) - 1);
        break;
      case Kind::own:
      case Kind::borrow:
        value.bits = random_();
        break;
      default: {
        value.bits = below(layout.parts.size());
        LayoutId payload = layout.parts[value.bits].layout;
        if (payload != kNoLayout) value.parts.push_back(this->value(layouts, payload));
      }
    }
    return value;
  }

  const Types& types() const { return types_; }

 private:
  Value scalar(Primitive primitive) {
    Value value{.bits = random_()};
    auto sign_extend = [&](auto narrow) { value.bits = static_cast<uint64_t>(int64_t{narrow}); };
    switch (primitive) {
      case Primitive::boolean:
        value.bits &= 1;
        break;
      case Primitive::u8:
        value.bits &= 0xFF;
        break;
      case Primitive::u16:
        value.bits &= 0xFFFF;
        break;
      case Primitive::u32:
        value.bits &= 0xFFFFFFFF;
        break;
      case Primitive::s8:
        sign_extend(static_cast<int8_t>(value.bits));
        break;
      case Primitive::s16:
        sign_extend(static_cast<int16_t>(value.bits));
        break;
      case Primitive::s32:
        sign_extend(static_cast<int32_t>(value.bits));
        break;
      case Primitive::f32:
        value.bits &= 0xBFFFFFFF;  // no NaN
        break;
      case Primitive::f64:
        value.bits &= 0xBFFFFFFFFFFFFFFF;
        break;
      case Primitive::character:
        value.bits = scalar_value();
        break;
      case Primitive::string:
        value.bits = 0;
        for (uint64_t i = below(6); i-- > 0;) append_utf8(value.text, scalar_value());
        break;
      default:
        break;
    }
    return value;
  }
  uint32_t scalar_value() {
    constexpr uint32_t kBounds[] = {0x80, 0x100, 0xD800, 0x110000};
    auto number = static_cast<uint32_t>(below(kBounds[below(4)]));
    return number >= 0xD800 && number < 0xE000 ? 'x' : number;
  }

  std::mt19937_64 random_;
  Types types_{uint64_t{1} << 40};
  TypeId resource_;
};

// Lifting marks what was UTF-16 in latin1+utf16; the value is the same.
Value without_tags(Value value) {
  if (!value.text.empty()) value.bits = 0;
  for (Value& part : value.parts) part = without_tags(std::move(part));
  return value;
}

TEST(LiftLowerAtRandom, LiftingUndoesLowering) {
  for (uint64_t seed = 0; seed < 4000; ++seed) {
    RandomTypes random(seed);
    Layouts layouts(kAddressWidths[seed % 2]);
    LayoutId layout = *layouts.add(random.types(), random.type(4), &TypesForTest::number);
    Value value = random.value(layouts, layout);
    StringEncoding encoding = kEncodings[random.below(3)];
    TestMemory memory(random.below(64));
    TestHandles handles;
    auto max_flat = static_cast<uint32_t>(random.below(17));
    Lowerer lowerer(layouts, &memory, encoding, &handles, kEncodings[random.below(3)]);
    OrTrap<FlatValues> lowered = lowerer.lower(layout, value, max_flat);
    ASSERT_TRUE(lowered) << seed << ": " << to_string(lowered.error());
    EXPECT_EQ(
        lowered->count,
        std::min(layouts.at(layout).flat.size() > max_flat ? 1 : layouts.at(layout).flat.size(),
                 16u));
    Lifter lifter(layouts, &memory, encoding, &handles, kEnough);
    OrTrap<Value> lifted = lifter.lift(layout, lowered->values(), max_flat);
    ASSERT_TRUE(lifted) << seed << ": " << to_string(lifted.error());
    ASSERT_EQ(without_tags(*lifted), value) << seed;
  }
}

// Any memory and any core values lift to a value or a trap; what is read behind it faults.
// What lifts is of the type: lowering, which checks that, takes it.
TEST(LiftLowerAtRandom, HostileMemory) {
  uint32_t lifted_values = 0;
  for (uint64_t seed = 0; seed < 6000; ++seed) {
    RandomTypes random(seed);
    Layouts layouts(kAddressWidths[seed % 2]);
    LayoutId layout = *layouts.add(random.types(), random.type(3), &TypesForTest::number);
    TestMemory memory(random.below(200));
    // Small numbers mostly: addresses and lengths that are nearly right.
    for (uint8_t& byte : memory.bytes()) {
      byte = static_cast<uint8_t>(random.below(3) == 0 ? random.below(256) : random.below(3));
    }
    TestHandles handles;
    std::vector<uint64_t> values;
    for (int i = 0; i < 17; ++i) {
      values.push_back(random.below(8) == 0 ? random.below(~uint64_t{0}) : 4 * random.below(30));
    }
    StringEncoding encoding = kEncodings[random.below(3)];
    Lifter lifter(layouts, &memory, encoding, &handles, 1 << 20);
    OrTrap<Value> value = lifter.lift(layout, values, 16);
    if (!value) continue;
    ++lifted_values;
    Lowerer lowerer(layouts, &memory, encoding, &handles, encoding);
    OrTrap<FlatValues> lowered = lowerer.lower(layout, *value, 16);
    ASSERT_TRUE(lowered) << seed << ": " << to_string(lowered.error());
  }
  EXPECT_GT(lifted_values, 500u);
}

// A realloc that answers anything, and a value that is of another type: nothing is written outside.
TEST(LiftLowerAtRandom, HostileRealloc) {
  for (uint64_t seed = 0; seed < 4000; ++seed) {
    RandomTypes random(seed);
    Layouts layouts(kAddressWidths[seed % 2]);
    LayoutId layout = *layouts.add(random.types(), random.type(4), &TypesForTest::number);
    LayoutId other = *layouts.add(random.types(), random.type(4), &TypesForTest::number);
    Value value = random.value(layouts, random.below(4) == 0 ? other : layout);
    TestMemory memory(random.below(100));
    memory.answer = random.below(10) == 0 ? ~uint64_t{0} - random.below(40) : random.below(110);
    TestHandles handles;
    Lowerer lowerer(layouts, &memory, kEncodings[random.below(3)], &handles,
                    kEncodings[random.below(3)]);
    (void)lowerer.lower(layout, value, 16);
    (void)lowerer.store(layout, value, random.below(110));
  }
}

}  // namespace
}  // namespace nacre::component
