#include "os/environment.h"

#include <sys/auxv.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace nacre::os {

std::optional<std::string> environment_variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return value;
}

VariableViews environment() {
  VariableViews variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    std::string_view text = *entry;
    size_t equals = text.find('=');
    if (equals == std::string_view::npos || equals == 0) continue;
    variables.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

void forget_environment() {
  // What the process was started with lies between the frames of its first thread and the name of
  // its program, where it can be written. What was put there since may be a constant.
  char frame = 0;
  auto lowest = reinterpret_cast<uintptr_t>(&frame);
  uintptr_t end = getauxval(AT_EXECFN);
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    auto at = reinterpret_cast<uintptr_t>(*entry);
    if (at > lowest && at < end) explicit_bzero(*entry, std::strlen(*entry));
  }
  clearenv();
}

}  // namespace nacre::os
