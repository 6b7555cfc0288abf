// Tokens of WIT (component model, WIT.md, "Lexical structure").
//
// The lexer works on one source, on demand and without allocating; copying it is cheap, which is
// how the parser looks ahead. The source must outlive lexer and tokens. The first error sticks:
// from then on every token is `bad`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nacre::component::wit {

enum class TokenKind : uint8_t {
  end,
  bad,      // Lexer::error() says why
  name,     // an identifier, perhaps with "%" before it
  integer,  // digits
  string,   // "..."
  arrow,    // ->
  symbol,   // one of = , : ; ( ) { } < > * / . @ _
#define KEYWORD(token, text) kw_##token,
#include "component/wit/keywords.def"
};

struct Token {
  TokenKind kind = TokenKind::end;
  uint32_t offset = 0;     // in the source
  uint32_t gap_begin = 0;  // where the white space and comments before the token begin
  std::string_view text;   // as written

  bool is(char symbol) const { return kind == TokenKind::symbol && text[0] == symbol; }
  // The name without "%".
  std::string_view name() const { return text.substr(text.starts_with('%') ? 1 : 0); }
};

bool is_keyword(std::string_view word);

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}

  Token next();
  // The version at this place: the longest run of characters that versions have. The dot in
  // "1.2.3.{" is not of it.
  std::string_view take_version();

  const char* error() const { return error_; }

 private:
  Token token(TokenKind kind, size_t end);
  Token fail(size_t offset, const char* message);
  Token word();
  Token string();
  bool skip_gap();
  bool skip_block_comment();
  char at(size_t offset) const { return offset < source_.size() ? source_[offset] : '\0'; }

  std::string_view source_;
  size_t pos_ = 0;
  size_t gap_begin_ = 0;
  const char* error_ = nullptr;
};

// The first thing in a source that no WIT file may contain anywhere: bytes that are not UTF-8,
// control characters, characters that change the direction of text or that Unicode deprecates.
struct BadCharacter {
  size_t offset;
  std::string message;
};
std::optional<BadCharacter> find_bad_character(std::string_view source);

// What the documentation comments in a gap say: its lines without marks, joined by line feeds;
// empty if there are none.
std::string documentation(std::string_view gap);

}  // namespace nacre::component::wit
