#include "wasm/binary/type_writer.h"

#include "wasm/binary/sections.h"

namespace nacre::wasm {

using namespace binary;

namespace {

uint8_t limits_flags(const Limits& limits) {
  uint8_t flags = limits.max ? kLimitsMax : 0;
  if (limits.address == AddressType::i64) flags |= kLimits64;
  return flags;
}

}  // namespace

void TypeWriter::sub_type(const SubType& type) {
  if (!type.is_final || type.super) {
    u8(type.is_final ? kSubFinalCode : kSubCode);
    u32(type.super ? 1 : 0);
    if (type.super) index(*type.super);
  }
  switch (type.kind) {
    case SubType::Kind::func:
      u8(kFuncCode);
      val_types(type.func.params);
      val_types(type.func.results);
      return;
    case SubType::Kind::structure:
      u8(kStructCode);
      u64(type.fields.size());
      for (const FieldType& field : type.fields) field_type(field);
      return;
    case SubType::Kind::array:
      u8(kArrayCode);
      for (const FieldType& element : type.fields) field_type(element);
      return;
  }
}

void TypeWriter::val_types(const std::vector<ValType>& types) {
  u64(types.size());
  for (ValType type : types) val_type(type);
}

void TypeWriter::field_type(const FieldType& field) {
  val_type(field.type);
  u8(field.is_mutable ? 1 : 0);
}

void TypeWriter::limits(const Limits& limits) {
  u64(limits.min);
  if (limits.max) u64(*limits.max);
}

void TypeWriter::table_type(const TableType& type) {
  val_type(type.element);
  u8(limits_flags(type.limits));
  limits(type.limits);
}

void TypeWriter::memory_type(const MemoryType& type) {
  constexpr uint8_t kDefaultPageSizeLog2 = 16;
  uint8_t flags = limits_flags(type.limits);
  if (type.shared) flags |= kLimitsShared;
  if (type.page_size_log2 != kDefaultPageSizeLog2) flags |= kLimitsPageSize;
  u8(flags);
  limits(type.limits);
  if (type.page_size_log2 != kDefaultPageSizeLog2) u32(type.page_size_log2);
}

void TypeWriter::global_type(const GlobalType& type) {
  val_type(type.type);
  u8(type.is_mutable ? 1 : 0);
}

void TypeWriter::tag_type(const TagType& type) {
  u8(0);
  index(type.type);
}

void TypeWriter::extern_type(const ExternType& type) {
  u8(static_cast<uint8_t>(type.kind));
  switch (type.kind) {
    case ExternKind::func:
      return index(type.func);
    case ExternKind::table:
      return table_type(type.table);
    case ExternKind::memory:
      return memory_type(type.memory);
    case ExternKind::global:
      return global_type(type.global);
    case ExternKind::tag:
      return tag_type(type.tag);
  }
}

}  // namespace nacre::wasm
