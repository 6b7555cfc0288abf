#include "wasm/types.h"

#include <gtest/gtest.h>

namespace nacre::wasm {
namespace {

constexpr HeapType::Abstract kAbstract[] = {
    HeapType::kExn,  HeapType::kArray,    HeapType::kStruct, HeapType::kI31,
    HeapType::kEq,   HeapType::kAny,      HeapType::kExtern, HeapType::kFunc,
    HeapType::kNone, HeapType::kNoExtern, HeapType::kNoFunc, HeapType::kNoExn};

TEST(ValType, HoldsAnyReference) {
  for (bool nullable : {false, true}) {
    for (HeapType::Abstract heap : kAbstract) {
      ValType type = ValType::ref(heap, nullable);
      EXPECT_TRUE(type.is_ref());
      EXPECT_FALSE(type.heap().is_concrete());
      EXPECT_EQ(type.heap().abstract(), heap);
      EXPECT_EQ(type.nullable(), nullable);
      EXPECT_EQ(type.as_nullable(), ValType::ref(heap, true));
      EXPECT_EQ(type.as_non_null(), ValType::ref(heap, false));
    }
    for (uint32_t index : {0u, 1u, 0x69u, 0x70u, HeapType::kMaxIndex}) {
      ValType type = ValType::ref(HeapType::concrete(TypeIdx{index}), nullable);
      EXPECT_TRUE(type.heap().is_concrete());
      EXPECT_EQ(type.heap().index(), TypeIdx{index});
      EXPECT_EQ(type.nullable(), nullable);
    }
  }
}

// A type index is never taken for an abstract type's code (invariants.md: type-ids).
TEST(ValType, IndicesAndAbstractTypesDiffer) {
  for (HeapType::Abstract heap : kAbstract) {
    EXPECT_NE(HeapType(heap), HeapType::concrete(TypeIdx{heap}));
  }
  EXPECT_NE(ValType(ValType::kBottom), ValType::ref(HeapType::kBottom, false));
}

TEST(ValType, Classes) {
  EXPECT_TRUE(ValType(ValType::kI32).is_number());
  EXPECT_TRUE(ValType(ValType::kF64).is_number());
  EXPECT_FALSE(ValType(ValType::kV128).is_number());
  EXPECT_TRUE(ValType(ValType::kI16).is_packed());
  EXPECT_TRUE(ValType().is_bottom());
  EXPECT_TRUE(ValType::funcref().is_defaultable());
  EXPECT_FALSE(ValType::funcref().as_non_null().is_defaultable());
  EXPECT_TRUE(ValType(ValType::kV128).is_defaultable());
}

TEST(ValType, TextForms) {
  struct Row {
    ValType type;
    std::string_view text;
  };
  for (const Row& row : {
           Row{ValType::kI32, "i32"},
           Row{ValType::kV128, "v128"},
           Row{ValType::kI8, "i8"},
           Row{ValType::funcref(), "funcref"},
           Row{ValType::externref(), "externref"},
           Row{ValType::exnref(), "exnref"},
           Row{ValType::ref(HeapType::kAny, true), "anyref"},
           Row{ValType::ref(HeapType::kNone, true), "nullref"},
           Row{ValType::ref(HeapType::kNoFunc, true), "nullfuncref"},
           Row{ValType::ref(HeapType::kI31, false), "(ref i31)"},
           Row{ValType::ref(HeapType::concrete(TypeIdx{3}), true), "(ref null 3)"},
           Row{ValType::ref(HeapType::concrete(TypeIdx{3}), false), "(ref 3)"},
       }) {
    EXPECT_EQ(to_string(row.type), row.text);
  }
  EXPECT_EQ(to_string(FuncType{{}, {ValType::kI32}}), "[] -> [i32]");
  EXPECT_EQ(extern_kind_text(ExternKind::memory), "memory");
}

}  // namespace
}  // namespace nacre::wasm
