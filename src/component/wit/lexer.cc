#include "component/wit/lexer.h"

#include <algorithm>
#include <vector>

#include "base/utf8.h"
#include "wasm/text/lexer.h"

namespace nacre::component::wit {
namespace {

struct Keyword {
  std::string_view text;
  TokenKind kind;
};
constexpr Keyword kKeywords[] = {
#define KEYWORD(token, text) {text, TokenKind::kw_##token},
#include "component/wit/keywords.def"
};

constexpr std::string_view kSymbols = "=,:;(){}<>*/.@_";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word_char(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

const Keyword* find_keyword(std::string_view word) {
  const auto* found = std::ranges::find(kKeywords, word, &Keyword::text);
  return found == std::end(kKeywords) ? nullptr : found;
}

std::string_view trim_end(std::string_view text) {
  size_t last = text.find_last_not_of(" \t\r\n");
  return text.substr(0, last + 1);
}

// Characters that reorder text, and those that are deprecated or discouraged by Unicode.
struct Range {
  uint32_t first, last;
  const char* why;
};
constexpr const char* kReorders = "changes the direction of text";
constexpr const char* kDiscouraged = "is deprecated by Unicode";
constexpr Range kRefused[] = {
    {0x149, 0x149, kDiscouraged},
    {0x673, 0x673, kDiscouraged},
    {0xF77, 0xF77, kDiscouraged},
    {0xF79, 0xF79, kDiscouraged},
    {0x17A3, 0x17A4, kDiscouraged},
    {0x17B4, 0x17B5, kDiscouraged},
    {0x202A, 0x202E, kReorders},
    {0x2066, 0x2069, kReorders},
    {0x80, 0x9F, "is a control character"},
    {0x7F, 0x7F, "is a control character"},
};

const char* why_refused(uint32_t scalar) {
  if (scalar < 0x20) {
    return is_space(static_cast<char>(scalar)) ? nullptr : "is a control character";
  }
  for (const Range& range : kRefused) {
    if (scalar >= range.first && scalar <= range.last) return range.why;
  }
  return nullptr;
}

std::string code_point(uint32_t scalar) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string text = "U+";
  for (int shift = scalar > 0xFFFF ? 20 : 12; shift >= 0; shift -= 4) {
    text += kDigits[scalar >> shift & 15];
  }
  return text;
}

// Documentation comments as they are collected.
class Documentation {
 public:
  // "///": the slashes are marks.
  void add_line_comment(std::string_view comment) {
    comment.remove_prefix(std::min(comment.find_first_not_of('/'), comment.size()));
    comments_.push_back(trim_end(comment));
  }
  // "/**": what stands between its ends.
  void add_block_comment(std::string_view comment) {
    comments_.push_back(trim_end(comment.substr(3, comment.size() - 5)));
  }

  // The spaces that all comments begin with are marks as well. Without empty lines at the end.
  std::string text() const {
    size_t indent = std::string_view::npos;
    for (std::string_view comment : comments_) {
      if (!has_empty_start(comment)) indent = std::min(indent, comment.find_first_not_of(' '));
    }
    std::string text;
    for (std::string_view comment : comments_) {
      if (!has_empty_start(comment)) comment.remove_prefix(indent);
      add_lines(text, comment);
    }
    text.resize(trim_end(text).size());
    return text;
  }

 private:
  // Whether nothing stands in its first line.
  static bool has_empty_start(std::string_view comment) {
    size_t begin = comment.find_first_not_of(' ');
    return begin == std::string_view::npos || comment[begin] == '\n' || comment[begin] == '\r';
  }

  static void add_lines(std::string& text, std::string_view comment) {
    for (size_t begin = 0; begin <= comment.size();) {
      size_t end = std::min(comment.find('\n', begin), comment.size());
      text += trim_end(comment.substr(begin, end - begin));
      text += '\n';
      begin = end + 1;
    }
  }

