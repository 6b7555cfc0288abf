// A component as decoded or parsed: its definitions in the order in which they were written.
//
// Order matters: each definition takes the next index of its sort, and may refer only to what
// stands before it. Nested components, component types and instance types hold definitions of their
// own. Names and modules are views into what Component::bytes or Component::owned keeps. A
// Component says what was written; whether it is valid is component/validate's matter. Const
// methods may be called from any thread.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "component/features.h"
#include "wasm/module.h"
#include "wasm/types.h"

namespace nacre::component {

// The index spaces.
enum class Sort : uint8_t {
#define SORT(name, code, text) name,
#include "component/sorts.def"
};
inline constexpr size_t kSortCount = static_cast<size_t>(Sort::instance) + 1;
std::string_view sort_text(Sort sort);
// What an item of this sort of core wasm is: a function, table, memory, global or tag.
wasm::ExternKind extern_kind(Sort core_sort);
constexpr bool is_core(Sort sort) { return sort <= Sort::core_instance; }

struct SortIndex {
  Sort sort = Sort::func;
  uint32_t index = 0;
};

enum class Primitive : uint8_t {  // binary codes
#define PRIMITIVE(name, code, text, bytes, flat) name = code,
#include "component/primitives.def"
};
std::string_view primitive_text(Primitive primitive);
std::optional<Primitive> find_primitive(uint8_t code);
std::optional<Primitive> find_primitive(std::string_view text);

// A value type where one is used: a primitive, or the index of a definition.
class ValType {
 public:
  constexpr ValType() : ValType(Primitive::boolean) {}
  constexpr ValType(Primitive primitive)  // NOLINT: a value conversion
      : bits_(kPrimitiveFlag | static_cast<uint32_t>(primitive)) {}
  static constexpr ValType at(uint32_t index) {
    ValType type;
    type.bits_ = index;
    return type;
  }
  // Larger indices cannot be represented; decoders refuse them first.
  static constexpr uint32_t kMaxIndex = (1u << 31) - 1;

  constexpr bool is_primitive() const { return (bits_ & kPrimitiveFlag) != 0; }
  constexpr Primitive primitive() const { return static_cast<Primitive>(bits_ & 0xFF); }
  constexpr uint32_t index() const { return bits_; }
  friend constexpr bool operator==(ValType, ValType) = default;

 private:
  static constexpr uint32_t kPrimitiveFlag = 1u << 31;
  uint32_t bits_;
};

// A name with what is attached to it.
struct AttributedName {
  std::string_view name;
  std::optional<std::string_view> implements;   // the interface an instance stands for
  std::optional<std::string_view> external_id;  // what it is called elsewhere
  bool has_attributes() const { return implements || external_id; }
};

// What an import or export is declared to be.
struct ExternDesc {
  Sort sort = Sort::func;          // core_module, func, type, component or instance
  uint32_t index = 0;              // of its type; unused for a fresh resource
  bool is_fresh_resource = false;  // sort type: "(sub resource)" rather than "(eq index)"
};

struct Definition;
using Definitions = std::vector<Definition>;

// ---- core

struct CoreModule {
  Bytes bytes;
  uint64_t offset = 0;  // of the bytes in the component; 0 if it was parsed from text
};

struct CoreInstance {
  struct Argument {
    std::string_view name;
    uint32_t instance = 0;
  };
  struct Export {
    std::string_view name;
    SortIndex item;
  };
  std::optional<uint32_t> module;  // instantiated; absent: the exports are the instance
  std::vector<Argument> arguments;
  std::vector<Export> exports;
};

// Types declared together, as the type section of a module has them.
struct CoreRecGroup {
  std::vector<wasm::SubType> types;
  bool is_explicit = false;
};

struct CoreModuleType {
  struct OuterType {
    uint32_t count = 0;
    uint32_t index = 0;
  };
  struct Export {
    std::string_view name;
    wasm::ExternType type;
  };
  using Declaration = std::variant<wasm::Import, CoreRecGroup, OuterType, Export>;
  std::vector<Declaration> declarations;
};

struct CoreType {
  std::variant<CoreRecGroup, CoreModuleType> type;
};

// ---- components and instances

struct NestedComponent {
  Definitions definitions;
};

struct Instance {
  struct Argument {
    std::string_view name;
    SortIndex item;
  };
  struct Export {
    AttributedName name;
    SortIndex item;
  };
  std::optional<uint32_t> component;  // instantiated; absent: the exports are the instance
  std::vector<Argument> arguments;
  std::vector<Export> exports;
};

struct Alias {
  enum class Target : uint8_t { export_, core_export, outer };  // binary codes
  Target target = Target::export_;
  Sort sort = Sort::func;
  uint32_t instance = 0;  // export, core export
  std::string_view name;  // likewise
  uint32_t count = 0;     // outer: how many components outwards
  uint32_t index = 0;     // outer
};

struct Import {
  AttributedName name;
  ExternDesc desc;
};

struct Export {
  AttributedName name;
  SortIndex item;
  std::optional<ExternDesc> desc;  // the type that it is exported with
};

// An export of a component type or instance type.
struct ExportDeclaration {
  AttributedName name;
  ExternDesc desc;
};

// ---- types

struct Type {
  enum class Kind : uint8_t {
    primitive,
    record,
    variant,
    list,
    fixed_list,
    tuple,
    flags,
    enumeration,
    option,
    result,
    own,
    borrow,
    stream,
    future,
    map,
    // not of values:
    func,
    component,
    instance,
    resource,
  };
  // A field, case, parameter, flag, or, without label, the part of a tuple.
  struct Member {
    std::string_view label;
    std::optional<ValType> type;
  };

