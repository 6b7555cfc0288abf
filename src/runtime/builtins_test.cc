#include "runtime/builtins.h"

#include <gtest/gtest.h>

#include <cstring>
#include <thread>

#include "runtime/test_support.h"

namespace nacre::runtime {
namespace {

using abi::TrapKind;

constexpr uint64_t kPage = 65536;
constexpr uint64_t kMax = UINT64_MAX;

class BuiltinsTest : public testing::Test {
 protected:
  void SetUp() override {
    instance_ = world_.instantiate(R"((module
      (memory 1 3) (memory i64 1) (memory 1 1 shared)
      (table 8 funcref) (table i64 4 20 funcref)
      (func $f) (func $g)
      (data "0123456789") (elem func $f $g $f) (elem funcref (ref.func $g) (ref.null func))))");
    ASSERT_NE(instance_, nullptr);
    vmctx_ = &instance_->vmctx();
  }
  uint8_t* bytes(uint32_t memory) { return instance_->memory(memory).base(); }
  abi::Ref func(uint32_t index) { return Store::ref_of(*vmctx_->functions[index]); }

  World world_;
  Instance* instance_ = nullptr;
  abi::VmCtx* vmctx_ = nullptr;
  const abi::Builtins& call_ = builtins();
};

TEST_F(BuiltinsTest, MemoryGrow) {
  EXPECT_EQ(call_.memory_grow(vmctx_, 0, 1), 1u);
  EXPECT_EQ(call_.memory_grow(vmctx_, 0, 2), abi::kGrowFailed);
  EXPECT_EQ(call_.memory_grow(vmctx_, 1, kMax), abi::kGrowFailed);
  EXPECT_EQ(call_.memory_grow(vmctx_, 0, 0), 2u);
  EXPECT_EQ(vmctx_->memory0->size_bytes, 2 * kPage);
}

TEST_F(BuiltinsTest, BoundsNeverOverflow) {
  struct Range {
    uint64_t at, length;
    bool fits;
  };
  for (auto [at, length, fits] : {Range{0, kPage, true},
                                  {kPage, 0, true},
                                  {kPage + 1, 0, false},
                                  {1, kPage, false},
                                  {kMax, 1, false},
                                  {1, kMax, false},
                                  {kMax, kMax, false},
                                  {uint64_t{1} << 32, 1, false}}) {
    TrapKind expected = fits ? TrapKind::none : TrapKind::memory_out_of_bounds;
    for (uint32_t memory : {0u, 1u}) {
      EXPECT_EQ(call_.memory_fill(vmctx_, memory, at, 1, length), expected);
      EXPECT_EQ(call_.memory_copy(vmctx_, memory, 1, at, 0, length), expected);
      EXPECT_EQ(call_.memory_copy(vmctx_, 0, memory, 0, at, length), expected);
    }
    expected = fits && length <= 10 ? TrapKind::none : TrapKind::memory_out_of_bounds;
    EXPECT_EQ(call_.memory_init(vmctx_, 0, 0, at, 0, length), expected);
  }
  EXPECT_EQ(call_.memory_init(vmctx_, 0, 0, 0, 10, 0), TrapKind::none);
  EXPECT_EQ(call_.memory_init(vmctx_, 0, 0, 0, 11, 0), TrapKind::memory_out_of_bounds);
  EXPECT_EQ(call_.memory_init(vmctx_, 0, 0, 0, kMax, 2), TrapKind::memory_out_of_bounds);
  for (auto [at, length, fits] :
       {Range{0, 4, true}, {4, 0, true}, {5, 0, false}, {kMax, 2, false}, {2, kMax, false}}) {
    TrapKind expected = fits ? TrapKind::none : TrapKind::table_out_of_bounds;
    EXPECT_EQ(call_.table_fill(vmctx_, 1, at, 0, length), expected);
    EXPECT_EQ(call_.table_copy(vmctx_, 1, 0, at, 0, length), expected);
    EXPECT_EQ(call_.table_copy(vmctx_, 0, 1, 0, at, length), expected);
    EXPECT_EQ(call_.table_init(vmctx_, 1, 0, at, 0, std::min<uint64_t>(length, 3)),
              fits && length <= 3 ? TrapKind::none
              : length == 4       ? TrapKind::none
                                  : TrapKind::table_out_of_bounds);
  }
}

TEST_F(BuiltinsTest, OverlappingCopies) {
  std::memcpy(bytes(0), "abcdef", 6);
  EXPECT_EQ(call_.memory_copy(vmctx_, 0, 0, 2, 0, 4), TrapKind::none);
  EXPECT_EQ(std::memcmp(bytes(0), "ababcd", 6), 0);
  EXPECT_EQ(call_.memory_copy(vmctx_, 0, 0, 0, 1, 5), TrapKind::none);
  EXPECT_EQ(std::memcmp(bytes(0), "babcdd", 6), 0);
  EXPECT_EQ(call_.memory_copy(vmctx_, 1, 0, kPage - 3, 0, 3), TrapKind::none);
  EXPECT_EQ(bytes(1)[kPage - 1], 'b');
}

TEST_F(BuiltinsTest, SegmentsAndTheirEnd) {
  EXPECT_EQ(call_.memory_init(vmctx_, 0, 0, 0, 4, 6), TrapKind::none);
  EXPECT_EQ(std::memcmp(bytes(0), "456789", 6), 0);
  call_.data_drop(vmctx_, 0);
  EXPECT_EQ(call_.memory_init(vmctx_, 0, 0, 0, 0, 1), TrapKind::memory_out_of_bounds);
  EXPECT_EQ(call_.memory_init(vmctx_, 0, 0, 0, 0, 0), TrapKind::none);

  EXPECT_EQ(call_.table_init(vmctx_, 0, 0, 1, 1, 2), TrapKind::none);
  EXPECT_EQ(instance_->table(0).get(1), func(1));
  EXPECT_EQ(instance_->table(0).get(2), func(0));
  EXPECT_EQ(call_.table_init(vmctx_, 0, 1, 1, 0, 2), TrapKind::none);
  EXPECT_EQ(instance_->table(0).get(1), func(1));
  EXPECT_EQ(instance_->table(0).get(2), abi::kNullRef);
  call_.elem_drop(vmctx_, 1);
  EXPECT_EQ(call_.table_init(vmctx_, 0, 1, 0, 0, 1), TrapKind::table_out_of_bounds);
  EXPECT_EQ(call_.table_init(vmctx_, 0, 1, 0, 0, 0), TrapKind::none);
}

TEST_F(BuiltinsTest, Tables) {
  EXPECT_EQ(call_.table_grow(vmctx_, 1, 2, func(0)), 4u);
  EXPECT_EQ(vmctx_->tables[1]->size, 6u);
  EXPECT_EQ(vmctx_->tables[1]->elements[5], func(0));
  EXPECT_EQ(call_.table_grow(vmctx_, 1, kMax, 0), abi::kGrowFailed);
  EXPECT_EQ(call_.table_grow(vmctx_, 1, 15, 0), abi::kGrowFailed);
  EXPECT_EQ(call_.table_fill(vmctx_, 0, 6, func(1), 2), TrapKind::none);
  EXPECT_EQ(call_.table_copy(vmctx_, 0, 0, 5, 6, 2), TrapKind::none);
  EXPECT_EQ(instance_->table(0).get(5), func(1));
  EXPECT_EQ(call_.table_copy(vmctx_, 1, 0, 0, 5, 3), TrapKind::none);
  EXPECT_EQ(vmctx_->tables[1]->elements[2], func(1));
}

TEST_F(BuiltinsTest, WaitAndNotify) {
  uint32_t result = 9;
  EXPECT_EQ(call_.memory_atomic_wait32(vmctx_, 0, 0, 0, 0, &result),
            TrapKind::expected_shared_memory);
  EXPECT_EQ(call_.memory_atomic_wait32(vmctx_, 2, 2, 0, 0, &result), TrapKind::unaligned_atomic);
  EXPECT_EQ(call_.memory_atomic_wait64(vmctx_, 2, 4, 0, 0, &result), TrapKind::unaligned_atomic);
  EXPECT_EQ(call_.memory_atomic_wait64(vmctx_, 2, kPage, 0, 0, &result),
            TrapKind::memory_out_of_bounds);
  EXPECT_EQ(call_.memory_atomic_notify(vmctx_, 2, kMax - 3, 1, &result),
            TrapKind::memory_out_of_bounds);
  EXPECT_EQ(call_.memory_atomic_notify(vmctx_, 0, 0, 1, &result), TrapKind::none);
  EXPECT_EQ(result, 0u);
  EXPECT_EQ(call_.memory_atomic_wait32(vmctx_, 2, 8, 1, -1, &result), TrapKind::none);
  EXPECT_EQ(result, 1u);
  EXPECT_EQ(call_.memory_atomic_wait64(vmctx_, 2, 8, 0, 1000, &result), TrapKind::none);
  EXPECT_EQ(result, 2u);
  std::thread waiter(
      [&] { EXPECT_EQ(call_.memory_atomic_wait32(vmctx_, 2, 8, 0, -1, &result), TrapKind::none); });
  uint32_t woken = 0;
  while (woken == 0) {
    EXPECT_EQ(call_.memory_atomic_notify(vmctx_, 2, 8, 5, &woken), TrapKind::none);
  }
  waiter.join();
  EXPECT_EQ(woken, 1u);
  EXPECT_EQ(result, 0u);
}

TEST_F(BuiltinsTest, TypesMatchByDeclaredSubtyping) {
  Instance* instance = world_.instantiate(
      "(module (type $a (sub (func))) (type $b (sub $a (func))) (type $c (func)))");
  const wasm::CanonTypeId* types = instance->vmctx().types;
  EXPECT_TRUE(call_.type_matches(&instance->vmctx(), types[1], types[0]));
  EXPECT_TRUE(call_.type_matches(&instance->vmctx(), types[0], types[0]));
  EXPECT_FALSE(call_.type_matches(&instance->vmctx(), types[0], types[1]));
  EXPECT_FALSE(call_.type_matches(&instance->vmctx(), types[2], types[0]));
}

}  // namespace
}  // namespace nacre::runtime
