// Statements: what leaves the operand stack as it was.
#include "generator.h"

namespace nacre::fuzz {

using wasm::FuncType;
using wasm::HeapType;
using wasm::Op;
using wasm::ValType;

namespace {

// Branches that carry more values than this are rare.
constexpr size_t kFewValues = 8;

}  // namespace

// ---- values on the operand stack

void Generator::push_all(const Types& types, int depth) {
  for (ValType type : types) expression(type, types.size() > 6 ? kMaxDepth - 1 : depth);
}

void Generator::consume(const Types& types) {
  for (size_t i = types.size(); i > 0; --i) {
    ValType type = types[i - 1];
    switch (random_.below(8)) {
      case 0:
        op(Op::drop);
        break;
      case 1:
      case 2:
        indexed(Op::global_set, find_global(type));
        break;
      default:
        indexed(Op::local_set, find_local(type));
    }
  }
}

// ---- statements

void Generator::statement(int depth) {
  if (depth >= kMaxDepth || is_large()) return op(Op::nop);
  switch (random_.below(20)) {
    case 0:
    case 1:
    case 2:
      return row(pick(rows_.statements), depth);
    case 3:
    case 4:
    case 5:
    case 6:
      return set_variable(depth);
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
    case 13:
      return grow_memory(depth);
    case 14:
      return value_block(depth);
    case 15:
      return call_on_pile();
    case 16:
      return branch_on_null(depth);
    case 17:
      return leave(depth);
    case 18:
      return random_.one_in(2) ? agreed_call() : value_block(depth);
    default:
      return pile();
  }
}

void Generator::set_variable(int depth) {
  ValType type = any_type();
  expression(type, depth + 1);
  if (random_.one_in(3)) {
    indexed(Op::global_set, find_global(type));
  } else {
    indexed(Op::local_set, find_local(type));
  }
}

// Many operands of all kinds, and where they belong in another order.
void Generator::pile() {
  Types types = any_types(40);
  push_all(types, kMaxDepth - 1);
  consume(types);
}

// A call with operands below its arguments that live through it.
void Generator::call_on_pile() {
  Types below_call = any_types(random_.one_in(3) ? 40 : 6);
  push_all(below_call, kMaxDepth - 1);
  uint32_t callee = below(functions_.size());
  const FuncType& type = functions_[callee].type;
  if (random_.one_in(3)) {
    arguments(type, kMaxDepth - 1);
    typed_reference(callee);
    indexed(Op::call_ref, functions_[callee].type_index);
  } else if (random_.one_in(3)) {
    indirect_call(callee, kMaxDepth - 3);
  } else {
    call(callee, kMaxDepth - 3);
  }
  consume(type.results);
  consume(below_call);
}

// ---- calls

void Generator::arguments(const FuncType& type, int depth) { push_all(type.params, depth); }

void Generator::call(uint32_t function, int depth) {
  arguments(functions_[function].type, depth + 2);
  indexed(Op::call, function);
}

void Generator::indirect_call(uint32_t function, int depth) {
  arguments(functions_[function].type, depth + 2);
  if (random_.one_in(24)) {
    expression(ValType::kI32, depth + 2);
  } else {
    i32(static_cast<int32_t>(function));  // the table begins with the functions in order
  }
  indexed(Op::call_indirect, functions_[function].type_index);
  out_.u32(0);
}

// (ref null $type), seldom null.
void Generator::typed_reference(uint32_t function) {
  if (random_.one_in(2)) return indexed(Op::ref_func, function);
  wasm::TypeIdx type{functions_[function].type_index};
  auto heap = HeapType::concrete(type);
  indexed(Op::ref_func, function);
  op(Op::ref_null);
  out_.heap_type(heap);
  expression(ValType::kI32, kMaxDepth - 1);
  i32(0x0FFF'0F0F);
  op(Op::i32_and);
  op(Op::select_t);
  out_.u32(1);
  out_.val_type(ValType::ref(heap, true));
}

// Of a function that the other module of the program puts into the table.
void Generator::agreed_call() {
  if (agreed_.empty()) return op(Op::nop);
  uint32_t which = below(agreed_.size());
  const FuncType& type = agreed_[which];
  arguments(type, kMaxDepth - 1);
  i32(static_cast<int32_t>(kAgreedBegin + which));
  indexed(Op::call_indirect, type_index(type));
  out_.u32(0);
  consume(type.results);
}

void Generator::tail_call(int depth) {
  const Types& results = functions_[current_].type.results;
  begin_if(depth);
  std::vector<uint32_t> agreed;
  for (uint32_t i = 0; i < agreed_.size(); ++i) {
    if (agreed_[i].results == results) agreed.push_back(i);
  }
  if (!agreed.empty() && random_.one_in(3)) {
    uint32_t which = pick(agreed);
    arguments(agreed_[which], depth + 2);
    i32(static_cast<int32_t>(kAgreedBegin + which));
    indexed(Op::return_call_indirect, type_index(agreed_[which]));
    out_.u32(0);
    return end_if();
  }
  std::vector<uint32_t> callees;
  for (uint32_t i = 0; i < functions_.size(); ++i) {
    if (functions_[i].type.results == results) callees.push_back(i);
  }
  uint32_t callee = pick(callees);
  arguments(functions_[callee].type, depth + 2);
  switch (random_.below(4)) {
    case 0:
      i32(static_cast<int32_t>(callee));
      indexed(Op::return_call_indirect, functions_[callee].type_index);
      out_.u32(0);
      break;
    case 1:
      typed_reference(callee);
      indexed(Op::return_call_ref, functions_[callee].type_index);
      break;
    default:
      indexed(Op::return_call, callee);
  }
  end_if();
}

// ---- blocks

// What follows an unconditional branch cannot be reached: an `if` keeps it inside.
void Generator::begin_if(int depth) {
  expression(ValType::kI32, depth + 1);
  op(Op::if_);
  out_.block_type({});
  labels_.emplace_back();
}

void Generator::end_if() {
  if (random_.one_in(6)) statement(kMaxDepth - 2);  // dead
  op(Op::end);
  labels_.pop_back();
}

void Generator::block_statement(int depth) {
  uint32_t kind = random_.below(3);
  if (kind == 2) expression(ValType::kI32, depth + 1);
  op(kind == 0 ? Op::block : kind == 1 ? Op::loop : Op::if_);
  out_.block_type({});
  labels_.emplace_back();
  if (kind == 1) burn_fuel();
  uint32_t count = 1 + random_.below(3);
  for (uint32_t i = 0; i < count; ++i) statement(depth + 1);
  if (kind == 2 && random_.one_in(2)) {
    op(Op::else_);
    statement(depth + 1);
  }
  op(Op::end);
  labels_.pop_back();
}

// With parameters and results, on a pile of operands that they must leave alone.
void Generator::value_block(int depth) {
  Types below_block = any_types(random_.one_in(4) ? 20 : 3);
  FuncType type{any_types(4), any_types(random_.one_in(6) ? 14 : 4)};
  uint32_t kind = random_.below(4);
  bool has_else = kind != 2;
  if (!has_else) type.results = type.params;
  push_all(below_block, depth + 3);
  push_all(type.params, depth + 2);
  bool is_if = kind >= 2;
  if (is_if) expression(ValType::kI32, depth + 2);
  op(kind == 0 ? Op::block : kind == 1 ? Op::loop : Op::if_);
  if (type.params.empty() && type.results.size() == 1) {
    out_.val_type(type.results[0]);
  } else if (type.params.empty() && type.results.empty()) {
    out_.block_type({});
  } else {
    out_.s33(type_index(type));
  }
  labels_.push_back(kind == 1 ? type.params : type.results);
  block_body(type, kind == 1, depth);
  if (is_if && has_else) {
    op(Op::else_);
    block_body(type, false, depth);
  }
  op(Op::end);
  labels_.pop_back();
  consume(type.results);
  consume(below_block);
}

// Finds the parameters on the stack, leaves the results.
void Generator::block_body(const FuncType& type, bool may_repeat, int depth) {
  if (may_repeat) burn_fuel();
  if (random_.one_in(2)) statement(depth + 2);
  // Equal types may stay where they are.
  if (type.params == type.results && random_.one_in(3)) return;
  consume(type.params);
  if (random_.one_in(2)) statement(depth + 2);
  if (random_.one_in(2)) branch(depth + 1);
  push_all(type.results, depth + 2);
  if (!may_repeat && random_.one_in(2)) {
    expression(ValType::kI32, depth + 2);
    indexed(Op::br_if, 0);
  }
}

// ---- branches

void Generator::branch(int depth) {
  uint32_t target = below(labels_.size());
  const Types types = labels_[labels_.size() - 1 - target];
  if (types.size() > kFewValues && !random_.one_in(4)) return op(Op::nop);
  if (random_.one_in(2)) {
    push_all(types, depth + 2);
    expression(ValType::kI32, depth + 1);
    indexed(Op::br_if, target);
    return consume(types);
  }
  begin_if(depth);
  ++target;
  push_all(types, depth + 2);
  if (random_.one_in(3)) {
    indexed(Op::br, target);
    return end_if();
  }
  std::vector<uint32_t> targets;
  for (uint32_t i = 0; i < labels_.size(); ++i) {
    if (labels_[labels_.size() - 1 - i] == types) targets.push_back(i);
  }
  expression(ValType::kI32, depth + 1);
  uint32_t count = random_.below(5);
  indexed(Op::br_table, count);
  for (uint32_t i = 0; i <= count; ++i) out_.u32(pick(targets));
  end_if();
}

// Out of the function, one way or the other.
void Generator::leave(int depth) {
  if (options_.tail_calls && random_.one_in(2)) return tail_call(depth);
  const Types results = labels_[0];
  if (results.size() > kFewValues && !random_.one_in(4)) return op(Op::nop);
  begin_if(depth);
  if (random_.one_in(6)) {
    op(Op::unreachable);
  } else {
    push_all(results, depth + 2);
    op(Op::return_);
  }
  end_if();
}

void Generator::branch_on_null(int depth) {
  uint32_t target = below(labels_.size());
  Types types = labels_[labels_.size() - 1 - target];
  if (types.size() > kFewValues) return op(Op::nop);
  if (types.empty() || !types.back().is_ref() || random_.one_in(2)) {
    ValType reference = random_.one_in(2) ? ValType::funcref() : ValType::externref();
    push_all(types, depth + 2);
    expression(reference, depth + 2);
    indexed(Op::br_on_null, target);
    types.push_back(reference);
    return consume(types);
  }
  push_all(types, depth + 2);
  indexed(Op::br_on_non_null, target);
  types.pop_back();
  consume(types);
}

// ---- memories and tables

void Generator::grow_memory(int depth) {
  uint32_t memory = pick_memory();
  bool is_64 = memories_[memory].is_64;
  ValType type = is_64 ? ValType::kI64 : ValType::kI32;
  expression(type, depth + 2);
  if (!random_.one_in(4)) {  // small steps, else the limit is all that is tested
    if (is_64) op(Op::i32_wrap_i64);
    i32(1);
    op(Op::i32_and);
    if (is_64) op(Op::i64_extend_i32_u);
  }
  indexed(Op::memory_grow, memory);
  consume({type});
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

// The first kAgreedBegin elements of table 0 change; what was agreed on stays.
void Generator::table_statement(int depth) {
  uint32_t index = below(tables_.size());
  const Table& table = tables_[index];
  ValType address = table.is_64 ? ValType::kI64 : ValType::kI32;
  uint32_t bound = index == 0 ? kAgreedBegin : 3;
  switch (random_.below(6)) {
    case 0:
      index_expression(table.is_64, bound, depth);
      expression(table.element, depth + 2);
      return indexed(Op::table_set, index);
    case 1: {
      std::vector<uint32_t> sources;
      for (uint32_t i = 0; i < tables_.size(); ++i) {
        if (tables_[i].element == table.element) sources.push_back(i);
      }
      uint32_t from = pick(sources);
      bool both_64 = table.is_64 && tables_[from].is_64;
      index_expression(table.is_64, bound - 2, depth);
      index_expression(tables_[from].is_64, 2, depth);
      index_expression(both_64, 3, depth);
      indexed(Op::table_copy, index);
      return out_.u32(from);
    }
    case 2:
      index_expression(table.is_64, bound - 2, depth);
      expression(table.element, depth + 2);
      index_expression(table.is_64, 3, depth);
      return indexed(Op::table_fill, index);
    case 3:
      expression(table.element, depth + 2);
      index_expression(table.is_64, 3, depth);
      indexed(Op::table_grow, index);
      return consume({address});
    case 4:
      if (table.element != ValType::funcref()) return op(Op::nop);
      index_expression(table.is_64, bound - 2, depth);
      index_expression(false, 3, depth);
      index_expression(false, 3, depth);
      indexed(Op::table_init, 1);
      return out_.u32(index);
    default:
      indexed(Op::table_size, index);
      return consume({address});
  }
}

void Generator::burn_fuel() {
  indexed(Op::global_get, fuel_);
  op(Op::i32_eqz);
  op(Op::if_);
  out_.block_type({});
  op(Op::unreachable);
  op(Op::end);
  indexed(Op::global_get, fuel_);
  i32(1);
  op(Op::i32_sub);
  indexed(Op::global_set, fuel_);
}

}  // namespace nacre::fuzz
