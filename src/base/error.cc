#include "base/error.h"

#include <cstdio>
#include <utility>

namespace nacre {

std::string_view error_code_text(ErrorCode code) {
  switch (code) {
#define ERROR(name, text) \
  case ErrorCode::name:   \
    return text;
#include "base/errors.def"
#undef ERROR
  }
  return "unknown error";
}

Error::Error(ErrorCode code, std::string message)
    : details_(new Details{code, std::move(message), std::nullopt}) {}

Error::Error(ErrorCode code, std::string message, Location where)
    : details_(new Details{code, std::move(message), where}) {}

Error::Error(ErrorCode code, std::string message, uint64_t byte_offset)
    : Error(code, std::move(message), Location{.offset = byte_offset}) {}

std::string Error::to_string() const {
  std::string text(error_code_text(details_->code));
  text += ": ";
  text += details_->message;
  if (details_->where) {
    char place[64];
    if (details_->where->line != 0) {
      std::snprintf(place, sizeof place, " (at %u:%u)", details_->where->line,
                    details_->where->column);
    } else {
      std::snprintf(place, sizeof place, " (at byte 0x%llx)",
                    static_cast<unsigned long long>(details_->where->offset));
    }
    text += place;
  }
  return text;
}

Error Error::with_context(std::string_view context) && {
  std::string message(context);
  message += ": ";
  message += details_->message;
  details_->message = std::move(message);
  return std::move(*this);
}

}  // namespace nacre
