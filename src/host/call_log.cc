#include "host/call_log.h"

namespace nacre::host {

std::string_view uses_name(Uses uses) {
  switch (uses) {
#define USES(name, help) \
  case Uses::name:       \
    return #name;
#include "host/uses.def"
#undef USES
  }
  return "";
}

std::string_view uses_help(Uses uses) {
  switch (uses) {
#define USES(name, help) \
  case Uses::name:       \
    return help;
#include "host/uses.def"
#undef USES
  }
  return "";
}

}  // namespace nacre::host
