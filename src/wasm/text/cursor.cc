#include "wasm/text/cursor.h"

#include "base/utf8.h"
#include "wasm/text/mnemonics.h"

namespace nacre::wasm::text {
namespace {

constexpr size_t kShownTokenBytes = 40;

// A token as a message shows it: cut, and harmless for a terminal.
std::string shown(std::string_view text) {
  if (text.size() > kShownTokenBytes) {
    return "\"" + printable(text.substr(0, kShownTokenBytes)) + "...\"";
  }
  return "\"" + printable(text) + "\"";
}

}  // namespace

Result<void> Cursor::skip_list() {
  for (size_t depth = 1; depth != 0; take()) {
    switch (current_.kind) {
      case TokenKind::left:
      case TokenKind::annotation:
        ++depth;
        break;
      case TokenKind::right:
        --depth;
        break;
      case TokenKind::end:
      case TokenKind::bad:
        return unexpected("a closing parenthesis");
      default:
        break;
    }
  }
  return {};
}

std::unexpected<Error> Cursor::unexpected(std::string_view wanted) const {
  switch (current_.kind) {
    case TokenKind::bad:
      return malformed(current_, lexer_.error());
    case TokenKind::end:
      return malformed(current_, "unexpected end: " + std::string(wanted) + " is missing");
    case TokenKind::annotation: {
      std::string name(current_.text);
      std::string message = name == "metadata.code.branch_hint"
                                ? "@" + name + " annotation: not in front of an instruction"
                                : "misplaced @" + name + " annotation";
      return fail(ErrorCode::malformed_custom, std::move(message), where(current_));
    }
    default: {
      std::string_view now = current_name(current_.text);
      std::string hint = now.empty() ? "" : " (it is called " + std::string(now) + " now)";
      return malformed(current_, "unexpected token " + shown(current_.text) + hint + ": expected " +
                                     std::string(wanted));
    }
  }
}

}  // namespace nacre::wasm::text
