// Appends binary wasm to a byte vector: the inverse of wasm/reader.h. All LEB128s are written in
// their shortest form. Used by the encoder and by the text parser for function bodies.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "wasm/imm.h"
#include "wasm/ops.h"
#include "wasm/types.h"

namespace nacre::wasm {

class ByteWriter {
 public:
  size_t size() const { return out_.size(); }
  Bytes bytes() const { return out_; }
  std::vector<uint8_t> take() && { return std::move(out_); }
  void reserve(size_t size_bytes) { out_.reserve(size_bytes); }
  void clear() { out_.clear(); }

  void u8(uint8_t byte) { out_.push_back(byte); }
  void u32(uint32_t value) { u64(value); }
  void u64(uint64_t value) {
    while (value >= 0x80) {
      out_.push_back(static_cast<uint8_t>(value | 0x80));
      value >>= 7;
    }
    out_.push_back(static_cast<uint8_t>(value));
  }
  void s32(int32_t value) { s64(value); }
  void s33(int64_t value) { s64(value); }
  void s64(int64_t value);
  // Little-endian, as floats and vectors are stored.
  template <class T>
  void fixed(const T& value) {
    size_t at = out_.size();
    out_.resize(at + sizeof(T));
    store_le(out_.data() + at, value);
  }

  void raw(Bytes bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }
  // A vector of bytes: their number, then they.
  void sized(Bytes bytes) {
    u64(bytes.size());
    raw(bytes);
  }
  void name(std::string_view text) { sized(as_bytes(text)); }

  void opcode(Op op) {
    const OpInfo& info = op_info(op);
    if (info.prefix == 0) return u8(static_cast<uint8_t>(info.code));
    u8(info.prefix);
    u32(info.code);
  }

  void index(TypeIdx type) { u32(index_of(type)); }
  // In the shorter of two forms: (ref null func) is written as funcref, one byte.
  void val_type(ValType type);
  void heap_type(HeapType type);
  void block_type(const BlockType& type);

  // write(const imm::X&) for each row of imm.def.
#define IMM(name, binary, text, ...) void write(const imm::name& i);
#include "wasm/imm.def"

  // Replaces everything from `start` by a vector of those bytes: their number, then they. For
  // sections and bodies whose size is known only once they are written.
  void wrap_from(size_t start);

 private:
  // The codings of imm.def.
  void put_u8(uint8_t value) { u8(value); }
  void put_u32(uint32_t value) { u32(value); }
  void put_s32(int32_t value) { s32(value); }
  void put_s64(int64_t value) { s64(value); }
  void put_fixed32(uint32_t value) { fixed(value); }
  void put_fixed64(uint64_t value) { fixed(value); }
  void put_fixed128(const Bytes16& value) { raw(value); }
  void put_type_index(TypeIdx value) { index(value); }
  void put_table_index(uint32_t value) { u32(value); }
  void put_memory_index(uint32_t value) { u32(value); }
  void put_zero(uint8_t value) { u8(value); }
  void put_heap_type(HeapType value) { heap_type(value); }
  void put_block_type(const BlockType& value) { block_type(value); }
  void put_memarg(const imm::memarg& value) { write(value); }
  void put_labels(std::span<const uint32_t> value);
  void put_val_types(std::span<const ValType> value);
  void put_catches(std::span<const Catch> value);

  std::vector<uint8_t> out_;
};

}  // namespace nacre::wasm
