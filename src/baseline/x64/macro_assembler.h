// The operations of baseline/macro_assembler.h, as x86-64 has them, above the assembler.
//
// A condition is one of the flags, or two of them; moves, loads and stores leave flags alone, and
// so does everything here that is not said to change them. Only this class and what stands above it
// in this folder know that there are flags.
#pragma once

#include <algorithm>
#include <cstdint>

#include "baseline/value_type.h"
#include "baseline/x64/registers.h"
#include "native/code_image.h"
#include "native/x64/assembler.h"
#include "native/x64/simd_opcodes.h"

namespace nacre::baseline::x64 {

// Scalar floating-point instructions, for f32 or f64 by their prefix. Values: the opcode's byte.
enum class FloatOp : uint8_t {
  load = 0x10,
  from_integer = 0x2A,
  to_integer = 0x2C,  // towards zero
  sqrt = 0x51,
  add = 0x58,
  mul = 0x59,
  convert = 0x5A,  // to the other of f32 and f64
  sub = 0x5C,
  min = 0x5D,
  div = 0x5E,
  max = 0x5F
};
constexpr Opcode scalar(Type type, FloatOp op) {
  return {static_cast<uint8_t>(type == Type::f32 ? 0xF3 : 0xF2), 1, static_cast<uint8_t>(op)};
}
constexpr Opcode ucomis(Type type) {
  return {static_cast<uint8_t>(type == Type::f32 ? 0 : 0x66), 1, 0x2E};
}
constexpr Opcode rounds(Type type) {
  return {0x66, 3, static_cast<uint8_t>(type == Type::f32 ? 0x0A : 0x0B)};
}
inline constexpr Opcode kAndps{0, 1, 0x54}, kOrps{0, 1, 0x56}, kXorps{0, 1, 0x57};
inline constexpr Opcode kUnpcklps{0, 1, 0x14}, kUnpcklpd{0x66, 1, 0x14};

class MacroAssembler : public Assembler {
 public:
  explicit MacroAssembler(const os::CpuFeatures& cpu) : Assembler(cpu) {}

  void start(native::CodeImage& image) {
    image_ = &image;
    Assembler::start(image.code.data());
    forget_flags();
  }

  // ---- moves
  void move(Width w, Gpr to, Gpr from) { mov(w, to, from); }
  void move(Xmm to, Xmm from) { sse_mov(to, from); }
  void load_constant(Width w, Gpr to, uint64_t value) { mov_imm(w, to, value); }
  void load_constant(Type type, Xmm to, Label& constant) {
    sse_label(scalar(type, FloatOp::load), to, constant);
  }
  void load_zero(Gpr to) { alu(Width::w32, Alu::xor_, to, to); }  // changes flags
  void load_zero(Xmm to) { sse(kXorps, to, to, to); }
  void load_address(Gpr to, Mem place) { lea(Width::w64, to, place); }
  void load(Width w, Gpr to, Mem from) { mov(w, to, from); }
  void load(Type type, Xmm to, Mem from) {
    if (type == Type::v128) {
      movups(to, from);
    } else if (type == Type::f64) {
      movsd(to, from);
    } else {
      movss(to, from);
    }
  }
  void store(Width w, Mem to, Gpr from) { mov(w, to, from); }
  void store(Type type, Mem to, Xmm from) {
    if (type == Type::v128) {
      movups(to, from);
    } else if (type == Type::f64) {
      movsd(to, from);
    } else {
      movss(to, from);
    }
  }
  void store_constant(Width w, Mem to, uint64_t value) {
    auto low = static_cast<int32_t>(value);
    if (w == Width::w32 || static_cast<int64_t>(value) == low) return mov(w, to, low);
    mov(Width::w32, to, low);
    to.disp += 4;
    mov(Width::w32, to, static_cast<int32_t>(value >> 32));
  }
  void store_byte(Mem to, uint8_t value) { store8(to, value); }

  // ---- arithmetic (changes flags)
  void add_constant(Gpr to, int32_t value) { alu_imm(Width::w64, Alu::add, to, value); }
  void subtract_constant(Gpr to, int32_t value) { alu_imm(Width::w64, Alu::sub, to, value); }
  void shift_right(Gpr to, uint8_t count) { shift_imm(Width::w64, Shift::shr, to, count); }
  void add_saturating(Gpr to, uint64_t value, uint64_t if_it_wraps) {
    add_constant64(to, value);
    mov_imm(Width::w64, kScratch, if_it_wraps);
    cmov(Width::w64, Cond::below, to, kScratch);
  }
  void add_constant64(Gpr to, uint64_t value) {
    mov_imm(Width::w64, kScratch, value);
    alu(Width::w64, Alu::add, to, kScratch);
  }

