#include "runtime/extern.h"

namespace nacre::runtime {
namespace {

std::string limits_text(const wasm::Limits& limits) {
  std::string text = std::to_string(limits.min);
  if (limits.max) text += ".." + std::to_string(*limits.max);
  return limits.address == wasm::AddressType::i64 ? "i64 " + text : text;
}

std::string func_text(wasm::CanonTypeId id, const wasm::TypeRegistry& types) {
  return to_string(types.at(id).type.func);
}

std::string describe(const wasm::TableType& type) {
  return "table " + limits_text(type.limits) + " " + to_string(type.element);
}

std::string describe(const wasm::MemoryType& type) {
  std::string text = "memory " + limits_text(type.limits);
  if (type.page_size_log2 != 16)
    text += " pages of " + std::to_string(uint64_t{1} << type.page_size_log2);
  return type.shared ? text + " shared" : text;
}

std::string describe(const wasm::GlobalType& type) {
  return (type.is_mutable ? "global mut " : "global ") + to_string(type.type);
}

}  // namespace

std::string describe(const Extern& item, const wasm::TypeRegistry& types) {
  switch (item.kind()) {
    case wasm::ExternKind::func:
      return "func " + func_text(item.func()->type, types);
    case wasm::ExternKind::table:
      return describe(item.table()->current_type());
    case wasm::ExternKind::memory:
      return describe(item.memory()->current_type());
    case wasm::ExternKind::global:
      return describe(item.global()->type);
    case wasm::ExternKind::tag:
      return "tag " + func_text(item.tag()->type, types);
  }
  return "nothing known";
}

std::string describe(const wasm::ExternType& type, const std::vector<wasm::CanonTypeId>& ids,
                     const wasm::TypeRegistry& types) {
  switch (type.kind) {
    case wasm::ExternKind::func:
      return "func " + func_text(ids[wasm::index_of(type.func)], types);
    case wasm::ExternKind::table: {
      wasm::TableType table = type.table;
      table.element = canonical(table.element, ids);
      return describe(table);
    }
    case wasm::ExternKind::memory:
      return describe(type.memory);
    case wasm::ExternKind::global:
      return describe(wasm::GlobalType{canonical(type.global.type, ids), type.global.is_mutable});
    case wasm::ExternKind::tag:
      return "tag " + func_text(ids[wasm::index_of(type.tag.type)], types);
  }
  return "nothing known";
}

}  // namespace nacre::runtime
