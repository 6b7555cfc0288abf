// Tokens of the text format (specification 3.0, chapter 6.3) and of scripts built from them.
//
// The lexer works on a range of one source, on demand and without allocating. White space, comments
// and annotations that Nacre does not know are passed over, the latter only if they are well-formed
// and balanced; the known ones become tokens. The source must outlive lexer and tokens. The first
// error sticks: from then on every token is `bad`.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/error.h"

namespace nacre::wasm::text {

enum class TokenKind : uint8_t {
  end,
  left,        // (
  right,       // )
  word,        // a run of identifier characters: keywords and numbers; the parser tells them apart
  id,          // $name or $"name"
  string,      // "..."
  annotation,  // "(@name" of a known annotation; its contents and its ")" follow as tokens
  reserved,    // well-formed, but not a token of the grammar
  bad,         // Lexer::error() says why
};

struct Token {
  TokenKind kind = TokenKind::end;
  bool has_escapes = false;  // strings and quoted ids
  std::string_view text;     // as written, with "$" and quotes; of an annotation only its name
};

enum class Annotations : uint8_t {
  known,  // those that parser.h names are tokens
  none,   // all are passed over
};

class Lexer {
 public:
  // Reads source[begin, end).
  Lexer(std::string_view source, size_t begin, size_t end, Annotations annotations)
      : begin_(source.data()),
        pos_(source.data() + begin),
        end_(source.data() + end),
        annotations_(annotations) {}

  Token next() { return next_token(false); }
  void seek(size_t offset) { pos_ = begin_ + offset; }

  const char* error() const { return error_; }

 private:
  Token next_token(bool inside_annotation);
  Token annotation(const char* start);
  Token word(const char* start);
  Token identifier(const char* start);
  Token string_token(const char* start);
  // Of a token that started at `start` and is followed without space by more of the like.
  Token reserved(const char* start);
  Token fail(const char* start, const char* message);

  const char* skip_id_chars(const char* p) const;
  bool skip_block_comment();
  // Behind the opening quote to behind the closing one.
  bool skip_string(bool* has_escapes);
  bool skip_escape();
  bool skip_annotation(const char* start);

  const char* begin_;
  const char* pos_;
  const char* end_;
  const char* error_ = nullptr;
  const char* error_pos_ = nullptr;
  Annotations annotations_;
};

// Line and column, both from 1, of a byte of the source. Columns count bytes.
Location locate(std::string_view source, size_t offset);

}  // namespace nacre::wasm::text
