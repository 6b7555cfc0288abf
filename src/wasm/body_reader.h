// Reads instructions: an opcode, then the immediate that ops.def gives it. One reader for live and
// unreachable code, for function bodies and constant expressions (security.md F5).
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

  // kNoOp, and a failure, where the bytes are no instruction.
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

  void read(imm::none&) {}
  [[gnu::always_inline]] void read(imm::label& i) { i.depth = u32(); }
  [[gnu::always_inline]] void read(imm::func& i) { i.index = u32(); }
  void read(imm::tag& i) { i.index = u32(); }
  [[gnu::always_inline]] void read(imm::local& i) { i.index = u32(); }
  [[gnu::always_inline]] void read(imm::global& i) { i.index = u32(); }
  void read(imm::table& i) { i.index = u32(); }
  void read(imm::elem& i) { i.index = u32(); }
  void read(imm::data& i) { i.index = u32(); }
  void read(imm::type& i) { i.index = TypeIdx{u32()}; }
  [[gnu::always_inline]] void read(imm::i32& i) { i.value = s32(); }
  [[gnu::always_inline]] void read(imm::i64& i) { i.value = s64(); }
  [[gnu::always_inline]] void read(imm::f32& i) { i.bits = fixed<uint32_t>(); }
  [[gnu::always_inline]] void read(imm::f64& i) { i.bits = fixed<uint64_t>(); }
  void read(imm::v128& i) { i.bytes = fixed<std::array<uint8_t, 16>>(); }
  void read(imm::shuffle& i) { i.lanes = fixed<std::array<uint8_t, 16>>(); }
  void read(imm::lane& i) { i.index = u8(); }
  [[gnu::always_inline]] void read(imm::memarg& i) {
    uint32_t flags = u32();
    if (flags >= 0x40) [[unlikely]]
      return long_memarg(i, flags);
    i.align_log2 = flags;
    i.memory = 0;
    i.offset = u64();
  }
  void read(imm::memarg_lane& i) {
    read(i.arg);
    i.lane = u8();
  }
  [[gnu::always_inline]] void read(imm::block_type& i) {
    // Most blocks have no type, or one number.
    uint8_t code = peek_u8();
    if (code == 0x40 || (code >= ValType::kF64 && code <= ValType::kI32)) [[likely]] {
      skip_to(pos() + 1);
      if (code == 0x40) return;
      i.type.kind = BlockType::Kind::value;
      i.type.value = static_cast<ValType::Code>(code);
      return;
    }
    i.type = block_type();
  }
  void read(imm::call_indirect& i);
  void read(imm::memory& i);
  void read(imm::br_table& i);
  void read(imm::select_types& i);
  void read(imm::try_table& i);
  void read(imm::heap_type& i) { i.type = heap_type(); }
  void read(imm::struct_field& i);
  void read(imm::array_fixed& i);
  void read(imm::type_data& i);
  void read(imm::type_elem& i);
  void read(imm::type_type& i);
  void read(imm::br_on_cast& i);
  void read(imm::memory_init& i);
  void read(imm::memory_copy& i);
  void read(imm::table_init& i);
  void read(imm::table_copy& i);
  void read(imm::fence& i);

  // Types, also used by the section decoder.
  ValType val_type();
  HeapType heap_type();
  ValType ref_type();
  BlockType block_type();

 private:
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
