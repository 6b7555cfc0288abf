// A module as decoded or parsed: every section, immutable once built, shared by all its instances.
//
// Index spaces hold imports first, then definitions, as the specification numbers them. Names,
// bodies and segments are views into `bytes` (binary input) or `owned` (text input), which the
// module keeps alive. A Module says what was written; whether it is valid is wasm/validate's
// matter. Const methods may be called from any thread.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "wasm/types.h"

namespace nacre::wasm {

// Sections by their binary id; the order of the enumerators is not the order in the file.
enum class SectionId : uint8_t {
  custom = 0,
  type = 1,
  import = 2,
  function = 3,
  table = 4,
  memory = 5,
  global = 6,
  export_ = 7,
  start = 8,
  element = 9,
  code = 10,
  data = 11,
  data_count = 12,
  tag = 13,
};

// Instructions up to and including the final `end`.
struct ConstExpr {
  Bytes code;
};

struct ExternType {
  ExternKind kind = ExternKind::func;
  TypeIdx func{};     // kind func
  TableType table;    // kind table
  MemoryType memory;  // kind memory
  GlobalType global;  // kind global
  TagType tag;        // kind tag
};

struct Import {
  std::string_view module;
  std::string_view name;
  ExternType type;
};

// How consecutive imports were written (compact import section): one by one, one module name for
// several (name, type) pairs, or one module name and one type for several names.
struct ImportGroup {
  enum class Form : uint8_t { single, shared_module, shared_module_and_type };
  Form form = Form::single;
  uint32_t count = 1;
};

struct Table {
  TableType type;
  std::optional<ConstExpr> init;  // absent: null
};

struct Global {
  GlobalType type;
  ConstExpr init;  // empty for imports
};

struct Export {
  std::string_view name;
  ExternKind kind = ExternKind::func;
  uint32_t index = 0;
};

struct ElementSegment {
  enum class Mode : uint8_t { active, passive, declarative };
  Mode mode = Mode::active;
  uint32_t table = 0;
  ConstExpr offset;  // mode active
  ValType type = ValType::funcref();
  bool uses_exprs = false;      // which of the two lists was written
  bool explicit_table = false;  // active segments: the form that names table and type (flags bit 1)
  std::vector<uint32_t> functions;  // !uses_exprs
  std::vector<ConstExpr> exprs;     // uses_exprs
  size_t size() const { return uses_exprs ? exprs.size() : functions.size(); }
};

struct DataSegment {
  enum class Mode : uint8_t { active, passive };
  Mode mode = Mode::active;
  bool explicit_memory = false;  // active: the form that names its memory
  uint32_t memory = 0;
  ConstExpr offset;  // mode active
  Bytes bytes;
};

struct CustomSection {
  std::string_view name;
  Bytes payload;
  // The non-custom section it follows; `custom` means before all of them.
  SectionId after = SectionId::custom;
};

struct Module {
  Module() = default;
  Module(Module&&) = default;
  Module& operator=(Module&&) = default;
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  std::vector<RecGroup> rec_groups;
  std::vector<SubType> types;

  std::vector<Import> imports;
  std::vector<ImportGroup> import_groups;  // their counts add up to imports.size()

  std::vector<TypeIdx> functions;
  std::vector<Table> tables;
  std::vector<MemoryType> memories;
  std::vector<Global> globals;
  std::vector<TagType> tags;
  uint32_t imported_functions = 0;
  uint32_t imported_tables = 0;
  uint32_t imported_memories = 0;
  uint32_t imported_globals = 0;
  uint32_t imported_tags = 0;

  std::vector<Export> exports;
  std::optional<uint32_t> start;
  std::vector<ElementSegment> elements;
  std::optional<uint32_t> data_count;
  std::vector<Bytes> bodies;  // of defined functions: locals and code, without the size in front
  std::vector<DataSegment> data;
  std::vector<CustomSection> customs;

  // The whole binary; offsets in errors and backtraces count from its start. Empty while a module
  // parsed from text has not been encoded.
  Bytes bytes;

  uint32_t defined_functions() const { return static_cast<uint32_t>(bodies.size()); }
  Bytes body_of(uint32_t function) const { return bodies[function - imported_functions]; }
  // Where a view into `bytes` begins, counted from the start of the module; 0 for other views.
  uint64_t offset_of(const uint8_t* pos) const {
    return pos >= bytes.data() && pos <= bytes.data() + bytes.size()
               ? static_cast<uint64_t>(pos - bytes.data())
               : 0;
  }

  // Storage behind the views.
  std::shared_ptr<const void> backing;    // whatever holds `bytes`
  std::list<std::vector<uint8_t>> owned;  // made by the text parser
};

}  // namespace nacre::wasm
