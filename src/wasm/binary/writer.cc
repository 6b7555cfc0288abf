#include "wasm/binary/writer.h"

namespace nacre::wasm {
namespace {

constexpr uint8_t kRefNullCode = 0x63;
constexpr uint8_t kRefCode = 0x64;
constexpr uint8_t kEmptyBlock = 0x40;
constexpr uint32_t kMemargHasMemory = 0x40;

}  // namespace

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
  u8(type.nullable() ? kRefNullCode : kRefCode);
  heap_type(type.heap());
}

void ByteWriter::heap_type(HeapType type) {
  if (type.is_concrete()) return s33(index_of(type.index()));
  u8(type.abstract());
}

void ByteWriter::block_type(const BlockType& type) {
  switch (type.kind) {
    case BlockType::Kind::empty:
      return u8(kEmptyBlock);
    case BlockType::Kind::value:
      return val_type(type.value);
    case BlockType::Kind::type:
      return s33(index_of(type.type));
  }
}

void ByteWriter::memarg(const imm::memarg& arg) {
  if (arg.memory == 0) {
    u32(arg.align_log2);
  } else {
    u32(arg.align_log2 | kMemargHasMemory);
    u32(arg.memory);
  }
  u64(arg.offset);
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
