#include "component/canonical/trap.h"

#include <string_view>

namespace nacre::component {

std::string to_string(const Trap& trap) {
  constexpr std::string_view kTexts[] = {
#define CANONICAL_TRAP(name, text) text,
#include "component/canonical/traps.def"
  };
  std::string text(kTexts[static_cast<size_t>(trap.kind)]);
  if (text.ends_with(" index")) text += " " + std::to_string(trap.number);
  return text;
}

}  // namespace nacre::component
