// What went wrong, as a value: kind, place and one clear line. Formatted only when printed.
//
// An Error is one pointer wide so that Result<T> stays small; errors are rare, so each owns its
// details on the heap. Move-only. Any thread may own one; sharing needs the owner's lock.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace nacre {

enum class ErrorCode : uint8_t {
#define ERROR(name, text) name,
#include "base/errors.def"
#undef ERROR
};

std::string_view error_code_text(ErrorCode code);

// A place in the input: a byte offset (binary input) or a line and column, both from 1 (text
// input).
struct Location {
  uint64_t offset = 0;
  uint32_t line = 0;  // 0: binary input, only `offset` counts
  uint32_t column = 0;
  friend bool operator==(const Location&, const Location&) = default;
};

class [[nodiscard]] Error {
 public:
  Error(ErrorCode code, std::string message);
  Error(ErrorCode code, std::string message, Location where);
  // Short form for binary input.
  Error(ErrorCode code, std::string message, uint64_t byte_offset);

  ErrorCode code() const { return details_->code; }
  // The message without code and place: "unexpected end".
  const std::string& message() const { return details_->message; }
  const std::optional<Location>& where() const { return details_->where; }

  // One line: "malformed: unexpected end (at byte 0x1a)" or "malformed: ... (at 3:14)".
  std::string to_string() const;

  // The same error with `context` in front of the message: "function 3: type mismatch".
  Error with_context(std::string_view context) &&;

 private:
  struct Details {
    ErrorCode code;
    std::string message;
    std::optional<Location> where;
  };
  std::unique_ptr<Details> details_;
};

}  // namespace nacre
