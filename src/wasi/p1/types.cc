#include "wasi/p1/types.h"

namespace nacre::wasi::p1 {

Errno from_host(host::Errno error) {
  switch (error) {
#define ERRNO(name, native, text) \
  case host::Errno::name:         \
    return Errno::name;
#include "host/errno.def"
#undef ERRNO
    case host::Errno::no_such_name:
      return Errno::ainoname;
    case host::Errno::try_again:
      return Errno::aiagain;
    case host::Errno::lookup_failed:
      return Errno::aifail;
    case host::Errno::not_granted:
      return Errno::perm;
    case host::Errno::no_capability:
      return Errno::notcapable;
    case host::Errno::hidden:
      return Errno::noent;
  }
  return Errno::io;
}

std::string_view errno_name(Errno error) {
  switch (error) {
#define WASI_ERRNO(name) \
  case Errno::name:      \
    return #name;
#include "wasi/p1/errno.def"
#undef WASI_ERRNO
  }
  return "unknown";
}

uint8_t filetype_number(host::FileType type) {
  switch (type) {
    case host::FileType::block_device:
      return 1;
    case host::FileType::character_device:
      return 2;
    case host::FileType::directory:
      return 3;
    case host::FileType::regular_file:
      return 4;
    case host::FileType::socket_datagram:
      return 5;
    case host::FileType::socket_stream:
      return 6;
    case host::FileType::symbolic_link:
      return 7;
    case host::FileType::unknown:
    case host::FileType::pipe:
      return 0;
  }
  return 0;
}

}  // namespace nacre::wasi::p1
