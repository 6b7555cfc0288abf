// The kinds of things that a user may grant or deny, and what of a guest's grants a call can use:
// kinds.def and uses.def as types.
#pragma once

#include <cstdint>
#include <cstdio>
#include <span>
#include <string_view>

// C libraries may define these names of kinds as macros.
#undef stdin
#undef stdout
#undef stderr

namespace nacre::grant {

enum class Kind : uint8_t {
#define KIND(name, ...) name,
#include "grant/kinds.def"
#undef KIND
};

// How the values of a kind are written, see grant/rule.h.
enum class Shape : uint8_t { path, variable, endpoint, host, on_off, count, size, duration };
// Whether Nacre enforces it.
enum class Enforced : uint8_t { yes, no };

// A row of kinds.def. The texts end in NUL.
struct KindInfo {
  Kind kind;
  std::string_view name;  // as people write it: "cpu-time"
  Shape shape;
  bool granted_by_default;
  Enforced enforced;
  std::string_view form;
  std::string_view help;
};
// All of them, in the order of the table.
std::span<const KindInfo> kinds();
const KindInfo& info_of(Kind kind);
// By its name; null: there is none.
const KindInfo* find_kind(std::string_view name);

// What of the guest's grants a call uses.
enum class Uses : uint8_t {
#define USES(name, help) name,
#include "grant/uses.def"
#undef USES
};
// What a guest is known to need once a call succeeded, where no decision shows it.
enum class Need : uint8_t { nothing, clock, waiting, random, variables, sockets, input };

// "" for a number that is not one of them.
std::string_view uses_name(Uses uses);
// For people: "the clocks".
std::string_view uses_help(Uses uses);

}  // namespace nacre::grant
