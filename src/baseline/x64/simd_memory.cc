// Loads and stores of vectors and lanes. Each touches exactly the bytes that the row is about
// (invariants.md: access-width), with one instruction, whose position is noted right before it.
#include "baseline/x64/vector_instructions.h"

namespace nacre::baseline::x64 {

void VectorInstructions::v128_load(const wasm::imm::memarg& i) { load_float(i, Type::v128); }
void VectorInstructions::v128_store(const wasm::imm::memarg& i) { store_float(i, Type::v128); }

template <class Emit>
void VectorInstructions::load_vector(const wasm::imm::memarg& i, uint32_t bytes, Emit emit) {
  Access from = access(i, bytes);
  Xmm to = result_fpr();
  note_access();
  emit(to, from.mem);
  release(from);
  push_fpr(Type::v128, to);
}

#define LOAD(name, bytes, op)                                                  \
  void VectorInstructions::name(const wasm::imm::memarg& i) {                  \
    load_vector(i, bytes, [&](Xmm to, Mem from) { masm_.sse(op, to, from); }); \
  }
LOAD(v128_load8x8_s, 8, kPmovsxbw)
LOAD(v128_load8x8_u, 8, kPmovzxbw)
LOAD(v128_load16x4_s, 8, kPmovsxwd)
LOAD(v128_load16x4_u, 8, kPmovzxwd)
LOAD(v128_load32x2_s, 8, kPmovsxdq)
LOAD(v128_load32x2_u, 8, kPmovzxdq)
LOAD(v128_load64_splat, 8, kMovddup)
#undef LOAD

void VectorInstructions::v128_load32_zero(const wasm::imm::memarg& i) {
  load_vector(i, 4, [&](Xmm to, Mem from) { masm_.movss(to, from); });
}
void VectorInstructions::v128_load64_zero(const wasm::imm::memarg& i) {
  load_vector(i, 8, [&](Xmm to, Mem from) { masm_.movsd(to, from); });
}

void VectorInstructions::v128_load8_splat(const wasm::imm::memarg& i) {
  load_vector(i, 1, [&](Xmm to, Mem from) {
    if (cpu().avx && cpu().avx2) return masm_.sse(kBroadcastb, to, from);
    masm_.sse_w(Width::w32, kPinsrb, to, to, from);
    masm_.byte(0);
    splat_lowest(to, 1);
  });
}
void VectorInstructions::v128_load16_splat(const wasm::imm::memarg& i) {
  load_vector(i, 2, [&](Xmm to, Mem from) {
    if (cpu().avx && cpu().avx2) return masm_.sse(kBroadcastw, to, from);
    masm_.sse_w(Width::w32, kPinsrw, to, to, from);
    masm_.byte(0);
    splat_lowest(to, 2);
  });
}
void VectorInstructions::v128_load32_splat(const wasm::imm::memarg& i) {
  load_vector(i, 4, [&](Xmm to, Mem from) {
    if (cpu().avx) return masm_.sse(kBroadcastss, to, from);
    masm_.movss(to, from);
    masm_.sse_imm(kPshufd, to, to, 0);
  });
}

// ---- lanes

void VectorInstructions::load_lane(const wasm::imm::memarg_lane& i, Opcode insert, uint32_t bytes) {
  Operand vector = pop();
  Xmm from = fpr_of(vector);
  Access source = access(i.arg, bytes);
  release(vector);
  Xmm to = result_fpr();
  if (!cpu().avx) {
    // The copy that the assembler would make has to stand before the position.
    masm_.sse_mov(to, from);
    from = to;
  }
  note_access();
  masm_.sse_w(bytes == 8 ? Width::w64 : Width::w32, insert, to, from, source.mem);
  masm_.byte(i.lane);
  release(source);
  push_fpr(Type::v128, to);
}
void VectorInstructions::v128_load8_lane(const wasm::imm::memarg_lane& i) {
  load_lane(i, kPinsrb, 1);
}
void VectorInstructions::v128_load16_lane(const wasm::imm::memarg_lane& i) {
  load_lane(i, kPinsrw, 2);
}
void VectorInstructions::v128_load32_lane(const wasm::imm::memarg_lane& i) {
  load_lane(i, kPinsrd, 4);
}
void VectorInstructions::v128_load64_lane(const wasm::imm::memarg_lane& i) {
  load_lane(i, kPinsrd, 8);
}

void VectorInstructions::store_lane(const wasm::imm::memarg_lane& i, Opcode extract,
                                    uint32_t bytes) {
  Operand vector = pop();
  Xmm from = fpr_of(vector);
  Access to = access(i.arg, bytes);
  note_access();
  masm_.sse_store_imm(extract, bytes == 8 ? Width::w64 : Width::w32, to.mem, from, i.lane);
  release(to);
  release(vector);
}
void VectorInstructions::v128_store8_lane(const wasm::imm::memarg_lane& i) {
  store_lane(i, kPextrb, 1);
}
void VectorInstructions::v128_store16_lane(const wasm::imm::memarg_lane& i) {
  store_lane(i, kPextrw, 2);
}
void VectorInstructions::v128_store32_lane(const wasm::imm::memarg_lane& i) {
  store_lane(i, kPextrd, 4);
}
void VectorInstructions::v128_store64_lane(const wasm::imm::memarg_lane& i) {
  store_lane(i, kPextrd, 8);
}

}  // namespace nacre::baseline::x64
