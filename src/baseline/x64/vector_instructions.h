// Vector instructions, as x86-64 does them: one method for each, named as its row of ops.def.
//
// With AVX a result goes to any register and a last source may be in the frame; without it
// instructions write over their first source, and 16 bytes in memory have to be aligned, which
// neither slots nor guest memory are. vector_op() hides the first, vector_unary() and
// vector_binary() the second. Both scratch registers are free for sequences of instructions.

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "baseline/x64/scalar_instructions.h"
#include "wasm/imm.h"

namespace nacre::baseline::x64 {

class VectorInstructions : protected ScalarInstructions {
 protected:
  using ScalarInstructions::ScalarInstructions;

  // The rows of ops.def with the prefix of vector instructions.
#define ROW_0x00(name, imm_)
#define ROW_0xfb(name, imm_)
#define ROW_0xfc(name, imm_)
#define ROW_0xfd(name, imm_) void name(const wasm::imm::imm_& i);
#define ROW_0xfe(name, imm_)
#define OP(name, text, prefix, code, imm_, sig, feature, flags) ROW_##prefix(name, imm_)
#include "wasm/ops.def"
#undef OP
#undef ROW_0x00
#undef ROW_0xfb
#undef ROW_0xfc
#undef ROW_0xfd
#undef ROW_0xfe

 private:
  // How a row's operands are those of the machine instruction.
  enum class Order : uint8_t { ordered, commutes, swapped };

  // `to = a op b`, whatever registers these are. Loses `a` if it is a scratch register, else perhaps
  // the first of these, where `to` is `b` but not `a`.
  void vector_op(Opcode op, Xmm to, Xmm a, Xmm b, Order order = Order::ordered,
                 std::optional<uint8_t> imm = std::nullopt);

  // Rows that are one instruction.
  void vector_unary(Opcode op, std::optional<uint8_t> imm = std::nullopt);
  void vector_binary(Opcode op, Order order, std::optional<uint8_t> imm = std::nullopt);

  // Rows of several: emit(to, sources...) with registers; `to` is none of the sources, and only it
  // and the scratch registers may be written.
  template <size_t count, class Emit>
  void vector_sequence(Emit emit) {
    vector_sequence(emit, std::make_index_sequence<count>());
  }
  template <class Emit, size_t... I>
  void vector_sequence(Emit emit, std::index_sequence<I...>) {
    constexpr size_t kLast = sizeof...(I) - 1;
    Operand sources[sizeof...(I)];
    ((sources[kLast - I] = pop()), ...);
    (fpr_of(sources[I]), ...);
    Xmm to = result_fpr({&sources[I]...});
    emit(to, fpr_of(sources[I])...);
    (release(sources[I]), ...);
    push_fpr(Type::v128, to);
  }

  void zero(Xmm to) { masm_.load_zero(to); }
  void all_ones(Xmm to) { masm_.sse(kPcmpeqd, to, to, to); }
  void shift_by(const VectorShift& shift, Xmm to, Xmm from, uint8_t count) {
    masm_.sse_shift(shift.by_immediate, shift.digit, to, from, count);
  }
  // The same bits in every lane of 8 bytes; the same 8 bytes twice.
  static constexpr uint64_t in_bytes(uint8_t bits) { return uint64_t{0x0101010101010101} * bits; }
  static constexpr uint64_t in_words(uint16_t bits) { return uint64_t{0x0001000100010001} * bits; }
  static constexpr uint64_t in_dwords(uint32_t bits) { return uint64_t{bits} << 32 | bits; }
  Label& twice(uint64_t half) { return constant(half, half, 16); }
  void push_vector_constant(uint64_t low, uint64_t high);

  // ---- simd_arithmetic.cc
  void vector_negate(Opcode subtract);
  void vector_compare_inverted(Opcode op, Order order);
  void vector_compare_unsigned(Opcode extreme, Opcode equal, bool inverted);
  void vector_min_max(Type lane, bool is_max);
  void vector_multiply_add(Opcode multiply, Opcode add, uint64_t negate);
  void vector_sign_bits(Opcode op, uint64_t mask);
  void bit_select();
  void all_true(Opcode equal);
  void bitmask(Opcode op);

  // ---- simd_shift.cc
  // The count, modulo the bits of a lane, plus `more`, in the second scratch register.
  void shift_count(Operand count, uint8_t lane_bits, int32_t more = 0);
  void vector_shift(const VectorShift& shift, uint8_t lane_bits);
  void byte_shift(bool left);

  // ---- simd_convert.cc
  void extend_high(Opcode op);
  void extmul_bytes(Opcode extend, bool high);
  void extmul_words(Opcode multiply_high, Opcode interleave);
  void extmul_dwords(Opcode multiply, bool high);

  // ---- simd_lanes.cc
  void splat_int(uint8_t lane_bytes);
  void splat_lowest(Xmm reg, uint8_t lane_bytes);  // of 1 or 2 bytes
  void splat_float(Type lane);
  Gpr extract_lane(Opcode op, Width width, uint8_t lane);
  void extract_float(Type lane_type, uint8_t lane);
  void replace_lane(Opcode op, Width width, uint8_t lane);
  void shuffle_one(bool of_second, const std::array<uint8_t, 16>& lanes);

  // ---- simd_memory.cc
  template <class Emit>
  void load_vector(const wasm::imm::memarg& i, uint32_t bytes, Emit emit);
  void load_lane(const wasm::imm::memarg_lane& i, Opcode insert, uint32_t bytes);
  void store_lane(const wasm::imm::memarg_lane& i, Opcode extract, uint32_t bytes);
};

}  // namespace nacre::baseline::x64
