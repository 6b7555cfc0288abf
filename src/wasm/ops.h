// The instruction table as C++: Op (dense numbers in the order of ops.def), facts of each, look-up
// by opcode and by mnemonic.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "wasm/features.h"
#include "wasm/imm.h"

namespace nacre::wasm {

enum class Op : uint16_t {
#define OP(name, text, prefix, code, imm, sig, feature, flags) name,
#include "wasm/ops.def"
#undef OP
};

inline constexpr uint32_t kOpCount = 0
#define OP(name, text, prefix, code, imm, sig, feature, flags) +1
#include "wasm/ops.def"
#undef OP
    ;

enum class ImmKind : uint8_t {
  none,
  block_type,
  label,
  br_table,
  func,
  call_indirect,
  type,
  tag,
  local,
  global,
  table,
  memory,
  elem,
  data,
  select_types,
  try_table,
  memarg,
  memarg_lane,
  lane,
  shuffle,
  i32,
  i64,
  f32,
  f64,
  v128,
  heap_type,
  struct_field,
  array_fixed,
  type_data,
  type_elem,
  type_type,
  br_on_cast,
  memory_init,
  memory_copy,
  table_init,
  table_copy,
  fence,
};

struct OpInfo {
  std::string_view text;
  uint8_t prefix;  // 0: none
  uint16_t code;
  ImmKind imm;
  std::string_view signature;  // ops.def, column sig; empty for OP_SPECIAL rows
  Feature feature;
  std::string_view flags;

  constexpr bool has_flag(char flag) const { return flags.find(flag) != std::string_view::npos; }
  // log2 of the bytes accessed, or of a lane's bytes. 0 where the row has no digit.
  constexpr uint32_t width_log2() const {
    for (char c : flags) {
      if (c >= '0' && c <= '9') return static_cast<uint32_t>(c - '0');
    }
    return 0;
  }
};

inline constexpr OpInfo kOpInfos[] = {
#define OP(name, text, prefix, code, imm, sig, feature, flags) \
  {text, prefix, code, ImmKind::imm, sig, Feature::feature, flags},
#include "wasm/ops.def"
#undef OP
};

constexpr const OpInfo& op_info(Op op) { return kOpInfos[static_cast<size_t>(op)]; }

inline constexpr Op kNoOp{0xFFFF};
inline constexpr uint32_t kFirstPrefix = 0xFB;
inline constexpr uint32_t kMaxCode = 0x11F;

struct OpcodeTable {
  uint16_t one_byte[256];
  uint16_t prefixed[4][kMaxCode + 1];
};

// Opcode bytes to Op; kNoOp where there is none.
extern const OpcodeTable kOpcodeTable;

inline Op find_one_byte_op(uint8_t code) { return static_cast<Op>(kOpcodeTable.one_byte[code]); }
inline Op find_prefixed_op(uint8_t prefix, uint32_t code) {
  if (prefix < kFirstPrefix || prefix > 0xFE || code > kMaxCode) return kNoOp;
  return static_cast<Op>(kOpcodeTable.prefixed[prefix - kFirstPrefix][code]);
}

// The first row with this mnemonic (of select, ref.test and ref.cast: the one without types /
// null).
std::optional<Op> find_op(std::string_view text);

// One parameter or result of a row's signature.
enum class SigValue : char {
  i32 = 'i',
  i64 = 'l',
  f32 = 'f',
  f64 = 'd',
  v128 = 'v',
  address = 'a'
};

}  // namespace nacre::wasm
