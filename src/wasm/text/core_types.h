// Core types where another text holds them: those that components define, and the types of modules
// that they import.
//
// Reads single items of a source at the offset it is sent to. Ids must be bound before they are
// used. Names in what it returns are views into the parser.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "wasm/features.h"
#include "wasm/module.h"
#include "wasm/text/cursor.h"
#include "wasm/types.h"

namespace nacre::wasm::text {

class Parser;

class CoreTypeParser {
 public:
  // Places in errors count from the start of the source, which must outlive the parser.
  CoreTypeParser(std::string_view source, Features features);
  ~CoreTypeParser();

  void seek(size_t offset);
  size_t offset() const;

  // From now on this id, without its "$", stands for that type.
  void bind(std::string_view id, uint32_t index);
  // Makes the next index stand for a type that is declared elsewhere.
  uint32_t add_outer_type();
  uint32_t type_count() const;

  // "(func ...)", "(sub ...)" and the like: the type with this index.
  Result<SubType> sub_type(uint32_t index);
  // "(type id? ...)", which takes the next index.
  Result<SubType> type_field();
  // "(rec (type id? ...)*)", which take the next indices.
  Result<std::vector<SubType>> rec_field();
  // "(func id? ...)" and the like. Function types that it spells out take the next indices, unless
  // one of them was spelled out before; they are appended to `implicit`.
  Result<ExternType> extern_type(std::vector<SubType>& implicit);

 private:
  std::unique_ptr<Parser> parser_;
};

}  // namespace nacre::wasm::text