  std::vector<std::string_view> comments_;
};

// Behind the "*/" that closes the comment at the start of `text`; npos without one. They nest.
size_t block_comment_length(std::string_view text) {
  size_t depth = 0;
  for (size_t i = 0; i + 1 < text.size();) {
    std::string_view two = text.substr(i, 2);
    if (two == "/*") {
      ++depth;
      i += 2;
    } else if (two == "*/") {
      i += 2;
      if (--depth == 0) return i;
    } else {
      ++i;
    }
  }
  return std::string_view::npos;
}

}  // namespace

bool is_keyword(std::string_view word) { return find_keyword(word) != nullptr; }

Token Lexer::token(TokenKind kind, size_t end) {
  Token token{kind, static_cast<uint32_t>(pos_), static_cast<uint32_t>(gap_begin_),
              source_.substr(pos_, end - pos_)};
  pos_ = end;
  return token;
}

Token Lexer::fail(size_t offset, const char* message) {
  error_ = message;
  pos_ = offset;
  return token(TokenKind::bad, offset);
}

bool Lexer::skip_block_comment() {
  size_t length = block_comment_length(source_.substr(pos_));
  if (length == std::string_view::npos) return false;
  pos_ += length;
  return true;
}

bool Lexer::skip_gap() {
  gap_begin_ = pos_;
  for (;;) {
    if (is_space(at(pos_))) {
      ++pos_;
    } else if (at(pos_) == '/' && at(pos_ + 1) == '/') {
      pos_ = std::min(source_.find('\n', pos_), source_.size());
    } else if (at(pos_) == '/' && at(pos_ + 1) == '*') {
      if (!skip_block_comment()) return false;
    } else {
      return true;
    }
  }
}

Token Lexer::next() {
  if (error_ != nullptr) return fail(pos_, error_);
  if (!skip_gap()) return fail(pos_, "the comment has no end");
  if (pos_ == source_.size()) return token(TokenKind::end, pos_);
  char c = source_[pos_];
  if (c == '"') return string();
  if (c == '-' && at(pos_ + 1) == '>') return token(TokenKind::arrow, pos_ + 2);
  if (is_word_char(c) || c == '%') return word();
  if (kSymbols.contains(c)) return token(TokenKind::symbol, pos_ + 1);
  return fail(pos_, "a character that no token of WIT has");
}

Token Lexer::word() {
  bool is_escaped = source_[pos_] == '%';
  size_t end = pos_ + (is_escaped ? 1 : 0);
  while (is_word_char(at(end))) ++end;
  std::string_view text = source_.substr(pos_, end - pos_);
  if (!is_escaped) {
    if (const Keyword* keyword = find_keyword(text)) return token(keyword->kind, end);
    if (std::ranges::all_of(text, is_digit)) return token(TokenKind::integer, end);
  }
  return token(TokenKind::name, end);
}

Token Lexer::string() {
  wasm::text::Lexer strings(source_, pos_, source_.size(), wasm::text::Annotations::none);
  wasm::text::Token found = strings.next();
  if (found.kind != wasm::text::TokenKind::string) {
    return fail(pos_, "a string without an end, or with a wrong escape");
  }
  return token(TokenKind::string, pos_ + found.text.size());
}

std::string_view Lexer::take_version() {
  if (error_ != nullptr || !skip_gap()) return {};
  size_t end = pos_;
  while (is_word_char(at(end)) || at(end) == '+' || (at(end) == '.' && is_word_char(at(end + 1)))) {
    ++end;
  }
  return token(TokenKind::name, end).text;
}

std::optional<BadCharacter> find_bad_character(std::string_view source) {
  for (size_t i = 0; i < source.size();) {
    FirstScalar scalar = first_scalar(source.substr(i));
    if (scalar.length == 0) return BadCharacter{i, "a byte that is not UTF-8"};
    if (const char* why = why_refused(scalar.value)) {
      return BadCharacter{i, "the character " + code_point(scalar.value) + " " + why};
    }
    i += scalar.length;
  }
  return std::nullopt;
}

std::string documentation(std::string_view gap) {
  Documentation documentation;
  for (size_t i = 0; i + 1 < gap.size();) {
    std::string_view rest = gap.substr(i);
    size_t length = 1;
    if (rest.starts_with("//")) {
      length = std::min(rest.find('\n'), rest.size());
      if (rest.starts_with("///")) documentation.add_line_comment(rest.substr(0, length));
    } else if (rest.starts_with("/*")) {
      length = block_comment_length(rest);
      if (length == std::string_view::npos) break;
      if (rest.starts_with("/**") && length > 4)
        documentation.add_block_comment(rest.substr(0, length));
    }
    i += length;
  }
  return documentation.text();
}

}  // namespace nacre::component::wit
