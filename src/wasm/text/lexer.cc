#include "wasm/text/lexer.h"

#include <array>

#include "wasm/text/strings.h"

namespace nacre::wasm::text {
namespace {

enum CharClass : uint8_t {
  kIdChar = 1,
  kSpace = 2,
  kStringPlain = 4,  // needs no look inside a string literal
  kHexDigit = 8,
};

consteval std::array<uint8_t, 256> make_classes() {
  std::array<uint8_t, 256> classes{};
  for (int c = 0; c < 256; ++c) {
    bool alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    bool symbol = std::string_view("!#$%&'*+-./:<=>?@\\^_`|~").find(static_cast<char>(c)) !=
                  std::string_view::npos;
    bool hex = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f');
    if (c < 0x80 && (alnum || symbol)) classes[c] |= kIdChar;
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') classes[c] |= kSpace;
    if (c >= 0x20 && c != 0x7F && c != '"' && c != '\\') classes[c] |= kStringPlain;
    if (hex) classes[c] |= kHexDigit;
  }
  return classes;
}

constexpr std::array<uint8_t, 256> kClasses = make_classes();

bool is(char c, CharClass wanted) { return (kClasses[static_cast<uint8_t>(c)] & wanted) != 0; }

bool is_known_annotation(std::string_view name) {
  return name == "custom" || name == "name" || name == "metadata.code.branch_hint" ||
         name == "nacre.data_count";
}

std::string_view view(const char* start, const char* end) {
  return {start, static_cast<size_t>(end - start)};
}

}  // namespace

Token Lexer::fail(const char* start, const char* message) {
  if (error_ == nullptr) {
    error_ = message;
    error_pos_ = start;
  }
  pos_ = end_;
  return {TokenKind::bad, false, view(error_pos_, error_pos_)};
}

const char* Lexer::skip_id_chars(const char* p) const {
  while (p != end_ && is(*p, kIdChar)) ++p;
  return p;
}

Token Lexer::next_token(bool inside_annotation) {
  if (error_ != nullptr) return fail(error_pos_, error_);
  while (pos_ != end_) {
    const char* start = pos_;
    char c = *pos_;
    if (is(c, kSpace)) {
      ++pos_;
      continue;
    }
    switch (c) {
      case '(':
        ++pos_;
        if (pos_ != end_ && *pos_ == ';') {
          if (!skip_block_comment()) return fail(start, "unclosed comment");
          continue;
        }
        if (pos_ != end_ && *pos_ == '@' && !inside_annotation) {
          Token token = annotation(start);
          if (token.kind == TokenKind::end) continue;  // passed over
          return token;
        }
        return {TokenKind::left, false, view(start, pos_)};
      case ')':
        ++pos_;
        return {TokenKind::right, false, view(start, pos_)};
      case ';':
        ++pos_;
        if (pos_ == end_ || *pos_ != ';') return {TokenKind::reserved, false, view(start, pos_)};
        while (pos_ != end_ && *pos_ != '\n' && *pos_ != '\r') ++pos_;
        continue;
      case ',':
      case '[':
      case ']':
      case '{':
      case '}':
        ++pos_;
        return {TokenKind::reserved, false, view(start, pos_)};
      case '"':
        return string_token(start);
      case '$':
        return identifier(start);
      default:
        if (!is(c, kIdChar)) return fail(start, "illegal character");
        return word(start);
    }
  }
  return {TokenKind::end, false, view(end_, end_)};
}

Token Lexer::word(const char* start) {
  pos_ = skip_id_chars(start);
  if (pos_ != end_ && *pos_ == '"') return reserved(start);
  return {TokenKind::word, false, view(start, pos_)};
}

Token Lexer::identifier(const char* start) {
  pos_ = skip_id_chars(start + 1);
  bool has_escapes = false;
  if (pos_ == start + 1) {
    if (pos_ == end_ || *pos_ != '"') return fail(start, "empty identifier: a name follows $");
    ++pos_;
    if (!skip_string(&has_escapes)) return fail(start, "malformed identifier string");
    if (view(start, pos_) == "$\"\"") return fail(start, "empty identifier: a name follows $");
    if (pos_ != end_ && (*pos_ == '"' || is(*pos_, kIdChar))) return reserved(start);
    return {TokenKind::id, has_escapes, view(start, pos_)};
  }
  if (pos_ != end_ && *pos_ == '"') return reserved(start);
  return {TokenKind::id, false, view(start, pos_)};
}

Token Lexer::string_token(const char* start) {
  bool has_escapes = false;
  pos_ = start + 1;
  if (!skip_string(&has_escapes)) return fail(start, "unclosed or malformed string");
  if (pos_ != end_ && (*pos_ == '"' || is(*pos_, kIdChar))) return reserved(start);
  return {TokenKind::string, has_escapes, view(start, pos_)};
}

Token Lexer::reserved(const char* start) {
  while (pos_ != end_) {
    if (*pos_ == '"') {
      bool has_escapes = false;
      const char* quote = pos_++;
      if (!skip_string(&has_escapes)) return fail(quote, "unclosed or malformed string");
    } else if (is(*pos_, kIdChar)) {
      ++pos_;
    } else {
      break;
    }
  }
  return {TokenKind::reserved, false, view(start, pos_)};
}

bool Lexer::skip_string(bool* has_escapes) {
  while (pos_ != end_) {
    char c = *pos_++;
    if (is(c, kStringPlain)) continue;
    if (c == '"') return true;
    if (c != '\\') return false;
    *has_escapes = true;
    if (!skip_escape()) return false;
  }
  return false;
}

bool Lexer::skip_escape() {
  if (pos_ == end_) return false;
  char c = *pos_++;
  if (c == 't' || c == 'n' || c == 'r' || c == '"' || c == '\'' || c == '\\') return true;
  if (c != 'u') {
    if (!is(c, kHexDigit) || pos_ == end_ || !is(*pos_, kHexDigit)) return false;
    ++pos_;
    return true;
  }
  if (pos_ == end_ || *pos_ != '{') return false;
  ++pos_;
  const char* digits = pos_;
  uint32_t scalar = 0;
  while (pos_ != end_ && (is(*pos_, kHexDigit) || *pos_ == '_')) {
    if (*pos_ == '_') {
      if (pos_ == digits || pos_[-1] == '_') return false;
    } else {
      scalar = scalar << 4 | hex_digit_value(*pos_);
      if (scalar > 0x10FFFF) return false;
    }
    ++pos_;
  }
  if (pos_ == digits || pos_[-1] == '_' || pos_ == end_ || *pos_ != '}') return false;
  ++pos_;
  return scalar < 0xD800 || scalar >= 0xE000;
}

// From the ";" of "(;" to behind the matching ";)". Comments nest.
bool Lexer::skip_block_comment() {
  size_t depth = 1;
  ++pos_;
  while (end_ - pos_ >= 2) {
    if (pos_[0] == ';' && pos_[1] == ')') {
      pos_ += 2;
      if (--depth == 0) return true;
    } else if (pos_[0] == '(' && pos_[1] == ';') {
      pos_ += 2;
      ++depth;
    } else {
      ++pos_;
    }
  }
  return false;
}

// At the "@" of "(@". A token of kind `end` means that the annotation was passed over.
Token Lexer::annotation(const char* start) {
  ++pos_;
  const char* name_start = pos_;
  bool has_escapes = false;
  std::string_view name;
  if (pos_ != end_ && *pos_ == '"') {
    ++pos_;
    if (!skip_string(&has_escapes)) return fail(start, "malformed annotation id");
    name = view(name_start + 1, pos_ - 1);
    if (name.empty()) return fail(start, "empty annotation id: a name follows (@");
    if (has_escapes && !string_is_utf8({TokenKind::string, true, view(name_start, pos_)})) {
      return fail(start, "malformed UTF-8 encoding in an annotation id");
    }
  } else {
    pos_ = skip_id_chars(pos_);
    name = view(name_start, pos_);
    if (name.empty()) return fail(start, "empty annotation id: a name follows (@");
  }
  if (annotations_ == Annotations::known && is_known_annotation(name)) {
    return {TokenKind::annotation, false, name};
  }
  if (!skip_annotation(start))
    return fail(start, error_ != nullptr ? error_ : "unclosed annotation");
  return {};
}

bool Lexer::skip_annotation(const char* start) {
  size_t depth = 1;
  while (depth != 0) {
    Token token = next_token(true);
    if (token.kind == TokenKind::left) ++depth;
    if (token.kind == TokenKind::right) --depth;
    if (token.kind == TokenKind::bad) return false;
    if (token.kind == TokenKind::end) {
      fail(start, "unclosed annotation");
      return false;
    }
  }
  return true;
}

Location locate(std::string_view source, size_t offset) {
  Location where{.offset = offset, .line = 1, .column = 1};
  size_t line_start = 0;
  for (size_t i = 0; i < offset && i < source.size(); ++i) {
    bool is_newline = source[i] == '\n' ||
                      (source[i] == '\r' && (i + 1 == source.size() || source[i + 1] != '\n'));
    if (is_newline) {
      ++where.line;
      line_start = i + 1;
    }
  }
  where.column = static_cast<uint32_t>(offset - line_start + 1);
  return where;
}

}  // namespace nacre::wasm::text
