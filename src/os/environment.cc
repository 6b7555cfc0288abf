#include "os/environment.h"

#include <fcntl.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "os/file.h"

namespace nacre::os {
namespace {

constexpr size_t kMaxAccountsBytes = 1 << 20;

std::string accounts() {
  OwnedFd file(::open("/etc/passwd", O_RDONLY | O_CLOEXEC));
  std::string text;
  char part[4096];
  while (file.valid() && text.size() < kMaxAccountsBytes) {
    ssize_t length = ::read(file.get(), part, sizeof part);
    if (length <= 0) break;
    text.append(part, static_cast<size_t>(length));
  }
  return text;
}

std::string_view cut(std::string_view& rest, char separator) {
  size_t end = rest.find(separator);
  std::string_view first = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return first;
}

}  // namespace

std::string home_of_account() {
  const std::string text = accounts();
  const std::string user = std::to_string(geteuid());
  for (std::string_view rest = text; !rest.empty();) {
    // name:password:user:group:who:home:shell
    std::string_view line = cut(rest, '\n');
    std::string_view fields[6];
    for (std::string_view& field : fields) field = cut(line, ':');
    if (fields[2] == user) return std::string(fields[5]);
  }
  return {};
}

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
