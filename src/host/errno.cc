#include "host/errno.h"

#include <cerrno>

#include "os/dir.h"
#include "os/lookup.h"

namespace nacre::host {

Errno from_native(int native) {
  switch (native) {
#define ERRNO(name, value, text) \
  case value:                    \
    return Errno::name;
#include "host/errno.def"
#undef ERRNO
    case os::kNoSuchName:
      return Errno::no_such_name;
    case os::kTryAgain:
      return Errno::try_again;
    case os::kLookupFailed:
      return Errno::lookup_failed;
    case os::kOutside:
      return Errno::not_granted;
    case os::kRefused:
      return Errno::no_capability;
    case os::kHidden:
      return Errno::hidden;
    default:
      return Errno::io;
  }
}

int to_native(Errno error) {
  switch (error) {
#define ERRNO(name, value, text) \
  case Errno::name:              \
    return value;
#include "host/errno.def"
#undef ERRNO
    case Errno::no_such_name:
      return os::kNoSuchName;
    case Errno::try_again:
      return os::kTryAgain;
    case Errno::lookup_failed:
      return os::kLookupFailed;
    case Errno::not_granted:
      return os::kOutside;
    case Errno::no_capability:
      return os::kRefused;
    case Errno::hidden:
      return os::kHidden;
  }
  return EIO;
}

std::string_view errno_text(Errno error) {
  switch (error) {
#define ERRNO(name, native, text) \
  case Errno::name:               \
    return text;
#include "host/errno.def"
#undef ERRNO
    case Errno::no_such_name:
      return "no such name";
    case Errno::try_again:
      return "no name server answered";
    case Errno::lookup_failed:
      return "looking the name up failed";
    case Errno::not_granted:
    case Errno::no_capability:
    case Errno::hidden:
      return "not granted";
  }
  return "unknown error";
}

}  // namespace nacre::host
