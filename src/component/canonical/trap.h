// Why passing a value went wrong.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

namespace nacre::component {

enum class TrapKind : uint8_t {
#define CANONICAL_TRAP(name, text) name,
#include "component/canonical/traps.def"
};

struct Trap {
  TrapKind kind;
  uint64_t number = 0;  // what is meant, where the text ends with "index"; otherwise 0
  friend bool operator==(const Trap&, const Trap&) = default;
};
// "unknown handle index 5"
std::string to_string(const Trap& trap);

// A value or what kept it from being made; TRY (base/result.h) passes the trap on.
template <class T>
using OrTrap = std::expected<T, Trap>;

inline std::unexpected<Trap> trap(TrapKind kind, uint64_t number = 0) {
  return std::unexpected(Trap{kind, number});
}

}  // namespace nacre::component
