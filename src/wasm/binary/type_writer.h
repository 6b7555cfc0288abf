// Writes the types of the binary format that modules and components share: the inverse of
// type_reader.h.
#pragma once

#include <vector>

#include "wasm/binary/writer.h"
#include "wasm/module.h"
#include "wasm/types.h"

namespace nacre::wasm {

class TypeWriter : public ByteWriter {
 public:
  void sub_type(const SubType& type);
  void table_type(const TableType& type);
  void memory_type(const MemoryType& type);
  void global_type(const GlobalType& type);
  void tag_type(const TagType& type);
  void extern_type(const ExternType& type);

 private:
  void val_types(const std::vector<ValType>& types);
  void field_type(const FieldType& field);
  void limits(const Limits& limits);
};

}  // namespace nacre::wasm
