// Tokens of WAVE. Inside of wave_parse.cc; apart for its size.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace nacre::component {

enum class WaveTokenKind : uint8_t {
  end,
  bad,        // error() says why
  number,     // 12, -1.5e3, nan, inf, -inf
  character,  // 'x'
  string,     // "..." or """..."""
  word,       // a label or keyword, perhaps with "%" before it
  symbol,     // one of ( ) [ ] { } , :
};

struct WaveToken {
  WaveTokenKind kind = WaveTokenKind::end;
  size_t offset = 0;
  std::string_view text;

  bool is(char symbol) const { return kind == WaveTokenKind::symbol && text[0] == symbol; }
  // A keyword, which has no "%" before it.
  bool is(std::string_view word) const { return kind == WaveTokenKind::word && text == word; }
  std::string_view label() const { return text.substr(text.starts_with('%') ? 1 : 0); }
};

// Whether a case of this name needs "%" before it.
bool is_wave_keyword(std::string_view word);

class WaveLexer {
 public:
  explicit WaveLexer(std::string_view text) : text_(text) {}
  WaveToken next();
  const char* error() const { return error_; }

 private:
  WaveToken token(WaveTokenKind kind, size_t end);
  WaveToken fail(const char* message);
  void skip_space();
  size_t number_end() const;
  // The offset after the closing quote; 0 if there is none.
  size_t quoted_end(std::string_view quote) const;
  char at(size_t offset) const { return offset < text_.size() ? text_[offset] : '\0'; }

  std::string_view text_;
  size_t pos_ = 0;
  const char* error_ = nullptr;
};

// What a token of kind character or string stands for, in UTF-8; nothing if an escape or the form
// of a string of several lines is wrong, and `error` is then why.
std::optional<std::string> unquote(const WaveToken& token, std::string* error);

}  // namespace nacre::component
