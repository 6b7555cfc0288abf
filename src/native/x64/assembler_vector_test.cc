// The assembler's vector instructions: each form of encoding with an instruction or two that is
// easy to model, on random operands, with AVX where the processor has it and without.
#include <array>
#include <bit>

#include "native/x64/assembler.h"
#include "native/x64/test_machine.h"

namespace nacre::native::x64 {
namespace {

constexpr int kRounds = 400;

uint64_t cut(Width w, uint64_t value) {
  return w == Width::w64 ? value : static_cast<uint32_t>(value);
}

class VectorTest : public ::testing::TestWithParam<bool> {
 protected:
  VectorTest() : v(with_avx(os::cpu_features(), GetParam()), 4711) {}
  void SetUp() override {
    if (GetParam() && !os::cpu_features().avx) GTEST_SKIP() << "this processor has no AVX";
  }
  static os::CpuFeatures with_avx(os::CpuFeatures cpu, bool avx) {
    cpu.avx = avx;
    return cpu;
  }
  template <class Body>
  void vectors(Body body) {
    for (int i = 0; i < kRounds && !HasFatalFailure(); ++i) {
      v.shuffle();
      body();
    }
  }
  Vector load(Mem mem) { return {v.load<std::array<uint64_t, 2>>(mem)}; }
  // A second source: f(rm, its value). Memory is aligned, as the encodings without AVX need it.
  template <class F>
  void with_source(F f) {
    if (v.below(2) != 0) {
      Xmm reg = v.any_xmm();
      f(reg, v.state[reg]);
    } else {
      Mem mem = v.any_mem(16, 16);
      f(mem, load(mem));
    }
  }
  template <class Emit>
  void becomes(const char* what, Xmm to, Vector value, Emit emit) {
    State wanted = v.state;
    wanted[to] = value;
    v.run(what, emit, wanted, kAllFlags);
  }

