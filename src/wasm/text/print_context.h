// What all parts of the printer share: the module, its ids, and the text so far. Private to
// wasm/text.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "wasm/features.h"
#include "wasm/limits.h"
#include "wasm/module.h"
#include "wasm/names.h"
#include "wasm/text/print_ids.h"

namespace nacre::wasm::text {

struct PrintContext {
  const Module& module;
  Features features;
  NameSection names;
  BranchHints hints;
  // Names and hints shall come back from the text alone; otherwise their sections are written out.
  bool names_from_ids = false;
  bool hints_from_annotations = false;

  IdSpace types;
  IdSpace functions;
  IdSpace tables;
  IdSpace memories;
  IdSpace globals;
  IdSpace tags;
  IdSpace elements;
  IdSpace data;

  std::string out;
  size_t names_written = 0;
  size_t hints_written = 0;
  bool uses_data_count = false;  // some instruction needs the data count section

  // How long the text may become.
  uint64_t max_text = kMaxModuleBytes;
  // What ids may still add to the text where they are referred to: a name of a megabyte may be used
  // a million times. Beyond it, numbers are written.
  uint64_t id_bytes_left = kMaxModuleBytes;

  // " $id (;7;)"
  void define(const IdSpace& space, uint32_t index) {
    names_written += space.append_definition(out, index, names_from_ids);
    out += " (;";
    out += std::to_string(index);
    out += ";)";
  }
  void refer(const IdSpace& space, uint32_t index) {
    if (is_too_long()) return;
    size_t before = out.size();
    bool is_id = space.append_reference(out, index, id_bytes_left);
    if (is_id) spend_id(out.size() - before);
  }
  void spend_id(uint64_t bytes) {
    constexpr uint64_t kFree = 16;  // as long as a number with its comment
    id_bytes_left -= std::min(id_bytes_left, bytes - std::min(bytes, kFree));
  }
  // From here on the text stops growing, and the printer refuses the module at the next field.
  bool is_too_long() const { return out.size() > max_text; }
  // Whether so much more would be.
  bool would_be_too_long(uint64_t bytes) const { return out.size() + bytes > max_text; }
  std::unexpected<Error> too_long(const std::string& why) const;

  // Each begins with a space.
  void val_type(ValType type);
  void heap_type(HeapType type);
  void field_type(const FieldType& field);
  // " (param ...)" and " (result ...)". `locals` names the parameters, if not null.
  void signature(const FuncType& type, const IdSpace* locals);
  // " (type 3)", and the signature if there is such a function type and it is short, or has names.
  void type_use(TypeIdx type, const IdSpace* locals);
  const FuncType* find_func_type(TypeIdx type) const;
};

// Appends the instructions of a constant expression, without its `end`, on the same line.
Result<void> print_const_expr(PrintContext& context, const ConstExpr& expr);
// Where the text of an instruction begins.
struct InstructionStart {
  uint32_t body_offset = 0;  // of its first byte, from the first byte of the body
  size_t text = 0;           // in PrintContext::out
};

// Appends locals and code of a defined function, a line each. `starts`, if not null, gets a row for
// each instruction.
Result<void> print_body(PrintContext& context, uint32_t function, const IdSpace& locals,
                        std::vector<InstructionStart>* starts = nullptr);

}  // namespace nacre::wasm::text
