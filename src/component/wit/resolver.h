// Inside of resolve(): what its steps share, and what each offers to the next.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "component/names.h"
#include "component/wit/collect.h"
#include "component/wit/order.h"
#include "component/wit/resolve.h"

namespace nacre::component::wit {

// An interface or a world of a package, by its name.
struct PackageItem {
  bool is_world = false;
  uint32_t id = 0;
};
using PackageItems = std::unordered_map<std::string_view, PackageItem>;
using TypeNames = std::unordered_map<std::string_view, TypeDefId>;

// The resolution so far. What is behind a feature that is off is resolved all the same, so that it
// is checked, and marked as hidden: nothing visible may refer to it, and it is in no list.
struct Context {
  Resolve out;
  const UnstableFeatures& features;
  std::vector<PackageItems> items;  // by package
  std::vector<TypeNames> types;     // by interface
  // By interface: those that it uses types of, each once, in the order of its types.
  std::vector<std::vector<InterfaceId>> needs;
  std::vector<bool> hidden_interfaces, hidden_worlds, hidden_types;
  std::unordered_map<std::string, PackageId> packages;
  size_t work = 0;

  InterfaceId add_interface(std::string_view name, bool is_visible);
  // Counts steps that WIT can ask for more often than it has bytes.
  Result<void> spend(size_t steps = 1);
};

// A place in a file, with words for what is there.
struct Place {
  const SourceFile* file;
  std::string words;  // "interface `types`"; may be empty

  std::unexpected<Error> fail(size_t offset, const std::string& message) const {
    return fail_at(*file, offset, ErrorCode::invalid,
                   words.empty() ? message : words + ": " + message);
  }
  Place inside(std::string_view what, std::string_view name) const;
};

// What a gate says where it stands: versions are checked, features looked up.
Result<bool> is_visible(const Context& context, PackageId package, const syntax::Attributes& item,
                        const Place& place);

// Names that `use` gives at the top of a file.
struct Aliases {
  std::unordered_map<std::string_view, std::string_view> local;  // to names of this package
  PackageItems foreign;                                          // to items of others
};

// How paths are looked up in one part of one package.
struct Lookup {
  Context& context;
  PackageId package;
  const Aliases& aliases;

  Result<PackageItem> find(const syntax::Path& path, const Place& place) const;
  Result<InterfaceId> find_interface(const syntax::Path& path, const Place& place) const;
  Result<WorldId> find_world(const syntax::Path& path, const Place& place) const;
};

// Types and functions of an interface or a world.
class Body {
 public:
  Body(const Lookup& lookup, Place place, InterfaceId interface)
      : lookup_(lookup),
        context_(lookup.context),
        place_(std::move(place)),
        interface_(interface) {}

  // First what there is, in the order of the text ...
  Result<void> declare(const syntax::Use& use);
  Result<void> declare(const syntax::TypeDef& def);
  // ... then all of it is made. The visible types, each behind those it refers to.
  Result<std::vector<TypeDefId>> make_types();
  // Then functions.
  Result<Function> make_function(const syntax::Function& function, bool is_function_visible);

  // A name that must not be used twice here: "f", "[method]r.f".
  Result<void> claim(const std::string& name, size_t offset);
  const TypeNames& types() const { return types_; }
  const Place& place() const { return place_; }

 private:
  struct Entry {
    const syntax::Use* use = nullptr;  // with `used` and `from`, or ...
    const syntax::UsedName* used = nullptr;
    InterfaceId from = 0;
    const syntax::TypeDef* def = nullptr;  // ... this
    bool is_visible = false;

    const syntax::Name& name() const { return use != nullptr ? used->as : def->name; }
  };

  Result<void> declare(Entry entry);
  Result<std::vector<size_t>> entry_order() const;
  void find_references(const syntax::Type& type, std::vector<Reference>& references) const;
  Result<TypeDef> make_used(const Entry& entry);
  Result<TypeDef> make_def(const Entry& entry);
  Result<std::vector<Member>> make_members(const syntax::TypeDef& def, bool is_def_visible,
                                           const Place& place);
  Result<void> make_resource_functions(TypeDefId id, const Entry& entry);
  Result<Function> make_signature(const syntax::Function& function, bool is_function_visible,
                                  const Place& place);
  Result<void> check_constructor(const syntax::Function& function, const Place& place) const;
  // Visible things may refer to visible ones only.
  Result<Type> make_type(const syntax::Type& type, bool must_be_visible, const Place& place);
  Result<TypeDefId> find_type(const syntax::Name& name, bool must_be_visible,
                              const Place& place) const;
  bool has_borrow(const Type& type) const;

  const Lookup& lookup_;
  Context& context_;
  Place place_;
  InterfaceId interface_;  // kNoId: a world
  std::vector<Entry> entries_;
  std::unordered_map<std::string_view, size_t> entry_by_name_;
  std::unordered_set<std::string> claimed_;
  TypeNames types_;
};

// Fills an interface that has a place in the resolution already.
Result<void> resolve_interface(const Lookup& lookup, const Place& place,
                               const syntax::Interface& syntax, InterfaceId id);
// Likewise.
Result<void> resolve_world(const Lookup& lookup, const Place& place, const syntax::World& syntax,
                           WorldId id);
// Completes a world whose lists hold what is written and included: imports and exports get the
// interfaces that they need, and their order.
Result<void> elaborate_world(Context& context, World& world, const Place& place, size_t offset);

}  // namespace nacre::component::wit