  Machine v;
  Assembler& b = v.masm;
};

INSTANTIATE_TEST_SUITE_P(Encodings, VectorTest, ::testing::Bool(),
                         [](const auto& avx) { return avx.param ? "avx" : "sse"; });

constexpr Opcode kAddQuads{0x66, 1, 0xD4}, kSubQuads{0x66, 1, 0xFB}, kShuffleBytes{0x66, 2, 0x00},
    kXorPs{0, 1, 0x57}, kAddSd{0xF2, 1, 0x58}, kAbsDoubles{0x66, 2, 0x1E},
    kShuffleDoubles{0x66, 1, 0x70}, kAlignRight{0x66, 3, 0x0F};

Vector add(Vector x, Vector y) { return {{x.half[0] + y.half[0], x.half[1] + y.half[1]}}; }
Vector sub(Vector x, Vector y) { return {{x.half[0] - y.half[0], x.half[1] - y.half[1]}}; }
std::array<uint8_t, 16> bytes_of(Vector x) {
  return std::bit_cast<std::array<uint8_t, 16>>(x.half);
}
std::array<uint32_t, 4> words_of(Vector x) {
  return std::bit_cast<std::array<uint32_t, 4>>(x.half);
}
Vector from_bytes(std::array<uint8_t, 16> x) { return {std::bit_cast<std::array<uint64_t, 2>>(x)}; }
Vector from_words(std::array<uint32_t, 4> x) { return {std::bit_cast<std::array<uint64_t, 2>>(x)}; }

TEST_P(VectorTest, TwoSources) {
  vectors([&] {
    Xmm to = v.any_xmm(), x = v.any_xmm();
    with_source([&](auto y, Vector value) {
      becomes("paddq", to, add(v.state[x], value), [&] {
        // Without AVX it is the caller who sees to it that `to` is not the second source.
        if constexpr (std::is_same_v<decltype(y), Xmm>) {
          if (to == y && to != x) return b.sse(kAddQuads, to, to, x);
        }
        b.sse(kAddQuads, to, x, y);
      });
    });
  });
  vectors([&] {
    Xmm to = v.any_xmm(), x = v.any_xmm();
    with_source([&](auto y, Vector value) {
      if constexpr (std::is_same_v<decltype(y), Xmm>) {
        if (to == y && to != x && !GetParam()) return;
      }
      becomes("psubq", to, sub(v.state[x], value), [&] { b.sse(kSubQuads, to, x, y); });
    });
  });
  vectors([&] {
    Xmm to = v.any_xmm(), x = v.any_xmm();
    with_source([&](auto y, Vector value) {
      if constexpr (std::is_same_v<decltype(y), Xmm>) {
        if (to == y && to != x && !GetParam()) return;
      }
      auto lanes = bytes_of(v.state[x]), chosen = bytes_of(value);
      std::array<uint8_t, 16> result;
      for (size_t i = 0; i < 16; ++i)
        result[i] = (chosen[i] & 0x80) != 0 ? 0 : lanes[chosen[i] & 15];
      becomes("pshufb", to, from_bytes(result), [&] { b.sse(kShuffleBytes, to, x, y); });
    });
  });
  vectors([&] {
    Xmm to = v.any_xmm(), x = v.any_xmm(), y = v.any_xmm();
    if (to == y && to != x && !GetParam()) return;
    uint8_t count = static_cast<uint8_t>(v.below(16));
    auto low = bytes_of(v.state[y]), high = bytes_of(v.state[x]);
    std::array<uint8_t, 16> result;
    for (size_t i = 0; i < 16; ++i)
      result[i] = i + count < 16 ? low[i + count] : high[i + count - 16];
    becomes("palignr", to, from_bytes(result), [&] { b.sse_imm(kAlignRight, to, x, y, count); });
  });
  // A scalar operation keeps the first source's upper half.
  vectors([&] {
    Xmm to = v.any_xmm(), x = v.any_xmm();
    for (Vector& reg : v.state.xmm)
      reg.half[0] = std::bit_cast<uint64_t>(static_cast<double>(v.below(1000)) / 8);
    Mem y = v.any_mem(8);
    double number = static_cast<double>(v.below(1000)) / 4;
    std::memcpy(reinterpret_cast<void*>(v.address_of(y)), &number, 8);
    Vector sum = v.state[x];
    sum.half[0] = std::bit_cast<uint64_t>(std::bit_cast<double>(sum.half[0]) + number);
    becomes("addsd", to, sum, [&] { b.sse(kAddSd, to, x, y); });
  });
}

TEST_P(VectorTest, OneSource) {
  vectors([&] {
    Xmm to = v.any_xmm();
    with_source([&](auto y, Vector value) {
      auto words = words_of(value);
      for (uint32_t& word : words) word = static_cast<int32_t>(word) < 0 ? 0 - word : word;
      becomes("pabsd", to, from_words(words), [&] { b.sse(kAbsDoubles, to, y); });
    });
  });
  vectors([&] {
    Xmm to = v.any_xmm();
    auto order = static_cast<uint8_t>(v.below(256));
    with_source([&](auto y, Vector value) {
      auto words = words_of(value);
      std::array<uint32_t, 4> result;
      for (size_t i = 0; i < 4; ++i) result[i] = words[order >> 2 * i & 3];
      becomes("pshufd", to, from_words(result), [&] { b.sse_imm(kShuffleDoubles, to, y, order); });
    });
  });
  vectors([&] {
    Xmm to = v.any_xmm(), from = v.any_xmm();
    becomes("sse_mov", to, v.state[from], [&] { b.sse_mov(to, from); });
  });
  for (uint8_t digit : {uint8_t{2}, uint8_t{6}}) {
    vectors([&] {
      Xmm to = v.any_xmm(), from = v.any_xmm();
      auto count = static_cast<uint8_t>(v.below(64));
      Vector value = v.state[from];
      for (uint64_t& half : value.half) half = digit == 2 ? half >> count : half << count;
      becomes("psrlq, psllq", to, value,
              [&] { b.sse_shift({0x66, 1, 0x73}, digit, to, from, count); });
    });
  }
}

TEST_P(VectorTest, LoadsAndStores) {
  auto check = [&](const char* what, uint32_t bytes, auto load_it, auto store_it) {
    vectors([&] {
      Xmm to = v.any_xmm();
      Mem from = v.any_mem(bytes);
      Vector value;
      std::memcpy(value.half.data(), reinterpret_cast<void*>(v.address_of(from)), bytes);
      becomes(what, to, value, [&] { load_it(to, from); });
    });
    vectors([&] {
      Xmm from = v.any_xmm();
      Mem to = v.any_mem(bytes);
      State wanted = v.state;
      size_t offset = v.address_of(to) - reinterpret_cast<uintptr_t>(v.state.ram.data());
      std::memcpy(wanted.ram.data() + offset, v.state[from].half.data(), bytes);
      v.run(what, [&] { store_it(to, from); }, wanted, kAllFlags);
    });
  };
  check(
      "movups", 16, [&](Xmm to, Mem from) { b.movups(to, from); },
      [&](Mem to, Xmm from) { b.movups(to, from); });
  check(
      "movsd", 8, [&](Xmm to, Mem from) { b.movsd(to, from); },
      [&](Mem to, Xmm from) { b.movsd(to, from); });
  check(
      "movss", 4, [&](Xmm to, Mem from) { b.movss(to, from); },
      [&](Mem to, Xmm from) { b.movss(to, from); });
}

TEST_P(VectorTest, BetweenKindsOfRegisters) {
  vectors([&] {
    Width w = v.any_width();
    Xmm to = v.any_xmm();
    Gpr from = v.any_gpr();
    becomes("mov_from_gpr", to, {{cut(w, v.state[from]), 0}}, [&] { b.mov_from_gpr(w, to, from); });
  });
  vectors([&] {
    Width w = v.any_width();
    Gpr to = v.any_gpr();
    Xmm from = v.any_xmm();
    State wanted = v.state;
    wanted[to] = cut(w, v.state[from].half[0]);
    v.run("mov_to_gpr", [&] { b.mov_to_gpr(w, to, from); }, wanted, kAllFlags);
  });
  // pinsrd and pinsrq, pextrd and pextrq: a second source, an immediate, and W.
  vectors([&] {
    Width w = v.any_width();
    Xmm to = v.any_xmm(), x = v.any_xmm();
    Gpr from = v.any_gpr();
    uint8_t lane = static_cast<uint8_t>(v.below(w == Width::w64 ? 2 : 4));
    Vector value = v.state[x];
    if (w == Width::w64) {
      value.half[lane] = v.state[from];
    } else {
      auto words = words_of(value);
      words[lane] = static_cast<uint32_t>(v.state[from]);
      value = from_words(words);
    }
    becomes("pinsr", to, value, [&] {
      b.sse_w(w, {0x66, 3, 0x22}, to, x, from);
      b.byte(lane);
    });
  });
  vectors([&] {
    Width w = v.any_width();
    Xmm from = v.any_xmm();
    uint8_t lane = static_cast<uint8_t>(v.below(w == Width::w64 ? 2 : 4));
    uint64_t value = w == Width::w64 ? v.state[from].half[lane] : words_of(v.state[from])[lane];
    State wanted = v.state;
    if (v.below(2) != 0) {
      Gpr to = v.any_gpr();
      wanted[to] = value;
      v.run(
          "pextr", [&] { b.sse_store_imm({0x66, 3, 0x16}, w, to, from, lane); }, wanted, kAllFlags);
    } else {
      Mem to = v.any_mem(8);
      wanted = v.state;
      size_t offset = v.address_of(to) - reinterpret_cast<uintptr_t>(v.state.ram.data());
      std::memcpy(wanted.ram.data() + offset, &value, w == Width::w64 ? 8 : 4);
      v.run(
          "pextr to memory", [&] { b.sse_store_imm({0x66, 3, 0x16}, w, to, from, lane); }, wanted,
          kAllFlags);
    }
  });
}

// Constants behind the code, aligned as the encodings without AVX need them.
TEST_P(VectorTest, Constants) {
  for (bool two_sources : {true, false}) {
    vectors([&] {
      Xmm to = v.any_xmm(), x = v.any_xmm();
      Vector constant{{v.number64(), v.number64()}};
      Vector value = constant;
      if (two_sources) {
        for (int i = 0; i < 2; ++i) value.half[i] = v.state[x].half[i] ^ constant.half[i];
      } else {
        value.half[1] = 0;
      }
      becomes("constant", to, value, [&] {
        Label label, over;
        if (two_sources) {
          b.sse_label(kXorPs, to, x, label);
        } else {
          b.sse_label({0xF2, 1, 0x10}, to, label);  // movsd
        }
        b.jmp(over);
        b.align(16);
        b.bind(label);
        b.qword(constant.half[0]);
        b.qword(constant.half[1]);
        b.bind(over);
      });
    });
  }
}

TEST(AvxAlone, FourRegistersAndW) {
  if (!os::cpu_features().avx) GTEST_SKIP() << "this processor has no AVX";
  Machine m(os::cpu_features(), 815);
  Assembler& a = m.masm;
  auto rounds = [&](auto body) {
    for (int i = 0; i < kRounds; ++i) {
      m.shuffle();
      body();
    }
  };
  rounds([&] {
    Xmm to = m.any_xmm(), x = m.any_xmm(), y = m.any_xmm(), mask = m.any_xmm();
    State wanted = m.state;
    for (int i = 0; i < 2; ++i) {
      bool second = static_cast<int64_t>(m.state[mask].half[i]) < 0;
      wanted[to].half[i] = second ? m.state[y].half[i] : m.state[x].half[i];
    }
    m.run("vblendvpd", [&] { a.avx_is4({0x66, 3, 0x4B}, to, x, y, mask); }, wanted, kAllFlags);
  });
  if (!os::cpu_features().fma) return;
  rounds([&] {
    Xmm to = m.any_xmm(), x = m.any_xmm(), y = m.any_xmm();
    bool w = m.below(2) != 0;
    double numbers[16];
    for (Vector& reg : m.state.xmm) {
      double number = numbers[&reg - m.state.xmm.data()] = static_cast<double>(m.below(100));
      auto single = std::bit_cast<uint32_t>(static_cast<float>(number));
      reg.half[0] = w ? std::bit_cast<uint64_t>(number) : uint64_t{single} << 32 | single;
      reg.half[1] = reg.half[0];
    }
    double sum = numbers[number(x)] * numbers[number(y)] + numbers[number(to)];
    auto single = std::bit_cast<uint32_t>(static_cast<float>(sum));
    uint64_t bits = w ? std::bit_cast<uint64_t>(sum) : uint64_t{single} << 32 | single;
    State wanted = m.state;
    wanted[to] = {{bits, bits}};
    m.run("vfmadd231", [&] { a.avx_w(w, {0x66, 2, 0xB8}, to, x, y); }, wanted, kAllFlags);
  });
}

}  // namespace
}  // namespace nacre::native::x64
