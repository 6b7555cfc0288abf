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

// The flags column of ops.def.
class OpFlags {
 public:
  consteval OpFlags(const char* text) {  // NOLINT: a value conversion
    for (char c : std::string_view(text)) {
      if (c >= '0' && c <= '9') {
        width_log2_ = static_cast<uint8_t>(c - '0');
      } else {
        letters_ |= bit_of(c);
      }
    }
  }
  constexpr bool has(char flag) const { return (letters_ & bit_of(flag)) != 0; }
  constexpr uint32_t width_log2() const { return width_log2_; }

 private:
  static constexpr uint32_t bit_of(char flag) { return uint32_t{1} << (flag - 'A'); }
  uint32_t letters_ = 0;
  uint8_t width_log2_ = 0;
};

struct OpInfo {
  std::string_view text;
  uint8_t prefix;  // 0: none
  uint16_t code;
  ImmKind imm;
  std::string_view signature;  // ops.def, column sig; empty for OP_SPECIAL rows
  Feature feature;
  OpFlags flags;

  constexpr bool has_flag(char flag) const { return flags.has(flag); }
  // log2 of the bytes accessed, or of a lane's bytes. 0 where the row has no digit.
  constexpr uint32_t width_log2() const { return flags.width_log2(); }

  constexpr bool begins_block() const { return has_flag('S'); }
  constexpr bool splits_block() const { return has_flag('M'); }
  constexpr bool ends_block() const { return has_flag('E'); }
  constexpr bool is_structured() const { return begins_block() || splits_block() || ends_block(); }
  constexpr bool owns_branch_entries() const { return has_flag('J'); }
  constexpr bool needs_data_count() const { return has_flag('D'); }
  constexpr bool calls_runtime() const { return has_flag('N'); }
  constexpr bool takes_condition() const { return has_flag('F'); }
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
