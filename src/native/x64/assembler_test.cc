// Every function of the assembler, carried out on random operands and compared with what it should
// do, written in C++ (invariants.md: assembler-model). All registers take part, rsp and the ones
// with odd encodings as bases as well.
#include "native/x64/assembler.h"

#include <algorithm>
#include <bit>
#include <functional>

#include "native/x64/test_machine.h"

namespace nacre::native::x64 {
namespace {

constexpr int kRounds = 400;

uint64_t cut(Width w, uint64_t value) {
  return w == Width::w64 ? value : static_cast<uint32_t>(value);
}
unsigned bits_of(Width w) { return w == Width::w64 ? 64 : 32; }
int64_t as_signed(Width w, uint64_t value) {
  return w == Width::w64 ? static_cast<int64_t>(value) : static_cast<int32_t>(value);
}
bool sign_of(Width w, uint64_t value) { return as_signed(w, value) < 0; }

class AssemblerTest : public ::testing::Test {
 protected:
  explicit AssemblerTest() : m(os::cpu_features(), 20261125) {}

  // The operation `body` on many states: it picks operands, emits, and says what it wants.
  template <class Body>
  void rounds(Body body, int count = kRounds) {
    for (int i = 0; i < count && !HasFatalFailure(); ++i) {
      m.shuffle();
      body();
    }
  }
  // An operand in a register or in memory, to read; f(rm, value).
  template <class F>
  void with_rm(Width w, F f) {
    if (m.below(2) != 0) {
      Gpr reg = m.any_gpr();
      f(reg, cut(w, m.state[reg]));
    } else {
      Mem mem = m.any_mem(w == Width::w64 ? 8 : 4);
      f(mem, w == Width::w64 ? m.load<uint64_t>(mem) : m.load<uint32_t>(mem));
    }
  }
  void store(State& to, Width w, Mem mem, uint64_t value) {
    if (w == Width::w64) {
      m.store(to, mem, value);
    } else {
      m.store(to, mem, static_cast<uint32_t>(value));
    }
  }
  // One instruction that writes a register and no flags.
  template <class Emit>
  void writes(const char* what, Gpr to, uint64_t value, Emit emit, uint64_t flags = kAllFlags) {
    State wanted = m.state;
    wanted[to] = value;
    m.run(what, emit, wanted, flags);
  }

