// Reads the types of the binary format (specification 3.0, 5.3) that modules and components share:
// defined types, and what imports and exports say of their items.
#pragma once

#include <cstdint>
#include <vector>

#include "wasm/body_reader.h"
#include "wasm/module.h"
#include "wasm/types.h"

namespace nacre::wasm {

class TypeReader : public BodyReader {
 public:
  using BodyReader::BodyReader;

  SubType sub_type();
  TableType table_type();
  MemoryType memory_type();
  GlobalType global_type();
  TagType tag_type();
  // What stands behind a kind that was read at the offset `start`.
  ExternType extern_type(uint8_t kind, uint64_t start);
  // Whether there is such a kind; else a failure with this message.
  bool check_kind(uint8_t kind, uint64_t start, const char* malformed);

 private:
  void composite_type(uint8_t code, uint64_t start, SubType& type);
  std::vector<ValType> val_types(uint32_t limit);
  FieldType field_type();
  bool mutability();
  void check_limits_flags(uint8_t flags, uint8_t known, uint64_t start);
  Limits limits(uint8_t flags);
};

}  // namespace nacre::wasm
