#include "generate.h"

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "random.h"
#include "wasm/binary/writer.h"
#include "wasm/ops.h"

namespace nacre::fuzz {
namespace {

using wasm::ByteWriter;
using wasm::Feature;
using wasm::ImmKind;
using wasm::Op;
using wasm::OpInfo;
using wasm::TypeIdx;
using wasm::ValType;

constexpr uint32_t kPageBytes = 65536;
constexpr int32_t kFuel = 400;
constexpr int kMaxDepth = 6;
constexpr uint32_t kTableSize = 16;
constexpr std::array<ValType::Code, 5> kNumeric = {ValType::kI32, ValType::kI64, ValType::kF32,
                                                   ValType::kF64, ValType::kV128};

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

struct Signature {
  std::vector<ValType> params;
  std::vector<ValType> results;
  uint32_t type_index = 0;
};

struct MemoryInfo {
  bool is_64 = false;
};

class Generator {
 public:
  Generator(uint64_t seed, const GenerateOptions& options) : random_(seed), options_(options) {
    sort_rows();
  }

  wasm::Module make();

 private:
  // ---- The table, sorted by what a row is good for.
  struct Rows {
    std::vector<Op> by_result[128];  // exactly one result, by its letter
    std::vector<Op> statements;      // no result
    std::vector<Op> pairs;           // two results: wide arithmetic
  };
  bool is_used(const OpInfo& info) const;
  void sort_rows();

  // ---- Functions
  void function_body(uint32_t index);
  void write_locals(ByteWriter& body) const;
  void burn_fuel();
  uint32_t add_local(ValType type);
  uint32_t find_local(ValType type);
  uint32_t find_global(ValType type);

  // ---- Code
  void expression(ValType type, int depth);
  void leaf(ValType type);
  void constant(ValType type);
  void row(Op op, int depth);
  void parameters(const OpInfo& info, int depth, uint32_t memory);
  void immediate(const OpInfo& info, uint32_t memory);
  void address(uint32_t memory, const OpInfo& info, int depth);
  void make_nan_canonical(const OpInfo& info);
  void call(uint32_t function, int depth);
  void indirect_call(uint32_t function, int depth);
  void block_expression(ValType type, int depth);
  void statement(int depth);
  void block_statement(int depth);
  void branch(int depth);
  void bulk(int depth);
  void table_statement(int depth);
  void tail_call(int depth);
  void index_expression(bool is_64, uint32_t bound, int depth);

  uint32_t pick_memory() { return random_.below(static_cast<uint32_t>(memories_.size())); }
  std::vector<uint32_t> functions_with_result(ValType type) const;

  void op(Op code) { out_.opcode(code); }
  void indexed(Op code, uint32_t index) {
    out_.opcode(code);
    out_.u32(index);
  }
  void i32(int32_t value) {
    op(Op::i32_const);
    out_.s32(value);
  }

  Random random_;
  GenerateOptions options_;
  Rows rows_;

  std::vector<Signature> functions_;
  std::vector<MemoryInfo> memories_;
  std::vector<ValType> globals_;  // mutable; global 0 is the fuel
  bool has_table_ = true;

