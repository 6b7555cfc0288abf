// Encodes x86-64 instructions into a buffer, one function an instruction or a family of them.
//
// Operand sizes are in names and types: w32 results have upper halves of zero, as the processor
// does it. There is no check of room here: who emits makes sure of kMaxInstructionBytes for each
// (FunctionCompiler::begin). Source: Intel SDM volume 2, chapters 2 and 3 to 6.
#pragma once

#include <cassert>
#include <cstdint>
#include <cstring>

#include "native/x64/registers.h"
#include "os/cpu.h"

namespace nacre::native::x64 {

inline constexpr size_t kMaxInstructionBytes = 16;

enum class Width : uint8_t { w32, w64 };

// Condition codes as instructions encode them, and two of floating-point equality that need the
// parity flag as well.
enum class Cond : uint8_t {
  overflow = 0,
  no_overflow,
  below,
  above_equal,
  equal,
  not_equal,
  below_equal,
  above,
  sign,
  no_sign,
  parity,
  no_parity,
  less,
  greater_equal,
  less_equal,
  greater,
  fp_equal,
  fp_not_equal
};
constexpr Cond negate(Cond cond) { return static_cast<Cond>(static_cast<uint8_t>(cond) ^ 1); }
// The condition for exchanged operands of a comparison.
constexpr Cond swap_operands(Cond cond) {
  switch (cond) {
    case Cond::below:
      return Cond::above;
    case Cond::above:
      return Cond::below;
    case Cond::below_equal:
      return Cond::above_equal;
    case Cond::above_equal:
      return Cond::below_equal;
    case Cond::less:
      return Cond::greater;
    case Cond::greater:
      return Cond::less;
    case Cond::less_equal:
      return Cond::greater_equal;
    case Cond::greater_equal:
      return Cond::less_equal;
    default:
      return cond;
  }
}

// [base + index * scale + disp]
struct Mem {
  Gpr base;
  Gpr index = Gpr::rsp;  // rsp: none
  uint8_t scale_log2 = 0;
  int32_t disp = 0;
};
inline Mem at(Gpr base, int32_t disp = 0) { return {.base = base, .disp = disp}; }
inline Mem at(Gpr base, Gpr index, int32_t disp = 0, uint8_t scale_log2 = 0) {
  return {.base = base, .index = index, .scale_log2 = scale_log2, .disp = disp};
}

// An opcode: mandatory prefix (0: none), opcode map (1: 0F, 2: 0F 38, 3: 0F 3A; 0: none), byte.
struct Opcode {
  uint8_t prefix;
  uint8_t map;
  uint8_t byte;
};

// A place in code that jumps go to. Jumps to a label that is not bound yet form a list, threaded
// through their displacements.
struct Label {
  int32_t bound = -1;  // offset in the buffer
  int32_t jumps = -1;  // offset of the last displacement that waits for it
};

// Arithmetic with the common encoding; the value is the /digit of its immediate form.
enum class Alu : uint8_t {
  add = 0,
  or_ = 1,
  adc = 2,
  sbb = 3,
  and_ = 4,
  sub = 5,
  xor_ = 6,
  cmp = 7
};
enum class Shift : uint8_t { rol = 0, ror = 1, shl = 4, shr = 5, sar = 7 };

class Assembler {
 public:
  explicit Assembler(const os::CpuFeatures& cpu) : cpu_(cpu) {}

  const os::CpuFeatures& cpu() const { return cpu_; }
  void start(uint8_t* buffer) { begin_ = pos_ = buffer; }
  // Goes on in another buffer, which holds what this one held.
  void move_to(uint8_t* buffer) {
    uint32_t done = offset();
    begin_ = buffer;
    pos_ = buffer + done;
  }
  uint32_t offset() const { return static_cast<uint32_t>(pos_ - begin_); }
  uint8_t* pos() const { return pos_; }
  uint8_t* begin() const { return begin_; }

