#include "wasm/binary/writer.h"

namespace nacre::wasm {

void ByteWriter::s64(int64_t value) {
  while (value < -0x40 || value >= 0x40) {
    out_.push_back(static_cast<uint8_t>((value & 0x7F) | 0x80));
    value >>= 7;
  }
  out_.push_back(static_cast<uint8_t>(value & 0x7F));
}

void ByteWriter::val_type(ValType type) {
  if (!type.is_ref()) return u8(type.code());
  if (type.nullable() && !type.heap().is_concrete()) return u8(type.heap().abstract());
  u8(type.nullable() ? ValType::kRefNullPrefix : ValType::kRefPrefix);
  heap_type(type.heap());
}

void ByteWriter::heap_type(HeapType type) {
  if (type.is_concrete()) return s33(index_of(type.index()));
  u8(type.abstract());
}

void ByteWriter::block_type(const BlockType& type) {
  switch (type.kind) {
    case BlockType::Kind::empty:
      return u8(BlockType::kEmptyCode);
    case BlockType::Kind::value:
      return val_type(type.value);
    case BlockType::Kind::type:
      return s33(index_of(type.type));
  }
}

#define FIELD(coding, meaning, member) put_##coding(i.member);
#define IMM_each(name, ...) \
  void ByteWriter::write([[maybe_unused]] const imm::name& i) { __VA_ARGS__ }
#define IMM_own(name, ...)
#define IMM(name, binary, text, ...) IMM_##binary(name __VA_OPT__(, ) __VA_ARGS__)
#include "wasm/imm.def"
#undef IMM_each
#undef IMM_own

void ByteWriter::write(const imm::memarg& i) {
  if (i.memory == 0) {
    u32(i.align_log2);
  } else {
    u32(i.align_log2 | kMemargHasMemory);
    u32(i.memory);
  }
  u64(i.offset);
}

void ByteWriter::write(const imm::br_on_cast& i) {
  u8(static_cast<uint8_t>((i.from.nullable() ? kCastFromNullable : 0) |
                          (i.to.nullable() ? kCastToNullable : 0)));
  u32(i.depth);
  heap_type(i.from.heap());
  heap_type(i.to.heap());
}

void ByteWriter::put_labels(std::span<const uint32_t> value) {
  u64(value.size());
  for (uint32_t label : value) u32(label);
}

void ByteWriter::put_val_types(std::span<const ValType> value) {
  u64(value.size());
  for (ValType type : value) val_type(type);
}

void ByteWriter::put_catches(std::span<const Catch> value) {
  u64(value.size());
  for (const Catch& clause : value) {
    u8(clause.kind);
    if (clause.has_tag()) u32(clause.tag);
    u32(clause.label);
  }
}

void ByteWriter::wrap_from(size_t start) {
  uint64_t length = out_.size() - start;
  uint8_t prefix[10];
  size_t used = 0;
  uint64_t left = length;
  while (left >= 0x80) {
    prefix[used++] = static_cast<uint8_t>(left | 0x80);
    left >>= 7;
  }
  prefix[used++] = static_cast<uint8_t>(left);
  out_.insert(out_.begin() + static_cast<ptrdiff_t>(start), prefix, prefix + used);
}

}  // namespace nacre::wasm
