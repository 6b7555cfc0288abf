// Questions about what nobody decided, and the answers there are: the words in which a person is asked
// wherever that is.
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
  std::string object;            // the resolved host path, or what else; names with spaces between
  std::string address;           // net, if object has a name: what that led to, with the port
  Rights rights = Rights::none;  // paths
  bool is_directory = false;
  bool missing = false;  // it would be made
  std::string folder;    // paths: what `always dir` would be about
  std::string before;    // what was decided for an earlier version of the module; may be empty
};

// Whether the answer is one to this question: there is a folder, or a signer.
bool is_offered(const AnswerInfo& info, const Question& question);

// Names of signers in one text, where they cannot be told apart otherwise: "alice, bob".
std::string signers_text(const std::vector<std::string>& signers);

// tcp:// taken off the front of an end of a connection, for people: nothing else is as usual.
std::string_view without_tcp(std::string_view end);

// A question as lines of text in which nothing can move a cursor or end early. Whoever allows it
// has to type `letters` behind the word.
std::string question_text(const Question& question, std::string_view letters);
// What a line that was typed means: words that allow something count only with the letters.
Answer answer_of(std::string_view line, std::string_view letters, const Question& question);

}  // namespace nacre::grant