  // ---- conditions
  // Arithmetic leaves flags that say whether its result is zero; is_zero() takes them instead of
  // making them, if nothing was emitted in between.
  void note_result(Width w, Gpr result) {
    flags_offset_ = offset();
    flags_of_ = result;
    flags_width_ = w;
  }
  Cond is_zero(Width w, Gpr reg) {
    if (flags_offset_ != offset() || flags_of_ != reg || flags_width_ != w) test(w, reg, reg);
    return Cond::equal;
  }
  Cond is_zero(Width w, Mem value) {
    alu_imm(w, Alu::cmp, value, 0);
    return Cond::equal;
  }
  void load_condition(Cond cond, Gpr to) {
    if (is_floating(cond)) {
      bool equal = cond == Cond::fp_equal;
      mov_imm(Width::w32, to, equal ? 0 : 1);
      mov_imm(Width::w32, kScratch, equal ? 0 : 1);
      setcc(equal ? Cond::equal : Cond::not_equal, to);
      cmov(Width::w32, Cond::parity, to, kScratch);
    } else {
      setcc(cond, to);
      movzx8(to, to);
    }
  }
  void store_condition(Cond cond, Mem to) {
    if (is_floating(cond)) {
      // Two registers are needed, and there is one: the place itself is the other.
      bool equal = cond == Cond::fp_equal;
      mov(Width::w32, to, equal ? 0 : 1);
      setcc(equal ? Cond::equal : Cond::not_equal, kScratch);
      movzx8(kScratch, kScratch);
      cmov(Width::w32, Cond::parity, kScratch, to);
    } else {
      load_condition(cond, kScratch);
    }
    mov(Width::w32, to, kScratch);
  }

  // ---- branches
  // Flags are those of one way here only.
  void bind(Label& label) {
    forget_flags();
    Assembler::bind(label);
  }
  void jump(Label& label) { jmp(label); }
  void branch(Cond cond, Label& label) {
    if (cond == Cond::fp_equal) {
      Label unordered;
      jcc(Cond::parity, unordered);
      jcc(Cond::equal, label);
      Assembler::bind(unordered);
    } else if (cond == Cond::fp_not_equal) {
      jcc(Cond::parity, label);
      jcc(Cond::not_equal, label);
    } else {
      jcc(cond, label);
    }
  }
  // Compare and branch. They change flags.
  void branch_if(Cond cond, Width w, Gpr a, Gpr b, Label& label) {
    alu(w, Alu::cmp, a, b);
    jcc(cond, label);
  }
  void branch_if(Cond cond, Width w, Gpr a, Mem b, Label& label) {
    alu(w, Alu::cmp, a, b);
    jcc(cond, label);
  }
  template <class Rm>
  void branch_if(Cond cond, Width w, Rm a, int32_t b, Label& label) {
    alu_imm(w, Alu::cmp, a, b);
    jcc(cond, label);
  }
  void branch_if_zero(Width w, Gpr reg, Label& label) {
    test(w, reg, reg);
    jcc(Cond::equal, label);
  }
  void branch_if_not_zero(Width w, Gpr reg, Label& label) {
    test(w, reg, reg);
    jcc(Cond::not_equal, label);
  }
  void branch_if_true(Gpr reg, Label& label) {
    test8(reg, reg);
    jcc(Cond::not_equal, label);
  }
  void branch_if_upper_half(Gpr reg, Label& label) {
    mov(Width::w32, kScratch, reg);
    alu(Width::w64, Alu::cmp, kScratch, reg);
    jcc(Cond::not_equal, label);
  }
  void take_or_branch(Mem counter, int32_t amount, Label& label) {
    alu_imm(Width::w64, Alu::sub, counter, amount);
    jcc(Cond::less, label);
  }
  void check_index(Gpr index, Mem size, Label& failed, Mem zero) {
    alu(Width::w64, Alu::cmp, index, size);
    jcc(Cond::above_equal, failed);
    cmov(Width::w64, Cond::above_equal, index, zero);
  }
  // The index is clamped, not branched upon: speculation stays inside the table too.
  void jump_by_table(Gpr index, uint32_t count, Label& table, Gpr temp) {
    mov_imm(Width::w32, kScratch, count);
    alu(Width::w32, Alu::cmp, index, kScratch);
    cmov(Width::w32, Cond::below, kScratch, index);
    lea_label(temp, table);
    movsx32(kScratch, at(temp, kScratch, 0, 2));
    alu(Width::w64, Alu::add, kScratch, temp);
    jmp(kScratch);
  }
  void move_if_not_zero(Gpr to, Gpr from) {
    test(Width::w64, from, from);
    cmov(Width::w64, Cond::not_equal, to, from);
  }

