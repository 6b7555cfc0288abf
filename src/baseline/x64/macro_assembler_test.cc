// What several instructions do together: each operation of more than one is run.
#include "baseline/x64/macro_assembler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <vector>

#include "os/code_memory.h"

namespace nacre::baseline::x64 {
namespace {

constexpr Gpr kFirst = Gpr::rdi, kSecond = Gpr::rsi, kThird = Gpr::rdx, kResult = Gpr::rax;

class MacroAssemblerTest : public ::testing::Test {
 protected:
  MacroAssemblerTest() : cpu_(os::cpu_features()), masm(cpu_) {}

  // A function of three integers and two f64 as C has them; `emit` writes what stands before `ret`.
  using Function = uint64_t (*)(uint64_t, uint64_t, void*, double, double);
  template <class Emit>
  Function function(Emit emit) {
    constexpr uint32_t kBytes = 4096;
    native::CodeImage image;
    EXPECT_TRUE(image.code.reserve(kBytes));
    masm.start(image);
    emit();
    masm.return_to_caller();
    code_ = os::CodeMemory::create(kBytes).value();
    std::copy_n(image.code.data(), masm.offset(), code_.writable());
    return reinterpret_cast<Function>(const_cast<uint8_t*>(code_.executable()));
  }
  // One that says whether `branch` jumps to its label.
  template <class Branch>
  Function whether(Branch branch) {
    return function([&] {
      Label taken;
      masm.load_constant(Width::w32, kResult, 1);
      branch(taken);
      masm.load_constant(Width::w32, kResult, 0);
      masm.bind(taken);
    });
  }

 private:
  os::CpuFeatures cpu_;
  os::CodeMemory code_;