  // ---- data
  void byte(uint8_t value) { *pos_++ = value; }
  void dword(uint32_t value) { put(value); }
  void qword(uint64_t value) { put(value); }
  void align(uint32_t bytes) {
    while (offset() % bytes != 0) byte(0xCC);
  }
  void patch_dword(uint32_t at_offset, uint32_t value) {
    std::memcpy(begin_ + at_offset, &value, sizeof value);
  }

  // ---- moves
  void mov(Width w, Gpr to, Gpr from) { legacy(w, {0, 0, 0x8B}, number(to), number(from)); }
  void mov(Width w, Gpr to, Mem from) { legacy(w, {0, 0, 0x8B}, number(to), from); }
  void mov(Width w, Mem to, Gpr from) { legacy(w, {0, 0, 0x89}, number(from), to); }
  // The immediate is sign-extended.
  void mov(Width w, Mem to, int32_t value) {
    legacy(w, {0, 0, 0xC7}, 0, to);
    put(value);
  }
  // Keeps flags.
  void mov_imm(Width w, Gpr to, uint64_t value) {
    if (w == Width::w32 || value <= UINT32_MAX) {
      rex(false, 0, 0, number(to));
      byte(static_cast<uint8_t>(0xB8 | (number(to) & 7)));
      put(static_cast<uint32_t>(value));
    } else if (static_cast<int64_t>(value) >= INT32_MIN && static_cast<int64_t>(value) < 0) {
      legacy(Width::w64, {0, 0, 0xC7}, 0, number(to));
      put(static_cast<int32_t>(value));
    } else {
      mov_imm64(to, value);
    }
  }
  // Of 8 bytes whatever the value is, so that another one can be filled in.
  void mov_imm64(Gpr to, uint64_t value) {
    rex(true, 0, 0, number(to));
    byte(static_cast<uint8_t>(0xB8 | (number(to) & 7)));
    put(value);
  }
  void store8(Mem to, Gpr from) { legacy8({0, 0, 0x88}, number(from), to); }
  void store16(Mem to, Gpr from) { legacy(Width::w32, {0x66, 0, 0x89}, number(from), to); }
  void store8(Mem to, uint8_t value) {
    legacy(Width::w32, {0, 0, 0xC6}, 0, to);
    byte(value);
  }
  void store16(Mem to, uint16_t value) {
    legacy(Width::w32, {0x66, 0, 0xC7}, 0, to);
    put(value);
  }
  // Extensions: from 8 or 16 bits to 32 (and so 64), or signed to 64.
  void movzx8(Gpr to, Gpr from) { legacy8({0, 1, 0xB6}, number(to), from); }
  void movzx8(Gpr to, Mem from) { legacy(Width::w32, {0, 1, 0xB6}, number(to), from); }
  void movzx16(Gpr to, Gpr from) { legacy(Width::w32, {0, 1, 0xB7}, number(to), number(from)); }
  void movzx16(Gpr to, Mem from) { legacy(Width::w32, {0, 1, 0xB7}, number(to), from); }
  void movsx8(Width w, Gpr to, Gpr from) { legacy8({0, 1, 0xBE}, number(to), from, w); }
  void movsx8(Width w, Gpr to, Mem from) { legacy(w, {0, 1, 0xBE}, number(to), from); }
  void movsx16(Width w, Gpr to, Gpr from) { legacy(w, {0, 1, 0xBF}, number(to), number(from)); }
  void movsx16(Width w, Gpr to, Mem from) { legacy(w, {0, 1, 0xBF}, number(to), from); }
  void movsx32(Gpr to, Gpr from) { legacy(Width::w64, {0, 0, 0x63}, number(to), number(from)); }
  void movsx32(Gpr to, Mem from) { legacy(Width::w64, {0, 0, 0x63}, number(to), from); }
  void lea(Width w, Gpr to, Mem from) { legacy(w, {0, 0, 0x8D}, number(to), from); }
  void cmov(Width w, Cond cond, Gpr to, Gpr from) {
    legacy(w, {0, 1, cc(0x40, cond)}, number(to), number(from));
  }
  void cmov(Width w, Cond cond, Gpr to, Mem from) {
    legacy(w, {0, 1, cc(0x40, cond)}, number(to), from);
  }
  void xchg(Gpr a, Gpr b) { legacy(Width::w64, {0, 0, 0x87}, number(a), number(b)); }
  void push(Gpr reg) {
    rex(false, 0, 0, number(reg));
    byte(static_cast<uint8_t>(0x50 | (number(reg) & 7)));
  }
  void pop(Gpr reg) {
    rex(false, 0, 0, number(reg));
    byte(static_cast<uint8_t>(0x58 | (number(reg) & 7)));
  }
  void push(Mem from) { legacy(Width::w32, {0, 0, 0xFF}, 6, from); }
  void pop(Mem to) { legacy(Width::w32, {0, 0, 0x8F}, 0, to); }

