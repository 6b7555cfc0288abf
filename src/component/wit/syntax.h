// WIT as it is written: what the parser makes of one file, before any name is resolved.
//
// Texts are views into the source. Each name keeps its offset, for errors.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "component/wit/package.h"

namespace nacre::component::wit::syntax {

struct Name {
  std::string_view text;  // without "%"
  uint32_t offset = 0;
};

struct PackageName {
  Name name_space;
  Name name;
  std::string_view version;  // checked; empty: none
};

// Names an interface or a world: of this package, or with `package` of another one.
struct Path {
  std::optional<PackageName> package;
  Name name;
  uint32_t offset = 0;
};

// What stands before an item.
struct Attributes {
  std::string docs;
  Gate gate;
  std::string external_id;
  uint32_t gate_offset = 0;
};

struct Type {
  TypeKind kind = TypeKind::none;
  uint32_t offset = 0;
  Name name;                    // named, own, borrow
  uint32_t length = 0;          // fixed_list
  std::vector<Type> arguments;  // as Structure::arguments
};

// A field, a case, a flag.
struct Member {
  std::string docs;
  Name name;
  Type type;  // none: a case without payload, a flag
};

struct Param {
  Name name;
  Type type;
};

struct Function {
  Attributes attributes;
  Name name;  // of a constructor: of its resource
  FunctionKind kind = FunctionKind::plain;
  bool is_async = false;
  std::vector<Param> params;
  Type result;  // none: nothing is returned
};

struct TypeDef {
  Attributes attributes;
  Name name;
  TypeDefKind kind = TypeDefKind::alias;
  Type alias;
  std::vector<Member> members;
  std::vector<Function> functions;  // of a resource
};

struct UsedName {
  Name name;
  Name as;  // the same as `name` where it is not renamed
};

// Inside of interfaces and worlds.
struct Use {
  Attributes attributes;
  Path from;
  std::vector<UsedName> names;
};

using InterfaceItem = std::variant<Use, TypeDef, Function>;

struct Interface {
  Attributes attributes;
  Name name;
  std::vector<InterfaceItem> items;
};

struct Include {
  Attributes attributes;
  Path world;
  std::vector<UsedName> renamed;
};

// An import or export.
struct Extern {
  // A path alone: the name is the interface's.
  struct Named {
    Path path;
  };
  // A path behind a name.
  struct Implements {
    Path path;
  };
  Attributes attributes;
  bool is_export = false;
  Name name;  // empty with Named
  std::variant<Named, Implements, Function, Interface> what;
};

using WorldItem = std::variant<Use, TypeDef, Include, Extern>;

struct World {
  Attributes attributes;
  Name name;
  std::vector<WorldItem> items;
};

// At the top of a file.
struct TopUse {
  Path path;
  Name as;
};

// What one file says of one package: the file itself, or a package with braces in it.
struct Block {
  std::optional<PackageName> package;
  std::string docs;  // of the package
  std::vector<TopUse> uses;
  std::vector<Interface> interfaces;
  std::vector<World> worlds;
};

struct File {
  Block root;
  std::vector<Block> nested;
};

}  // namespace nacre::component::wit::syntax
