#include "wasm/types.h"

namespace nacre::wasm {
namespace {

std::string list_text(const std::vector<ValType>& types) {
  std::string text = "[";
  for (size_t i = 0; i < types.size(); ++i) {
    if (i != 0) text += ' ';
    text += to_string(types[i]);
  }
  return text + "]";
}

}  // namespace

std::string_view extern_kind_text(ExternKind kind) {
  switch (kind) {
    case ExternKind::func:
      return "func";
    case ExternKind::table:
      return "table";
    case ExternKind::memory:
      return "memory";
    case ExternKind::global:
      return "global";
    case ExternKind::tag:
      return "tag";
  }
  return "unknown";
}

std::string to_string(HeapType type) {
  if (type.is_concrete()) return std::to_string(index_of(type.index()));
  switch (type.abstract()) {
    case HeapType::kExn:
      return "exn";
    case HeapType::kArray:
      return "array";
    case HeapType::kStruct:
      return "struct";
    case HeapType::kI31:
      return "i31";
    case HeapType::kEq:
      return "eq";
    case HeapType::kAny:
      return "any";
    case HeapType::kExtern:
      return "extern";
    case HeapType::kFunc:
      return "func";
    case HeapType::kNone:
      return "none";
    case HeapType::kNoExtern:
      return "noextern";
    case HeapType::kNoFunc:
      return "nofunc";
    case HeapType::kNoExn:
      return "noexn";
    case HeapType::kBottom:
      return "bottom";
  }
  return "unknown";
}

std::string to_string(ValType type) {
  switch (type.code()) {
    case ValType::kI32:
      return "i32";
    case ValType::kI64:
      return "i64";
    case ValType::kF32:
      return "f32";
    case ValType::kF64:
      return "f64";
    case ValType::kV128:
      return "v128";
    case ValType::kI8:
      return "i8";
    case ValType::kI16:
      return "i16";
    case ValType::kBottom:
      return "bottom";
    case ValType::kRef:
      break;
  }
  if (!type.heap().is_concrete() && type.nullable()) {
    switch (type.heap().abstract()) {  // the short forms
      case HeapType::kNone:
        return "nullref";
      case HeapType::kNoExtern:
        return "nullexternref";
      case HeapType::kNoFunc:
        return "nullfuncref";
      case HeapType::kNoExn:
        return "nullexnref";
      default:
        return to_string(type.heap()) + "ref";
    }
  }
  return std::string(type.nullable() ? "(ref null " : "(ref ") + to_string(type.heap()) + ")";
}

std::string to_string(const FuncType& type) {
  return list_text(type.params) + " -> " + list_text(type.results);
}

}  // namespace nacre::wasm
