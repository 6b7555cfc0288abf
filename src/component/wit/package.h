// The model of WIT packages once every name is resolved: it is printed, turned into component
// types, and asked for worlds.
//
// A Resolve owns all packages of one resolution; everything in it refers to other things by their
// index in its vectors. Immutable once made; any thread may read it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nacre::component::wit {

using PackageId = uint32_t;
using InterfaceId = uint32_t;
using WorldId = uint32_t;
using TypeDefId = uint32_t;
inline constexpr uint32_t kNoId = UINT32_MAX;

enum class TypeKind : uint8_t {
  none,   // nothing is written: the payload of a case, a result, "_"
  named,  // index: a TypeDef; of a resource: a handle that owns it
#define PRIMITIVE(token, text, key) token,
#define CONSTRUCTED(token, text) token,
#include "component/wit/keywords.def"
  fixed_list,
};
constexpr bool is_primitive(TypeKind kind) {
  return kind >= TypeKind::bool_ && kind <= TypeKind::error_context;
}

// "list"; of none "_".
std::string_view type_word(TypeKind kind);

// A type where one is used.
struct Type {
  TypeKind kind = TypeKind::none;
  // named, own, borrow: a TypeDef; other constructed types: a Structure; else unused.
  uint32_t index = 0;
  bool is_none() const { return kind == TypeKind::none; }
};

// The parts of a constructed type. result has two, future and stream one, each of which may be
// none; map has key and value; tuple at least one; the others one.
struct Structure {
  std::vector<Type> arguments;
  uint32_t length = 0;  // fixed_list
};

// Since when, or for whom, an item exists.
struct Gate {
  enum class Kind : uint8_t { none, since, unstable };
  Kind kind = Kind::none;
  std::string since;       // a version
  std::string feature;     // unstable
  std::string deprecated;  // a version; empty: it is not
};

struct Member {
  std::string name;
  std::string docs;
  Type type;
};

struct Param {
  std::string name;
  Type type;
};

enum class FunctionKind : uint8_t { plain, constructor, method, static_ };

struct Function {
  std::string name;  // of a constructor empty
  FunctionKind kind = FunctionKind::plain;
  bool is_async = false;
  std::vector<Param> params;  // without the self of methods
  Type result;                // of a constructor none unless it may fail
  std::string docs;
  Gate gate;
  std::string external_id;
};

enum class TypeDefKind : uint8_t { alias, used, record, variant, enum_, flags, resource };
// The keyword that begins it: "record"; "type" for what only names another.
std::string_view definition_word(TypeDefKind kind);

struct TypeDef {
  std::string name;
  TypeDefKind kind = TypeDefKind::alias;
  InterfaceId interface = kNoId;  // where it is defined; kNoId: in a world
  Type alias;
  TypeDefId used = kNoId;           // what was named in the interface that it is used from
  std::vector<Member> members;      // record, variant, enum, flags
  std::vector<Function> functions;  // resource
  TypeDefId resource = kNoId;       // the resource that it is or names, if it does
  bool has_borrow = false;          // a value may hold a borrowed handle
  std::string docs;
  Gate gate;
  std::string external_id;
};

struct Interface {
  std::string name;              // empty: written in a world
  PackageId package = 0;         // where it stands
  std::vector<TypeDefId> types;  // each behind those it refers to
  std::vector<Function> functions;
  std::string docs;
  Gate gate;
};

// An import or export: an interface or a function.
struct WorldItem {
  std::string name;               // empty: that of the interface
  InterfaceId interface = kNoId;  // kNoId: a function
  Function function;
  std::string docs;
  Gate gate;
  std::string external_id;
  bool is_function() const { return interface == kNoId; }
};

struct World {
  std::string name;
  PackageId package = 0;
  std::vector<TypeDefId> types;
  std::vector<WorldItem> imports;  // each interface behind those it uses; then functions
  std::vector<WorldItem> exports;  // functions; then interfaces likewise
  std::string docs;
  Gate gate;
};

struct Package {
  std::string name_space;
  std::string name;
  std::string version;  // empty: none
  std::vector<InterfaceId> interfaces;
  std::vector<WorldId> worlds;
  std::string docs;

  // "ns:name" or "ns:name@1.0.0".
  std::string id() const {
    return name_space + ":" + name + (version.empty() ? "" : "@" + version);
  }
};

struct Resolve {
  std::vector<Package> packages;  // each behind those it refers to
  std::vector<Interface> interfaces;
  std::vector<World> worlds;
  std::vector<TypeDef> type_defs;
  std::vector<Structure> structures;
  PackageId main = 0;  // what was asked for

  // A TypeDef behind all `use`s and aliases that only name another.
  const TypeDef& definition(TypeDefId id) const;
};

}  // namespace nacre::component::wit
