// Why an operation that may run guest code did not succeed: it was refused (an Error: wrong
// arguments, an import that does not fit, no memory), or the guest trapped (a Trap).
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "abi/trap.h"
#include "base/error.h"
#include "runtime/backtrace.h"

namespace nacre::runtime {

class [[nodiscard]] Failure {
 public:
  Failure(Error error) : what_(std::move(error)) {}                     // NOLINT: a conversion
  Failure(std::unique_ptr<abi::Trap> trap) : what_(std::move(trap)) {}  // NOLINT; never null

  bool is_trap() const { return what_.index() == 1; }
  const Error& error() const { return *std::get_if<Error>(&what_); }  // !is_trap()
  const abi::Trap& trap() const { return **std::get_if<std::unique_ptr<abi::Trap>>(&what_); }
  // For host functions that pass the failure of a nested call on: an error becomes a trap.
  std::unique_ptr<abi::Trap> take_trap() &&;
  // One line, without the backtrace.
  std::string to_string() const;
  // Of a trap: its frames, or those that it had before detach(). Else without frames.
  Backtrace backtrace() const;
  // Makes it independent of the store that trapped: from now on the trap has no frames.
  void detach();

 private:
  std::variant<Error, std::unique_ptr<abi::Trap>> what_;
  std::optional<Backtrace> detached_;
};

// TRY works on it as on Result<T>, inside functions that return an Outcome of any type.
template <class T>
using Run = std::expected<T, Failure>;

// The words for a trap: its message, or else the text of its kind.
std::string describe(const abi::Trap& trap);

}  // namespace nacre::runtime
