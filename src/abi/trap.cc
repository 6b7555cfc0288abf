#include "abi/trap.h"

#include <utility>

namespace nacre::abi {

std::string_view trap_text(TrapKind kind) {
  switch (kind) {
    case TrapKind::none:
      return "no trap";
#define TRAP(name, text) \
  case TrapKind::name:   \
    return text;
#include "abi/traps.def"
#undef TRAP
  }
  return "unknown trap";
}

TrapPtr make_trap(TrapKind kind, std::string message) {
  auto trap = std::make_unique<Trap>();
  trap->kind = kind;
  trap->message = std::move(message);
  return trap;
}

}  // namespace nacre::abi
