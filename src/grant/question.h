// Questions about what no rule decides, and the possible answers: the words in which a person is
// asked, at a terminal or elsewhere.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "grant/kinds.h"
#include "grant/rights.h"

namespace nacre::grant {

enum class Answer : uint8_t {
#define ANSWER(name, ...) name,
#include "grant/answers.def"
#undef ANSWER
};
enum class Lasts : uint8_t { once, run, ever };
enum class About : uint8_t { that, folder, signer };
struct AnswerInfo {
  Answer answer;
  std::string_view word;
  bool allows;
  Lasts lasts;
  About about;
};
const AnswerInfo& info_of(Answer answer);
const AnswerInfo* find_answer(std::string_view word);

struct Question {
  std::string module_name;
  std::string digest;
  // Who signed it, of those the user trusts; `always signer` would be about the first.
  std::vector<std::string> signers;
  Kind kind = Kind::file;
  std::string object;   // as nacre_question_t: the resolved host path, names of variables, ...
  std::string address;  // net, if object is a name: the address it led to, with the port
  Rights rights = Rights::none;  // paths
  bool is_directory = false;
  bool missing = false;  // it would be made
  std::string folder;    // paths: what `always dir` would be about
  std::string before;    // what was decided for an earlier version of the module; may be empty
};

// Whether the question offers the answer: those about a folder or a signer need one.
bool is_offered(const AnswerInfo& info, const Question& question);

// Names of signers in one text, where they cannot be told apart otherwise: "alice, bob".
std::string signers_text(const std::vector<std::string>& signers);

// An end of a connection without a tcp:// in front, for people: TCP is the usual case.
std::string_view without_tcp(std::string_view end);

// A question as lines of text without control characters. An answer that allows it must have
// `letters` after the word.
std::string question_text(const Question& question, std::string_view letters);
// What a typed line means: words that allow something count only with the letters.
Answer answer_of(std::string_view line, std::string_view letters, const Question& question);

}  // namespace nacre::grant
