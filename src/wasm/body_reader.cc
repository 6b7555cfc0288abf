#include "wasm/body_reader.h"

namespace nacre::wasm {
namespace {

constexpr uint32_t kMaxLabels = 1u << 20;  // of one br_table; every one takes a byte or more
constexpr uint32_t kMaxSelectTypes = 1000;
constexpr uint32_t kMaxCatches = 100000;

}  // namespace

void BodyReader::fail_without(Feature feature, const char* message, uint64_t offset) {
  if (ok()) missing_ = feature;
  fail_at(message, offset);
}

Error BodyReader::explained_error() const {
  Error plain = error();
  if (!missing_) return plain;
  return Error(
      plain.code(),
      plain.message() + ": it needs the feature " + std::string(feature_info(*missing_).text),
      *plain.where());
}

Op BodyReader::prefixed_opcode(uint8_t byte) {
  uint64_t start = offset();
  skip_to(pos() + 1);
  if (byte < kFirstPrefix || byte == 0xFF) {
    fail_at("illegal opcode", start);
    return kNoOp;
  }
  uint32_t code = u32();
  if (!ok()) return kNoOp;
  Op op = find_prefixed_op(byte, code);
  if (op == kNoOp) fail_at("illegal opcode", start);
  return op;
}

void BodyReader::long_memarg(imm::memarg& i, uint32_t flags) {
  if (flags >= 2 * kMemargHasMemory || !features_.has(Feature::multi_memory)) {
    if (flags < 2 * kMemargHasMemory) missing_ = Feature::multi_memory;
    fail("malformed memop flags");
    return;
  }
  i.align_log2 = flags & (kMemargHasMemory - 1);
  i.memory = u32();
  i.offset = u64();
}

// An index that was a zero byte before `feature` gave it a meaning.
void BodyReader::short_index(uint32_t& index, Feature feature) {
  if (features_.has(feature)) {
    index = u32();
    return;
  }
  uint64_t start = offset();
  if (u8() != 0 && ok()) fail_without(feature, "zero byte expected", start);
  index = 0;
}

void BodyReader::get_zero(uint8_t& value) {
  uint64_t start = offset();
  value = u8();
  if (value != 0 && ok()) fail_at("zero byte expected", start);
}

void BodyReader::get_labels(std::span<const uint32_t>& value) {
  uint32_t n = count(kMaxLabels);
  depths_.clear();
  depths_.reserve(n);
  for (uint32_t k = 0; k < n; ++k) depths_.push_back(u32());
  value = depths_;
}

void BodyReader::get_val_types(std::span<const ValType>& value) {
  uint32_t n = count(kMaxSelectTypes);
  types_.clear();
  for (uint32_t k = 0; k < n; ++k) types_.push_back(val_type());
  value = types_;
}

void BodyReader::get_catches(std::span<const Catch>& value) {
  uint32_t n = count(kMaxCatches, 2);
  catches_.clear();
  for (uint32_t k = 0; k < n && ok(); ++k) {
    uint64_t start = offset();
    uint8_t kind = u8();
    if (kind > Catch::kCatchAllRef) {
      fail_at("malformed catch clause", start);
      return;
    }
    Catch clause{.kind = static_cast<Catch::Kind>(kind)};
    if (clause.has_tag()) clause.tag = u32();
    clause.label = u32();
    catches_.push_back(clause);
  }
  value = catches_;
}

void BodyReader::read(imm::br_on_cast& i) {
  uint64_t start = offset();
  uint8_t flags = u8();
  if (flags > (kCastFromNullable | kCastToNullable)) {
    fail_at("malformed br_on_cast flags", start);
    return;
  }
  i.depth = u32();
  i.from = ValType::ref(heap_type(), (flags & kCastFromNullable) != 0);
  i.to = ValType::ref(heap_type(), (flags & kCastToNullable) != 0);
}

ValType BodyReader::val_type() {
  uint64_t start = offset();
  uint8_t code = peek_u8();
  if (at_end()) {
    fail("unexpected end");
    return {};
  }
  switch (code) {
    case ValType::kI32:
    case ValType::kI64:
    case ValType::kF32:
    case ValType::kF64:
      skip_to(pos() + 1);
      return static_cast<ValType::Code>(code);
    case ValType::kV128:
      if (!features_.has(Feature::simd)) {
        fail_without(Feature::simd, "malformed value type", start);
        return {};
      }
      skip_to(pos() + 1);
      return ValType::kV128;
    default:
      if (ValType::is_ref_prefix(code) || HeapType::is_abstract_code(code)) {
        if (features_.has(Feature::reference_types)) return ref_type();
        fail_without(Feature::reference_types, "malformed value type", start);
        return {};
      }
  }
  fail_at("malformed value type", start);
  return {};
}

ValType BodyReader::ref_type() {
  uint64_t start = offset();
  uint8_t code = u8();
  if (!ok()) return {};
  if (ValType::is_ref_prefix(code)) {
    if (!features_.has(Feature::function_references)) {
      fail_without(Feature::function_references, "malformed reference type", start);
      return {};
    }
    return ValType::ref(heap_type(), code == ValType::kRefNullPrefix);
  }
  if (!HeapType::is_abstract_code(code)) {
    fail_at("malformed reference type", start);
    return {};
  }
  auto heap = static_cast<HeapType::Abstract>(code);
  if (!check_abstract(heap, "malformed reference type", start)) return {};
  return ValType::ref(heap, true);
}

// funcref is as old as tables; every other heap type came with a feature.
bool BodyReader::check_abstract(HeapType::Abstract heap, const char* message, uint64_t start) {
  if (heap == HeapType::kFunc) return true;
  bool is_exn = heap == HeapType::kExn || heap == HeapType::kNoExn;
  Feature feature = heap == HeapType::kExtern ? Feature::reference_types
                    : is_exn                  ? Feature::exceptions
                                              : Feature::gc;
  if (features_.has(feature)) return true;
  fail_without(feature, message, start);
  return false;
}

HeapType BodyReader::heap_type() {
  uint64_t start = offset();
  // An abstract heap type is one byte; as an s33 it would be negative (specification 5.3.3).
  if (!at_end() && HeapType::is_abstract_code(peek_u8())) {
    uint8_t code = u8();
    auto heap = static_cast<HeapType::Abstract>(code);
    if (!check_abstract(heap, "malformed heap type", start)) return HeapType::kBottom;
    return heap;
  }
  int64_t index = s33();
  if (!ok()) return HeapType::kBottom;
  if (index < 0) {
    fail_at("malformed heap type", start);
    return HeapType::kBottom;
  }
  if (!features_.has(Feature::function_references)) {
    fail_without(Feature::function_references, "malformed heap type", start);
    return HeapType::kBottom;
  }
  if (index > HeapType::kMaxIndex) {
    fail_at("unknown type: index beyond every type section", start, ErrorCode::invalid);
    return HeapType::kBottom;
  }
  return HeapType::concrete(TypeIdx{static_cast<uint32_t>(index)});
}

BlockType BodyReader::block_type() {
  uint64_t start = offset();
  uint8_t code = peek_u8();
  if (at_end()) {
    fail("unexpected end");
    return {};
  }
  if (code == BlockType::kEmptyCode) {
    skip_to(pos() + 1);
    return {};
  }
  // A one-byte negative s33 is a value type; what is left is a type index.
  if ((code & 0xC0) == 0x40) return {.kind = BlockType::Kind::value, .value = val_type()};
  int64_t index = s33();
  if (!ok()) return {};
  if (index < 0) {
    fail_at("malformed block type", start);
    return {};
  }
  if (!features_.has(Feature::multi_value)) {
    fail_without(Feature::multi_value, "malformed block type", start);
    return {};
  }
  if (index > HeapType::kMaxIndex) {
    fail_at("unknown type: index beyond every type section", start, ErrorCode::invalid);
    return {};
  }
  return {
      .kind = BlockType::Kind::type, .value = {}, .type = TypeIdx{static_cast<uint32_t>(index)}};
}

}  // namespace nacre::wasm
