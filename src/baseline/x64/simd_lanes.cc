// Constants, lanes, and orders of lanes.
#include <cstring>

#include "baseline/x64/vector_instructions.h"

namespace nacre::baseline::x64 {
namespace {

using Kind = Operand::Kind;
using Lanes = std::array<uint8_t, 16>;

struct Halves {
  uint64_t low;
  uint64_t high;
};
Halves halves(const Lanes& bytes) {
  Halves result;
  std::memcpy(&result, bytes.data(), sizeof result);
  return result;
}

// What one machine instruction makes of two vectors.
struct OneInstruction {
  Opcode opcode;
  bool swapped = false;
  std::optional<uint8_t> imm = std::nullopt;
};

// Lane i of the result is byte lanes[i] of the first vector and then the second; `swapped` counts
// them the other way round.
Lanes swap_sources(Lanes lanes) {
  for (uint8_t& lane : lanes) lane ^= 16;
  return lanes;
}

// Lanes of `lane_bytes` from the lower or the upper halves, by turns.
bool is_interleaving(const Lanes& lanes, uint32_t lane_bytes, bool high) {
  for (uint32_t i = 0; i < 16; ++i) {
    uint32_t lane = i / lane_bytes;
    uint32_t expected = (lane % 2) * 16 + (high ? 8 : 0) + lane / 2 * lane_bytes + i % lane_bytes;
    if (lanes[i] != expected) return false;
  }
  return true;
}

std::optional<OneInstruction> interleaving(const Lanes& lanes) {
  constexpr struct {
    uint32_t lane_bytes;
    Opcode low;
    Opcode high;
  } kRows[] = {{1, kPunpcklbw, kPunpckhbw},
               {2, kPunpcklwd, kPunpckhwd},
               {4, kPunpckldq, kPunpckhdq},
               {8, kPunpcklqdq, kPunpckhqdq}};
  for (const auto& row : kRows) {
    if (is_interleaving(lanes, row.lane_bytes, false)) return OneInstruction{row.low};
    if (is_interleaving(lanes, row.lane_bytes, true)) return OneInstruction{row.high};
  }
  return std::nullopt;
}

// The lane numbers of 4 bytes each; none if there is one that is not whole.
std::optional<std::array<uint8_t, 4>> dword_lanes(const Lanes& lanes) {
  std::array<uint8_t, 4> result;
  for (uint32_t i = 0; i < 4; ++i) {
    uint8_t first = lanes[4 * i];
    if (first % 4 != 0) return std::nullopt;
    for (uint8_t k = 1; k < 4; ++k) {
      if (lanes[4 * i + k] != first + k) return std::nullopt;
    }
    result[i] = first / 4;
  }
  return result;
}

uint8_t dword_imm(const std::array<uint8_t, 4>& lanes) {
  uint32_t imm = 0;
  for (uint32_t i = 0; i < 4; ++i) imm |= (lanes[i] & 3u) << (2 * i);
  return static_cast<uint8_t>(imm);
}

// Two lanes of the first, two of the second.
std::optional<OneInstruction> dword_pairs(const Lanes& lanes) {
  auto dwords = dword_lanes(lanes);
  if (!dwords) return std::nullopt;
  auto [a, b, c, d] = *dwords;
  if (a >= 4 || b >= 4 || c < 4 || d < 4) return std::nullopt;
  return OneInstruction{.opcode = kShufps, .imm = dword_imm(*dwords)};
}

// 16 bytes in a row, that begin in the first vector.
std::optional<OneInstruction> window(const Lanes& lanes) {
  if (lanes[0] == 0 || lanes[0] >= 16) return std::nullopt;
  for (uint32_t i = 1; i < 16; ++i) {
    if (lanes[i] != lanes[0] + i) return std::nullopt;
  }
  return OneInstruction{.opcode = kPalignr, .swapped = true, .imm = lanes[0]};
}

// Each word stays in its place, of one vector or the other.
std::optional<OneInstruction> word_blend(const Lanes& lanes) {
  uint32_t imm = 0;
  for (uint32_t i = 0; i < 16; ++i) {
    if (lanes[i] % 16 != i || lanes[i] / 16 != lanes[i & ~1u] / 16) return std::nullopt;
    if (lanes[i] >= 16) imm |= 1u << (i / 2);
  }
  return OneInstruction{.opcode = kPblendw, .imm = static_cast<uint8_t>(imm)};
}

std::optional<OneInstruction> one_instruction(const Lanes& lanes) {
  for (bool swapped : {false, true}) {
    const Lanes& seen = swapped ? swap_sources(lanes) : lanes;
    for (auto match : {interleaving, dword_pairs, window, word_blend}) {
      if (auto found = match(seen)) {
        found->swapped ^= swapped;
        return found;
      }
    }
  }
  return std::nullopt;
}

}  // namespace

// ---- constants

void VectorInstructions::push_vector_constant(uint64_t low, uint64_t high) {
  Xmm to = result_fpr();
  if (low == 0 && high == 0) {
    zero(to);
  } else if (low == UINT64_MAX && high == UINT64_MAX) {
    all_ones(to);
  } else {
    masm_.sse_label(kMovaps, to, constant(low, high, 16));
  }
  push_fpr(Type::v128, to);
}

void VectorInstructions::v128_const(const wasm::imm::v128& i) {
  auto [low, high] = halves(i.bytes);
  push_vector_constant(low, high);
}

// ---- splats

void VectorInstructions::splat_int(uint8_t lane_bytes) {
  Operand value = pop();
  if (value.is_constant()) {
    uint64_t lane =
        lane_bytes == 8 ? value.bits : value.bits & ((uint64_t{1} << 8 * lane_bytes) - 1);
    uint64_t ones =
        UINT64_MAX / (lane_bytes == 8 ? UINT64_MAX : (uint64_t{1} << 8 * lane_bytes) - 1);
    return push_vector_constant(lane * ones, lane * ones);
  }
  Gpr from = gpr_of(value);
  Xmm to = result_fpr();
  masm_.mov_from_gpr(lane_bytes == 8 ? Width::w64 : Width::w32, to, from);
  release(value);
  if (lane_bytes < 4) {
    splat_lowest(to, lane_bytes);
  } else {
    masm_.sse_imm(kPshufd, to, to, lane_bytes == 4 ? 0x00 : 0x44);
  }
  push_fpr(Type::v128, to);
}

void VectorInstructions::splat_lowest(Xmm reg, uint8_t lane_bytes) {
  if (cpu().avx && cpu().avx2) {
    masm_.sse(lane_bytes == 1 ? kBroadcastb : kBroadcastw, reg, reg);
  } else if (lane_bytes == 1) {
    zero(kXmmScratch);
    masm_.sse(kPshufb, reg, reg, kXmmScratch);
  } else {
    masm_.sse_imm(kPshuflw, reg, reg, 0);
    masm_.sse_imm(kPshufd, reg, reg, 0);
  }
}

void VectorInstructions::i8x16_splat(const wasm::imm::none&) { splat_int(1); }
void VectorInstructions::i16x8_splat(const wasm::imm::none&) { splat_int(2); }
void VectorInstructions::i32x4_splat(const wasm::imm::none&) { splat_int(4); }
void VectorInstructions::i64x2_splat(const wasm::imm::none&) { splat_int(8); }

void VectorInstructions::splat_float(Type lane) {
  Operand value = pop();
  if (value.is_constant()) {
    uint64_t half = lane == Type::f32 ? value.bits << 32 | value.bits : value.bits;
    return push_vector_constant(half, half);
  }
  Xmm from = fpr_of(value);
  release(value);
  Xmm to = result_fpr();
  masm_.sse_imm(kPshufd, to, from, lane == Type::f32 ? 0x00 : 0x44);
  push_fpr(Type::v128, to);
}
void VectorInstructions::f32x4_splat(const wasm::imm::none&) { splat_float(Type::f32); }
void VectorInstructions::f64x2_splat(const wasm::imm::none&) { splat_float(Type::f64); }

// ---- single lanes

Gpr VectorInstructions::extract_lane(Opcode op, Width width, uint8_t lane) {
  Operand vector = pop();
  Xmm from = fpr_of(vector);
  release(vector);
  Gpr to = result_gpr();
  masm_.sse_store_imm(op, width, to, from, lane);
  return to;
}
void VectorInstructions::i8x16_extract_lane_s(const wasm::imm::lane& i) {
  Gpr to = extract_lane(kPextrb, Width::w32, i.index);
  masm_.movsx8(Width::w32, to, to);
  push_gpr(Type::i32, to);
}
void VectorInstructions::i8x16_extract_lane_u(const wasm::imm::lane& i) {
  push_gpr(Type::i32, extract_lane(kPextrb, Width::w32, i.index));
}
void VectorInstructions::i16x8_extract_lane_s(const wasm::imm::lane& i) {
  Gpr to = extract_lane(kPextrw, Width::w32, i.index);
  masm_.movsx16(Width::w32, to, to);
  push_gpr(Type::i32, to);
}
void VectorInstructions::i16x8_extract_lane_u(const wasm::imm::lane& i) {
  push_gpr(Type::i32, extract_lane(kPextrw, Width::w32, i.index));
}
void VectorInstructions::i32x4_extract_lane(const wasm::imm::lane& i) {
  push_gpr(Type::i32, extract_lane(kPextrd, Width::w32, i.index));
}
void VectorInstructions::i64x2_extract_lane(const wasm::imm::lane& i) {
  push_gpr(Type::i64, extract_lane(kPextrd, Width::w64, i.index));
}

// The rest of the register may hold anything.
void VectorInstructions::extract_float(Type lane_type, uint8_t lane) {
  Operand vector = pop();
  Xmm from = fpr_of(vector);
  release(vector);
  Xmm to = result_fpr();
  if (lane == 0) {
    masm_.sse_mov(to, from);
  } else {
    masm_.sse_imm(kPshufd, to, from, lane_type == Type::f32 ? lane : uint8_t{0xEE});
  }
  push_fpr(lane_type, to);
}
void VectorInstructions::f32x4_extract_lane(const wasm::imm::lane& i) {
  extract_float(Type::f32, i.index);
}
void VectorInstructions::f64x2_extract_lane(const wasm::imm::lane& i) {
  extract_float(Type::f64, i.index);
}

void VectorInstructions::replace_lane(Opcode op, Width width, uint8_t lane) {
  Operand value = pop(), vector = pop();
  Gpr reg = gpr_of(value);
  Xmm from = fpr_of(vector);
  release(vector);
  Xmm to = result_fpr();
  masm_.sse_w(width, op, to, from, reg);
  masm_.byte(lane);
  release(value);
  push_fpr(Type::v128, to);
}
void VectorInstructions::i8x16_replace_lane(const wasm::imm::lane& i) {
  replace_lane(kPinsrb, Width::w32, i.index);
}
void VectorInstructions::i16x8_replace_lane(const wasm::imm::lane& i) {
  replace_lane(kPinsrw, Width::w32, i.index);
}
void VectorInstructions::i32x4_replace_lane(const wasm::imm::lane& i) {
  replace_lane(kPinsrd, Width::w32, i.index);
}
void VectorInstructions::i64x2_replace_lane(const wasm::imm::lane& i) {
  replace_lane(kPinsrd, Width::w64, i.index);
}
void VectorInstructions::f32x4_replace_lane(const wasm::imm::lane& i) {
  vector_sequence<2>([&](Xmm to, Xmm vector, Xmm value) {
    masm_.sse_imm(kInsertps, to, vector, value, static_cast<uint8_t>(i.index << 4));
  });
}
void VectorInstructions::f64x2_replace_lane(const wasm::imm::lane& i) {
  vector_sequence<2>([&](Xmm to, Xmm vector, Xmm value) {
    masm_.sse(i.index == 0 ? kMovsd : kPunpcklqdq, to, vector, value);
  });
}

// ---- bytes of two vectors

// Of one alone: the other is not looked at.
void VectorInstructions::shuffle_one(bool of_second, const Lanes& lanes) {
  Operand second = pop(), first = pop();
  Operand& source = of_second ? second : first;
  fpr_of(source);  // its slot may become another one
  release(of_second ? first : second);
  push(source);
  if (auto dwords = dword_lanes(lanes)) return vector_unary(kPshufd, dword_imm(*dwords));
  auto [low, high] = halves(lanes);
  vector_sequence<1>(
      [&](Xmm to, Xmm from) { masm_.sse_label(kPshufb, to, from, constant(low, high, 16)); });
}

void VectorInstructions::i8x16_shuffle(const wasm::imm::shuffle& i) {
  Lanes of_first, of_second;  // for pshufb, which clears lanes of more than 127
  bool first_used = false, second_used = false;
  const Operand &second = top(), &first = top(1);
  bool same =
      first.kind == Kind::local && second.kind == Kind::local && first.local == second.local;
  for (uint32_t k = 0; k < 16; ++k) {
    bool from_second = i.lanes[k] >= 16 && !same;
    of_first[k] = from_second ? 0x80 : i.lanes[k] % 16;
    of_second[k] = from_second ? i.lanes[k] % 16 : 0x80;
    (from_second ? second_used : first_used) = true;
  }
  if (!second_used) return shuffle_one(false, of_first);
  if (!first_used) return shuffle_one(true, of_second);
  if (auto one = one_instruction(i.lanes)) {
    return vector_binary(one->opcode, one->swapped ? Order::swapped : Order::ordered, one->imm);
  }
  auto [low1, high1] = halves(of_first);
  auto [low2, high2] = halves(of_second);
  Label& mask1 = constant(low1, high1, 16);
  Label& mask2 = constant(low2, high2, 16);
  vector_sequence<2>([&](Xmm to, Xmm a, Xmm b) {
    masm_.sse_label(kPshufb, to, a, mask1);
    masm_.sse_label(kPshufb, kXmmScratch, b, mask2);
    masm_.sse(kPor, to, to, kXmmScratch);
  });
}

// A saturating sum sends indices from 16 on to those with the upper bit, which give zero.
void VectorInstructions::i8x16_swizzle(const wasm::imm::none&) {
  vector_sequence<2>([&](Xmm to, Xmm vector, Xmm indices) {
    masm_.sse_label(kPaddusb, kXmmScratch, indices, twice(0x7070707070707070));
    masm_.sse(kPshufb, to, vector, kXmmScratch);
  });
}
void VectorInstructions::i8x16_relaxed_swizzle(const wasm::imm::none&) {
  vector_binary(kPshufb, Order::ordered);
}

}  // namespace nacre::baseline::x64
