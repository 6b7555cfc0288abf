// Modules for tests, put together in C++.
#pragma once

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "wasm/module.h"
#include "wasm/ops.h"
#include "wasm/validate/validate.h"

namespace nacre::wasm {

// Bytes of a body: opcodes and immediates in a row.
class Code {
 public:
  Code& op(Op op) {
    const OpInfo& info = op_info(op);
    if (info.prefix == 0) {
      bytes_.push_back(static_cast<uint8_t>(info.code));
      return *this;
    }
    bytes_.push_back(info.prefix);
    return u32(info.code);
  }
  Code& op(Op op, uint32_t immediate) { return this->op(op).u32(immediate); }
  Code& op(Op op, uint32_t first, uint32_t second) { return this->op(op).u32(first).u32(second); }
  Code& u32(uint32_t value) {
    for (; value >= 0x80; value >>= 7) bytes_.push_back(static_cast<uint8_t>(value | 0x80));
    bytes_.push_back(static_cast<uint8_t>(value));
    return *this;
  }
  Code& raw(std::initializer_list<int> bytes) {
    for (int byte : bytes) bytes_.push_back(static_cast<uint8_t>(byte));
    return *this;
  }
  Code& i32(int value) {  // -64..63
    return raw({0x41, value & 0x7F});
  }
  size_t size() const { return bytes_.size(); }
  const std::vector<uint8_t>& bytes() const { return bytes_; }

 private:
  std::vector<uint8_t> bytes_;
};

inline constexpr int kEmptyBlock = 0x40;

// Local declarations as (count, type code).
using Locals = std::vector<std::pair<uint32_t, int>>;

class TestModule {
 public:
  Module module;

  TypeIdx func_type(std::vector<ValType> params, std::vector<ValType> results) {
    SubType type;
    type.func = {std::move(params), std::move(results)};
    return add_type(std::move(type));
  }
  TypeIdx struct_type(std::vector<FieldType> fields) {
    SubType type;
    type.kind = SubType::Kind::structure;
    type.fields = std::move(fields);
    return add_type(std::move(type));
  }
  TypeIdx array_type(FieldType element) {
    SubType type;
    type.kind = SubType::Kind::array;
    type.fields = {element};
    return add_type(std::move(type));
  }
  TypeIdx add_type(SubType type) {
    uint32_t index = static_cast<uint32_t>(module.types.size());
    module.rec_groups.push_back({.first = index, .count = 1});
    module.types.push_back(std::move(type));
    return TypeIdx{index};
  }

  // The code without locals and without the final `end`.
  uint32_t function(TypeIdx type, const Code& code, const Locals& locals = {}) {
    Code body;
    body.u32(static_cast<uint32_t>(locals.size()));
    for (auto [count, local] : locals) body.u32(count).raw({local});
    std::vector<uint8_t> bytes = body.bytes();
    bytes.insert(bytes.end(), code.bytes().begin(), code.bytes().end());
    bytes.push_back(0x0B);
    return raw_function(type, std::move(bytes));
  }
  uint32_t function(std::vector<ValType> params, std::vector<ValType> results, const Code& code,
                    const Locals& locals = {}) {
    return function(func_type(std::move(params), std::move(results)), code, locals);
  }
  uint32_t raw_function(TypeIdx type, std::vector<uint8_t> body) {
    module.functions.push_back(type);
    module.bodies.push_back(keep(std::move(body)));
    return static_cast<uint32_t>(module.functions.size() - 1);
  }
  ConstExpr expr(Code code) {
    code.op(Op::end);
    return {keep(code.bytes())};
  }
  void memory(AddressType address = AddressType::i32) {
    module.memories.push_back({.limits = {.min = 1, .address = address}});
  }
  void table(ValType element, AddressType address = AddressType::i32) {
    module.tables.push_back({.type = {element, {.min = 1, .address = address}}});
  }
  void global(ValType type, bool is_mutable, Code init) {
    module.globals.push_back({{type, is_mutable}, expr(std::move(init))});
  }

  Result<ValidModuleInfo> validate(ValidateOptions options = {},
                                   Features features = Features::all_built()) {
    return validate_module(module, features, registry_, options);
  }
  // "" or the error as a line.
  std::string verdict(Features features = Features::all_built()) {
    Result<ValidModuleInfo> info = validate({}, features);
    return info ? "" : info.error().to_string();
  }

 private:
  Bytes keep(std::vector<uint8_t> bytes) {
    module.owned.push_back(std::move(bytes));
    return module.owned.back();
  }

  TypeRegistry registry_;
};

}  // namespace nacre::wasm
