// Writes one module by chance; generate.h says what for. generate.cc lays out the module,
// generate_values.cc writes expressions from the type they must leave down, generate_code.cc what
// has none: statements, blocks, branches, calls.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "generate.h"
#include "random.h"
#include "wasm/binary/writer.h"
#include "wasm/ops.h"

namespace nacre::fuzz {

inline constexpr uint32_t kPageBytes = 65536;
inline constexpr int32_t kFuel = 400;
inline constexpr int kMaxDepth = 6;
// The funcref table that all modules of a program share: functions of the first, then room that the
// second fills with functions of the program's agreed signatures.
inline constexpr uint32_t kTableSize = 16;
inline constexpr uint32_t kAgreedBegin = 12;
inline constexpr uint32_t kAgreedCount = 3;
// Beyond so many bytes a body gets leaves only.
inline constexpr size_t kLargeBody = 6000;

struct Signature {
  wasm::FuncType type;
  uint32_t type_index = 0;
};

class Generator {
 public:
  using ByteWriter = wasm::ByteWriter;
  using Op = wasm::Op;
  using OpInfo = wasm::OpInfo;
  using ValType = wasm::ValType;
  using Types = std::vector<ValType>;

  // `first`: the module of the same program to import from; null: this is the first.
  Generator(Random& random, const GenerateOptions& options,
            const std::vector<wasm::FuncType>& agreed, const Generator* first);

  wasm::FuncType any_signature();
  void make();
  // Of a generator that is not asked for anything afterwards.
  wasm::Module take() { return std::move(module_); }

 private:
  // The table, sorted by what a row is good for.
  struct Rows {
    std::vector<Op> by_result[128];  // exactly one result, by its letter
    std::vector<Op> statements;      // no result
    std::vector<Op> pairs;           // two results: wide arithmetic
  };
  struct Memory {
    bool is_64 = false;
  };
  struct Table {
    ValType element;
    bool is_64 = false;
  };

  // ---- generate.cc
  bool is_used(const OpInfo& info) const;
  void sort_rows();
  ValType any_number();
  ValType any_type();
  Types any_types(uint32_t most);
  uint32_t type_index(const wasm::FuncType& type);
  std::string_view keep(std::string_view text);
  template <class Write>
  wasm::ConstExpr constant_expr(Write write);
  void import_item(std::string_view from, std::string_view name, const wasm::ExternType& type);
  void make_imports();
  void make_memories();
  void make_globals();
  void make_functions();
  void make_tables();
  void make_data();
  void make_exports();
  void function_body(uint32_t index);
  void write_locals(ByteWriter& body) const;

  // ---- generate_values.cc
  uint32_t add_local(ValType type);
  uint32_t find_local(ValType type);
  uint32_t find_global(ValType type);  // 0: none
  void constant(ValType type);
  void leaf(ValType type);
  void expression(ValType type, int depth);
  void reference(ValType type, int depth);
  void reduction(ValType type);
  void row(Op op, int depth);
  void parameters(const OpInfo& info, int depth, uint32_t memory);
  void immediate(const OpInfo& info, uint32_t memory);
  void address(uint32_t memory, const OpInfo& info, int depth);
  void make_nan_canonical(ValType type, bool is_32);
  void block_expression(ValType type, int depth);
  void index_expression(bool is_64, uint32_t bound, int depth);
  std::vector<uint32_t> functions_with_result(ValType type) const;

  // ---- generate_code.cc
  // Values of these types onto the stack; and off it, into locals and globals.
  void push_all(const Types& types, int depth);
  void consume(const Types& types);
  void statement(int depth);
  void set_variable(int depth);
  void pile();
  void call_on_pile();
  void arguments(const wasm::FuncType& type, int depth);
  void call(uint32_t function, int depth);
  void indirect_call(uint32_t function, int depth);
  void typed_reference(uint32_t function);
  void agreed_call();
  void tail_call(int depth);
  void block_statement(int depth);
  void value_block(int depth);
  void block_body(const wasm::FuncType& type, bool may_repeat, int depth);
  void branch(int depth);
  void leave(int depth);
  void branch_on_null(int depth);
  void begin_if(int depth);
  void end_if();
  void bulk(int depth);
  void table_statement(int depth);
  void grow_memory(int depth);
  void burn_fuel();

  uint32_t below(size_t bound) { return random_.below(static_cast<uint32_t>(bound)); }
  template <class T>
  const T& pick(const std::vector<T>& items) {
    return random_.pick(std::span<const T>(items));
  }
  uint32_t pick_memory() { return below(memories_.size()); }
  bool is_large() const { return out_.size() > kLargeBody; }
  void op(Op code) { out_.opcode(code); }
  void indexed(Op code, uint32_t index) {
    out_.opcode(code);
    out_.u32(index);
  }
  void i32(int32_t value) {
    op(Op::i32_const);
    out_.s32(value);
  }

  Random& random_;
  const GenerateOptions& options_;
  const std::vector<wasm::FuncType>& agreed_;
  const Generator* first_;
  Rows rows_;

  wasm::Module module_;
  std::vector<Signature> functions_;  // imports first, like all of these
  std::vector<Memory> memories_;
  std::vector<Table> tables_;  // 0: kTableSize funcrefs
  Types globals_;              // mutable
  uint32_t fuel_ = 0;          // which of them is the fuel

  // Of the function that is being written.
  ByteWriter out_;
  Types locals_;
  uint32_t param_count_ = 0;
  uint32_t current_ = 0;
  // What branches to each open label carry, from the outermost; the first is the function's.
  std::vector<Types> labels_;
};

}  // namespace nacre::fuzz