  // ---- integer arithmetic
  void alu(Width w, Alu op, Gpr to, Gpr from) {
    legacy(w, {0, 0, alu_byte(op, 3)}, number(to), number(from));
  }
  void alu(Width w, Alu op, Gpr to, Mem from) {
    legacy(w, {0, 0, alu_byte(op, 3)}, number(to), from);
  }
  void alu(Width w, Alu op, Mem to, Gpr from) {
    legacy(w, {0, 0, alu_byte(op, 1)}, number(from), to);
  }
  template <class Rm>
  void alu_imm(Width w, Alu op, Rm to, int32_t value) {
    bool is_short = value >= -128 && value <= 127;
    legacy(w, {0, 0, static_cast<uint8_t>(is_short ? 0x83 : 0x81)}, static_cast<uint8_t>(op),
           rm(to));
    if (is_short) {
      byte(static_cast<uint8_t>(value));
    } else {
      put(value);
    }
  }
  void test(Width w, Gpr a, Gpr b) { legacy(w, {0, 0, 0x85}, number(b), number(a)); }
  void test(Width w, Gpr a, Mem b) { legacy(w, {0, 0, 0x85}, number(a), b); }
  void test8(Gpr a, Gpr b) { legacy(Width::w32, {0, 0, 0x84}, number(b), number(a), true); }
  template <class Rm>
  void test_imm(Width w, Rm a, int32_t value) {
    legacy(w, {0, 0, 0xF7}, 0, rm(a));
    put(value);
  }
  // Compares with an immediate of 4 bytes, so that another one can be filled in.
  void cmp_imm32(Mem a, uint32_t value) {
    legacy(Width::w32, {0, 0, 0x81}, static_cast<uint8_t>(Alu::cmp), a);
    put(value);
  }
  template <class Rm>
  void imul(Width w, Gpr to, Rm from) {
    legacy(w, {0, 1, 0xAF}, number(to), rm(from));
  }
  template <class Rm>
  void imul_imm(Width w, Gpr to, Rm from, int32_t value) {
    bool is_short = value >= -128 && value <= 127;
    legacy(w, {0, 0, static_cast<uint8_t>(is_short ? 0x6B : 0x69)}, number(to), rm(from));
    if (is_short) {
      byte(static_cast<uint8_t>(value));
    } else {
      put(value);
    }
  }
  void neg(Width w, Gpr reg) { legacy(w, {0, 0, 0xF7}, 3, number(reg)); }
  void not_(Width w, Gpr reg) { legacy(w, {0, 0, 0xF7}, 2, number(reg)); }
  // rdx:rax = rax * reg
  void mul(Width w, Gpr reg) { legacy(w, {0, 0, 0xF7}, 4, number(reg)); }
  void imul_wide(Width w, Gpr reg) { legacy(w, {0, 0, 0xF7}, 5, number(reg)); }
  // rax, rdx = rdx:rax / reg
  void div(Width w, Gpr reg) { legacy(w, {0, 0, 0xF7}, 6, number(reg)); }
  void idiv(Width w, Gpr reg) { legacy(w, {0, 0, 0xF7}, 7, number(reg)); }
  // The sign of rax into rdx.
  void sign_extend_rax(Width w) {
    rex(w == Width::w64, 0, 0, 0);
    byte(0x99);
  }
  void shift_imm(Width w, Shift op, Gpr reg, uint8_t count) {
    legacy(w, {0, 0, 0xC1}, static_cast<uint8_t>(op), number(reg));
    byte(count);
  }
  void shift_cl(Width w, Shift op, Gpr reg) {
    legacy(w, {0, 0, 0xD3}, static_cast<uint8_t>(op), number(reg));
  }
  // BMI2: without flags, any count register.
  template <class Rm>
  void shift_bmi2(Width w, Shift op, Gpr to, Rm from, Gpr count) {
    uint8_t prefix = op == Shift::shl ? 0x66 : op == Shift::sar ? 0xF3 : 0xF2;
    vex(w == Width::w64, {prefix, 2, 0xF7}, number(to), number(count), rm(from));
  }
  template <class Rm>
  void rorx(Width w, Gpr to, Rm from, uint8_t count) {
    vex(w == Width::w64, {0xF2, 3, 0xF0}, number(to), 0, rm(from));
    byte(count);
  }
  template <class Rm>
  void bsr(Width w, Gpr to, Rm from) {
    legacy(w, {0, 1, 0xBD}, number(to), rm(from));
  }
  template <class Rm>
  void bsf(Width w, Gpr to, Rm from) {
    legacy(w, {0, 1, 0xBC}, number(to), rm(from));
  }
  template <class Rm>
  void lzcnt(Width w, Gpr to, Rm from) {
    legacy(w, {0xF3, 1, 0xBD}, number(to), rm(from));
  }
  template <class Rm>
  void tzcnt(Width w, Gpr to, Rm from) {
    legacy(w, {0xF3, 1, 0xBC}, number(to), rm(from));
  }
  template <class Rm>
  void popcnt(Width w, Gpr to, Rm from) {
    legacy(w, {0xF3, 1, 0xB8}, number(to), rm(from));
  }
  void setcc(Cond cond, Gpr to) { legacy8({0, 1, cc(0x90, cond)}, 0, to); }

