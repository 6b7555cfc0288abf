// For assembler_test.cc: runs one instruction on registers and memory of the test's choice.
//
// What stands around the instruction is written as bytes here, not by the assembler that is tested.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <initializer_list>
#include <random>
#include <string>

#include "native/x64/assembler.h"
#include "os/code_memory.h"

namespace nacre::native::x64 {

struct Vector {
  std::array<uint64_t, 2> half{};
  friend bool operator==(const Vector&, const Vector&) = default;
};

// Everything that an instruction can see and change.
struct State {
  std::array<uint64_t, 16> gpr{};
  std::array<Vector, 16> xmm{};
  uint64_t flags = 0;
  std::array<uint8_t, 256> ram{};

  uint64_t& operator[](Gpr reg) { return gpr[number(reg)]; }
  uint64_t operator[](Gpr reg) const { return gpr[number(reg)]; }
  Vector& operator[](Xmm reg) { return xmm[number(reg)]; }
};

inline constexpr uint64_t kCarry = 0x1, kParity = 0x4, kZero = 0x40, kSign = 0x80,
                          kOverflow = 0x800;
inline constexpr uint64_t kAllFlags = kCarry | kParity | kZero | kSign | kOverflow;

class Machine {
  os::CpuFeatures cpu_;  // the assembler's, which keeps a reference

 public:
  Machine(const os::CpuFeatures& cpu, uint64_t seed)
      : cpu_(cpu), masm(cpu_), random_(seed), code_(os::CodeMemory::create(4096).value()) {}

  // Random contents: registers with all kinds of numbers.
  void shuffle() {
    for (uint64_t& reg : state.gpr) reg = number64();
    for (Vector& reg : state.xmm) reg = {{number64(), number64()}};
    for (uint8_t& byte : state.ram) byte = static_cast<uint8_t>(random_());
    state.flags = (random_() & kAllFlags) | 0x202;
  }
  uint64_t number64() {
    uint64_t bits = random_();
    switch (bits % 8) {
      case 0:
        return random_() % 3;
      case 1:
        return ~(random_() % 3);
      case 2:
        return uint64_t{1} << random_() % 64;
      case 3:
        return (uint64_t{1} << random_() % 64) - 1;
      case 4:
        return random_() >> 32;
      default:
        return random_();
    }
  }
  uint32_t below(uint32_t bound) { return static_cast<uint32_t>(random_() % bound); }
  Gpr any_gpr() { return static_cast<Gpr>(below(16)); }
  Gpr any_gpr_but(std::initializer_list<Gpr> others) {
    while (true) {
      Gpr reg = any_gpr();
      if (std::find(others.begin(), others.end(), reg) == others.end()) return reg;
    }
  }
  Xmm any_xmm() { return static_cast<Xmm>(below(16)); }
  int32_t any_imm() { return static_cast<int32_t>(number64()); }
  Width any_width() { return below(2) != 0 ? Width::w64 : Width::w32; }

  // A place of `bytes` bytes in the memory, named in any way that there is: the registers are set
  // so that it is met. `alignment`: of the place, in bytes.
  Mem any_mem(uint32_t bytes, uint32_t alignment = 1) {
    uint32_t where = below(static_cast<uint32_t>(state.ram.size() - bytes)) / alignment * alignment;
    uint64_t address = reinterpret_cast<uintptr_t>(state.ram.data()) + where;
    Mem mem{.base = any_gpr()};
    static constexpr int32_t kDisps[] = {0,   1,    -1,   8,         127,      -128,
                                         128, -129, 4096, INT32_MAX, INT32_MIN};
    mem.disp = below(4) == 0 ? any_imm() : kDisps[below(std::size(kDisps))];
    if (below(2) != 0) {
      mem.index = any_gpr_but({Gpr::rsp});
      mem.scale_log2 = static_cast<uint8_t>(below(4));
    }
    if (mem.index == mem.base && mem.index != Gpr::rsp) {
      // The displacement makes the rest divisible.
      uint64_t factor = 1 + (uint64_t{1} << mem.scale_log2);
      mem.disp = static_cast<int32_t>(below(1 << 20)) - (1 << 19);
      while ((address - static_cast<uint64_t>(int64_t{mem.disp})) % factor != 0) ++mem.disp;
      state[mem.base] = (address - static_cast<uint64_t>(int64_t{mem.disp})) / factor;
    } else {
      state[mem.base] = address - static_cast<uint64_t>(int64_t{mem.disp}) - scaled_index(mem);
    }
    return mem;
  }

  // What a Mem means; the state's own memory is where it must lead.
  template <class T>
  T load(Mem mem) const {
    T value;
    std::memcpy(&value, at_address(mem), sizeof value);
    return value;
  }
  template <class T>
  void store(State& to, Mem mem, T value) const {
    std::memcpy(to.ram.data() + (at_address(mem) - state.ram.data()), &value, sizeof value);
  }
  uint64_t address_of(Mem mem) const {
    return state[mem.base] + scaled_index(mem) + static_cast<uint64_t>(int64_t{mem.disp});
  }

