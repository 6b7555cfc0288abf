// Two tokens of look-ahead over a Lexer, and the errors that every parser of the text format makes.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "wasm/text/lexer.h"

namespace nacre::wasm::text {

class Cursor {
 public:
  // Reads source[begin, end); places in errors count from the start of the whole source.
  Cursor(std::string_view source, size_t begin, size_t end, Annotations annotations)
      : source_(source), lexer_(source, begin, end, annotations) {
    current_ = lexer_.next();
    following_ = lexer_.next();
  }

  const Token& peek() const { return current_; }
  const Token& peek_second() const { return following_; }
  Token take() {
    Token token = current_;
    taken_end_ = offset_of(token) + token.text.size();
    current_ = following_;
    following_ = lexer_.next();
    return token;
  }
  // Goes to the token at this offset. Never after an error.
  void seek(size_t offset) {
    lexer_.seek(offset);
    current_ = lexer_.next();
    following_ = lexer_.next();
  }

  bool at(TokenKind kind) const { return current_.kind == kind; }
  bool at_word(std::string_view word) const {
    return current_.kind == TokenKind::word && current_.text == word;
  }
  // At "(word".
  bool at_list(std::string_view word) const {
    return current_.kind == TokenKind::left && following_.kind == TokenKind::word &&
           following_.text == word;
  }
  bool take_word(std::string_view word) {
    if (!at_word(word)) return false;
    take();
    return true;
  }
  // Passes "(word" if it is there.
  bool take_list(std::string_view word) {
    if (!at_list(word)) return false;
    take();
    take();
    return true;
  }

  Result<Token> expect(TokenKind kind, std::string_view what) {
    if (current_.kind != kind) return unexpected(what);
    return take();
  }
  Result<void> expect_word(std::string_view word) {
    if (!take_word(word)) return unexpected(word);
    return {};
  }
  Result<void> close() {
    if (current_.kind != TokenKind::right) return unexpected("a closing parenthesis");
    take();
    return {};
  }
  // Passes everything up to and including the ")" that closes the open list.
  Result<void> skip_list();

  std::string_view source() const { return source_; }
  size_t offset() const { return offset_of(current_); }
  // Where the token taken last ends.
  size_t taken_end() const { return taken_end_; }
  size_t offset_of(const Token& token) const {
    return static_cast<size_t>(token.text.data() - source_.data());
  }
  Location where(const Token& token) const { return locate(source_, offset_of(token)); }

  // Malformed: the current token is not `wanted`, or no token at all.
  std::unexpected<Error> unexpected(std::string_view wanted) const;
  std::unexpected<Error> malformed(const Token& token, std::string message) const {
    return fail(ErrorCode::malformed, std::move(message), where(token));
  }

 private:
  std::string_view source_;
  Lexer lexer_;
  Token current_;
  Token following_;
  size_t taken_end_ = 0;
};

}  // namespace nacre::wasm::text
