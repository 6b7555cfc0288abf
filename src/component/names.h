// Names that components import and export, and the labels inside their types: the grammar that the
// component model gives them, shared by binaries, the text format and WIT.
//
// Everything here works on views: a parsed name views the text it was parsed from. May be called
// from any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/result.h"

namespace nacre::component {

// Longer names, versions and labels are refused: nothing real comes near, and each is compared and
// copied many times.
inline constexpr size_t kMaxNameBytes = 100'000;

// A label in kebab case: words joined by single hyphens, each all lower case or all upper case, the
// first beginning with a letter: "get-URL-2".
bool is_label(std::string_view text);
// A label without upper case, as namespaces and packages are named.
bool is_lower_label(std::string_view text);
// Labels are compared without regard to case: "Foo" and "foo" are the same.
std::string fold_case(std::string_view text);

// A version as Semantic Versioning 2.0.0 writes it.
struct Version {
  uint64_t major = 0;
  uint64_t minor = 0;
  uint64_t patch = 0;
  std::string_view prerelease;  // without its "-"
  std::string_view build;       // without its "+"
  friend bool operator==(const Version&, const Version&) = default;
};
Result<Version> parse_version(std::string_view text, std::optional<Location> where = {});
std::string to_string(const Version& version);
// By precedence: negative where `a` comes before `b`; what stands in `build` does not count.
int compare(const Version& a, const Version& b);
// What versions that stand in for each other have in common: "2" of 2.3.4, "0.2" of 0.2.12, "0.0.5"
// of 0.0.5. A prerelease stands for itself only: it is the whole version.
std::string track(const Version& version);

// The name of an import or export.
struct ExternName {
  enum class Kind : uint8_t {
    label,        // "a-b"
    constructor,  // "[constructor]r"
    method,       // "[method]r.f"
    static_,      // "[static]r.f"
    interface,    // "ns:pkg/iface@1.2.3"
  };
  Kind kind = Kind::label;
  std::string_view label;     // of an interface the last part; empty for constructors
  std::string_view resource;  // constructor, method, static
  std::string_view name_space;
  std::string_view package;
  std::optional<Version> version;
  std::string_view text;  // the whole name

  bool is_interface() const { return kind == Kind::interface; }
  // Belongs to a resource, which must have a name in the same scope.
  bool is_of_resource() const { return !resource.empty(); }
};
// The error is `invalid` and quotes the name.
Result<ExternName> parse_extern_name(std::string_view text, std::optional<Location> where = {});

// Two names conflict in one scope if their keys are equal. A constructor never conflicts with its
// resource; a method named as its resource conflicts with it.
std::string uniqueness_key(const ExternName& name);

// "ns:pkg/iface@0.2" of "ns:pkg/iface@0.2.3": interfaces with equal keys may stand in for each
// other. Other names, and interfaces without a version, are their own key.
std::string track_key(const ExternName& name);

}  // namespace nacre::component