  // Where code at an offset of the assembler runs.
  uint64_t executable_address(uint32_t offset) const {
    return reinterpret_cast<uintptr_t>(code_.executable()) + offset;
  }

  // Runs what `emit` writes on `state` and compares with `wanted`: flags as far as `flags` says,
  // not the registers in `scratch`, and the memory unless it is a stack.
  template <class Emit>
  void run(const std::string& what, Emit emit, const State& wanted, uint64_t flags,
           GprSet scratch = {}, bool ram_is_stack = false) {
    begin();
    emit();
    size_t length = masm.offset() - start_;
    end();
    State before = state;
    reinterpret_cast<void (*)()>(const_cast<uint8_t*>(code_.executable()))();
    std::string bytes;
    for (size_t i = 0; i < length; ++i) {
      char text[4];
      std::snprintf(text, sizeof text, " %02x", code_.writable()[start_ + i]);
      bytes += text;
    }
    for (size_t i = 0; i < 16; ++i) {
      if (!scratch.has(static_cast<Gpr>(i))) {
        ASSERT_EQ(state.gpr[i], wanted.gpr[i])
            << what << bytes << ", register " << i << ", was " << std::hex << before.gpr[i];
      }
      ASSERT_EQ(state.xmm[i].half, wanted.xmm[i].half) << what << bytes << ", xmm" << i;
    }
    if (!ram_is_stack) {
      ASSERT_EQ(state.ram, wanted.ram) << what << bytes;
    }
    ASSERT_EQ(state.flags & flags, wanted.flags & flags) << what << bytes;
  }

  State state;
  Assembler masm;

 private:
  uint64_t scaled_index(Mem mem) const {
    return mem.index == Gpr::rsp ? 0 : state[mem.index] << mem.scale_log2;
  }
  const uint8_t* at_address(Mem mem) const {
    return reinterpret_cast<const uint8_t*>(address_of(mem));
  }
  void bytes(std::initializer_list<uint8_t> list) {
    for (uint8_t byte : list) masm.byte(byte);
  }
  void absolute(const void* address) { masm.qword(reinterpret_cast<uintptr_t>(address)); }
  // op [rax + offset of `field`], reg
  template <class T>
  void at_rax(uint8_t op, unsigned reg, const T& field) {
    auto offset = static_cast<uint32_t>(reinterpret_cast<const uint8_t*>(&field) -
                                        reinterpret_cast<const uint8_t*>(&state));
    bytes({static_cast<uint8_t>(0x48 | (reg >> 3) << 2), op,
           static_cast<uint8_t>(0x80 | (reg & 7) << 3)});
    masm.dword(offset);
  }
  // movups between a vector register and its field.
  void vector_at_rax(uint8_t op, unsigned reg) {
    auto offset = static_cast<uint32_t>(reinterpret_cast<const uint8_t*>(&state.xmm[reg]) -
                                        reinterpret_cast<const uint8_t*>(&state));
    if (reg >= 8) bytes({0x44});
    bytes({0x0F, op, static_cast<uint8_t>(0x80 | (reg & 7) << 3)});
    masm.dword(offset);
  }

  void begin() {
    masm.start(code_.writable());
    bytes({0x53, 0x55, 0x41, 0x54, 0x41, 0x55, 0x41, 0x56, 0x41, 0x57});   // push what C keeps
    bytes({0x48, 0xB8}), absolute(&host_rsp_), bytes({0x48, 0x89, 0x20});  // mov [host_rsp], rsp
    bytes({0x48, 0xB8}), absolute(&state);
    for (unsigned i = 0; i < 16; ++i) vector_at_rax(0x10, i);
    at_rax(0x8B, 1, state.flags), bytes({0x51, 0x9D});  // push rcx, popfq
    for (unsigned i = 1; i < 16; ++i) at_rax(0x8B, i, state.gpr[i]);
    bytes({0x48, 0xA1}), absolute(&state.gpr[0]);  // mov rax, [...]
    start_ = masm.offset();
  }
  void end() {
    bytes({0x48, 0xA3}), absolute(&state.gpr[0]);  // mov [...], rax
    bytes({0x48, 0xB8}), absolute(&state);
    for (unsigned i = 1; i < 16; ++i) at_rax(0x89, i, state.gpr[i]);
    for (unsigned i = 0; i < 16; ++i) vector_at_rax(0x11, i);
    bytes({0x48, 0xB9}), absolute(&host_rsp_), bytes({0x48, 0x8B, 0x21});  // mov rsp, [host_rsp]
    bytes({0x9C, 0x59}), at_rax(0x89, 1, state.flags);                     // pushfq, pop rcx
    bytes({0x41, 0x5F, 0x41, 0x5E, 0x41, 0x5D, 0x41, 0x5C, 0x5D, 0x5B, 0xC3});
  }

  std::mt19937_64 random_;
  os::CodeMemory code_;
  uint64_t host_rsp_ = 0;
  size_t start_ = 0;
};

}  // namespace nacre::native::x64