  // Of the function that is being written.
  ByteWriter out_;
  std::vector<ValType> locals_;
  uint32_t param_count_ = 0;
  uint32_t current_ = 0;
  // Open labels from the outermost; only those without values are branched to.
  std::vector<bool> label_is_free_;
};

bool Generator::is_used(const OpInfo& info) const {
  switch (info.feature) {
    case Feature::simd:
      return options_.simd;
    case Feature::relaxed_simd:
      return options_.simd && options_.relaxed_simd;
    case Feature::threads:
      return options_.threads && info.text.find("wait") == info.text.npos;
    case Feature::wide_arithmetic:
      return options_.wide_arithmetic;
    default:
      return true;
  }
}

void Generator::sort_rows() {
  for (uint32_t i = 0; i < wasm::kOpCount; ++i) {
    const OpInfo& info = wasm::kOpInfos[i];
    Op code = static_cast<Op>(i);
    if (info.signature.empty() || !is_used(info) || code == Op::memory_grow) continue;
    std::string_view results = info.signature.substr(info.signature.find(':') + 1);
    if (!options_.simd && info.signature.find('v') != info.signature.npos) continue;
    if (results.empty()) rows_.statements.push_back(code);
    if (results.size() == 2) rows_.pairs.push_back(code);
    if (results.size() == 1 && results[0] != 'a') {
      rows_.by_result[static_cast<size_t>(results[0])].push_back(code);
    }
  }
}

uint32_t Generator::add_local(ValType type) {
  locals_.push_back(type);
  return static_cast<uint32_t>(locals_.size()) - 1;
}

uint32_t Generator::find_local(ValType type) {
  std::vector<uint32_t> found;
  for (uint32_t i = 0; i < locals_.size(); ++i) {
    if (locals_[i] == type) found.push_back(i);
  }
  return found.empty() ? add_local(type) : random_.pick(std::span<const uint32_t>(found));
}

uint32_t Generator::find_global(ValType type) {
  for (uint32_t i = 1; i < globals_.size(); ++i) {
    if (globals_[i] == type) return i;
  }
  return 0;
}

std::vector<uint32_t> Generator::functions_with_result(ValType type) const {
  std::vector<uint32_t> found;
  for (uint32_t i = 0; i < functions_.size(); ++i) {
    if (functions_[i].results.size() == 1 && functions_[i].results[0] == type) found.push_back(i);
  }
  return found;
}

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
    default:
      op(Op::v128_const);
      out_.fixed(random_.interesting());
      return out_.fixed(random_.interesting());
  }
}

void Generator::leaf(ValType type) {
  uint32_t global = find_global(type);
  switch (random_.below(4)) {
    case 0:
      if (global != 0) return indexed(Op::global_get, global);
      [[fallthrough]];
    case 1:
      return constant(type);
    default:
      return indexed(Op::local_get, find_local(type));
  }
}

void Generator::expression(ValType type, int depth) {
  if (depth >= kMaxDepth || random_.one_in(5)) return leaf(type);
  switch (random_.below(16)) {
    case 0: {
      uint32_t local = find_local(type);
      expression(type, depth + 1);
      return indexed(Op::local_tee, local);
    }
    case 1:
      expression(type, depth + 1);
      expression(type, depth + 1);
      expression(ValType::kI32, depth + 1);
      return op(Op::select);
    case 2:
    case 3:
      return block_expression(type, depth);
    case 4: {
      std::vector<uint32_t> callees = functions_with_result(type);
      if (callees.empty()) break;
      uint32_t callee = random_.pick(std::span<const uint32_t>(callees));
      return random_.one_in(3) ? indirect_call(callee, depth) : call(callee, depth);
    }
    case 5:
      if (type != ValType::kI64 || rows_.pairs.empty()) break;
      row(random_.pick(std::span<const Op>(rows_.pairs)), depth);
      return op(Op::i64_xor);
    default:
      break;
  }
  const std::vector<Op>& rows = rows_.by_result[static_cast<size_t>(letter_of(type))];
  row(random_.pick(std::span<const Op>(rows)), depth);
}

void Generator::row(Op code, int depth) {
  const OpInfo& info = wasm::op_info(code);
  uint32_t memory = pick_memory();
  parameters(info, depth, memory);
  op(code);
  immediate(info, memory);
  if (has_free_nan(info)) make_nan_canonical(info);
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
  if (random_.one_in(24)) return;
  int32_t mask = static_cast<int32_t>((kPageBytes - 1) & ~((1u << info.width_log2()) - 1));
  if (is_64) {
    op(Op::i64_const);
    out_.s64(mask);
    return op(Op::i64_and);
  }
  i32(mask);
  op(Op::i32_and);
}

