#include "runtime/host_func.h"

#include <gtest/gtest.h>

#include "abi/code.h"

namespace nacre::runtime {
namespace {

struct Counter {
  uint32_t count = 0;

  HostResult<uint32_t> add(const abi::HostCall&, uint32_t delta, int64_t) {
    if (delta == 0) return host_trap("nothing to add");
    return count += delta;
  }
  uint32_t get() const { return count; }
  abi::Outcome stop(uint32_t code) {
    abi::TrapPtr trap = abi::make_trap(abi::TrapKind::exit);
    trap->exit_code = code;
    return trap;
  }
};

std::tuple<int32_t, double, ExternRef> three(float a, ExternRef b) { return {-1, a, b}; }
void nothing() {}
uint64_t depth(const abi::HostCall& call) { return call.exec.stack_use.depth(); }
HostResult<void> reset(Counter& counter) {
  counter.count = 0;
  return {};
}

constexpr HostFuncDef kRows[] = {
    host_func<&Counter::add>("add", MayBlock::yes),
    host_func<&Counter::get>("get"),
    host_func<&Counter::stop>("stop"),
    host_func<three>("three"),
    host_func<nothing>("nothing"),
    host_func<depth>("depth"),
    host_func<reset>("reset"),
};

class HostFuncTest : public testing::Test {
 protected:
  abi::Outcome run(size_t row) {
    return kRows[row].call(abi::HostCall{.exec = exec_, .caller = nullptr}, &counter_, values_);
  }
  Counter counter_;
  abi::ExecContext exec_;
  abi::Value values_[4];
};

TEST_F(HostFuncTest, TypesComeFromTheFunction) {
  const char* expected[] = {
      "[i32 i64] -> [i32]", "[] -> [i32]", "[i32] -> []", "[f32 externref] -> [i32 f64 externref]",
      "[] -> []",           "[] -> [i64]", "[] -> []"};
  for (size_t i = 0; i < std::size(kRows); ++i) EXPECT_EQ(to_string(kRows[i].type()), expected[i]);
  abi::HostFunc bound = kRows[0].bind("env", &counter_);
  EXPECT_EQ(bound.name, "env.add");
  EXPECT_TRUE(bound.may_block);
  EXPECT_FALSE(kRows[1].may_block);
}

TEST_F(HostFuncTest, StateResultsAndTraps) {
  values_[0].i32 = 5;
  EXPECT_TRUE(run(0).is_returned());
  EXPECT_EQ(values_[0].i32, 5u);
  EXPECT_TRUE(run(1).is_returned());
  EXPECT_EQ(values_[0].i32, 5u);

  values_[0].i32 = 0;
  abi::Outcome ended = run(0);
  ASSERT_TRUE(ended.is_trapped());
  EXPECT_EQ(ended.trap().kind, abi::TrapKind::host_error);
  EXPECT_EQ(ended.trap().message, "nothing to add");

  values_[0].i32 = 3;
  ended = run(2);
  ASSERT_TRUE(ended.is_trapped());
  EXPECT_EQ(ended.trap().exit_code, 3u);
  EXPECT_TRUE(run(6).is_returned());
  EXPECT_EQ(counter_.count, 0u);
}

TEST_F(HostFuncTest, SeveralResultsAfterAllArgumentsWereRead) {
  values_[0].f32 = 1.5f;
  values_[1].ref = 77;
  EXPECT_TRUE(run(3).is_returned());
  EXPECT_EQ(values_[0].i32, UINT32_MAX);
  EXPECT_EQ(values_[1].f64, 1.5);
  EXPECT_EQ(values_[2].ref, 77u);
  for (int i = 0; i < 9; ++i) exec_.stack_use.enter();
  EXPECT_TRUE(run(5).is_returned());
  EXPECT_EQ(values_[0].i64, 9u);
}

TEST_F(HostFuncTest, NansKeepTheirBits) {
  auto same = [](float a) { return a; };
  HostFuncDef def = host_object<decltype(same)>("same");
  values_[0].i32 = 0x7FA00001;  // signalling
  EXPECT_TRUE(
      def.call(abi::HostCall{.exec = exec_, .caller = nullptr}, &same, values_).is_returned());
  EXPECT_EQ(values_[0].i32, 0x7FA00001u);
}

}  // namespace
}  // namespace nacre::runtime
