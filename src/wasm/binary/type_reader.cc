#include "wasm/binary/type_reader.h"

#include "wasm/binary/sections.h"
#include "wasm/limits.h"

namespace nacre::wasm {

using namespace binary;

SubType TypeReader::sub_type() {
  SubType type;
  uint64_t start = offset();
  uint8_t code = u8();
  if ((code == kSubCode || code == kSubFinalCode) && features().has(Feature::gc)) {
    type.is_final = code == kSubFinalCode;
    uint64_t supers_start = offset();
    uint32_t supers = count(kMaxTypes);
    if (supers > 1) {
      fail_at("sub type: a type has at most one supertype", supers_start, ErrorCode::invalid);
    } else if (supers == 1) {
      type.super = TypeIdx{u32()};
    }
    start = offset();
    code = u8();
  }
  composite_type(code, start, type);
  return type;
}

void TypeReader::composite_type(uint8_t code, uint64_t start, SubType& type) {
  if (!ok()) return;
  if (code == kFuncCode) {
    type.kind = SubType::Kind::func;
    type.func.params = val_types(kMaxParams);
    type.func.results = val_types(kMaxResults);
  } else if (code == kStructCode && features().has(Feature::gc)) {
    type.kind = SubType::Kind::structure;
    uint32_t n = count(kMaxFields, 2);
    type.fields.reserve(n);
    for (uint32_t i = 0; i < n && ok(); ++i) type.fields.push_back(field_type());
  } else if (code == kArrayCode && features().has(Feature::gc)) {
    type.kind = SubType::Kind::array;
    type.fields.push_back(field_type());
  } else {
    bool is_gc = code == kRecCode || code == kSubCode || code == kSubFinalCode ||
                 code == kStructCode || code == kArrayCode;
    fail_at(is_gc && !features().has(Feature::gc)
                ? "malformed type: rec, sub, struct and array need the feature gc"
                : "malformed type: neither a function, a struct nor an array",
            start);
  }
}

std::vector<ValType> TypeReader::val_types(uint32_t limit) {
  uint32_t n = count(limit);
  std::vector<ValType> types;
  types.reserve(n);
  for (uint32_t i = 0; i < n && ok(); ++i) types.push_back(val_type());
  return types;
}

FieldType TypeReader::field_type() {
  FieldType field;
  uint8_t code = peek_u8();
  if (!at_end() && (code == ValType::kI8 || code == ValType::kI16)) {
    u8();
    field.type = static_cast<ValType::Code>(code);
  } else {
    field.type = val_type();
  }
  field.is_mutable = mutability();
  return field;
}

bool TypeReader::mutability() {
  uint64_t start = offset();
  uint8_t flag = u8();
  if (flag > 1) fail_at("malformed mutability", start);
  return flag == 1;
}

void TypeReader::check_limits_flags(uint8_t flags, uint8_t known, uint64_t start) {
  if ((flags & ~known) != 0) return fail_at("malformed limits flags", start);
  auto needs = [&](uint8_t flag, Feature feature, const char* message) {
    if ((flags & flag) != 0 && !features().has(feature)) fail_at(message, start);
  };
  needs(kLimits64, Feature::memory64,
        "malformed limits flags: 64-bit addresses need the feature memory64");
  needs(kLimitsShared, Feature::threads,
        "malformed limits flags: shared memories need the feature threads");
  needs(kLimitsPageSize, Feature::custom_page_sizes,
        "malformed limits flags: page sizes need the feature custom-page-sizes");
}

Limits TypeReader::limits(uint8_t flags) {
  Limits limits;
  limits.address = (flags & kLimits64) != 0 ? AddressType::i64 : AddressType::i32;
  // Numbers of 64 bits came with memory64, for 32-bit memories and tables too.
  bool wide = features().has(Feature::memory64);
  limits.min = wide ? u64() : u32();
  if ((flags & kLimitsMax) != 0) limits.max = wide ? u64() : u32();
  return limits;
}

TableType TypeReader::table_type() {
  TableType type;
  type.element = ref_type();
  uint64_t start = offset();
  uint8_t flags = u8();
  check_limits_flags(flags, kLimitsMax | kLimits64, start);
  type.limits = limits(flags);
  return type;
}

MemoryType TypeReader::memory_type() {
  MemoryType type;
  uint64_t start = offset();
  uint8_t flags = u8();
  check_limits_flags(flags, kLimitsMax | kLimitsShared | kLimits64 | kLimitsPageSize, start);
  type.limits = limits(flags);
  type.shared = (flags & kLimitsShared) != 0;
  if ((flags & kLimitsPageSize) != 0) {
    start = offset();
    uint32_t log2 = u32();
    if (log2 >= 64) {
      fail_at("invalid custom page size", start);
    } else {
      type.page_size_log2 = static_cast<uint8_t>(log2);
    }
  }
  return type;
}

GlobalType TypeReader::global_type() {
  GlobalType type;
  type.type = val_type();
  type.is_mutable = mutability();
  return type;
}

TagType TypeReader::tag_type() {
  uint64_t start = offset();
  if (u8() != 0) fail_at("malformed tag attribute", start);
  return {TypeIdx{u32()}};
}

bool TypeReader::check_kind(uint8_t kind, uint64_t start, const char* malformed) {
  bool is_tag = kind == static_cast<uint8_t>(ExternKind::tag);
  if (is_tag && !features().has(Feature::exceptions)) {
    fail_at("malformed kind: tags need the feature exceptions", start);
  } else if (kind > static_cast<uint8_t>(ExternKind::tag)) {
    fail_at(malformed, start);
  }
  return ok();
}

ExternType TypeReader::extern_type(uint8_t kind, uint64_t start) {
  ExternType type;
  if (!ok() || !check_kind(kind, start, "malformed import kind")) return type;
  type.kind = static_cast<ExternKind>(kind);
  switch (type.kind) {
    case ExternKind::func:
      type.func = TypeIdx{u32()};
      break;
    case ExternKind::table:
      type.table = table_type();
      break;
    case ExternKind::memory:
      type.memory = memory_type();
      break;
    case ExternKind::global:
      type.global = global_type();
      break;
    case ExternKind::tag:
      type.tag = tag_type();
      break;
  }
  return type;
}

}  // namespace nacre::wasm
