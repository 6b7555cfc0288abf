// Reads the pieces of which definitions are made. As wasm::Reader: the first failure sticks, and
// the caller checks once per item.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "component/component.h"
#include "wasm/binary/type_reader.h"

namespace nacre::component::binary {

class Reader : public wasm::TypeReader {
 public:
  // `depth` is how many components and types stand around what is read.
  Reader(Bytes bytes, uint64_t base_offset, uint32_t depth, wasm::Features core)
      : TypeReader(bytes, base_offset, core), depth_(depth) {}

  CoreInstance core_instance();
  CoreType core_type();
  Instance instance();
  Alias alias();
  Type type();
  Canon canon();
  Import import();
  Export export_();

  uint32_t depth() const { return depth_; }

 private:
  bool flag(const char* malformed);
  void expect(uint8_t byte, const char* malformed);

  Sort core_sort(const char* malformed);
  SortIndex core_sort_index();
  Sort sort(const char* malformed);
  SortIndex sort_index();
  AttributedName attributed_name();
  ExternDesc extern_desc();

  CoreRecGroup core_rec_group(uint8_t code, uint64_t start);
  CoreModuleType core_module_type();
  CoreModuleType::Declaration module_declaration();

  ValType val_type();
  std::optional<ValType> optional_val_type();
  std::vector<Type::Member> members(bool has_types, bool is_optional);
  std::vector<Type::Member> tuple_parts();
  std::optional<ValType> result_list();
  Definitions declarations(bool is_component);
  Definition declaration(bool is_component);

  std::vector<Option> options();
  void canon_immediates(Canon& canon, CanonShape shape);

  uint32_t depth_;
};

}  // namespace nacre::component::binary