  // ---- atomic accesses (bytes_log2: 0 to 3)
  void lock_xadd(uint8_t bytes_log2, Mem to, Gpr reg) {
    sized({0, 1, 0xC0}, bytes_log2, reg, to, true);
  }
  void xchg(uint8_t bytes_log2, Mem to, Gpr reg) {
    sized({0, 0, 0x86}, bytes_log2, reg, to, false);
  }
  // Compares with rax.
  void lock_cmpxchg(uint8_t bytes_log2, Mem to, Gpr reg) {
    sized({0, 1, 0xB0}, bytes_log2, reg, to, true);
  }
  void mfence() {
    byte(0x0F);
    byte(0xAE);
    byte(0xF0);
  }

  // ---- control
  void jmp(Label& label) { jump(0xE9, 0, label); }
  void jcc(Cond cond, Label& label) { jump(0x0F, cc(0x80, cond), label); }
  // To a distance from the end of the instruction, of 4 bytes in any case.
  void jmp_near(int32_t distance) {
    byte(0xE9);
    put(distance);
  }
  void jcc_near(Cond cond, int32_t distance) {
    byte(0x0F);
    byte(cc(0x80, cond));
    put(distance);
  }
  void jmp(Gpr reg) { legacy(Width::w32, {0, 0, 0xFF}, 4, number(reg)); }
  void jmp(Mem from) { legacy(Width::w32, {0, 0, 0xFF}, 4, from); }
  void call(Gpr reg) { legacy(Width::w32, {0, 0, 0xFF}, 2, number(reg)); }
  void call(Mem from) { legacy(Width::w32, {0, 0, 0xFF}, 2, from); }
  void ret() { byte(0xC3); }
  void leave() { byte(0xC9); }
  // Through a 64-bit slot at `distance` from the end of the instruction.
  void call_rip(int32_t distance) { rip(0xFF, 2, distance); }
  void jmp_rip(int32_t distance) { rip(0xFF, 4, distance); }
  void bind(Label& label) {
    label.bound = static_cast<int32_t>(offset());
    for (int32_t at_offset = label.jumps; at_offset >= 0;) {
      int32_t next;
      std::memcpy(&next, begin_ + at_offset, sizeof next);
      patch_dword(static_cast<uint32_t>(at_offset),
                  static_cast<uint32_t>(label.bound - (at_offset + 4)));
      at_offset = next;
    }
    label.jumps = -1;
  }
  // The address of a label; a displacement waits like that of a jump.
  void lea_label(Gpr to, Label& label) {
    rex(true, number(to), 0, 0);
    byte(0x8D);
    byte(static_cast<uint8_t>((number(to) & 7) << 3 | 5));
    displacement(label);
  }