  Machine m;
  Assembler& a = m.masm;
};

uint64_t result_flags(Width w, uint64_t result) {
  result = cut(w, result);
  return (result == 0 ? kZero : 0) | (sign_of(w, result) ? kSign : 0) |
         (std::popcount(result & 0xFF) % 2 == 0 ? kParity : 0);
}

// ---- moves

TEST_F(AssemblerTest, Mov) {
  rounds([&] {
    Width w = m.any_width();
    Gpr to = m.any_gpr();
    with_rm(w,
            [&](auto rm, uint64_t value) { writes("mov", to, value, [&] { a.mov(w, to, rm); }); });
  });
  rounds([&] {
    Width w = m.any_width();
    Gpr from = m.any_gpr();
    Mem to = m.any_mem(8);
    State wanted = m.state;
    store(wanted, w, to, m.state[from]);
    m.run("mov to memory", [&] { a.mov(w, to, from); }, wanted, kAllFlags);
  });
  rounds([&] {
    Width w = m.any_width();
    int32_t value = m.any_imm();
    Mem to = m.any_mem(8);
    State wanted = m.state;
    store(wanted, w, to, static_cast<uint64_t>(int64_t{value}));
    m.run("mov constant", [&] { a.mov(w, to, value); }, wanted, kAllFlags);
  });
  rounds([&] {
    Width w = m.any_width();
    uint64_t value = m.number64();
    Gpr to = m.any_gpr();
    writes("mov_imm", to, cut(w, value), [&] { a.mov_imm(w, to, value); });
  });
}

TEST_F(AssemblerTest, NarrowStores) {
  rounds([&] {
    Gpr from = m.any_gpr();
    Mem to = m.any_mem(1);
    State wanted = m.state;
    m.store(wanted, to, static_cast<uint8_t>(m.state[from]));
    m.run("store8", [&] { a.store8(to, from); }, wanted, kAllFlags);
  });
  rounds([&] {
    Gpr from = m.any_gpr();
    Mem to = m.any_mem(2);
    State wanted = m.state;
    m.store(wanted, to, static_cast<uint16_t>(m.state[from]));
    m.run("store16", [&] { a.store16(to, from); }, wanted, kAllFlags);
  });
  rounds([&] {
    auto value = static_cast<uint8_t>(m.any_imm());
    Mem to = m.any_mem(1);
    State wanted = m.state;
    m.store(wanted, to, value);
    m.run("store8 constant", [&] { a.store8(to, value); }, wanted, kAllFlags);
  });
  rounds([&] {
    auto value = static_cast<uint16_t>(m.any_imm());
    Mem to = m.any_mem(2);
    State wanted = m.state;
    m.store(wanted, to, value);
    m.run("store16 constant", [&] { a.store16(to, value); }, wanted, kAllFlags);
  });
}

TEST_F(AssemblerTest, Extensions) {
  auto both = [&](const char* what, uint32_t bytes, auto emit, auto extend) {
    rounds([&] {
      Gpr to = m.any_gpr(), from = m.any_gpr();
      writes(what, to, extend(m.state[from]), [&] { emit(to, from); });
    });
    rounds([&] {
      Gpr to = m.any_gpr();
      Mem from = m.any_mem(bytes);
      uint64_t value = bytes == 1   ? m.load<uint8_t>(from)
                       : bytes == 2 ? m.load<uint16_t>(from)
                                    : m.load<uint32_t>(from);
      writes(what, to, extend(value), [&] { emit(to, from); });
    });
  };
  auto u64 = [](auto value) { return static_cast<uint64_t>(value); };
  both(
      "movzx8", 1, [&](Gpr to, auto from) { a.movzx8(to, from); },
      [&](uint64_t v) { return u64(static_cast<uint8_t>(v)); });
  both(
      "movzx16", 2, [&](Gpr to, auto from) { a.movzx16(to, from); },
      [&](uint64_t v) { return u64(static_cast<uint16_t>(v)); });
  for (Width w : {Width::w32, Width::w64}) {
    both(
        "movsx8", 1, [&](Gpr to, auto from) { a.movsx8(w, to, from); },
        [&](uint64_t v) { return cut(w, u64(int64_t{static_cast<int8_t>(v)})); });
    both(
        "movsx16", 2, [&](Gpr to, auto from) { a.movsx16(w, to, from); },
        [&](uint64_t v) { return cut(w, u64(int64_t{static_cast<int16_t>(v)})); });
  }
  both(
      "movsx32", 4, [&](Gpr to, auto from) { a.movsx32(to, from); },
      [&](uint64_t v) { return u64(int64_t{static_cast<int32_t>(v)}); });
}

TEST_F(AssemblerTest, Lea) {
  rounds([&] {
    Width w = m.any_width();
    Gpr to = m.any_gpr();
    Mem from = m.any_mem(8);
    writes("lea", to, cut(w, m.address_of(from)), [&] { a.lea(w, to, from); });
  });
}

TEST_F(AssemblerTest, XchgPushPop) {
  rounds([&] {
    Gpr one = m.any_gpr(), other = m.any_gpr();
    State wanted = m.state;
    std::swap(wanted[one], wanted[other]);
    m.run("xchg", [&] { a.xchg(one, other); }, wanted, kAllFlags);
  });
  auto stack = [&] { m.state[Gpr::rsp] = reinterpret_cast<uintptr_t>(m.state.ram.data()) + 128; };
  rounds([&] {
    stack();
    Gpr from = m.any_gpr();
    State wanted = m.state;
    wanted[Gpr::rsp] -= 8;
    std::memcpy(wanted.ram.data() + 120, &m.state[from], 8);
    m.run("push", [&] { a.push(from); }, wanted, kAllFlags);
  });
  rounds([&] {
    stack();
    Gpr to = m.any_gpr();
    State wanted = m.state;
    wanted[Gpr::rsp] += 8;
    std::memcpy(&wanted[to], m.state.ram.data() + 128, 8);
    m.run("pop", [&] { a.pop(to); }, wanted, kAllFlags);
  });
  rounds([&] {
    Mem from;
    do {
      m.shuffle();
      stack();
      from = m.any_mem(8);
    } while (from.base == Gpr::rsp);
    State wanted = m.state;
    wanted[Gpr::rsp] -= 8;
    uint64_t value = m.load<uint64_t>(from);
    std::memcpy(wanted.ram.data() + 120, &value, 8);
    m.run("push memory", [&] { a.push(from); }, wanted, kAllFlags);
  });
  rounds([&] {
    Mem to;
    do {
      m.shuffle();
      stack();
      to = m.any_mem(8);
    } while (to.base == Gpr::rsp);
    State wanted = m.state;
    wanted[Gpr::rsp] += 8;
    uint64_t value;
    std::memcpy(&value, m.state.ram.data() + 128, 8);
    m.store(wanted, to, value);
    m.run("pop memory", [&] { a.pop(to); }, wanted, kAllFlags);
  });
}

// ---- arithmetic

struct Sum {
  uint64_t value;
  uint64_t flags;
};

Sum model(Alu op, Width w, uint64_t x, uint64_t y, bool carry) {
  x = cut(w, x);
  y = cut(w, y);
  unsigned __int128 wide = 0;
  __int128 exact = 0;
  bool logic = false;
  uint64_t c = carry ? 1 : 0;
  switch (op) {
    case Alu::add:
    case Alu::adc:
      c = op == Alu::adc ? c : 0;
      wide = static_cast<unsigned __int128>(x) + y + c;
      exact = static_cast<__int128>(as_signed(w, x)) + as_signed(w, y) + static_cast<int64_t>(c);
      break;
    case Alu::sub:
    case Alu::cmp:
    case Alu::sbb:
      c = op == Alu::sbb ? c : 0;
      wide = static_cast<unsigned __int128>(x) - y - c;
      exact = static_cast<__int128>(as_signed(w, x)) - as_signed(w, y) - static_cast<int64_t>(c);
      break;
    case Alu::and_:
      wide = x & y;
      logic = true;
      break;
    case Alu::or_:
      wide = x | y;
      logic = true;
      break;
    case Alu::xor_:
      wide = x ^ y;
      logic = true;
      break;
  }
  uint64_t value = cut(w, static_cast<uint64_t>(wide));
  uint64_t flags = result_flags(w, value);
  if (!logic) {
    if ((wide >> bits_of(w) & 1) != 0) flags |= kCarry;
    if (exact != as_signed(w, value)) flags |= kOverflow;
  }
  return {value, flags};
}

constexpr Alu kAlus[] = {Alu::add,  Alu::or_, Alu::adc,  Alu::sbb,
                         Alu::and_, Alu::sub, Alu::xor_, Alu::cmp};

TEST_F(AssemblerTest, AluToRegister) {
  rounds(
      [&] {
        Alu op = kAlus[m.below(8)];
        Width w = m.any_width();
        Gpr to = m.any_gpr();
        with_rm(w, [&](auto rm, uint64_t y) {
          Sum sum = model(op, w, m.state[to], y, (m.state.flags & kCarry) != 0);
          State wanted = m.state;
          if (op != Alu::cmp) wanted[to] = sum.value;
          wanted.flags = sum.flags;
          m.run("alu", [&] { a.alu(w, op, to, rm); }, wanted, kAllFlags);
        });
      },
      4 * kRounds);
}

TEST_F(AssemblerTest, AluToMemory) {
  rounds(
      [&] {
        Alu op = kAlus[m.below(8)];
        Width w = m.any_width();
        Gpr from = m.any_gpr();
        Mem to = m.any_mem(8);
        uint64_t old = w == Width::w64 ? m.load<uint64_t>(to) : m.load<uint32_t>(to);
        Sum sum = model(op, w, old, m.state[from], (m.state.flags & kCarry) != 0);
        State wanted = m.state;
        if (op != Alu::cmp) store(wanted, w, to, sum.value);
        wanted.flags = sum.flags;
        m.run("alu to memory", [&] { a.alu(w, op, to, from); }, wanted, kAllFlags);
      },
      4 * kRounds);
}

TEST_F(AssemblerTest, AluImmediate) {
  static constexpr int32_t kEdges[] = {0, 1, -1, 127, 128, -128, -129, INT32_MAX, INT32_MIN};
  rounds(
      [&] {
        Alu op = kAlus[m.below(8)];
        Width w = m.any_width();
        int32_t value = m.below(2) != 0 ? kEdges[m.below(std::size(kEdges))] : m.any_imm();
        with_rm(w, [&](auto rm, uint64_t x) {
          Sum sum =
              model(op, w, x, static_cast<uint64_t>(int64_t{value}), (m.state.flags & kCarry) != 0);
          State wanted = m.state;
          if (op != Alu::cmp) {
            if constexpr (std::is_same_v<decltype(rm), Gpr>) {
              wanted[rm] = sum.value;
            } else {
              store(wanted, w, rm, sum.value);
            }
          }
          wanted.flags = sum.flags;
          m.run("alu_imm", [&] { a.alu_imm(w, op, rm, value); }, wanted, kAllFlags);
        });
      },
      4 * kRounds);
}

TEST_F(AssemblerTest, Test) {
  rounds([&] {
    Width w = m.any_width();
    Gpr left = m.any_gpr();
    with_rm(w, [&](auto rm, uint64_t y) {
      State wanted = m.state;
      wanted.flags = model(Alu::and_, w, m.state[left], y, false).flags;
      m.run("test", [&] { a.test(w, left, rm); }, wanted, kAllFlags);
    });
  });
  rounds([&] {
    Width w = m.any_width();
    int32_t value = m.any_imm();
    with_rm(w, [&](auto rm, uint64_t x) {
      State wanted = m.state;
      wanted.flags = model(Alu::and_, w, x, static_cast<uint64_t>(int64_t{value}), false).flags;
      m.run("test_imm", [&] { a.test_imm(w, rm, value); }, wanted, kAllFlags);
    });
  });
  rounds([&] {
    Gpr left = m.any_gpr(), right = m.any_gpr();
    State wanted = m.state;
    auto both = static_cast<int8_t>(m.state[left] & m.state[right]);
    wanted.flags = result_flags(Width::w64, static_cast<uint64_t>(int64_t{both}));
    m.run("test8", [&] { a.test8(left, right); }, wanted, kAllFlags);
  });
}

TEST_F(AssemblerTest, Multiply) {
  auto flags = [](__int128 exact, Width w) {
    return exact == as_signed(w, static_cast<uint64_t>(exact)) ? 0 : kCarry | kOverflow;
  };
  rounds([&] {
    Width w = m.any_width();
    Gpr to = m.any_gpr();
    with_rm(w, [&](auto rm, uint64_t y) {
      __int128 exact = static_cast<__int128>(as_signed(w, m.state[to])) * as_signed(w, y);
      State wanted = m.state;
      wanted[to] = cut(w, static_cast<uint64_t>(exact));
      wanted.flags = flags(exact, w);
      m.run("imul", [&] { a.imul(w, to, rm); }, wanted, kCarry | kOverflow);
    });
  });
  rounds([&] {
    Width w = m.any_width();
    Gpr to = m.any_gpr();
    int32_t value = m.below(2) != 0 ? static_cast<int32_t>(m.below(300)) - 150 : m.any_imm();
    with_rm(w, [&](auto rm, uint64_t x) {
      __int128 exact = static_cast<__int128>(as_signed(w, x)) * value;
      State wanted = m.state;
      wanted[to] = cut(w, static_cast<uint64_t>(exact));
      wanted.flags = flags(exact, w);
      m.run("imul_imm", [&] { a.imul_imm(w, to, rm, value); }, wanted, kCarry | kOverflow);
    });
  });
  rounds([&] {
    Width w = m.any_width();
    Gpr reg = m.any_gpr();
    bool is_signed = m.below(2) != 0;
    uint64_t x = cut(w, m.state[Gpr::rax]), y = cut(w, m.state[reg]);
    auto product = is_signed ? static_cast<unsigned __int128>(
                                   static_cast<__int128>(as_signed(w, x)) * as_signed(w, y))
                             : static_cast<unsigned __int128>(x) * y;
    State wanted = m.state;
    wanted[Gpr::rdx] = cut(w, static_cast<uint64_t>(product >> bits_of(w)));
    wanted[Gpr::rax] = cut(w, static_cast<uint64_t>(product));
    m.run("mul", [&] { is_signed ? a.imul_wide(w, reg) : a.mul(w, reg); }, wanted, 0);
  });
}

TEST_F(AssemblerTest, Divide) {
  rounds([&] {
    Width w = m.any_width();
    Gpr reg = m.any_gpr_but({Gpr::rax, Gpr::rdx});
    uint64_t x = cut(w, m.state[Gpr::rax]), y = cut(w, m.state[reg]);
    if (y == 0) return;
    State wanted = m.state;
    if (m.below(2) != 0) {
      m.state[Gpr::rdx] = wanted[Gpr::rdx] = 0;
      wanted[Gpr::rax] = x / y;
      wanted[Gpr::rdx] = x % y;
      m.run("div", [&] { a.div(w, reg); }, wanted, 0);
    } else {
      int64_t sx = as_signed(w, x), sy = as_signed(w, y);
      if (sy == -1) return;
      m.state[Gpr::rdx] = sx < 0 ? ~uint64_t{0} : 0;
      wanted[Gpr::rax] = cut(w, static_cast<uint64_t>(sx / sy));
      wanted[Gpr::rdx] = cut(w, static_cast<uint64_t>(sx % sy));
      m.run("idiv", [&] { a.idiv(w, reg); }, wanted, 0);
    }
  });
  rounds([&] {
    Width w = m.any_width();
    uint64_t sign = sign_of(w, m.state[Gpr::rax]) ? ~uint64_t{0} : 0;
    writes("sign_extend_rax", Gpr::rdx, cut(w, sign), [&] { a.sign_extend_rax(w); });
  });
}

TEST_F(AssemblerTest, NegNot) {
  rounds([&] {
    Width w = m.any_width();
    Gpr reg = m.any_gpr();
    State wanted = m.state;
    Sum sum = model(Alu::sub, w, 0, m.state[reg], false);
    wanted[reg] = sum.value;
    wanted.flags = sum.flags;
    m.run("neg", [&] { a.neg(w, reg); }, wanted, kAllFlags);
  });
  rounds([&] {
    Width w = m.any_width();
    Gpr reg = m.any_gpr();
    writes("not", reg, cut(w, ~m.state[reg]), [&] { a.not_(w, reg); });
  });
}

// ---- shifts and counts of bits

uint64_t model(Shift op, Width w, uint64_t value, unsigned count) {
  unsigned bits = bits_of(w);
  count %= bits;
  value = cut(w, value);
  switch (op) {
    case Shift::shl:
      return cut(w, value << count);
    case Shift::shr:
      return value >> count;
    case Shift::sar:
      return cut(w, static_cast<uint64_t>(as_signed(w, value) >> count));
    case Shift::rol:
      return count == 0 ? value : cut(w, value << count | value >> (bits - count));
    default:
      return count == 0 ? value : cut(w, value >> count | value << (bits - count));
  }
}
constexpr Shift kShifts[] = {Shift::rol, Shift::ror, Shift::shl, Shift::shr, Shift::sar};

TEST_F(AssemblerTest, Shifts) {
  for (Shift op : kShifts) {
    for (Width w : {Width::w32, Width::w64}) {
      for (unsigned count = 0; count < bits_of(w); ++count) {
        rounds(
            [&] {
              Gpr reg = m.any_gpr();
              writes(
                  "shift_imm", reg, model(op, w, m.state[reg], count),
                  [&] { a.shift_imm(w, op, reg, static_cast<uint8_t>(count)); }, 0);
            },
            4);
      }
    }
  }
  rounds(
      [&] {
        Width w = m.any_width();
        Shift op = kShifts[m.below(5)];
        Gpr reg = m.any_gpr();
        auto count = static_cast<unsigned>(m.state[Gpr::rcx] & (bits_of(w) - 1));
        writes(
            "shift_cl", reg, model(op, w, m.state[reg], count), [&] { a.shift_cl(w, op, reg); }, 0);
      },
      2 * kRounds);
  if (!os::cpu_features().bmi2) return;
  rounds([&] {
    Width w = m.any_width();
    Shift op = kShifts[2 + m.below(3)];
    Gpr to = m.any_gpr();
    with_rm(w, [&](auto rm, uint64_t value) {
      Gpr counter = m.any_gpr();
      auto count = static_cast<unsigned>(m.state[counter] & (bits_of(w) - 1));
      writes("shift_bmi2", to, model(op, w, value, count),
             [&] { a.shift_bmi2(w, op, to, rm, counter); });
    });
  });
  rounds([&] {
    Width w = m.any_width();
    Gpr to = m.any_gpr();
    unsigned count = m.below(bits_of(w));
    with_rm(w, [&](auto rm, uint64_t value) {
      writes("rorx", to, model(Shift::ror, w, value, count),
             [&] { a.rorx(w, to, rm, static_cast<uint8_t>(count)); });
    });
  });
}

TEST_F(AssemblerTest, CountsOfBits) {
  auto check = [&](const char* what, auto emit, auto count, bool zero_too) {
    rounds([&] {
      Width w = m.any_width();
      Gpr to = m.any_gpr();
      with_rm(w, [&](auto rm, uint64_t value) {
        if (value == 0 && !zero_too) return;
        writes(what, to, count(w, value), [&] { emit(w, to, rm); }, 0);
      });
    });
  };
  auto leading = [](Width w, uint64_t v) {
    return static_cast<uint64_t>(std::countl_zero(v)) - (64 - bits_of(w));
  };
  auto trailing = [](Width w, uint64_t v) {
    return std::min<uint64_t>(static_cast<uint64_t>(std::countr_zero(v)), bits_of(w));
  };
  check(
      "bsr", [&](Width w, Gpr to, auto rm) { a.bsr(w, to, rm); },
      [](Width, uint64_t v) { return static_cast<uint64_t>(63 - std::countl_zero(v)); }, false);
  check("bsf", [&](Width w, Gpr to, auto rm) { a.bsf(w, to, rm); }, trailing, false);
  check(
      "popcnt", [&](Width w, Gpr to, auto rm) { a.popcnt(w, to, rm); },
      [](Width, uint64_t v) { return static_cast<uint64_t>(std::popcount(v)); }, true);
  if (os::cpu_features().lzcnt) {
    check("lzcnt", [&](Width w, Gpr to, auto rm) { a.lzcnt(w, to, rm); }, leading, true);
  }
  if (os::cpu_features().bmi1) {
    check("tzcnt", [&](Width w, Gpr to, auto rm) { a.tzcnt(w, to, rm); }, trailing, true);
  }
}

// ---- conditions

bool holds(Cond cond, uint64_t flags) {
  bool c = (flags & kCarry) != 0, p = (flags & kParity) != 0, z = (flags & kZero) != 0,
       s = (flags & kSign) != 0, o = (flags & kOverflow) != 0;
  switch (cond) {
    case Cond::overflow:
      return o;
    case Cond::no_overflow:
      return !o;
    case Cond::below:
      return c;
    case Cond::above_equal:
      return !c;
    case Cond::equal:
      return z;
    case Cond::not_equal:
      return !z;
    case Cond::below_equal:
      return c || z;
    case Cond::above:
      return !c && !z;
    case Cond::sign:
      return s;
    case Cond::no_sign:
      return !s;
    case Cond::parity:
      return p;
    case Cond::no_parity:
      return !p;
    case Cond::less:
      return s != o;
    case Cond::greater_equal:
      return s == o;
    case Cond::less_equal:
      return z || s != o;
    case Cond::greater:
      return !z && s == o;
    default:
      return false;
  }
}

TEST_F(AssemblerTest, Conditions) {
  for (uint8_t code = 0; code < static_cast<uint8_t>(Cond::fp_equal); ++code) {
    auto cond = static_cast<Cond>(code);
    rounds(
        [&] {
          EXPECT_NE(holds(cond, m.state.flags), holds(negate(cond), m.state.flags));
          Gpr to = m.any_gpr();
          uint64_t bit = holds(cond, m.state.flags) ? 1 : 0;
          writes("setcc", to, (m.state[to] & ~uint64_t{0xFF}) | bit, [&] { a.setcc(cond, to); });
        },
        40);
    rounds(
        [&] {
          Width w = m.any_width();
          Gpr to = m.any_gpr();
          with_rm(w, [&](auto rm, uint64_t value) {
            uint64_t old = cut(w, m.state[to]);
            writes("cmov", to, holds(cond, m.state.flags) ? value : old,
                   [&] { a.cmov(w, cond, to, rm); });
          });
        },
        40);
    // Forward over `skip` bytes, and backward, short and long.
    for (uint32_t skip : {1u, 100u, 200u}) {
      rounds(
          [&] {
            Gpr to = m.any_gpr();
            uint64_t value = holds(cond, m.state.flags) ? m.state[to] : 7;
            writes("jcc forward", to, value, [&] {
              Label over;
              a.jcc(cond, over);
              a.mov_imm(Width::w32, to, 7);
              for (uint32_t i = 0; i < skip; ++i) a.byte(0x90);
              a.bind(over);
            });
          },
          10);
      rounds(
          [&] {
            Gpr to = m.any_gpr();
            uint64_t value = holds(cond, m.state.flags) ? 9 : m.state[to];
            writes("jcc backward", to, value, [&] {
              Label back, test, out;
              a.jmp(test);
              a.bind(back);
              a.mov_imm(Width::w32, to, 9);
              a.jmp(out);
              for (uint32_t i = 0; i < skip; ++i) a.byte(0x90);
              a.bind(test);
              a.jcc(cond, back);
              a.bind(out);
            });
          },
          10);
    }
  }
}

TEST_F(AssemblerTest, SwappedOperands) {
  for (uint8_t code = 0; code < static_cast<uint8_t>(Cond::fp_equal); ++code) {
    auto cond = static_cast<Cond>(code);
    if (cond < Cond::below || (cond > Cond::above && cond < Cond::less)) continue;
    rounds([&] {
      uint64_t x = m.number64(), y = m.below(4) == 0 ? x : m.number64();
      EXPECT_EQ(holds(cond, model(Alu::cmp, Width::w64, x, y, false).flags),
                holds(swap_operands(cond), model(Alu::cmp, Width::w64, y, x, false).flags));
    });
  }
}

// ---- control

// What names a place in the code: a label's address, and jumps and calls there through a register,
// through memory, and directly. A call leaves behind where it returns to.
TEST_F(AssemblerTest, JumpsAndCalls) {
  for (uint32_t how = 0; how < 7; ++how) {
    rounds(
        [&] {
          Gpr place = m.any_gpr_but({Gpr::rsp});
          Gpr result = m.any_gpr_but({Gpr::rsp, place});
          auto stack = reinterpret_cast<uintptr_t>(m.state.ram.data()) + 128;
          m.state[Gpr::rsp] = stack;
          bool pushes = how != 0 && how != 4 && how != 5;
          State wanted = m.state;
          wanted[result] = 3;
          auto emit = [&] {
            Label target, out;
            a.lea_label(place, target);
            if (pushes) a.push(place);
            Mem pushed = at(Gpr::rsp);
            switch (how) {
              case 0:
                a.jmp(place);
                break;
              case 1:
                a.jmp(pushed);
                break;
              case 2:
                a.call(place);
                break;
              case 3:
                a.call(pushed);
                break;
              case 4:
                a.jmp(target);
                break;
              case 5:
                a.push(place);
                a.ret();
                break;
              default:
                a.pop(place);
                a.push(place);
                a.jmp(place);
            }
            a.mov_imm(Width::w32, result, 3);
            a.jmp(out);
            a.bind(target);
            if (how == 2 || how == 3) {
              a.mov_imm(Width::w32, result, 4);
              a.ret();
            } else {
              a.mov_imm(Width::w32, result, 3);
            }
            a.bind(out);
            a.mov_imm(Width::w64, Gpr::rsp, stack);
          };
          m.run("jump " + std::to_string(how), emit, wanted, 0, GprSet::of(place), true);
        },
        30);
  }
}

TEST_F(AssemblerTest, Leave) {
  rounds(
      [&] {
        auto stack = reinterpret_cast<uintptr_t>(m.state.ram.data()) + 64;
        m.state[Gpr::rbp] = stack;
        State wanted = m.state;
        wanted[Gpr::rsp] = stack + 8;
        std::memcpy(&wanted[Gpr::rbp], m.state.ram.data() + 64, 8);
        m.run("leave", [&] { a.leave(); }, wanted, kAllFlags);
      },
      20);
}

// Through a slot that stands in front of the code, as calls between functions of a module do.
TEST_F(AssemblerTest, SlotsInTheCode) {
  for (bool is_call : {true, false}) {
    rounds(
        [&] {
          m.state[Gpr::rsp] = reinterpret_cast<uintptr_t>(m.state.ram.data()) + 128;
          Gpr to = m.any_gpr_but({Gpr::rsp});
          State wanted = m.state;
          wanted[to] = 5;
          auto emit = [&] {
            Label over, done;
            a.jmp(over);
            uint32_t slot = a.offset();
            a.qword(m.executable_address(slot + 8));
            a.mov_imm(Width::w32, to, 5);
            is_call ? a.ret() : a.jmp(done);
            a.bind(over);
            constexpr int32_t kLength = 6;
            int32_t distance =
                static_cast<int32_t>(slot) - static_cast<int32_t>(a.offset()) - kLength;
            is_call ? a.call_rip(distance) : a.jmp_rip(distance);
            a.bind(done);
          };
          m.run("slot", emit, wanted, kAllFlags, {}, true);
        },
        20);
  }
}

TEST_F(AssemblerTest, DataAndAlignment) {
  uint8_t buffer[64] = {};
  a.start(buffer);
  a.byte(1);
  a.align(8);
  a.dword(0x01020304);
  a.qword(0x1122334455667788);
  EXPECT_EQ(a.offset(), 20u);
  a.patch_dword(8, 0xA0B0C0D0);
  EXPECT_EQ(buffer[0], 1);
  EXPECT_EQ(buffer[7], 0xCC);
  EXPECT_EQ(buffer[8], 0xD0);
  EXPECT_EQ(buffer[12], 0x88);
  EXPECT_EQ(a.pos(), buffer + 20);
}

// ---- atomic accesses

TEST_F(AssemblerTest, AtomicAccesses) {
  for (uint8_t log2 = 0; log2 < 4; ++log2) {
    uint32_t bytes = 1u << log2;
    uint64_t mask = log2 == 3 ? ~uint64_t{0} : (uint64_t{1} << 8 * bytes) - 1;
    // A narrow result leaves the rest of its register, one of 32 bits clears it.
    auto merge = [&](uint64_t old, uint64_t value) {
      return log2 >= 2 ? value & mask : (old & ~mask) | (value & mask);
    };
    auto load = [&](Mem mem) {
      uint64_t value = 0;
      std::memcpy(&value, reinterpret_cast<void*>(m.address_of(mem)), bytes);
      return value;
    };
    auto store = [&](State& to, Mem mem, uint64_t value) {
      for (uint32_t i = 0; i < bytes; ++i) {
        Mem byte = mem;
        byte.disp += static_cast<int32_t>(i);
        m.store(to, byte, static_cast<uint8_t>(value >> 8 * i));
      }
    };
    auto place = [&] {  // with room for a displacement of the other bytes
      while (true) {
        Mem mem = m.any_mem(bytes, bytes);
        if (mem.disp < INT32_MAX - 8) return mem;
        m.shuffle();
      }
    };
    rounds([&] {
      Mem mem = place();
      Gpr reg = m.any_gpr();
      State wanted = m.state;
      uint64_t old = load(mem);
      store(wanted, mem, old + m.state[reg]);
      wanted[reg] = merge(m.state[reg], old);
      m.run("lock_xadd", [&] { a.lock_xadd(log2, mem, reg); }, wanted, 0);
    });
    rounds([&] {
      Mem mem = place();
      Gpr reg = m.any_gpr();
      State wanted = m.state;
      uint64_t old = load(mem);
      store(wanted, mem, m.state[reg]);
      wanted[reg] = merge(m.state[reg], old);
      m.run("xchg memory", [&] { a.xchg(log2, mem, reg); }, wanted, kAllFlags);
    });
    rounds([&] {
      Mem mem = place();
      if (mem.base == Gpr::rax || mem.index == Gpr::rax) return;
      Gpr reg = m.any_gpr();
      uint64_t old = load(mem);
      if (m.below(2) != 0 && mem.base != Gpr::rax)
        m.state[Gpr::rax] = merge(m.state[Gpr::rax], old);
      bool equal = (m.state[Gpr::rax] & mask) == old;
      State wanted = m.state;
      if (equal) {
        store(wanted, mem, m.state[reg]);
      } else {
        wanted[Gpr::rax] = merge(m.state[Gpr::rax], old);
      }
      wanted.flags = equal ? kZero : 0;
      m.run("lock_cmpxchg", [&] { a.lock_cmpxchg(log2, mem, reg); }, wanted, kZero);
    });
  }
  rounds([&] { m.run("mfence", [&] { a.mfence(); }, m.state, kAllFlags); }, 3);
}

}  // namespace
}  // namespace nacre::native::x64
