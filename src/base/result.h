// Result<T>: a value or the Error that prevented it. TRY unwraps one or returns its error.
//
//   Result<Module> decode(Bytes bytes) {
//     Header header = TRY(decode_header(bytes));
//     ...
//   }
#pragma once

#include <expected>
#include <type_traits>
#include <utility>

#include "base/error.h"

namespace nacre {

template <class T>
using Result = std::expected<T, Error>;

// For `return fail(ErrorCode::malformed, "unexpected end", offset);`
template <class... Args>
[[gnu::cold]] std::unexpected<Error> fail(ErrorCode code, std::string message, Args&&... where) {
  return std::unexpected<Error>(Error(code, std::move(message), std::forward<Args>(where)...));
}

namespace detail {
template <class T>
T take(Result<T>& result) {
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}
}  // namespace detail

}  // namespace nacre

// A statement expression (GNU C): the value, or an early return of the error.
#define TRY(expression)                                            \
  __extension__({                                                  \
    auto nacre_try_result = (expression);                          \
    if (!nacre_try_result) [[unlikely]]                            \
      return std::unexpected(std::move(nacre_try_result).error()); \
    ::nacre::detail::take(nacre_try_result);                       \
  })
