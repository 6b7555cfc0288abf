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
template <class T, class E>
T take(std::expected<T, E>& result) {
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}
}  // namespace detail

}  // namespace nacre

// A statement expression (GNU C): the value, or an early return of the error. May be nested. Not in
// an initializer in braces after a member that owns something: GCC 12 does not destroy what was
// made so far.
#define TRY(expression) NACRE_TRY_NAMED(expression, __COUNTER__)
#define NACRE_TRY_NAMED(expression, number) NACRE_TRY_PASTE(expression, number)
#define NACRE_TRY_PASTE(expression, number) NACRE_TRY_WITH(expression, nacre_try_##number)
#define NACRE_TRY_WITH(expression, result)               \
  __extension__({                                        \
    auto result = (expression);                          \
    if (!result) [[unlikely]]                            \
      return std::unexpected(std::move(result).error()); \
    ::nacre::detail::take(result);                       \
  })