 protected:
  MacroAssembler masm;
};

TEST_F(MacroAssemblerTest, IsZeroTakesTheFlagsOfTheInstructionBefore) {
  auto bytes_of_test = [&](auto between, Width width, Gpr reg) {
    uint32_t bytes = 0;
    function([&] {
      masm.alu(Width::w32, Alu::add, kFirst, kSecond);
      masm.note_result(Width::w32, kFirst);
      between();
      uint32_t begin = masm.offset();
      EXPECT_EQ(masm.is_zero(width, reg), Cond::equal);
      bytes = masm.offset() - begin;
    });
    return bytes;
  };
  auto nothing = [] {};
  EXPECT_EQ(bytes_of_test(nothing, Width::w32, kFirst), 0u);
  EXPECT_NE(bytes_of_test(nothing, Width::w64, kFirst), 0u);
  EXPECT_NE(bytes_of_test(nothing, Width::w32, kSecond), 0u);
  EXPECT_NE(bytes_of_test([&] { masm.move(Width::w64, kThird, kFirst); }, Width::w32, kFirst), 0u);
  // Another way may lead to a label.
  Label label;
  EXPECT_NE(bytes_of_test([&] { masm.bind(label); }, Width::w32, kFirst), 0u);
}

TEST_F(MacroAssemblerTest, NothingIsKnownOfAnotherBuffersFlags) {
  function([&] { masm.note_result(Width::w32, kFirst); });
  function([&] {
    masm.is_zero(Width::w32, kFirst);
    EXPECT_NE(masm.offset(), 0u);
  });
}

TEST_F(MacroAssemblerTest, ConditionsOfFloats) {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  constexpr std::array<double, 5> kNumbers = {0.0, -0.0, 1.5, -2.5, kNaN};
  auto compare = [&] { masm.sse(ucomis(Type::f64), Xmm::xmm0, Xmm::xmm1); };
  auto check = [&](auto holds, auto... conditions) {
    for (Cond cond : {conditions...}) {
      auto in_register = [&](double a, double b) {
        return function([&] {
          compare();
          masm.load_condition(cond, kResult);
        })(0, 0, nullptr, a, b);
      };
      auto in_memory = [&](double a, double b) {
        uint64_t place = ~uint64_t{0};
        function([&] {
          compare();
          masm.store_condition(cond, at(kThird));
        })(0, 0, &place, a, b);
        EXPECT_EQ(place >> 32, 0xFFFF'FFFF) << "it has 4 bytes";
        return place & 0xFFFF'FFFF;
      };
      auto branches = [&](double a, double b) {
        return whether([&](Label& taken) {
          compare();
          masm.branch(cond, taken);
        })(0, 0, nullptr, a, b);
      };
      for (double a : kNumbers) {
        for (double b : kNumbers) {
          uint64_t wanted = holds(a, b) ? 1 : 0;
          EXPECT_EQ(in_register(a, b), wanted) << a << " " << b;
          EXPECT_EQ(in_memory(a, b), wanted) << a << " " << b;
          EXPECT_EQ(branches(a, b), wanted) << a << " " << b;
        }
      }
    }
  };
  check([](double a, double b) { return a == b; }, Cond::fp_equal);
  check([](double a, double b) { return a != b; }, Cond::fp_not_equal);
  check([](double a, double b) { return a > b; }, Cond::above);
  check([](double a, double b) { return a >= b; }, Cond::above_equal);
}

TEST_F(MacroAssemblerTest, AnIndexIsCheckedAgainstAllOf64Bits) {
  constexpr uint64_t kHigh = uint64_t{1} << 40;
  struct {
    uint64_t size;
    uint64_t zero = 0;
  } memory;
  Function fails =
      whether([&](Label& failed) { masm.check_index(kFirst, at(kThird), failed, at(kThird, 8)); });
  for (uint64_t size : {uint64_t{0}, uint64_t{1}, uint64_t{10}, kHigh}) {
    memory.size = size;
    for (uint64_t index :
         {uint64_t{0}, uint64_t{1}, uint64_t{9}, uint64_t{10}, kHigh, ~uint64_t{0}})
      EXPECT_EQ(fails(index, 0, &memory, 0, 0), index < size ? 0u : 1u) << index << " " << size;
  }
}

TEST_F(MacroAssemblerTest, AJumpTableEndsWithTheEntryForAllOthers) {
  constexpr uint32_t kCount = 5;
  Function entry = function([&] {
    std::vector<Label> targets(kCount + 1);
    Label table, end;
    masm.jump_by_table(kFirst, kCount, table, kThird);
    for (uint32_t i = 0; i <= kCount; ++i) {
      masm.bind(targets[i]);
      masm.load_constant(Width::w32, kResult, 100 + i);
      masm.jump(end);
    }
    masm.align(4);
    masm.bind(table);
    for (const Label& target : targets)
      masm.dword(static_cast<uint32_t>(target.bound - table.bound));
    masm.bind(end);
  });
  for (uint64_t index : {0u, 1u, 4u, 5u, 6u, 1u << 31, ~0u})
    EXPECT_EQ(entry(index, 0, nullptr, 0, 0), 100 + std::min<uint64_t>(index, kCount)) << index;
}

TEST_F(MacroAssemblerTest, AFrameIsClearedFromItsFirstToItsLastByte) {
  for (int32_t bytes : {8, 16, 24, 64, 120, 128, 136, 144, 1000, 1008}) {
    std::array<uint8_t, 1040> memory;
    memory.fill(0xAB);
    Function clear = function([&] {
      masm.push(kFrame);
      masm.move(Width::w64, kFrame, kThird);
      masm.clear_frame(-16 - bytes, -16, kResult);
      masm.pop(kFrame);
    });
    clear(0, 0, memory.data() + memory.size(), 0, 0);
    auto end = static_cast<int32_t>(memory.size()) - 16;
    for (int32_t i = 0; i < static_cast<int32_t>(memory.size()); ++i)
      ASSERT_EQ(memory[static_cast<size_t>(i)], i >= end - bytes && i < end ? 0 : 0xAB)
          << bytes << " bytes, at " << i;
  }
}

TEST_F(MacroAssemblerTest, ConstantsOfAllLengthsAreStored) {
  for (uint64_t value : {uint64_t{0}, ~uint64_t{0}, uint64_t{INT32_MAX}, uint64_t{1} << 31,
                         uint64_t{0x1234'5678'9ABC'DEF0}, uint64_t{1} << 63}) {
    uint64_t memory[2] = {77, 77};
    function([&] { masm.store_constant(Width::w64, at(kThird), value); })(0, 0, memory, 0, 0);
    EXPECT_EQ(memory[0], value);
    EXPECT_EQ(memory[1], 77u);
    memory[0] = ~value;
    function([&] { masm.store_constant(Width::w32, at(kThird), value); })(0, 0, memory, 0, 0);
    EXPECT_EQ(memory[0], (~value >> 32 << 32) | static_cast<uint32_t>(value));
  }
}

TEST_F(MacroAssemblerTest, Arithmetic) {
  constexpr uint64_t kLast = ~uint64_t{15};
  Function add = function([&] {
    masm.move(Width::w64, kResult, kFirst);
    masm.add_saturating(kResult, uint64_t{1} << 33, kLast);
  });
  EXPECT_EQ(add(5, 0, nullptr, 0, 0), (uint64_t{1} << 33) + 5);
  EXPECT_EQ(add(~uint64_t{0}, 0, nullptr, 0, 0), kLast);
  Function move = function([&] {
    masm.move(Width::w64, kResult, kFirst);
    masm.move_if_not_zero(kResult, kSecond);
  });
  EXPECT_EQ(move(5, 0, nullptr, 0, 0), 5u);
  EXPECT_EQ(move(5, uint64_t{1} << 40, nullptr, 0, 0), uint64_t{1} << 40);
}

TEST_F(MacroAssemblerTest, BranchesThatCompare) {
  Function upper = whether([&](Label& taken) { masm.branch_if_upper_half(kFirst, taken); });
  EXPECT_EQ(upper(0xFFFF'FFFF, 0, nullptr, 0, 0), 0u);
  EXPECT_EQ(upper(0x1'0000'0000, 0, nullptr, 0, 0), 1u);
  Function is_true = whether([&](Label& taken) { masm.branch_if_true(kFirst, taken); });
  EXPECT_EQ(is_true(0xFF00, 0, nullptr, 0, 0), 0u) << "only the lowest byte counts";
  EXPECT_EQ(is_true(1, 0, nullptr, 0, 0), 1u);
  Function take = whether([&](Label& taken) { masm.take_or_branch(at(kThird), 10, taken); });
  int64_t counter = 19;
  EXPECT_EQ(take(0, 0, &counter, 0, 0), 0u);
  EXPECT_EQ(counter, 9);
  EXPECT_EQ(take(0, 0, &counter, 0, 0), 1u);
  EXPECT_EQ(counter, -1);
}

TEST_F(MacroAssemblerTest, UnspecifiedBitsArePoisoned) {
  constexpr uint32_t kPattern = 0xBAD0'BAD0;
  Function upper = function([&] {
    masm.move(Width::w32, kResult, kFirst);
    masm.poison_upper_half(kResult, kPattern);
  });
  EXPECT_EQ(upper(0x1234'5678, 0, nullptr, 0, 0), 0xBAD0'BAD0'1234'5678);
  for (Type type : {Type::f32, Type::f64}) {
    std::array<uint32_t, 4> lanes{};
    Function poison = function([&] {
      masm.poison_upper_lanes(type, Xmm::xmm0, kPattern);
      masm.store(Type::v128, at(kThird), Xmm::xmm0);
    });
    auto number = std::bit_cast<double>(uint64_t{0x1111'1111'2222'2222});
    poison(0, 0, lanes.data(), number, 0);
    EXPECT_EQ(lanes[0], 0x2222'2222u);
    EXPECT_EQ(lanes[1], type == Type::f32 ? kPattern : 0x1111'1111u);
    EXPECT_EQ(lanes[3], kPattern);
  }
}

}  // namespace
}  // namespace nacre::baseline::x64
