#include "dwarf/locate.h"

#include <gtest/gtest.h>

#include <chrono>

#include "base/utf8.h"
#include "dwarf/debug_info_for_test.h"

namespace nacre::dwarf {
namespace {

using Info = DebugInfoForTest;
using SectionBytes = std::map<std::string, ByteVector>;

// What is shown of an address, the youngest first: "geo::Vec::twice src/inl.h:19, work src/a.cc:6".
std::string shown(const SectionBytes& sections, uint64_t address) {
  auto module = wasm::decode(module_with(sections), wasm::Features::all_built());
  if (!module) return module.error().to_string();
  EXPECT_EQ(code_begin(*module), kCodeBegin);
  std::vector<uint64_t> offsets = {kCodeBegin + address};
  auto located = locate(*module, offsets);
  std::string text;
  for (const Position& position : located[0]) {
    if (!text.empty()) text += ", ";
    text += position.function + " " + position.file;
    if (position.line != 0) text += ":" + std::to_string(position.line);
  }
  return text;
}

std::string shown(const Info& info, uint64_t address) { return shown(info.sections(), address); }

constexpr char kInTwice[] = "geo::Vec::twice src/inl.h:19, work src/a.cc:6";

void expect_all_found(const Info& info) {
  EXPECT_EQ(shown(info, Info::kWork - 1), "");
  EXPECT_EQ(shown(info, Info::kWork), "work src/a.cc:4");
  EXPECT_EQ(shown(info, Info::kWork + 7), "work src/a.cc:4");
  EXPECT_EQ(shown(info, Info::kWork + 8), "work src/a.cc:5");
  EXPECT_EQ(shown(info, Info::kTwice - 1), "work src/a.cc:5");
  EXPECT_EQ(shown(info, Info::kTwice), kInTwice);
  EXPECT_EQ(shown(info, Info::kAfter - 1), kInTwice);
  EXPECT_EQ(shown(info, Info::kAfter), "work src/a.cc:7");
  EXPECT_EQ(shown(info, Info::kEnd - 1), "work src/a.cc:7");
  EXPECT_EQ(shown(info, Info::kEnd), "");
}

TEST(Locate, ReadsEveryVersionAndEncoding) {
  for (uint16_t version : {2, 3, 4, 5}) {
    for (uint32_t offset_bytes : {4, 8}) {
      for (uint32_t address_bytes : {4, 8}) {
        for (int i = 0; i < 16; ++i) {
          Info info{
              .version = version, .offset_bytes = offset_bytes, .address_bytes = address_bytes};
          if (version < 3 && offset_bytes == 8) continue;
          info.has_range_list = (i & 1) != 0;
          info.has_dead_code = (i & 2) != 0;
          info.is_dead_zero = (i & 4) != 0;
          info.indexes = (i & 8) != 0 && version == 5;
          SCOPED_TRACE(testing::Message() << "version " << version << ", " << offset_bytes << ", "
                                          << address_bytes << ", " << i);
          expect_all_found(info);
        }
      }
    }
  }
}

TEST(Locate, AsksTheLinesWhereAUnitDoesNotSayWhichCodeIsOfIt) {
  expect_all_found({.has_unit_range = false});
  expect_all_found({.version = 4, .has_unit_range = false});
}

TEST(Locate, KnowsInformationOfOtherCode) {
  EXPECT_EQ(shown(Info{.is_stale = true}, Info::kTwice), "");
  EXPECT_EQ(shown(Info{.version = 4, .is_stale = true}, Info::kWork), "");
}

TEST(Locate, AnswersManyAtOnce) {
  auto module = wasm::decode(module_with(Info().sections()), wasm::Features::all_built());
  ASSERT_TRUE(module);
  std::vector<uint64_t> offsets;
  for (uint64_t i = 0; i < 1000; ++i) offsets.push_back(kCodeBegin + Info::kTwice);
  offsets.push_back(0);
  offsets.push_back(UINT64_MAX);
  offsets.push_back(kCodeBegin + Info::kWork);
  auto found = locate(*module, offsets);
  ASSERT_EQ(found.size(), offsets.size());
  EXPECT_EQ(found[0].size(), 2u);
  EXPECT_EQ(found[999].size(), 2u);
  EXPECT_EQ(found[1000].size(), 0u);
  EXPECT_EQ(found[1001].size(), 0u);
  EXPECT_EQ(found[1002].size(), 1u);
  // More different ones than are looked for.
  offsets.clear();
  for (uint64_t i = 0; i < 100; ++i) offsets.push_back(kCodeBegin + i);
  EXPECT_EQ(locate(*module, offsets).size(), 100u);
}

TEST(Locate, ShowsPathsAsTheyWereWritten) {
  EXPECT_EQ(shown(Info{.file = "/usr/include/a.h"}, Info::kWork), "work /usr/include/a.h:4");
  EXPECT_EQ(shown(Info{.file = "/home/x/b.cc"}, Info::kWork), "work b.cc:4");
  EXPECT_EQ(shown(Info{.file = "/home/xy/b.cc"}, Info::kWork), "work /home/xy/b.cc:4");
  EXPECT_EQ(shown(Info{.directory = "/", .file = "/b.cc"}, Info::kWork), "work b.cc:4");
  EXPECT_EQ(shown(Info{.directory = "C:\\x", .file = "C:\\x\\b.cc"}, Info::kWork), "work b.cc:4");
}

TEST(Locate, ShowsNothingThatMovesACursorOrNeverEnds) {
  std::string file = "\x1b[2J\n" + std::string(100'000, 'x');
  std::string text = shown(Info{.file = file}, Info::kWork);
  EXPECT_TRUE(is_printable(text));
  EXPECT_LT(text.size(), 2500u);
}

TEST(Locate, EndsWhereOriginsGoRound) {
  EXPECT_EQ(shown(Info{.is_origin_circle = true}, Info::kTwice), " src/inl.h:19, work src/a.cc:6");
}

TEST(Locate, DoesWithoutAnySection) {
  SectionBytes all = Info{.indexes = true}.sections();
  for (const auto& [name, bytes] : all) {
    SectionBytes rest = all;
    rest.erase(name);
    std::string text = shown(rest, Info::kTwice);
    EXPECT_NE(text, kInTwice) << name;
  }
  SectionBytes no_lines = Info().sections();
  no_lines.erase(".debug_line");
  EXPECT_EQ(shown(no_lines, Info::kTwice), "geo::Vec::twice , work ");
}

TEST(Locate, DoesWithWhatWasCutShort) {
  for (uint16_t version : {4, 5}) {
    SectionBytes all = Info{.version = version}.sections();
    for (auto& [name, bytes] : all) {
      for (size_t length = 0; length < bytes.size(); ++length) {
        SectionBytes cut = all;
        cut[name].resize(length);
        EXPECT_LT(shown(cut, Info::kTwice).size(), 100u);
      }
    }
  }
}

// A unit of code whose root has the attributes that are written here, and nothing else.
ByteVector small_unit(uint8_t code) { return {8, 0, 0, 0, 4, 0, 0, 0, 0, 0, 4, code}; }

void append(ByteVector& to, const ByteVector& bytes, size_t times) {
  for (size_t i = 0; i < times; ++i) to.insert(to.end(), bytes.begin(), bytes.end());
}

// More seconds than it ever takes, even under sanitizers.
void expect_quick(const SectionBytes& sections) {
  auto begin = std::chrono::steady_clock::now();
  shown(sections, Info::kTwice);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(60));
}

TEST(Locate, IsNotKeptBusyByLongTablesThatAreReadOverAndOver) {
  // Each of 100 000 units reads the same 100 000 abbreviations up to the last one.
  SectionBytes sections;
  for (uint32_t i = 0; i < 100'000; ++i) append(sections[".debug_abbrev"], {2, 0x34, 0, 0, 0}, 1);
  append(sections[".debug_abbrev"], {1, 0x11, 0, 0, 0, 0}, 1);
  append(sections[".debug_info"], small_unit(1), 100'000);
  expect_quick(sections);
}

TEST(Locate, IsNotKeptBusyByAttributesOfNoBytes) {
  // A million entries with half a million attributes each.
  SectionBytes sections;
  ByteVector& abbrev = sections[".debug_abbrev"];
  append(abbrev, {1, 0x11, 1, 0x11, 0x01, 0x12, 0x0b, 0, 0, 2, 0x34, 0}, 1);
  append(abbrev, {0x3c, 0x19}, 500'000);
  append(abbrev, {0, 0, 0}, 1);
  ByteVector& info = sections[".debug_info"];
  wasm::ByteWriter head;
  head.fixed<uint32_t>(7 + 6 + 1'000'000);
  info = std::move(head).take();
  append(info, {4, 0, 0, 0, 0, 0, 4, 1, Info::kWork, 0, 0, 0, Info::kEnd}, 1);
  append(info, {2}, 1'000'000);
  expect_quick(sections);
}

TEST(Locate, IsNotKeptBusyByLinesThatGoNowhere) {
  // Each of 100 000 units has the same ten million rows, none of which moves on.
  SectionBytes sections;
  append(sections[".debug_abbrev"], {1, 0x11, 0, 0x10, 0x17, 0, 0, 0}, 1);
  append(sections[".debug_info"], {12, 0, 0, 0, 4, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0}, 100'000);
  ByteVector& line = sections[".debug_line"];
  append(line, {0, 0, 0, 0, 4, 0, 20, 0, 0, 0, 1, 1, 1, 0xFB, 14, 13}, 1);
  append(line, {0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1, 0, 0}, 1);
  append(line, {0, 5, 2, Info::kWork, 0, 0, 0}, 1);
  append(line, {0x12}, 10'000'000);
  store_le(line.data(), static_cast<uint32_t>(line.size() - 4));
  expect_quick(sections);
}

}  // namespace
}  // namespace nacre::dwarf
