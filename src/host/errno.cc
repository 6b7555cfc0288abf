#include "host/errno.h"

#include <cerrno>

#include "os/dir.h"

namespace nacre::host {

Errno from_native(int native) {
  switch (native) {
#define ERRNO(name, value, text) \
  case value:                    \
    return Errno::name;
#include "host/errno.def"
#undef ERRNO
    case os::kOutside:
      return Errno::not_granted;
    case os::kRefused:
      return Errno::no_capability;
    default:
      return Errno::io;
  }
}

std::string_view errno_text(Errno error) {
  switch (error) {
#define ERRNO(name, native, text) \
  case Errno::name:               \
    return text;
#include "host/errno.def"
#undef ERRNO
    case Errno::not_granted:
    case Errno::no_capability:
      return "not granted";
  }
  return "unknown error";
}

}  // namespace nacre::host
