#include "component/wave_lexer.h"

#include <algorithm>
#include <charconv>

#include "base/utf8.h"

namespace nacre::component {
namespace {

constexpr std::string_view kKeywords[] = {"true", "false", "inf", "nan",
                                          "some", "none",  "ok",  "err"};
constexpr std::string_view kThreeQuotes = "\"\"\"";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word_char(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}

// Appends what an escape stands for; `rest` begins behind the backslash and loses the escape.
bool append_escape(std::string& out, std::string_view& rest) {
  constexpr std::string_view kNames = "'\"\\tnr";
  constexpr std::string_view kValues = "'\"\\\t\n\r";
  if (rest.empty()) return false;
  size_t simple = kNames.find(rest[0]);
  if (simple != std::string_view::npos) {
    out += kValues[simple];
    rest.remove_prefix(1);
    return true;
  }
  size_t close = rest.find('}');
  if (!rest.starts_with("u{") || close == std::string_view::npos) return false;
  std::string_view digits = rest.substr(2, close - 2);
  uint32_t scalar = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), scalar, 16);
  bool is_number = error == std::errc() && end == digits.data() + digits.size();
  if (!is_number || scalar > 0x10FFFF || (scalar >= 0xD800 && scalar < 0xE000)) return false;
  append_utf8(out, scalar);
  rest.remove_prefix(close + 1);
  return true;
}

bool append_unescaped(std::string& out, std::string_view text) {
  while (!text.empty()) {
    size_t plain = std::min(text.find('\\'), text.size());
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) return true;
    text.remove_prefix(1);
    if (!append_escape(out, text)) return false;
  }
  return true;
}

// The lines between """ and """: the spaces before the closing quotes are taken from each.
std::optional<std::string> unquote_lines(std::string_view inside, std::string* error) {
  size_t first = inside.starts_with("\r\n") ? 2 : inside.starts_with('\n') ? 1 : 0;
  size_t last = inside.rfind('\n');
  if (first == 0) {
    *error = "a line break follows the opening \"\"\"";
    return std::nullopt;
  }
  std::string_view indent = inside.substr(last + 1);
  if (indent.find_first_not_of(' ') != std::string_view::npos) {
    *error = "the closing \"\"\" stands in a line of its own, with nothing but spaces before it";
    return std::nullopt;
  }
  std::string text;
  if (last < first) return text;  // no line at all
  std::string_view lines = inside.substr(first, last - first);
  for (bool is_first = true;; is_first = false) {
    size_t length = std::min(lines.find('\n'), lines.size());
    std::string_view line = lines.substr(0, length);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.starts_with(indent)) {
      *error = "a line begins with fewer spaces than the closing \"\"\"";
      return std::nullopt;
    }
    if (!is_first) text += '\n';
    if (!append_unescaped(text, line.substr(indent.size()))) {
      *error = "a wrong escape";
      return std::nullopt;
    }
    if (length == lines.size()) return text;
    lines.remove_prefix(length + 1);
  }
}

}  // namespace

bool is_wave_keyword(std::string_view word) {
  return std::ranges::find(kKeywords, word) != std::end(kKeywords);
}

WaveToken WaveLexer::token(WaveTokenKind kind, size_t end) {
  WaveToken token{kind, pos_, text_.substr(pos_, end - pos_)};
  pos_ = end;
  return token;
}

WaveToken WaveLexer::fail(const char* message) {
  error_ = message;
  return token(WaveTokenKind::bad, pos_);
}

void WaveLexer::skip_space() {
  for (;;) {
    char c = at(pos_);
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      ++pos_;
    } else if (c == '/' && at(pos_ + 1) == '/') {
      pos_ = std::min(text_.find('\n', pos_), text_.size());
    } else {
      return;
    }
  }
}

WaveToken WaveLexer::next() {
  if (error_ != nullptr) return fail(error_);
  skip_space();
  if (pos_ == text_.size()) return token(WaveTokenKind::end, pos_);
  char c = text_[pos_];
  if (std::string_view("()[]{},:").contains(c)) return token(WaveTokenKind::symbol, pos_ + 1);
  if (c == '\'' || c == '"') {
    std::string_view quote = text_.substr(pos_, 1);
    if (text_.substr(pos_).starts_with(kThreeQuotes)) quote = kThreeQuotes;
    size_t end = quoted_end(quote);
    if (end == 0) return fail("a character or string that does not end in its line");
    return token(c == '\'' ? WaveTokenKind::character : WaveTokenKind::string, end);
  }
  if (size_t end = number_end(); end != pos_) {
    if (is_word_char(at(end))) return fail("a number with something behind it");
    return token(WaveTokenKind::number, end);
  }
  size_t end = pos_ + (c == '%' ? 1 : 0);
  while (is_word_char(at(end))) ++end;
  if (end == pos_) return fail("a character that no token has");
  std::string_view word = text_.substr(pos_, end - pos_);
  bool is_number = word == "nan" || word == "inf" || word == "-inf";
  return token(is_number ? WaveTokenKind::number : WaveTokenKind::word, end);
}

size_t WaveLexer::number_end() const {
  size_t end = pos_ + (at(pos_) == '-' ? 1 : 0);
  if (!is_digit(at(end))) return pos_;
  if (at(end) == '0') {
    ++end;
  } else {
    while (is_digit(at(end))) ++end;
  }
  if (at(end) == '.' && is_digit(at(end + 1))) {
    ++end;
    while (is_digit(at(end))) ++end;
  }
  if (at(end) == 'e' || at(end) == 'E') {
    size_t exponent = end + 1;
    if (at(exponent) == '+' || at(exponent) == '-') ++exponent;
    if (!is_digit(at(exponent))) return end;
    while (is_digit(at(exponent))) ++exponent;
    end = exponent;
  }
  return end;
}

size_t WaveLexer::quoted_end(std::string_view quote) const {
  bool has_lines = quote.size() == 3;
  for (size_t i = pos_ + quote.size(); i < text_.size();) {
    if (text_.substr(i).starts_with(quote)) return i + quote.size();
    if (text_[i] == '\n' && !has_lines) return 0;
    i += text_[i] == '\\' ? 2 : 1;
  }
  return 0;
}

std::optional<std::string> unquote(const WaveToken& token, std::string* error) {
  if (!is_utf8(token.text)) {
    *error = "it is not UTF-8";
    return std::nullopt;
  }
  size_t quotes = token.text.starts_with(kThreeQuotes) && token.text.size() >= 6 ? 3 : 1;
  std::string_view inside = token.text.substr(quotes, token.text.size() - 2 * quotes);
  if (quotes == 3) return unquote_lines(inside, error);
  std::string text;
  if (append_unescaped(text, inside)) return text;
  *error = "a wrong escape";
  return std::nullopt;
}

}  // namespace nacre::component
