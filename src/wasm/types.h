// The types of WebAssembly 3.0 as small values (specification 3.0, chapter 2.3).
//
// A ValType is 32 bits: equal bits mean the same type as written. Two types written differently can
// still be equivalent (type indices of equal recursive groups): ask wasm/type_registry.h or the
// validator's matching rules, never compare indices of different modules.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::wasm {

// An index into a module's type section.
enum class TypeIdx : uint32_t {};
constexpr uint32_t index_of(TypeIdx type) { return static_cast<uint32_t>(type); }

// An engine-wide identity of a type: equal ids mean equivalent types, across modules.
enum class CanonTypeId : uint32_t {};
inline constexpr CanonTypeId kNoCanonType{0xFFFFFFFF};

// What a reference points to: an abstract type, named by its binary code, or a type index.
class HeapType {
 public:
  enum Abstract : uint8_t {  // binary codes
    kExn = 0x69,
    kArray = 0x6A,
    kStruct = 0x6B,
    kI31 = 0x6C,
    kEq = 0x6D,
    kAny = 0x6E,
    kExtern = 0x6F,
    kFunc = 0x70,
    kNone = 0x71,
    kNoExtern = 0x72,
    kNoFunc = 0x73,
    kNoExn = 0x74,
    kBottom = 0x00,  // below everything: the type of a reference in unreachable code
  };

  // Type indices beyond this cannot be represented; decoders refuse them first.
  static constexpr uint32_t kMaxIndex = (1u << 22) - 1;

  constexpr HeapType() : HeapType(kBottom) {}
  constexpr HeapType(Abstract code) : bits_(kAbstractFlag | code) {}  // NOLINT: a value conversion
  static constexpr HeapType concrete(TypeIdx index) { return HeapType(index_of(index)); }
  static constexpr HeapType from_bits(uint32_t bits) { return HeapType(bits); }
  static bool is_abstract_code(uint8_t code) { return code >= kExn && code <= kNoExn; }

  constexpr bool is_concrete() const { return (bits_ & kAbstractFlag) == 0; }
  constexpr TypeIdx index() const { return TypeIdx{bits_}; }
  constexpr Abstract abstract() const { return static_cast<Abstract>(bits_ & 0xFF); }
  constexpr uint32_t bits() const { return bits_; }  // 23 bits
  friend constexpr bool operator==(HeapType, HeapType) = default;

 private:
  static constexpr uint32_t kAbstractFlag = 1u << 22;
  explicit constexpr HeapType(uint32_t bits) : bits_(bits) {}
  uint32_t bits_;
};

class ValType {
 public:
  enum Code : uint8_t {  // binary codes
    kI32 = 0x7F,
    kI64 = 0x7E,
    kF32 = 0x7D,
    kF64 = 0x7C,
    kV128 = 0x7B,
    kI8 = 0x78,      // packed: fields and elements only
    kI16 = 0x77,     // packed
    kRef = 0x64,     // any reference; see nullable() and heap()
    kBottom = 0x00,  // below everything: an operand in unreachable code
  };

  // Before a heap type in the binary format: (ref null t), (ref t).
  static constexpr uint8_t kRefNullPrefix = 0x63;
  static constexpr uint8_t kRefPrefix = 0x64;
  static constexpr bool is_ref_prefix(uint8_t byte) {
    return byte == kRefNullPrefix || byte == kRefPrefix;
  }

  constexpr ValType() : bits_(kBottom) {}
  constexpr ValType(Code code) : bits_(code) {}  // NOLINT: a value conversion
  static constexpr ValType ref(HeapType heap, bool nullable) {
    return ValType(kRef | (nullable ? kNullableFlag : 0) | heap.bits() << kHeapShift);
  }
  static constexpr ValType funcref() { return ref(HeapType::kFunc, true); }
  static constexpr ValType externref() { return ref(HeapType::kExtern, true); }
  static constexpr ValType exnref() { return ref(HeapType::kExn, true); }

