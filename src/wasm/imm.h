// The immediates of instructions: a struct for each row of imm.def, and what the rows say of their
// length. Values as decoded: indices are not checked against the module. Spans point into the
// walk's scratch space and are valid until its next instruction.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "wasm/types.h"

namespace nacre::wasm {

struct BlockType {
  enum class Kind : uint8_t { empty, value, type };
  Kind kind = Kind::empty;
  ValType value;   // kind value: the one result
  TypeIdx type{};  // kind type: a function type

  static constexpr uint8_t kEmptyCode = 0x40;  // in the binary format
};

struct Catch {
  enum Kind : uint8_t {
    kCatch = 0,
    kCatchRef = 1,
    kCatchAll = 2,
    kCatchAllRef = 3
  };  // binary codes
  Kind kind = kCatch;
  uint32_t tag = 0;    // if has_tag()
  uint32_t label = 0;  // counted from outside the try_table

  constexpr bool has_tag() const { return kind == kCatch || kind == kCatchRef; }
};

using Bytes16 = std::array<uint8_t, 16>;

// Bit 6 of a memarg's first number: an explicit memory index follows (specification 5.4.6).
inline constexpr uint32_t kMemargHasMemory = 0x40;

// The first byte of br_on_cast: which of its types are nullable.
inline constexpr uint8_t kCastFromNullable = 1;
inline constexpr uint8_t kCastToNullable = 2;

namespace imm {
struct memarg;
}

namespace coding {
#define CODING(name, type, lebs, bytes) using name = type;
#include "wasm/imm.def"
}  // namespace coding

namespace imm {
#define FIELD(coding_, meaning, member) coding::coding_ member{};
#define IMM(name, binary, text, ...) \
  struct name {                      \
    __VA_ARGS__                      \
  };
#include "wasm/imm.def"
}  // namespace imm

enum class ImmKind : uint8_t {
#define IMM(name, binary, text, ...) name,
#include "wasm/imm.def"
};

// How to skip an immediate without decoding it.
struct ImmLength {
  uint8_t lebs = 0;   // LEB128 numbers, or
  uint8_t bytes = 0;  // bytes; never both
  bool known = true;  // false: it must be decoded
};

namespace detail {
constexpr void add(ImmLength& length, uint8_t lebs, uint8_t bytes) {
  length.lebs += lebs;
  length.bytes += bytes;
  if (lebs + bytes == 0 || (length.lebs != 0 && length.bytes != 0)) length.known = false;
}
#define CODING(name, type, lebs, bytes) \
  constexpr void add_##name(ImmLength& length) { add(length, lebs, bytes); }
#include "wasm/imm.def"
}  // namespace detail

constexpr ImmLength length_of(ImmKind kind) {
  ImmLength length;
  switch (kind) {
#define FIELD(coding, meaning, member) detail::add_##coding(length);
#define IMM_each(...) __VA_ARGS__
#define IMM_own(...) length.known = false;
#define IMM(name, binary, text, ...) \
  case ImmKind::name:                \
    IMM_##binary(__VA_ARGS__) break;
#include "wasm/imm.def"
#undef IMM_each
#undef IMM_own
  }
  return length;
}

}  // namespace nacre::wasm