  // ---- SSE and AVX. The same operations in both encodings: with AVX `to` is written from `a` and
  // `b`, without it `to` is moved to first. `b` may be an Xmm or a Mem; unless `to` is `a`, it must
  // not be `b` where there is no AVX and the operation does not commute (the caller sees to it).
  template <class Rm>
  void sse(Opcode op, Xmm to, Xmm a, Rm b) {
    if (cpu_.avx) {
      vex(false, op, number(to), number(a), rm(b));
    } else {
      if (to != a) sse_mov(to, a);
      legacy(Width::w32, op, number(to), rm(b));
    }
  }
  template <class Rm>
  void sse_imm(Opcode op, Xmm to, Xmm a, Rm b, uint8_t imm) {
    sse(op, to, a, b);
    byte(imm);
  }
  // One source.
  template <class Rm>
  void sse(Opcode op, Xmm to, Rm from) {
    if (cpu_.avx) {
      vex(false, op, number(to), 0, rm(from));
    } else {
      legacy(Width::w32, op, number(to), rm(from));
    }
  }
  template <class Rm>
  void sse_imm(Opcode op, Xmm to, Rm from, uint8_t imm) {
    sse(op, to, from);
    byte(imm);
  }
  // Between the kinds of registers: the opcode's reg field is `reg`, w selects 64 bits.
  template <class Rm>
  void sse_w(Width w, Opcode op, uint8_t reg, Rm from) {
    if (cpu_.avx) {
      vex(w == Width::w64, op, reg, 0, rm(from));
    } else {
      legacy(w, op, reg, rm(from));
    }
  }
  // The same with a second source (cvtsi2sd, pinsrq).
  template <class Rm>
  void sse_w(Width w, Opcode op, Xmm to, Xmm a, Rm from) {
    if (cpu_.avx) {
      vex(w == Width::w64, op, number(to), number(a), rm(from));
    } else {
      if (to != a) sse_mov(to, a);
      legacy(w, op, number(to), rm(from));
    }
  }
  // A shift by an immediate; `digit` is the opcode's.
  void sse_shift(Opcode op, uint8_t digit, Xmm to, Xmm from, uint8_t count) {
    if (cpu_.avx) {
      vex(false, op, digit, number(to), number(from));
    } else {
      if (to != from) sse_mov(to, from);
      legacy(Width::w32, op, digit, number(to));
    }
    byte(count);
  }
  // Four operands, AVX only (vblendvps and its kin).
  void avx_is4(Opcode op, Xmm to, Xmm a, Xmm b, Xmm c) {
    vex(false, op, number(to), number(a), number(b));
    byte(static_cast<uint8_t>(number(c) << 4));
  }
  // FMA3 and other VEX instructions with W.
  template <class Rm>
  void avx_w(bool w, Opcode op, Xmm to, Xmm a, Rm b) {
    vex(w, op, number(to), number(a), rm(b));
  }