  Kind kind = Kind::primitive;
  Primitive primitive = Primitive::boolean;
  std::vector<Member> members;  // record, variant, tuple, flags, enumeration; parameters of a func
  // The element of lists and options, the payload of streams and futures, the key of a map, the ok
  // value of a result, the result of a function.
  std::optional<ValType> first;
  std::optional<ValType> second;       // the error of a result, the value of a map
  uint32_t length = 0;                 // fixed_list
  uint32_t index = 0;                  // own, borrow: the resource
  bool is_async = false;               // func
  std::optional<uint32_t> destructor;  // resource: a core function
  Definitions body;                    // component, instance: their declarations
};
constexpr bool is_value(Type::Kind kind) { return kind < Type::Kind::func; }
std::string_view type_kind_text(Type::Kind kind);

// ---- canonical definitions

enum class OptionKind : uint8_t {  // binary codes
#define OPTION(name, code, text, sort) name = code,
#include "component/options.def"
};
struct Option {
  OptionKind kind = OptionKind::utf8;
  uint32_t index = 0;
};
struct OptionInfo {
  OptionKind kind;
  std::string_view text;
  std::optional<Sort> sort;
};
const OptionInfo* find_option(uint8_t code);
const OptionInfo* find_option(std::string_view text);
const OptionInfo& option_info(OptionKind kind);

enum class CanonKind : uint8_t {  // binary codes
  lift = 0x00,
  lower = 0x01,
#define CANON(name, code, text, shape, gate, type) name = code,
#include "component/canons.def"
};
enum class CanonShape : uint8_t {  // canons.def says what they mean
  none,
  type,
  options,
  type_options,
  result_options,
  is_async,
  type_is_async,
  slot,
  reserved,
  wait,
  start,
};

struct Canon {
  CanonKind kind = CanonKind::lift;
  uint32_t function = 0;  // lift: a core function; lower: a function
  uint32_t type = 0;      // lift: of the function; otherwise what the built-in is for; start: core
  std::vector<Option> options;
  std::optional<ValType> result;  // task.return
  // shapes is_async, type_is_async: whether it returns before it is done; reserved, wait: the word
  // "cancellable" of earlier drafts, which means nothing any more.
  bool flag = false;
  wasm::ValType slot_type;  // shape slot
  uint32_t index = 0;       // shape slot: its number; wait: the memory; start: the table
};

struct CanonInfo {
  CanonKind kind;
  std::string_view text;
  CanonShape shape;
  std::optional<Feature> gate;
  std::string_view type;
};
const CanonInfo* find_canon(uint8_t code);
const CanonInfo* find_canon(std::string_view text);
// Of any kind but lift and lower.
const CanonInfo& canon_info(CanonKind kind);

// ---- all together

struct CustomSection {
  std::string_view name;
  Bytes payload;
};

struct Definition {
  using Content = std::variant<CoreModule, CoreInstance, CoreType, NestedComponent, Instance, Alias,
                               Type, Canon, Import, Export, ExportDeclaration, CustomSection>;
  Content content;
  uint64_t offset = 0;  // of its first byte in the binary or the text
};

struct Component {
  Component() = default;
  Component(Component&&) = default;
  Component& operator=(Component&&) = default;
  Component(const Component&) = delete;
  Component& operator=(const Component&) = delete;

  Definitions definitions;
  uint64_t size_bytes = 0;  // of what it was made from

  // Storage behind the views.
  std::shared_ptr<const void> backing;
  std::list<std::vector<uint8_t>> owned;
};

// The index space that the definition adds to; nothing for custom sections.
std::optional<Sort> defined_sort(const Definition& definition);

}  // namespace nacre::component
