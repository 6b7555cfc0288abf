// Reads instructions: an opcode, then the immediate that ops.def gives it. One reader for live and
// unreachable code, for function bodies and constant expressions (invariants.md: one-reader).
#pragma once

#include <optional>
#include <vector>

#include "wasm/features.h"
#include "wasm/imm.h"
#include "wasm/ops.h"
#include "wasm/reader.h"

namespace nacre::wasm {

class BodyReader : public Reader {
 public:
  BodyReader(Bytes bytes, uint64_t base_offset, Features features)
      : Reader(bytes, base_offset), features_(features) {}

  Features features() const { return features_; }
  // error(), with the feature that would have allowed what was read.
  Error explained_error() const;

  // kNoOp, and a failure, if the bytes are not an instruction.
  [[gnu::always_inline]] Op opcode() {
    if (at_end()) [[unlikely]] {
      fail("unexpected end of section or function");
      return kNoOp;
    }
    uint8_t byte = *pos();
    Op op = find_one_byte_op(byte);
    if (op == kNoOp) [[unlikely]]
      return prefixed_opcode(byte);
    skip_to(pos() + 1);
    return op;
  }

  // read(imm::X&) for each row of imm.def.
#define FIELD(coding, meaning, member) get_##coding(i.member);
#define IMM_each(name, ...) \
  [[gnu::always_inline]] void read([[maybe_unused]] imm::name& i) { __VA_ARGS__ }
#define IMM_own(name, ...)
#define IMM(name, binary, text, ...) IMM_##binary(name __VA_OPT__(, ) __VA_ARGS__)
#include "wasm/imm.def"
#undef IMM_each
#undef IMM_own
  [[gnu::always_inline]] void read(imm::memarg& i) {
    uint32_t flags = u32();
    if (flags >= kMemargHasMemory) [[unlikely]]
      return long_memarg(i, flags);
    i.align_log2 = flags;
    i.memory = 0;
    i.offset = u64();
  }
  void read(imm::br_on_cast& i);

  // Types, also used by the section decoder.
  ValType val_type();
  HeapType heap_type();
  ValType ref_type();
  BlockType block_type();

 private:
  // The codings of imm.def. What is frequent is inline.
  [[gnu::always_inline]] void get_u8(uint8_t& value) { value = u8(); }
  [[gnu::always_inline]] void get_u32(uint32_t& value) { value = u32(); }
  [[gnu::always_inline]] void get_s32(int32_t& value) { value = s32(); }
  [[gnu::always_inline]] void get_s64(int64_t& value) { value = s64(); }
  [[gnu::always_inline]] void get_fixed32(uint32_t& value) { value = fixed<uint32_t>(); }
  [[gnu::always_inline]] void get_fixed64(uint64_t& value) { value = fixed<uint64_t>(); }
  [[gnu::always_inline]] void get_fixed128(Bytes16& value) { value = fixed<Bytes16>(); }
  [[gnu::always_inline]] void get_type_index(TypeIdx& value) { value = TypeIdx{u32()}; }
  [[gnu::always_inline]] void get_memarg(imm::memarg& value) { read(value); }
  [[gnu::always_inline]] void get_block_type(BlockType& value) {
    // Most blocks have no type, or one number.
    uint8_t code = peek_u8();
    if (code == BlockType::kEmptyCode || (code >= ValType::kF64 && code <= ValType::kI32))
        [[likely]] {
      skip_to(pos() + 1);
      if (code == BlockType::kEmptyCode) return;
      value.kind = BlockType::Kind::value;
      value.value = static_cast<ValType::Code>(code);
      return;
    }
    value = block_type();
  }
  void get_heap_type(HeapType& value) { value = heap_type(); }
  void get_table_index(uint32_t& value) { short_index(value, Feature::reference_types); }
  void get_memory_index(uint32_t& value) { short_index(value, Feature::multi_memory); }
  void get_zero(uint8_t& value);
  void get_labels(std::span<const uint32_t>& value);
  void get_val_types(std::span<const ValType>& value);
  void get_catches(std::span<const Catch>& value);

  Op prefixed_opcode(uint8_t byte);
  bool check_abstract(HeapType::Abstract heap, const char* message, uint64_t start);
  void long_memarg(imm::memarg& i, uint32_t flags);
  void short_index(uint32_t& index, Feature feature);
  void fail_without(Feature feature, const char* message, uint64_t offset);

  Features features_;
  std::optional<Feature> missing_;
  std::vector<uint32_t> depths_;
  std::vector<ValType> types_;
  std::vector<Catch> catches_;
};

}  // namespace nacre::wasm
