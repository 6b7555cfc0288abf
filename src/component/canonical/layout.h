// How values of a type lie in memory, and what they flatten to: what lifting and lowering
// follow, so that passing values never looks at a type (component model, "Canonical ABI").
//
// Layouts of equal types have equal ids within one table. They are made once, while a component is
// resolved; afterwards any thread may read. Labels are views into what the types were made from.
#pragma once

#include <functional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "component/canonical/footprint.h"
#include "component/validate/types.h"

namespace nacre::component {

enum class LayoutId : uint32_t {};
inline constexpr LayoutId kNoLayout{0xFFFFFFFF};
// A resource type, by the number that the maker of the layouts gave it.
enum class ResourceIndex : uint32_t {};

struct Layout {
  struct Part {
    std::string_view label;
    LayoutId layout = kNoLayout;  // kNoLayout: a case without payload, a label
    uint64_t offset = 0;          // of a field or payload in memory
  };

  Type::Kind kind = Type::Kind::primitive;
  Primitive primitive = Primitive::boolean;
  uint64_t size_bytes = 0;
  uint32_t align_bytes = 1;
  FlatTypes flat;
  // The fields of records and tuples, the cases of variants, enumerations, options (none, some) and
  // results (ok, error), the labels of flags.
  std::vector<Part> parts;
  uint32_t discriminant_bytes = 0;  // of what has cases
  // Of lists, fixed lists, streams, futures (kNoLayout: nothing is passed); of maps a tuple of key and
  // value.
  LayoutId element = kNoLayout;
  uint32_t length = 0;       // fixed list
  ResourceIndex resource{};  // own, borrow
  TypeId type = kNoType;     // one of those that have this layout; kNoType: entries of maps, tuples
                             // of parameters
  bool has_handles = false;  // somewhere inside
  bool has_cases() const { return discriminant_bytes != 0; }
};

// A function's parameters and result.
struct FunctionLayout {
  TypeId type = kNoType;
  LayoutId params{};            // a tuple, labelled as the parameters are
  LayoutId result = kNoLayout;  // kNoLayout: none
  bool is_async = false;
};

class Layouts {
 public:
  // `number` is asked once for each resource that a type mentions.
  using Number = std::function<Result<ResourceIndex>(ResourceId)>;

  explicit Layouts(AddressWidth width) : width_(width) {}

  // Types of one arena. Fails where `number` does.
  Result<LayoutId> add(const Types& types, TypeId type, const Number& number);
  Result<FunctionLayout> add_function(const Types& types, TypeId type, const Number& number);

  const Layout& at(LayoutId id) const { return layouts_[static_cast<size_t>(id)]; }
  AddressWidth width() const { return width_; }
  // Layouts and their parts altogether.
  size_t weight() const { return weight_; }

 private:
  Result<Layout> make(const Types& types, const TypeDef& def, const Number& number);
  Result<Layout> make_tuple(const Types& types, std::span<const TypeMember> members,
                            const Number& number);
  Result<void> add_cases(Layout& layout, const Types& types, std::span<const TypeMember> cases,
                         const Number& number);
  LayoutId push(Layout layout);

  AddressWidth width_;
  std::vector<Layout> layouts_;
  size_t weight_ = 0;
  std::unordered_map<uint32_t, LayoutId> by_structure_;
};

}  // namespace nacre::component