  void sse_mov(Xmm to, Xmm from) {
    if (to != from) sse({0, 1, 0x28}, to, from);  // movaps
  }
  void movups(Xmm to, Mem from) { sse({0, 1, 0x10}, to, from); }
  void movups(Mem to, Xmm from) { sse_store({0, 1, 0x11}, to, from); }
  void movss(Xmm to, Mem from) { sse({0xF3, 1, 0x10}, to, from); }
  void movss(Mem to, Xmm from) { sse_store({0xF3, 1, 0x11}, to, from); }
  void movsd(Xmm to, Mem from) { sse({0xF2, 1, 0x10}, to, from); }
  void movsd(Mem to, Xmm from) { sse_store({0xF2, 1, 0x11}, to, from); }
  void mov_from_gpr(Width w, Xmm to, Gpr from) { sse_w(w, {0x66, 1, 0x6E}, number(to), from); }
  void mov_to_gpr(Width w, Gpr to, Xmm from) { sse_w(w, {0x66, 1, 0x7E}, number(from), to); }
  // [rip + distance from the end], which waits for a constant like a jump for its label.
  void sse_label(Opcode op, Xmm to, Xmm a, Label& constant) {
    if (cpu_.avx) {
      vex_prefix(false, op, number(to), number(a), 0, 0);
    } else {
      if (to != a) sse_mov(to, a);
      legacy_prefix(Width::w32, op, number(to), 0, 0, false);
    }
    byte(static_cast<uint8_t>((number(to) & 7) << 3 | 5));
    displacement(constant);
  }
  void sse_label(Opcode op, Xmm to, Label& constant) {
    if (cpu_.avx) {
      vex_prefix(false, op, number(to), 0, 0, 0);
    } else {
      legacy_prefix(Width::w32, op, number(to), 0, 0, false);
    }
    byte(static_cast<uint8_t>((number(to) & 7) << 3 | 5));
    displacement(constant);
  }
  void sse_store(Opcode op, Mem to, Xmm from) {
    if (cpu_.avx) {
      vex(false, op, number(from), 0, to);
    } else {
      legacy(Width::w32, op, number(from), to);
    }
  }
  template <class Rm>
  void sse_store_imm(Opcode op, Width w, Rm to, Xmm from, uint8_t imm) {
    sse_w(w, op, number(from), to);
    byte(imm);
  }

 private:
  template <class T>
  void put(T value) {
    std::memcpy(pos_, &value, sizeof value);
    pos_ += sizeof value;
  }
  static uint8_t rm(Gpr reg) { return number(reg); }
  static uint8_t rm(Xmm reg) { return number(reg); }
  static Mem rm(Mem mem) { return mem; }
  static constexpr uint8_t alu_byte(Alu op, uint8_t form) {
    return static_cast<uint8_t>(static_cast<uint8_t>(op) << 3 | form);
  }
  static uint8_t cc(uint8_t base, Cond cond) {
    assert(cond < Cond::fp_equal);
    return static_cast<uint8_t>(base | static_cast<uint8_t>(cond));
  }

  void rex(bool w, uint8_t reg, uint8_t index, uint8_t base, bool force = false) {
    uint8_t bits = static_cast<uint8_t>(w << 3 | (reg >> 3) << 2 | (index >> 3) << 1 | base >> 3);
    if (bits != 0 || force) byte(0x40 | bits);
  }
  void legacy_prefix(Width w, Opcode op, uint8_t reg, uint8_t index, uint8_t base, bool force) {
    if (op.prefix != 0) byte(op.prefix);
    rex(w == Width::w64, reg, index, base, force);
    if (op.map != 0) byte(0x0F);
    if (op.map == 2) byte(0x38);
    if (op.map == 3) byte(0x3A);
    byte(op.byte);
  }
  void legacy(Width w, Opcode op, uint8_t reg, uint8_t rm_reg, bool force = false) {
    legacy_prefix(w, op, reg, 0, rm_reg, force);
    byte(static_cast<uint8_t>(0xC0 | (reg & 7) << 3 | (rm_reg & 7)));
  }
  void legacy(Width w, Opcode op, uint8_t reg, Gpr rm_reg) { legacy(w, op, reg, number(rm_reg)); }
  void legacy(Width w, Opcode op, uint8_t reg, Mem mem, bool force = false) {
    legacy_prefix(w, op, reg, mem_index(mem), number(mem.base), force);
    modrm(reg, mem);
  }
  // With a byte register: spl to dil need a REX prefix.
  void legacy8(Opcode op, uint8_t reg, Gpr rm_reg, Width w = Width::w32) {
    legacy(w, op, reg, number(rm_reg), number(rm_reg) >= 4);
  }
  void legacy8(Opcode op, uint8_t reg, Mem mem) { legacy(Width::w32, op, reg, mem, reg >= 4); }
  void sized(Opcode op, uint8_t bytes_log2, Gpr reg, Mem to, bool lock) {
    if (lock) byte(0xF0);
    if (bytes_log2 == 0) {
      legacy8(op, number(reg), to);
    } else {
      op.prefix = bytes_log2 == 1 ? 0x66 : 0;
      op.byte |= 1;
      legacy(bytes_log2 == 3 ? Width::w64 : Width::w32, op, number(reg), to);
    }
  }

