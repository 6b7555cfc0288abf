// Loads and stores.
//
// All addresses of guest memory are made here (invariants.md: address-emitter): an i32 index has
// clear upper bits wherever it is (operand.h), it is added to the base as 64 bits, and nothing that
// the guest computed is ever folded into the address.
#include <cstddef>

#include "abi/memory_layout.h"
#include "baseline/function_compiler.h"

namespace nacre::baseline {

using abi::MemoryRecord;
using abi::TrapKind;
using abi::VmCtx;
using Kind = Operand::Kind;

bool FunctionCompiler::is_guarded(uint32_t memory) const {
  return options_.guarded_memories && abi::can_be_guarded(module_.memories[memory]);
}

void FunctionCompiler::memory_record(Gpr to, uint32_t memory) {
  if (memory == 0) {
    masm_.mov(Width::w64, to, at(x64::kVmCtx, offsetof(VmCtx, memory0)));
    return;
  }
  masm_.mov(Width::w64, to, at(x64::kVmCtx, offsetof(VmCtx, memories)));
  masm_.mov(Width::w64, to, at(to, static_cast<int32_t>(memory * sizeof(void*))));
}

FunctionCompiler::Access FunctionCompiler::access(const wasm::imm::memarg& i, uint32_t bytes) {
  Operand index = pop();
  if (!is_guarded(i.memory)) return checked_access(i, bytes, index);
  Gpr base = x64::kMemoryBase;
  if (i.memory != 0) {
    base = x64::kScratch;
    memory_record(base, i.memory);
    masm_.mov(Width::w64, base, at(base, offsetof(MemoryRecord, base)));
  }
  constexpr uint64_t kMaxDisplacement = INT32_MAX;
  if (index.is_constant()) {
    uint64_t address = uint64_t{static_cast<uint32_t>(index.bits)} + i.offset;
    if (address <= kMaxDisplacement) return {at(base, static_cast<int32_t>(address)), index};
    Gpr reg = alloc_gpr();
    masm_.mov_imm(Width::w64, reg, address);
    return {at(base, reg), Operand::in(Type::i64, reg)};
  }
  Gpr reg = gpr_of(index);
  if (i.memory != 0 && options_.dirty_upper_bits) masm_.push(x64::kScratch);
  check_clean(reg);
  if (i.memory != 0 && options_.dirty_upper_bits) masm_.pop(x64::kScratch);
  if (i.offset <= kMaxDisplacement) return {at(base, reg, static_cast<int32_t>(i.offset)), index};
  Gpr sum = own_gpr(index);
  Gpr offset = alloc_gpr();
  masm_.mov_imm(Width::w64, offset, i.offset);
  masm_.alu(Width::w64, Alu::add, sum, offset);
  free(offset);
  return {at(base, sum), Operand::in(Type::i64, sum)};
}

// The end of the access, without overflow, is compared with the size; then the base is added.
FunctionCompiler::Access FunctionCompiler::checked_access(const wasm::imm::memarg& i,
                                                          uint32_t bytes, Operand index) {
  Gpr end = own_gpr(index);
  bool wide = is_64(i.memory);
  if (!wide) check_clean(end);
  uint64_t reach = i.offset + bytes;
  if (reach < bytes) {
    // No address is so large.
    masm_.jmp(trap_label(TrapKind::memory_out_of_bounds));
    reach = bytes;
  }
  if (reach <= INT32_MAX) {
    masm_.alu_imm(Width::w64, Alu::add, end, static_cast<int32_t>(reach));
  } else {
    masm_.mov_imm(Width::w64, x64::kScratch, reach);
    masm_.alu(Width::w64, Alu::add, end, x64::kScratch);
  }
  if (wide) trap_if(Cond::below, TrapKind::memory_out_of_bounds);
  memory_record(x64::kScratch, i.memory);
  masm_.alu(Width::w64, Alu::cmp, end, at(x64::kScratch, offsetof(MemoryRecord, size_bytes)));
  trap_if(Cond::above, TrapKind::memory_out_of_bounds);
  clamp(Cond::above, end);
  masm_.mov(Width::w64, x64::kScratch, at(x64::kScratch, offsetof(MemoryRecord, base)));
  return {at(x64::kScratch, end, -static_cast<int32_t>(bytes)), Operand::in(Type::i64, end)};
}

// ---- loads that are operands of what follows

bool FunctionCompiler::used_in_place(Type type) const {
  using wasm::Op;
  const uint8_t* p = reader_->pos();
  Op next = wasm::find_one_byte_op(*p);
  auto between = [&](Op first, Op last) { return next >= first && next <= last; };
  if (type == Type::f32) return between(Op::f32_add, Op::f32_div);
  if (type == Type::f64) return between(Op::f64_add, Op::f64_div);
  bool is_32 = type == Type::i32;
  auto compares = [&] {
    return is_32 ? between(Op::i32_eq, Op::i32_ge_u) : between(Op::i64_eq, Op::i64_ge_u);
  };
  if (next == Op::local_get || next == (is_32 ? Op::i32_const : Op::i64_const)) {
    // One that is not an instruction of the machine: look behind it.
    do {
      ++p;
    } while (*p >= 0x80);
    next = wasm::find_one_byte_op(p[1]);
    return compares();
  }
  if (compares()) return true;
  if (is_32) {
    return next == Op::i32_eqz || next == Op::br_if || next == Op::if_ ||
           between(Op::i32_add, Op::i32_sub) || between(Op::i32_and, Op::i32_xor);
  }
  return next == Op::i64_eqz || between(Op::i64_add, Op::i64_sub) ||
         between(Op::i64_and, Op::i64_xor);
}

void FunctionCompiler::push_access(Type type, const Access& access) {
  pending_access_ = access;
  pending_position_ = body_position_;
  push(Operand::make(Kind::access, type));
}

Mem FunctionCompiler::pending_access() {
  positions_.emplace_back(masm_.offset(), pending_position_, CodePosition::Kind::access);
  return pending_access_.mem;
}

template <class Emit>
void FunctionCompiler::load_int(const wasm::imm::memarg& i, Type type, uint32_t bytes, Emit emit) {
  Access from = access(i, bytes);
  // Only an address without the scratch register lasts until the next instruction.
  if (bytes == static_cast<uint32_t>(type == Type::i32 ? 4 : 8) &&
      from.mem.base == x64::kMemoryBase && used_in_place(type)) {
    return push_access(type, from);
  }
  release(from);
  Gpr to = result_gpr();
  note_access();
  emit(to, from.mem);
  push_gpr(type, to);
}

template <class Emit>
void FunctionCompiler::load_xmm(const wasm::imm::memarg& i, Type type, uint32_t bytes, Emit emit) {
  Access from = access(i, bytes);
  if (type != Type::v128 && from.mem.base == x64::kMemoryBase && used_in_place(type))
    return push_access(type, from);
  Xmm to = result_xmm();
  note_access();
  emit(to, from.mem);
  release(from);
  push_xmm(type, to);
}

#define LOAD(name, type, bytes, code)                          \
  void FunctionCompiler::name(const wasm::imm::memarg& i) {    \
    load_int(i, type, bytes, [&](Gpr to, Mem from) { code; }); \
  }
LOAD(i32_load, Type::i32, 4, masm_.mov(Width::w32, to, from))
LOAD(i32_load8_s, Type::i32, 1, masm_.movsx8(Width::w32, to, from))
LOAD(i32_load8_u, Type::i32, 1, masm_.movzx8(to, from))
LOAD(i32_load16_s, Type::i32, 2, masm_.movsx16(Width::w32, to, from))
LOAD(i32_load16_u, Type::i32, 2, masm_.movzx16(to, from))
LOAD(i64_load, Type::i64, 8, masm_.mov(Width::w64, to, from))
LOAD(i64_load8_s, Type::i64, 1, masm_.movsx8(Width::w64, to, from))
LOAD(i64_load8_u, Type::i64, 1, masm_.movzx8(to, from))
LOAD(i64_load16_s, Type::i64, 2, masm_.movsx16(Width::w64, to, from))
LOAD(i64_load16_u, Type::i64, 2, masm_.movzx16(to, from))
LOAD(i64_load32_s, Type::i64, 4, masm_.movsx32(to, from))
LOAD(i64_load32_u, Type::i64, 4, masm_.mov(Width::w32, to, from))
#undef LOAD

void FunctionCompiler::f32_load(const wasm::imm::memarg& i) {
  load_xmm(i, Type::f32, 4, [&](Xmm to, Mem from) { masm_.movss(to, from); });
}
void FunctionCompiler::f64_load(const wasm::imm::memarg& i) {
  load_xmm(i, Type::f64, 8, [&](Xmm to, Mem from) { masm_.movsd(to, from); });
}
void FunctionCompiler::v128_load(const wasm::imm::memarg& i) {
  load_xmm(i, Type::v128, 16, [&](Xmm to, Mem from) { masm_.movups(to, from); });
}

void FunctionCompiler::store_int(const wasm::imm::memarg& i, uint32_t bytes) {
  Operand value = pop();
  bool immediate = value.is_constant() && (bytes < 8 || static_cast<int64_t>(value.bits) ==
                                                            static_cast<int32_t>(value.bits));
  if (!immediate) gpr_of(value);
  Access to = access(i, bytes);
  note_access();
  if (immediate) {
    auto bits = static_cast<int32_t>(value.bits);
    if (bytes == 1) masm_.store8(to.mem, static_cast<uint8_t>(bits));
    if (bytes == 2) masm_.store16(to.mem, static_cast<uint16_t>(bits));
    if (bytes == 4) masm_.mov(Width::w32, to.mem, bits);
    if (bytes == 8) masm_.mov(Width::w64, to.mem, bits);
  } else {
    Gpr reg = gpr_of(value);
    if (bytes == 1) masm_.store8(to.mem, reg);
    if (bytes == 2) masm_.store16(to.mem, reg);
    if (bytes == 4) masm_.mov(Width::w32, to.mem, reg);
    if (bytes == 8) masm_.mov(Width::w64, to.mem, reg);
  }
  release(to);
  release(value);
}

void FunctionCompiler::store_xmm(const wasm::imm::memarg& i, uint32_t bytes) {
  Operand value = pop();
  Xmm reg = xmm_of(value);
  Access to = access(i, bytes);
  note_access();
  if (bytes == 4) masm_.movss(to.mem, reg);
  if (bytes == 8) masm_.movsd(to.mem, reg);
  if (bytes == 16) masm_.movups(to.mem, reg);
  release(to);
  release(value);
}

void FunctionCompiler::i32_store(const wasm::imm::memarg& i) { store_int(i, 4); }
void FunctionCompiler::i64_store(const wasm::imm::memarg& i) { store_int(i, 8); }
void FunctionCompiler::f32_store(const wasm::imm::memarg& i) { store_xmm(i, 4); }
void FunctionCompiler::f64_store(const wasm::imm::memarg& i) { store_xmm(i, 8); }
void FunctionCompiler::v128_store(const wasm::imm::memarg& i) { store_xmm(i, 16); }
void FunctionCompiler::i32_store8(const wasm::imm::memarg& i) { store_int(i, 1); }
void FunctionCompiler::i32_store16(const wasm::imm::memarg& i) { store_int(i, 2); }
void FunctionCompiler::i64_store8(const wasm::imm::memarg& i) { store_int(i, 1); }
void FunctionCompiler::i64_store16(const wasm::imm::memarg& i) { store_int(i, 2); }
void FunctionCompiler::i64_store32(const wasm::imm::memarg& i) { store_int(i, 4); }

void FunctionCompiler::memory_size(const wasm::imm::memory& i) {
  Gpr to = result_gpr();
  memory_record(to, i.index);
  masm_.mov(Width::w64, to, at(to, offsetof(MemoryRecord, size_bytes)));
  uint8_t page = module_.memories[i.index].page_size_log2;
  if (page != 0) masm_.shift_imm(Width::w64, Shift::shr, to, page);
  push_gpr(is_64(i.index) ? Type::i64 : Type::i32, to);
}

}  // namespace nacre::baseline
