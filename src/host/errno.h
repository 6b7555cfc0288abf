// Why an operation on a host object failed: the POSIX reasons, those of resolvers, `not_granted`
// for what the object's grant does not cover (a path outside its directory, a write to a read-only
// one), `no_capability` for what the gate refused, and `hidden` for a refused path of which the
// guest may not even know whether it exists: it is told that it does not.
#pragma once

#include <cstdint>
#include <expected>
#include <string_view>
#include <utility>

#include "os/file.h"

namespace nacre::host {

enum class Errno : uint8_t {
#define ERRNO(name, native, text) name,
#include "host/errno.def"
#undef ERRNO
  no_such_name,   // looking up names: it has no address
  try_again,      // ... no server answered
  lookup_failed,  // ... a server answered that it could not look it up
  not_granted,    // beyond what a grant covers
  no_capability,  // nothing was granted, or a rule forbids it
  hidden,         // ... and it looks as if nothing were there
};

template <class T>
using HostResult = std::expected<T, Errno>;

inline std::unexpected<Errno> failed(Errno error) { return std::unexpected<Errno>(error); }

// From an errno or os::kOutside; io for one that the table lacks.
Errno from_native(int native);
// The way back.
int to_native(Errno error);
std::string_view errno_text(Errno error);

template <class T>
HostResult<T> from_sys(os::Sys<T> result) {
  if (!result) return failed(from_native(result.error()));
  if constexpr (std::is_void_v<T>) {
    return {};
  } else {
    return std::move(*result);
  }
}

}  // namespace nacre::host

// A statement expression (GNU C): the value, or an early return of the error.
#define HOST_TRY(expression)                           \
  __extension__({                                      \
    auto host_try_result = (expression);               \
    if (!host_try_result) [[unlikely]]                 \
      return std::unexpected(host_try_result.error()); \
    ::nacre::host::detail::take(host_try_result);      \
  })

namespace nacre::host::detail {
template <class T>
T take(HostResult<T>& result) {
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}
}  // namespace nacre::host::detail
