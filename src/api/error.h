// The C API's error object, and how errors of the core become one.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "abi/trap.h"
#include "base/result.h"
#include "nacre/nacre.h"
#include "runtime/backtrace.h"

struct nacre_error {
  nacre_error_kind_t kind;
  std::string message;
  nacre::runtime::Backtrace backtrace;
  uint32_t exit_code = 0;
  const char* limit = "";  // lives for ever
  // The text of the backtrace, made when it is first asked for, because reading debug information
  // takes a while.
  mutable std::once_flag is_written;
  mutable std::string written;
};

namespace nacre::api {

// All return an object that the caller of the C function owns.
nacre_error_t* make_error(nacre_error_kind_t kind, std::string message);
nacre_error_t* make_error(const Error& error);
nacre_error_t* make_error(const abi::Trap& trap, runtime::Backtrace backtrace);

}  // namespace nacre::api

// In a function that returns nacre_error_t*: the value of a Result, or a return of its error.
#define API_TRY(expression)                                      \
  __extension__({                                                \
    auto nacre_api_result = (expression);                        \
    if (!nacre_api_result) [[unlikely]]                          \
      return ::nacre::api::make_error(nacre_api_result.error()); \
    ::nacre::detail::take(nacre_api_result);                     \
  })