  constexpr Code code() const { return static_cast<Code>(bits_ & 0xFF); }
  constexpr bool is_ref() const { return code() == kRef; }
  constexpr bool is_bottom() const { return bits_ == kBottom; }
  constexpr bool is_number() const { return code() >= kF64 && code() <= kI32; }
  constexpr bool is_vector() const { return code() == kV128; }
  constexpr bool is_packed() const { return code() == kI8 || code() == kI16; }
  // Locals of a defaultable type start at zero or null; others must be set first.
  constexpr bool is_defaultable() const { return !is_ref() || nullable(); }

  // Of references only.
  constexpr bool nullable() const { return (bits_ & kNullableFlag) != 0; }
  constexpr HeapType heap() const { return HeapType::from_bits(bits_ >> kHeapShift); }
  constexpr ValType as_non_null() const { return ValType(bits_ & ~kNullableFlag); }
  constexpr ValType as_nullable() const { return ValType(bits_ | kNullableFlag); }

  constexpr uint32_t bits() const { return bits_; }
  friend constexpr bool operator==(ValType, ValType) = default;

 private:
  static constexpr uint32_t kNullableFlag = 1u << 8;
  static constexpr uint32_t kHeapShift = 9;
  explicit constexpr ValType(uint32_t bits) : bits_(bits) {}
  uint32_t bits_;
};

struct FuncType {
  std::vector<ValType> params;
  std::vector<ValType> results;
  friend bool operator==(const FuncType&, const FuncType&) = default;
};

struct FieldType {
  ValType type;  // may be packed
  bool is_mutable = false;
  friend bool operator==(const FieldType&, const FieldType&) = default;
};

// A composite type with its place in the subtype hierarchy.
struct SubType {
  enum class Kind : uint8_t { func, structure, array };

  Kind kind = Kind::func;
  bool is_final = true;
  std::optional<TypeIdx> super;   // 3.0 allows at most one
  FuncType func;                  // kind func
  std::vector<FieldType> fields;  // kind structure: its fields; kind array: its one element
  friend bool operator==(const SubType&, const SubType&) = default;
};

// The abstract types next above and next below every concrete type of this kind.
constexpr HeapType::Abstract abstract_above(SubType::Kind kind) {
  switch (kind) {
    case SubType::Kind::func:
      return HeapType::kFunc;
    case SubType::Kind::structure:
      return HeapType::kStruct;
    case SubType::Kind::array:
      return HeapType::kArray;
  }
  return HeapType::kBottom;
}
constexpr HeapType::Abstract abstract_below(SubType::Kind kind) {
  return kind == SubType::Kind::func ? HeapType::kNoFunc : HeapType::kNone;
}

// Types [first, first + count) were declared together and may refer to each other. `explicit_rec`
// is whether a group of one was written with (rec ...): its binary form differs.
struct RecGroup {
  uint32_t first = 0;
  uint32_t count = 1;
  bool explicit_rec = false;
};

enum class AddressType : uint8_t { i32, i64 };

struct Limits {
  uint64_t min = 0;
  std::optional<uint64_t> max;
  AddressType address = AddressType::i32;
  friend bool operator==(const Limits&, const Limits&) = default;
};

struct MemoryType {
  Limits limits;  // in pages
  bool shared = false;
  uint8_t page_size_log2 = 16;
  friend bool operator==(const MemoryType&, const MemoryType&) = default;
};

struct TableType {
  ValType element;
  Limits limits;  // in elements
  friend bool operator==(const TableType&, const TableType&) = default;
};

struct GlobalType {
  ValType type;
  bool is_mutable = false;
  friend bool operator==(const GlobalType&, const GlobalType&) = default;
};

struct TagType {
  TypeIdx type{};  // a function type; results empty unless stack switching is on
  friend bool operator==(const TagType&, const TagType&) = default;
};

enum class ExternKind : uint8_t {
  func = 0,
  table = 1,
  memory = 2,
  global = 3,
  tag = 4
};  // binary codes
std::string_view extern_kind_text(ExternKind kind);

// How the text format writes them: "i32", "funcref", "(ref null 3)".
std::string to_string(ValType type);
std::string to_string(HeapType type);
std::string to_string(const FuncType& type);  // "[i32 i64] -> [f32]"

}  // namespace nacre::wasm
