#include "wasm/type_registry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>
#include <vector>

#include "wasm/limits.h"

namespace nacre::wasm {
namespace {

ValType ref(uint32_t index, bool nullable = false) {
  return ValType::ref(HeapType::concrete(TypeIdx{index}), nullable);
}
ValType ref(CanonTypeId id, bool nullable = false) {
  return ref(static_cast<uint32_t>(id), nullable);
}

SubType func(std::vector<ValType> params, std::vector<ValType> results = {}) {
  return {.kind = SubType::Kind::func, .func = {std::move(params), std::move(results)}};
}
SubType structure(std::vector<FieldType> fields, std::optional<uint32_t> super = {},
                  bool is_final = false) {
  SubType type{.kind = SubType::Kind::structure, .is_final = is_final, .fields = std::move(fields)};
  if (super) type.super = TypeIdx{*super};
  return type;
}
SubType array(FieldType element) { return {.kind = SubType::Kind::array, .fields = {element}}; }

// A module of these groups.
Module types(std::vector<std::vector<SubType>> groups) {
  Module module;
  for (std::vector<SubType>& group : groups) {
    module.rec_groups.push_back({static_cast<uint32_t>(module.types.size()),
                                 static_cast<uint32_t>(group.size()), group.size() != 1});
    for (SubType& type : group) module.types.push_back(std::move(type));
  }
  return module;
}

TEST(TypeRegistry, EqualGroupsOfDifferentModulesAreOne) {
  TypeRegistry registry;
  auto a = registry.intern(types({{func({ValType::kI32})}, {func({ref(0)})}})).value();
  // The same types at other indices.
  auto b =
      registry
          .intern(types({{func({})}, {func({ValType::kI32})}, {func({ref(1)})}, {func({ref(0)})}}))
          .value();
  EXPECT_EQ(a[0], b[1]);
  EXPECT_EQ(a[1], b[2]);
  EXPECT_NE(b[0], b[1]);
  EXPECT_NE(b[2], b[3]);
  EXPECT_EQ(registry.intern(FuncType{{ValType::kI32}, {}}).value(), a[0]);
}

TEST(TypeRegistry, RecursiveGroupsAreComparedAsAWhole) {
  TypeRegistry registry;
  std::vector<SubType> pair = {structure({{ref(1), false}}), structure({{ref(0), false}})};
  std::vector<SubType> moved = {structure({{ref(3), false}}), structure({{ref(2), false}})};
  auto ids = registry.intern(types({pair, moved})).value();
  EXPECT_EQ(ids[0], ids[2]);
  EXPECT_EQ(ids[1], ids[3]);
  // Iso-recursive: a type is not its unrolling, and members of one group differ.
  EXPECT_NE(ids[0], ids[1]);
  auto unrolled = registry.intern(types({pair, {structure({{ref(1), false}})}})).value();
  EXPECT_EQ(unrolled[0], ids[0]);
  EXPECT_NE(unrolled[2], ids[0]);
  // A group of another size, whose first type reads the same.
  auto longer = registry.intern(types({{pair[0], pair[1], func({})}})).value();
  EXPECT_NE(longer[0], ids[0]);
}

TEST(TypeRegistry, EverythingWrittenCounts) {
  TypeRegistry registry;
  FieldType field{ValType::kI32, false};
  auto ids = registry
                 .intern(types({
                     {structure({field})},
                     {structure({field}, {}, true)},
                     {structure({{ValType::kI32, true}})},
                     {structure({{ValType::kI8, false}})},
                     {structure({field}, 0)},
                     {structure({})},
                     {array(field)},
                     {func({ValType::kI32})},
                     {func({}, {ValType::kI32})},
                     {func({ref(0)})},
                     {func({ref(0, true)})},
                     {func({ref(1)})},
                     {func({ValType::funcref()})},
                 }))
                 .value();
  for (size_t i = 0; i < ids.size(); ++i) {
    for (size_t k = 0; k < i; ++k) EXPECT_NE(ids[i], ids[k]) << i << " and " << k;
  }
}

// A reference into the own group and one to an engine-wide id of the same number are different.
TEST(TypeRegistry, RelativeAndAbsoluteReferencesDiffer) {
  TypeRegistry registry;
  auto first = registry.intern(types({{structure({})}})).value();
  ASSERT_EQ(static_cast<uint32_t>(first[0]), 0u);
  auto ids =
      registry
          .intern(types(
              {{structure({})}, {structure({{ref(0), false}})}, {structure({{ref(2), false}})}}))
          .value();
  EXPECT_NE(ids[1], ids[2]);
  EXPECT_EQ(registry.at(ids[1]).type.fields[0].type, ref(first[0]));
  EXPECT_EQ(registry.at(ids[2]).type.fields[0].type, ref(ids[2]));
}

TEST(TypeRegistry, SubtypesByDisplay) {
  TypeRegistry registry;
  FieldType field{ValType::kI32, false};
  auto ids = registry
                 .intern(types({{structure({})},
                                {structure({field}, 0)},
                                {structure({field, field}, 1)},
                                {structure({field, field}, 0)}}))
                 .value();
  EXPECT_TRUE(registry.is_subtype(ids[2], ids[2]));
  EXPECT_TRUE(registry.is_subtype(ids[2], ids[1]));
  EXPECT_TRUE(registry.is_subtype(ids[2], ids[0]));
  EXPECT_FALSE(registry.is_subtype(ids[0], ids[2]));
  EXPECT_FALSE(registry.is_subtype(ids[3], ids[1]));
  EXPECT_FALSE(registry.is_subtype(ids[2], ids[3]));
  EXPECT_EQ(registry.at(ids[2]).display, (std::vector{ids[0], ids[1], ids[2]}));
  EXPECT_EQ(registry.at(ids[2]).type.super, TypeIdx{static_cast<uint32_t>(ids[1])});
}

TEST(TypeRegistry, MatchingOfAbstractTypes) {
  TypeRegistry registry;
  struct Row {
    HeapType::Abstract sub;
    std::vector<HeapType::Abstract> supers;  // besides itself
  };
  using H = HeapType;
  const std::vector<Row> rows = {
      {H::kAny, {}},
      {H::kEq, {H::kAny}},
      {H::kI31, {H::kEq, H::kAny}},
      {H::kStruct, {H::kEq, H::kAny}},
      {H::kArray, {H::kEq, H::kAny}},
      {H::kNone, {H::kI31, H::kStruct, H::kArray, H::kEq, H::kAny}},
      {H::kFunc, {}},
      {H::kNoFunc, {H::kFunc}},
      {H::kExtern, {}},
      {H::kNoExtern, {H::kExtern}},
      {H::kExn, {}},
      {H::kNoExn, {H::kExn}},
  };
  for (const Row& row : rows) {
    for (const Row& other : rows) {
      bool expected = row.sub == other.sub || std::ranges::count(row.supers, other.sub) != 0;
      EXPECT_EQ(registry.matches(H(row.sub), H(other.sub)), expected)
          << to_string(H(row.sub)) << " <: " << to_string(H(other.sub));
    }
    EXPECT_TRUE(registry.matches(H(H::kBottom), H(row.sub)));
    EXPECT_FALSE(registry.matches(H(row.sub), H(H::kBottom)));
  }
}

TEST(TypeRegistry, MatchingOfConcreteTypes) {
  TypeRegistry registry;
  using H = HeapType;
  auto ids =
      registry.intern(types({{structure({})}, {array({ValType::kI8, true})}, {func({})}})).value();
  struct Row {
    size_t kind;
    H::Abstract abstract;
    bool above;
    bool below;
  };
  for (const Row& row : {
           Row{0, H::kStruct, true, false},  Row{0, H::kEq, true, false},
           Row{0, H::kAny, true, false},     Row{0, H::kArray, false, false},
           Row{0, H::kI31, false, false},    Row{0, H::kNone, false, true},
           Row{0, H::kFunc, false, false},   Row{0, H::kNoFunc, false, false},
           Row{1, H::kArray, true, false},   Row{1, H::kEq, true, false},
           Row{1, H::kStruct, false, false}, Row{1, H::kNone, false, true},
           Row{2, H::kFunc, true, false},    Row{2, H::kAny, false, false},
           Row{2, H::kNoFunc, false, true},  Row{2, H::kNone, false, false},
           Row{2, H::kExtern, false, false}, Row{0, H::kNoExtern, false, false},
           Row{0, H::kBottom, false, true},  Row{2, H::kBottom, false, true},
       }) {
    H concrete = H::concrete(TypeIdx{static_cast<uint32_t>(ids[row.kind])});
    EXPECT_EQ(registry.matches(concrete, H(row.abstract)), row.above)
        << row.kind << " <: " << to_string(H(row.abstract));
    EXPECT_EQ(registry.matches(H(row.abstract), concrete), row.below)
        << to_string(H(row.abstract)) << " <: " << row.kind;
  }
}

TEST(TypeRegistry, MatchingOfValueTypes) {
  TypeRegistry registry;
  ValType any = ValType::ref(HeapType::kAny, true);
  EXPECT_TRUE(registry.matches(any.as_non_null(), any));
  EXPECT_FALSE(registry.matches(any, any.as_non_null()));
  EXPECT_TRUE(registry.matches(ValType::kI32, ValType::kI32));
  EXPECT_FALSE(registry.matches(ValType::kI32, ValType::kI64));
  EXPECT_FALSE(registry.matches(ValType::kI32, any));
  EXPECT_FALSE(registry.matches(any, ValType::kI32));
  EXPECT_TRUE(registry.matches(ValType::kBottom, any));
}

TEST(TypeRegistry, RefusesWhatItCannotHold) {
  TypeRegistry registry;
  EXPECT_FALSE(registry.intern(types({{func({ref(1)})}, {func({})}})));  // forward, other group
  EXPECT_FALSE(registry.intern(types({{func({ref(9)})}})));
  EXPECT_FALSE(registry.intern(types({{structure({}, 0)}})));  // its own supertype
  std::vector<std::vector<SubType>> chain = {{structure({})}};
  for (uint32_t i = 0; i <= kMaxSubtypeDepth; ++i) chain.push_back({structure({}, i)});
  Result<std::vector<CanonTypeId>> deep = registry.intern(types(std::move(chain)));
  ASSERT_FALSE(deep);
  EXPECT_EQ(deep.error().code(), ErrorCode::limit);
  // What came before the failure is as good as ever.
  EXPECT_EQ(registry.intern(types({{structure({})}})).value().size(), 1u);
}

TEST(TypeRegistry, CanonicalReplacesIndices) {
  std::vector<CanonTypeId> ids = {CanonTypeId{40}, CanonTypeId{41}};
  EXPECT_EQ(canonical(ref(1, true), ids), ref(41, true));
  EXPECT_EQ(canonical(ValType::kI32, ids), ValType::kI32);
  EXPECT_EQ(canonical(ValType::funcref(), ids), ValType::funcref());
}

// Several threads intern overlapping types while others read; the sanitizers judge the rest.
TEST(TypeRegistry, ManyThreads) {
  constexpr uint32_t kThreads = 4;
  constexpr uint32_t kTypes = 1500;  // more than one chunk
  TypeRegistry registry;
  auto make = [](uint32_t i) {
    FuncType type;
    for (uint32_t bit = 0; bit < 12; ++bit) {
      type.params.push_back((i >> bit & 1) != 0 ? ValType::kI64 : ValType::kI32);
    }
    return type;
  };
  std::vector<std::vector<CanonTypeId>> seen(kThreads);
  std::vector<std::thread> threads;
  for (uint32_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      seen[t].resize(kTypes);
      for (uint32_t k = 0; k < kTypes; ++k) {
        uint32_t i = (k + t * 377) % kTypes;  // each begins elsewhere
        Result<CanonTypeId> id = registry.intern(make(i));
        if (!id) return;
        seen[t][i] = *id;
        if (registry.at(*id).type.func != make(i)) return;
        if (!registry.is_subtype(*id, *id) || !registry.matches(ref(*id), ValType::funcref()))
          return;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (uint32_t t = 1; t < kThreads; ++t) EXPECT_EQ(seen[t], seen[0]);
  std::ranges::sort(seen[0]);
  EXPECT_EQ(std::ranges::adjacent_find(seen[0]), seen[0].end());
  EXPECT_EQ(static_cast<uint32_t>(seen[0].back()), kTypes - 1);
}

}  // namespace
}  // namespace nacre::wasm