  void vex_prefix(bool w, Opcode op, uint8_t reg, uint8_t vvvv, uint8_t index, uint8_t base) {
    uint8_t pp = op.prefix == 0x66 ? 1 : op.prefix == 0xF3 ? 2 : op.prefix == 0xF2 ? 3 : 0;
    uint8_t not_r = static_cast<uint8_t>((~reg >> 3 & 1) << 7);
    uint8_t last = static_cast<uint8_t>((~vvvv & 15) << 3 | pp);
    if (op.map == 1 && !w && index < 8 && base < 8) {
      byte(0xC5);
      byte(not_r | last);
    } else {
      byte(0xC4);
      byte(static_cast<uint8_t>(not_r | (~index >> 3 & 1) << 6 | (~base >> 3 & 1) << 5 | op.map));
      byte(static_cast<uint8_t>(w << 7 | last));
    }
    byte(op.byte);
  }
  void vex(bool w, Opcode op, uint8_t reg, uint8_t vvvv, uint8_t rm_reg) {
    vex_prefix(w, op, reg, vvvv, 0, rm_reg);
    byte(static_cast<uint8_t>(0xC0 | (reg & 7) << 3 | (rm_reg & 7)));
  }
  void vex(bool w, Opcode op, uint8_t reg, uint8_t vvvv, Mem mem) {
    vex_prefix(w, op, reg, vvvv, mem_index(mem), number(mem.base));
    modrm(reg, mem);
  }

  static uint8_t mem_index(Mem mem) { return mem.index == Gpr::rsp ? 0 : number(mem.index); }
  void modrm(uint8_t reg, Mem mem) {
    uint8_t low = static_cast<uint8_t>((reg & 7) << 3);
    uint8_t base = number(mem.base) & 7;
    bool sib = mem.index != Gpr::rsp || base == 4;
    uint8_t mode = mem.disp == 0 && base != 5            ? 0x00
                   : mem.disp >= -128 && mem.disp <= 127 ? 0x40
                                                         : 0x80;
    byte(static_cast<uint8_t>(mode | low | (sib ? 4 : base)));
    if (sib) {
      uint8_t index = mem.index == Gpr::rsp ? 4 : number(mem.index) & 7;
      byte(static_cast<uint8_t>(mem.scale_log2 << 6 | index << 3 | base));
    }
    if (mode == 0x40) byte(static_cast<uint8_t>(mem.disp));
    if (mode == 0x80) put(mem.disp);
  }
  void rip(uint8_t opcode, uint8_t digit, int32_t distance) {
    byte(opcode);
    byte(static_cast<uint8_t>(digit << 3 | 5));
    put(distance);
  }

  void displacement(Label& label) {
    if (label.bound >= 0) {
      put(label.bound - static_cast<int32_t>(offset() + 4));
      return;
    }
    int32_t here = static_cast<int32_t>(offset());
    put(label.jumps);
    label.jumps = here;
  }
  // `second` 0: the opcode has one byte.
  void jump(uint8_t first, uint8_t second, Label& label) {
    if (label.bound >= 0) {
      int32_t distance = label.bound - static_cast<int32_t>(offset() + 2);
      if (distance >= -128) {
        byte(second == 0 ? 0xEB : static_cast<uint8_t>(second - 0x10));
        byte(static_cast<uint8_t>(distance));
        return;
      }
    }
    byte(first);
    if (second != 0) byte(second);
    displacement(label);
  }

  const os::CpuFeatures& cpu_;
  uint8_t* begin_ = nullptr;
  uint8_t* pos_ = nullptr;
};

}  // namespace nacre::native::x64
