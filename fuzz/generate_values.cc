// Expressions: values of a type, built from the result down.
#include "generator.h"

namespace nacre::fuzz {

using wasm::HeapType;
using wasm::ImmKind;
using wasm::Op;
using wasm::OpInfo;
using wasm::ValType;

namespace {

// The letters of ops.def's signatures; 'a' depends on the memory.
ValType type_of_letter(char letter) {
  switch (letter) {
    case 'i':
      return ValType::kI32;
    case 'l':
      return ValType::kI64;
    case 'f':
      return ValType::kF32;
    case 'd':
      return ValType::kF64;
    default:
      return ValType::kV128;
  }
}

char letter_of(ValType type) {
  switch (type.code()) {
    case ValType::kI32:
      return 'i';
    case ValType::kI64:
      return 'l';
    case ValType::kF32:
      return 'f';
    case ValType::kF64:
      return 'd';
    default:
      return 'v';
  }
}

// Whether a NaN that the row computes may have any payload or sign.
bool has_free_nan(const OpInfo& info) {
  size_t dot = info.text.find('.');
  if (dot == std::string_view::npos || info.imm != ImmKind::none) return false;
  std::string_view type = info.text.substr(0, dot);
  std::string_view name = info.text.substr(dot + 1);
  if (type != "f32" && type != "f64" && type != "f32x4" && type != "f64x2") return false;
  for (std::string_view prefix : {"add", "sub", "mul", "div", "min", "max", "sqrt", "ceil", "floor",
                                  "trunc", "nearest", "demote", "promote"}) {
    if (name.starts_with(prefix)) return true;
  }
  return false;
}

// The type of a row's results, with its lanes.
ValType vector_or_scalar(const OpInfo& info, bool is_32) {
  if (info.text.find('x') == 3) return ValType::kV128;
  return is_32 ? ValType::kF32 : ValType::kF64;
}

// Chains of these have a result that does not depend on their order's payloads of NaNs.
std::vector<Op> folds(ValType type) {
  switch (type.code()) {
    case ValType::kI32:
      return {Op::i32_add, Op::i32_sub,  Op::i32_xor, Op::i32_mul,
              Op::i32_or,  Op::i32_lt_s, Op::i32_rotl};
    case ValType::kI64:
      return {Op::i64_add, Op::i64_sub, Op::i64_xor, Op::i64_mul, Op::i64_and, Op::i64_rotr};
    case ValType::kF32:
      return {Op::f32_add, Op::f32_sub, Op::f32_mul, Op::f32_min};
    case ValType::kF64:
      return {Op::f64_add, Op::f64_sub, Op::f64_mul, Op::f64_max};
    default:
      return {Op::v128_xor, Op::i8x16_add, Op::i64x2_sub};
  }
}

}  // namespace

// ---- variables

uint32_t Generator::add_local(ValType type) {
  locals_.push_back(type);
  return static_cast<uint32_t>(locals_.size()) - 1;
}

uint32_t Generator::find_local(ValType type) {
  std::vector<uint32_t> found;
  for (uint32_t i = 0; i < locals_.size(); ++i) {
    if (locals_[i] == type) found.push_back(i);
  }
  return found.empty() ? add_local(type) : pick(found);
}

uint32_t Generator::find_global(ValType type) {
  std::vector<uint32_t> found;
  for (uint32_t i = 0; i < globals_.size(); ++i) {
    if (globals_[i] == type && i != fuel_) found.push_back(i);
  }
  return pick(found);
}

// ---- leaves

void Generator::constant(ValType type) {
  switch (type.code()) {
    case ValType::kI32:
      return i32(static_cast<int32_t>(random_.interesting()));
    case ValType::kI64:
      op(Op::i64_const);
      return out_.s64(static_cast<int64_t>(random_.interesting()));
    case ValType::kF32: {
      op(Op::f32_const);
      // Mostly numbers that mean something; now and then any bits, NaNs included.
      float value = static_cast<float>(static_cast<int64_t>(random_.interesting())) / 8;
      uint32_t bits = load_le<uint32_t>(&value);
      return out_.fixed(random_.one_in(4) ? static_cast<uint32_t>(random_.next()) : bits);
    }
    case ValType::kF64: {
      op(Op::f64_const);
      double value = static_cast<double>(static_cast<int64_t>(random_.interesting())) / 8;
      uint64_t bits = load_le<uint64_t>(&value);
      return out_.fixed(random_.one_in(4) ? random_.next() : bits);
    }
    case ValType::kRef:
      if (type == ValType::funcref() && random_.one_in(2))
        return indexed(Op::ref_func, below(functions_.size()));
      op(Op::ref_null);
      return out_.heap_type(type.heap());
    default:
      op(Op::v128_const);
      out_.fixed(random_.interesting());
      return out_.fixed(random_.interesting());
  }
}

void Generator::leaf(ValType type) {
  switch (random_.below(4)) {
    case 0:
      return indexed(Op::global_get, find_global(type));
    case 1:
      return constant(type);
    default:
      return indexed(Op::local_get, find_local(type));
  }
}

// ---- expressions

std::vector<uint32_t> Generator::functions_with_result(ValType type) const {
  std::vector<uint32_t> found;
  for (uint32_t i = 0; i < functions_.size(); ++i) {
    if (functions_[i].type.results == Types{type}) found.push_back(i);
  }
  return found;
}

void Generator::expression(ValType type, int depth) {
  if (depth >= kMaxDepth || is_large() || random_.one_in(5)) return leaf(type);
  switch (random_.below(18)) {
    case 0: {
      uint32_t local = find_local(type);
      expression(type, depth + 1);
      return indexed(Op::local_tee, local);
    }
    case 1:
      expression(type, depth + 1);
      expression(type, depth + 1);
      expression(ValType::kI32, depth + 1);
      if (!type.is_ref() && random_.one_in(2)) return op(Op::select);
      op(Op::select_t);
      out_.u32(1);
      return out_.val_type(type);
    case 2:
    case 3:
      return block_expression(type, depth);
    case 4: {
      std::vector<uint32_t> callees = functions_with_result(type);
      if (callees.empty()) break;
      uint32_t callee = pick(callees);
      return random_.one_in(3) ? indirect_call(callee, depth) : call(callee, depth);
    }
    case 5:
      if (type != ValType::kI64 || rows_.pairs.empty()) break;
      row(pick(rows_.pairs), depth);
      return op(Op::i64_xor);
    case 6:
      if (type.is_ref() || !random_.one_in(3)) break;
      return reduction(type);
    default:
      break;
  }
  if (type.is_ref()) return reference(type, depth);
  if (type == ValType::kI32 && random_.one_in(16)) {
    expression(random_.one_in(2) ? ValType::funcref() : ValType::externref(), depth + 1);
    return op(Op::ref_is_null);
  }
  // Divisions and the like seldom: what follows a trap is not run.
  const std::vector<Op>& rows = rows_.by_result[static_cast<size_t>(letter_of(type))];
  Op code = pick(rows);
  auto may_trap = [](const OpInfo& info) {
    return info.has_flag('T') && info.imm == ImmKind::none;
  };
  while (may_trap(wasm::op_info(code)) && !random_.one_in(12)) code = pick(rows);
  row(code, depth);
}

void Generator::reference(ValType type, int depth) {
  std::vector<uint32_t> tables;
  for (uint32_t i = 0; i < tables_.size(); ++i) {
    if (tables_[i].element == type) tables.push_back(i);
  }
  if (tables.empty() || random_.one_in(3)) {
    expression(type, depth + 1);
    if (random_.one_in(24)) op(Op::ref_as_non_null);
    return;
  }
  uint32_t table = pick(tables);
  index_expression(tables_[table].is_64, table == 0 ? kTableSize : 2, depth);
  indexed(Op::table_get, table);
}

// More operands at once than there are registers.
void Generator::reduction(ValType type) {
  uint32_t count = 6 + random_.below(30);
  for (uint32_t i = 0; i < count; ++i) expression(type, kMaxDepth - 1);
  std::vector<Op> ops = folds(type);
  for (uint32_t i = 1; i < count; ++i) op(pick(ops));
  if (type == ValType::kF32 || type == ValType::kF64)
    make_nan_canonical(type, type == ValType::kF32);
}

void Generator::row(Op code, int depth) {
  const OpInfo& info = wasm::op_info(code);
  uint32_t memory = pick_memory();
  parameters(info, depth, memory);
  op(code);
  immediate(info, memory);
  if (!has_free_nan(info)) return;
  bool is_32 = info.text.starts_with("f32");
  make_nan_canonical(vector_or_scalar(info, is_32), is_32);
}

void Generator::parameters(const OpInfo& info, int depth, uint32_t memory) {
  for (char letter : info.signature.substr(0, info.signature.find(':'))) {
    if (letter == 'a') {
      address(memory, info, depth);
    } else {
      expression(type_of_letter(letter), depth + 1);
    }
  }
}

// Mostly inside the memory and aligned, now and then anywhere.
void Generator::address(uint32_t memory, const OpInfo& info, int depth) {
  bool is_64 = memories_[memory].is_64;
  expression(is_64 ? ValType::kI64 : ValType::kI32, depth + 2);
  if (random_.one_in(80)) return;
  int32_t mask = static_cast<int32_t>((kPageBytes - 1) & ~((1u << info.width_log2()) - 1));
  if (is_64) {
    op(Op::i64_const);
    out_.s64(mask);
    return op(Op::i64_and);
  }
  i32(mask);
  op(Op::i32_and);
}

void Generator::index_expression(bool is_64, uint32_t bound, int depth) {
  expression(ValType::kI32, depth + 2);
  if (!random_.one_in(30)) {
    i32(static_cast<int32_t>(bound));
    op(Op::i32_rem_u);
  }
  if (is_64) op(Op::i64_extend_i32_u);
}

void Generator::immediate(const OpInfo& info, uint32_t memory) {
  wasm::imm::memarg arg;
  switch (info.imm) {
    case ImmKind::memarg:
    case ImmKind::memarg_lane: {
      uint32_t natural = info.width_log2();
      arg.align_log2 = info.has_flag('A') ? natural : random_.below(natural + 1);
      arg.memory = memory;
      arg.offset = random_.one_in(80) ? random_.interesting() & 0xFFFFFFFF
                                      : uint64_t{random_.below(4)} << natural;
      out_.write(arg);
      if (info.imm == ImmKind::memarg_lane) {
        out_.u8(static_cast<uint8_t>(random_.below(16u >> natural)));
      }
      return;
    }
    case ImmKind::lane:
      return out_.u8(static_cast<uint8_t>(random_.below(16u >> info.width_log2())));
    case ImmKind::shuffle:
      for (int i = 0; i < 16; ++i) out_.u8(static_cast<uint8_t>(random_.below(32)));
      return;
    case ImmKind::memory:
      return out_.u32(memory);
    case ImmKind::i32:
      return out_.s32(static_cast<int32_t>(random_.interesting()));
    case ImmKind::i64:
      return out_.s64(static_cast<int64_t>(random_.interesting()));
    case ImmKind::f32:
      return out_.fixed(0x3F800000u + random_.below(1u << 23));
    case ImmKind::f64:
      return out_.fixed(uint64_t{0x3FF0000000000000} + random_.below(1u << 31));
    case ImmKind::v128:
      out_.fixed(random_.next());
      return out_.fixed(random_.next());
    default:
      return;
  }
}

void Generator::make_nan_canonical(ValType type, bool is_32) {
  bool is_vector = type == ValType::kV128;
  uint32_t local = add_local(type);
  indexed(Op::local_tee, local);
  if (is_vector) {
    op(Op::v128_const);
    for (int i = 0; i < 2; ++i) {
      out_.fixed(is_32 ? uint64_t{0x7FC000007FC00000} : uint64_t{0x7FF8000000000000});
    }
  } else if (is_32) {
    op(Op::f32_const);
    out_.fixed(uint32_t{0x7FC00000});
  } else {
    op(Op::f64_const);
    out_.fixed(uint64_t{0x7FF8000000000000});
  }
  indexed(Op::local_get, local);
  indexed(Op::local_get, local);
  if (is_vector) {
    op(is_32 ? Op::f32x4_eq : Op::f64x2_eq);
    op(Op::v128_bitselect);
  } else {
    op(is_32 ? Op::f32_eq : Op::f64_eq);
    op(Op::select);
  }
  indexed(Op::local_tee, local);  // other code may read this local
}

void Generator::block_expression(ValType type, int depth) {
  bool is_if = random_.one_in(2);
  if (is_if) expression(ValType::kI32, depth + 1);
  op(is_if ? Op::if_ : Op::block);
  out_.val_type(type);
  labels_.push_back({type});
  if (random_.one_in(2)) statement(depth + 2);
  expression(type, depth + 1);
  if (is_if) {
    op(Op::else_);
    expression(type, depth + 1);
  } else if (random_.one_in(2)) {
    expression(ValType::kI32, depth + 2);
    indexed(Op::br_if, 0);
  }
  op(Op::end);
  labels_.pop_back();
}

}  // namespace nacre::fuzz