  // ---- frames and calls
  uint32_t enter_frame(Mem stack_limit, Label* exhausted) {
    // Patched when the frame's size is known.
    constexpr int32_t kPlaceholder = INT32_MIN;
    push(kFrame);
    image_->frame.pushed = static_cast<uint8_t>(offset());
    mov(Width::w64, kFrame, Gpr::rsp);
    image_->frame.linked = static_cast<uint8_t>(offset());
    push(kVmCtx);
    image_->frame.whole = static_cast<uint8_t>(offset());
    lea(Width::w64, exhausted != nullptr ? kScratch : Gpr::rsp, at(Gpr::rsp, kPlaceholder));
    uint32_t patch = offset() - 4;
    if (exhausted == nullptr) return patch;
    alu(Width::w64, Alu::cmp, kScratch, stack_limit);
    jcc(Cond::below, *exhausted);
    mov(Width::w64, Gpr::rsp, kScratch);
    return patch;
  }
  void set_frame_size(uint32_t patch, int32_t bytes) {
    int32_t aligned = (bytes + 15) & ~15;
    patch_dword(patch, static_cast<uint32_t>(8 - aligned));  // the VmCtx was pushed
  }
  void leave_frame() { leave(); }
  void return_to_caller() {
    uint32_t begin = offset();
    ret();
    frame_was_undone(begin);
  }
  // Several times 8 bytes.
  void clear_frame(int32_t begin, int32_t end, Gpr temp) {
    constexpr int32_t kUnrolledBytes = 128;
    if (end - begin <= 8) return mov(Width::w64, at(kFrame, begin), 0);
    load_zero(kXmmScratch);
    if (end - begin <= kUnrolledBytes) {
      for (int32_t p = begin; p < end; p += 16)
        movups(at(kFrame, std::min(p, end - 16)), kXmmScratch);
      return;
    }
    movups(at(kFrame, end - 16), kXmmScratch);
    mov_imm(Width::w64, temp, static_cast<uint64_t>(int64_t{begin}));
    Label loop;
    bind(loop);
    movups(at(kFrame, temp), kXmmScratch);
    alu_imm(Width::w64, Alu::add, temp, 16);
    alu_imm(Width::w64, Alu::cmp, temp, end - 16);
    jcc(Cond::less, loop);
  }
  void frame_was_undone(uint32_t begin) { image_->frame.undone.push_back({begin, offset()}); }
  void call_slot(uint32_t function) {
    call_rip(0);
    relocate(native::Relocation::Kind::function_slot, function);
  }
  void jump_slot(uint32_t function) {
    uint32_t begin = offset();
    jmp_rip(0);
    relocate(native::Relocation::Kind::function_slot, function);
    frame_was_undone(begin);
  }
  void branch_unless_type(Mem type, uint32_t expected, Label& label) {
    cmp_imm32(type, 0);
    relocate(native::Relocation::Kind::type_id, expected);
    jcc(Cond::not_equal, label);
  }
  void jump(Mem code) { jmp(code); }
  // With the id on the stack, below the return address; the stub aligns the stack itself.
  Cond call_subtype_check(uint32_t type, Mem entries, int32_t entry) {
    mov_imm(Width::w32, kScratch, 0);
    relocate(native::Relocation::Kind::type_id, type);
    push(kScratch);
    mov(Width::w64, kScratch, entries);
    call(at(kScratch, entry));
    lea(Width::w64, Gpr::rsp, at(Gpr::rsp, 8));
    return Cond::not_equal;
  }

  // ---- for checked builds. They change flags.
  void poison_upper_half(Gpr reg, uint32_t pattern) {
    mov_imm(Width::w64, kScratch, uint64_t{pattern} << 32);
    alu(Width::w64, Alu::or_, reg, kScratch);
  }
  void poison_upper_lanes(Type type, Xmm reg, uint32_t pattern) {
    mov_imm(Width::w64, kScratch, uint64_t{pattern} << 32 | pattern);
    mov_from_gpr(Width::w64, kXmmScratch, kScratch);
    sse(type == Type::f32 ? kUnpcklps : kUnpcklpd, reg, reg, kXmmScratch);
  }

 private:
  static constexpr uint32_t kNoOffset = ~0u;
  static constexpr bool is_floating(Cond cond) {
    return cond == Cond::fp_equal || cond == Cond::fp_not_equal;
  }
  void forget_flags() { flags_offset_ = kNoOffset; }
  // Of the last 4 bytes.
  void relocate(native::Relocation::Kind kind, uint32_t index) {
    image_->relocations.emplace_back(kind, offset() - 4, index);
  }

  native::CodeImage* image_ = nullptr;
  uint32_t flags_offset_ = kNoOffset;
  Gpr flags_of_ = Gpr::rax;
  Width flags_width_ = Width::w32;
};

}  // namespace nacre::baseline::x64