void Generator::immediate(const OpInfo& info, uint32_t memory) {
  wasm::imm::memarg arg;
  switch (info.imm) {
    case ImmKind::memarg:
    case ImmKind::memarg_lane: {
      uint32_t natural = info.width_log2();
      arg.align_log2 = info.has_flag('A') ? natural : random_.below(natural + 1);
      arg.memory = memory;
      arg.offset = random_.one_in(20) ? random_.interesting() & 0xFFFFFFFF
                                      : uint64_t{random_.below(4)} << natural;
      out_.memarg(arg);
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

void Generator::make_nan_canonical(const OpInfo& info) {
  bool is_vector = info.text.find('x') == 3;
  bool is_32 = info.text.starts_with("f32");
  ValType type = is_vector ? ValType::kV128 : is_32 ? ValType::kF32 : ValType::kF64;
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

void Generator::call(uint32_t function, int depth) {
  for (ValType param : functions_[function].params) expression(param, depth + 2);
  indexed(Op::call, function);
}

void Generator::indirect_call(uint32_t function, int depth) {
  for (ValType param : functions_[function].params) expression(param, depth + 2);
  if (random_.one_in(8)) {
    expression(ValType::kI32, depth + 2);
  } else {
    i32(static_cast<int32_t>(function));  // the table begins with the functions in order
  }
  indexed(Op::call_indirect, functions_[function].type_index);
  out_.u32(0);
}

void Generator::block_expression(ValType type, int depth) {
  bool is_if = random_.one_in(2);
  if (is_if) expression(ValType::kI32, depth + 1);
  op(is_if ? Op::if_ : Op::block);
  out_.val_type(type);
  label_is_free_.push_back(false);
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
  label_is_free_.pop_back();
}

void Generator::statement(int depth) {
  if (depth >= kMaxDepth) return op(Op::nop);
  switch (random_.below(14)) {
    case 0:
    case 1:
    case 2:
      return row(random_.pick(std::span<const Op>(rows_.statements)), depth);
    case 3:
    case 4: {
      ValType type = kNumeric[random_.below(options_.simd ? 5 : 4)];
      uint32_t local = find_local(type);
      expression(type, depth + 1);
      return indexed(Op::local_set, local);
    }
    case 5:
    case 6: {
      uint32_t global = 1 + random_.below(static_cast<uint32_t>(globals_.size()) - 1);
      expression(globals_[global], depth + 1);
      return indexed(Op::global_set, global);
    }
    case 7:
    case 8:
    case 9:
      return block_statement(depth);
    case 10:
      return branch(depth);
    case 11:
      return bulk(depth);
    case 12:
      return table_statement(depth);
    default: {
      uint32_t memory = pick_memory();
      expression(memories_[memory].is_64 ? ValType::kI64 : ValType::kI32, depth + 2);
      if (!random_.one_in(4)) {  // small steps, else the limit is all that is tested
        if (memories_[memory].is_64) op(Op::i32_wrap_i64);
        i32(1);
        op(Op::i32_and);
        if (memories_[memory].is_64) op(Op::i64_extend_i32_u);
      }
      indexed(Op::memory_grow, memory);
      return op(Op::drop);
    }
  }
}

void Generator::block_statement(int depth) {
  uint32_t kind = random_.below(3);
  if (kind == 2) expression(ValType::kI32, depth + 1);
  op(kind == 0 ? Op::block : kind == 1 ? Op::loop : Op::if_);
  out_.block_type({});
  label_is_free_.push_back(true);
  if (kind == 1) burn_fuel();
  uint32_t count = 1 + random_.below(3);
  for (uint32_t i = 0; i < count; ++i) statement(depth + 1);
  if (kind == 2 && random_.one_in(2)) {
    op(Op::else_);
    statement(depth + 1);
  }
  op(Op::end);
  label_is_free_.pop_back();
}

void Generator::branch(int depth) {
  std::vector<uint32_t> targets;
  for (uint32_t i = 0; i < label_is_free_.size(); ++i) {
    if (label_is_free_[label_is_free_.size() - 1 - i]) targets.push_back(i);
  }
  if (targets.empty()) return op(Op::nop);
  auto target = [&] { return random_.pick(std::span<const uint32_t>(targets)); };
  expression(ValType::kI32, depth + 1);
  if (random_.one_in(2)) return indexed(Op::br_if, target());
  // What follows a br_table is unreachable: an `if` keeps it inside.
  op(Op::if_);
  out_.block_type({});
  for (uint32_t& index : targets) ++index;
  label_is_free_.push_back(true);
  expression(ValType::kI32, depth + 1);
  uint32_t count = random_.below(5);
  indexed(Op::br_table, count);
  for (uint32_t i = 0; i <= count; ++i) out_.u32(target());
  op(Op::end);
  label_is_free_.pop_back();
}

void Generator::index_expression(bool is_64, uint32_t bound, int depth) {
  expression(ValType::kI32, depth + 2);
  if (!random_.one_in(10)) {
    i32(static_cast<int32_t>(bound));
    op(Op::i32_rem_u);
  }
  if (is_64) op(Op::i64_extend_i32_u);
}

void Generator::bulk(int depth) {
  uint32_t to = pick_memory();
  uint32_t from = pick_memory();
  bool to_64 = memories_[to].is_64;
  bool from_64 = memories_[from].is_64;
  switch (random_.below(4)) {
    case 0:
      index_expression(to_64, kPageBytes - 256, depth);
      expression(ValType::kI32, depth + 2);
      index_expression(to_64, 256, depth);
      return indexed(Op::memory_fill, to);
    case 1:
      index_expression(to_64, kPageBytes - 256, depth);
      index_expression(from_64, kPageBytes - 256, depth);
      index_expression(to_64 && from_64, 256, depth);
      indexed(Op::memory_copy, to);
      return out_.u32(from);
    case 2:
      index_expression(to_64, kPageBytes - 256, depth);
      index_expression(false, 8, depth);
      index_expression(false, 24, depth);
      indexed(Op::memory_init, 1);
      return out_.u32(to);
    default:
      if (!random_.one_in(6)) return op(Op::nop);
      return indexed(Op::data_drop, 1);
  }
}

void Generator::table_statement(int depth) {
  switch (random_.below(4)) {
    case 0:
      index_expression(false, kTableSize, depth);
      indexed(Op::ref_func, random_.below(static_cast<uint32_t>(functions_.size())));
      return indexed(Op::table_set, 0);
    case 1:
      index_expression(false, 8, depth);
      index_expression(false, 8, depth);
      index_expression(false, 8, depth);
      indexed(Op::table_copy, 0);
      return out_.u32(0);
    case 2:
      index_expression(false, 8, depth);
      op(Op::ref_null);
      out_.heap_type(wasm::HeapType::kFunc);
      i32(static_cast<int32_t>(random_.below(3)));
      return indexed(Op::table_fill, 0);
    default: {
      uint32_t local = find_local(ValType::kI32);
      index_expression(false, kTableSize, depth);
      indexed(Op::table_get, 0);
      op(Op::ref_is_null);
      return indexed(Op::local_set, local);
    }
  }
}

void Generator::tail_call(int depth) {
  std::vector<uint32_t> callees;
  for (uint32_t i = 0; i < functions_.size(); ++i) {
    if (functions_[i].results == functions_[current_].results) callees.push_back(i);
  }
  uint32_t callee = random_.pick(std::span<const uint32_t>(callees));
  expression(ValType::kI32, depth + 1);
  op(Op::if_);
  out_.block_type({});
  label_is_free_.push_back(true);
  for (ValType param : functions_[callee].params) expression(param, depth + 2);
  if (random_.one_in(2)) {
    indexed(Op::return_call, callee);
  } else {
    i32(static_cast<int32_t>(callee));
    indexed(Op::return_call_indirect, functions_[callee].type_index);
    out_.u32(0);
  }
  op(Op::end);
  label_is_free_.pop_back();
}

void Generator::burn_fuel() {
  indexed(Op::global_get, 0);
  op(Op::i32_eqz);
  op(Op::if_);
  out_.block_type({});
  op(Op::unreachable);
  op(Op::end);
  indexed(Op::global_get, 0);
  i32(1);
  op(Op::i32_sub);
  indexed(Op::global_set, 0);
}

void Generator::function_body(uint32_t index) {
  const Signature& signature = functions_[index];
  current_ = index;
  out_.clear();
  locals_ = signature.params;
  param_count_ = static_cast<uint32_t>(locals_.size());
  label_is_free_.clear();
  for (ValType::Code type : kNumeric) {
    if (type != ValType::kV128 || options_.simd) add_local(type);
  }
  burn_fuel();
  uint32_t count = 1 + random_.below(6);
  for (uint32_t i = 0; i < count; ++i) statement(0);
  if (options_.tail_calls && random_.one_in(3)) tail_call(0);
  for (ValType result : signature.results) expression(result, 1);
  op(Op::end);
}

// As runs of one type, the canonical form.
void Generator::write_locals(ByteWriter& body) const {
  std::vector<std::pair<uint32_t, ValType>> runs;
  for (size_t i = param_count_; i < locals_.size(); ++i) {
    if (runs.empty() || runs.back().second != locals_[i]) runs.emplace_back(0, locals_[i]);
    ++runs.back().first;
  }
  body.u32(static_cast<uint32_t>(runs.size()));
  for (const auto& [count, type] : runs) {
    body.u32(count);
    body.val_type(type);
  }
}

wasm::Module Generator::make() {
  wasm::Module module;
  memories_ = {{false}};
  if (options_.multi_memory && random_.one_in(3)) memories_.push_back({false});
  if (options_.memory64 && random_.one_in(4)) memories_.back().is_64 = true;
  for (const MemoryInfo& memory : memories_) {
    wasm::MemoryType type;
    type.limits = {1, 3, memory.is_64 ? wasm::AddressType::i64 : wasm::AddressType::i32};
    module.memories.push_back(type);
  }

  auto constant_expr = [&](auto write) {
    ByteWriter writer;
    write(writer);
    writer.opcode(Op::end);
    module.owned.push_back(std::move(writer).take());
    return wasm::ConstExpr{module.owned.back()};
  };
  globals_ = {ValType::kI32, ValType::kI32, ValType::kI64, ValType::kF32, ValType::kF64};
  if (options_.simd) globals_.push_back(ValType::kV128);
  for (size_t i = 0; i < globals_.size(); ++i) {
    module.globals.push_back({{globals_[i], true}, constant_expr([&](ByteWriter& writer) {
                                if (i == 0) {
                                  writer.opcode(Op::i32_const);
                                  return writer.s32(kFuel);
                                }
                                std::swap(out_, writer);
                                constant(globals_[i]);
                                std::swap(out_, writer);
                              })});
  }

  uint32_t count = 2 + random_.below(5);
  for (uint32_t i = 0; i < count; ++i) {
    Signature signature;
    auto any = [&] { return ValType(kNumeric[random_.below(options_.simd ? 5 : 4)]); };
    bool is_entry = i < 2;
    for (uint32_t k = is_entry ? 0 : random_.below(5); k > 0; --k)
      signature.params.push_back(any());
    for (uint32_t k = is_entry ? 0 : random_.below(4); k > 0; --k)
      signature.results.push_back(any());
    signature.type_index = i;
    module.rec_groups.push_back({i, 1, false});
    wasm::SubType type;
    type.func = {signature.params, signature.results};
    module.types.push_back(type);
    module.functions.push_back(TypeIdx{i});
    functions_.push_back(std::move(signature));
  }

  module.tables.push_back({{ValType::funcref(), {kTableSize, kTableSize, {}}}, {}});
  wasm::ElementSegment segment;
  segment.offset = constant_expr([](ByteWriter& writer) {
    writer.opcode(Op::i32_const);
    writer.s32(0);
  });
  for (uint32_t i = 0; i < count; ++i) segment.functions.push_back(i);
  module.elements.push_back(std::move(segment));

  auto keep = [&](std::string_view text) {
    module.owned.emplace_back(text.begin(), text.end());
    return as_text(module.owned.back());
  };
  wasm::DataSegment data;
  data.offset = constant_expr([&](ByteWriter& writer) {
    writer.opcode(memories_[0].is_64 ? Op::i64_const : Op::i32_const);
    writer.s32(64);
  });
  data.bytes = as_bytes(keep("a wanderer in the sandbox \x00\xFF\x80\x7F"));
  module.data.push_back(data);
  module.data.push_back({.mode = wasm::DataSegment::Mode::passive,
                         .offset = {},
                         .bytes = as_bytes(keep("passive bytes, to be copied in"))});
  module.data_count = 2;

  for (uint32_t i = 0; i < count; ++i) {
    function_body(i);
    ByteWriter body;
    write_locals(body);
    body.raw(out_.bytes());
    module.owned.push_back(std::move(body).take());
    module.bodies.push_back(module.owned.back());
  }

  auto export_item = [&](std::string name, wasm::ExternKind kind, uint32_t index) {
    module.exports.push_back({keep(name), kind, index});
  };
  for (uint32_t i = 0; i < 2; ++i) {
    export_item("f" + std::to_string(i), wasm::ExternKind::func, i);
  }
  export_item("memory", wasm::ExternKind::memory, 0);
  for (uint32_t i = 0; i < globals_.size(); ++i) {
    // JavaScript, the second opinion, cannot read a v128.
    if (globals_[i] == ValType::kV128) continue;
    export_item("g" + std::to_string(i), wasm::ExternKind::global, i);
  }
  return module;
}

}  // namespace

wasm::Module generate_module(uint64_t seed, const GenerateOptions& options) {
  return Generator(seed, options).make();
}

}  // namespace nacre::fuzz
