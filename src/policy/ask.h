// Asking somebody: a person at the terminal, or whoever an embedder asks.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "host/stream.h"
#include "os/file.h"
#include "policy/grant.h"

namespace nacre::policy {

enum class Answer : uint8_t {
#define ANSWER(name, ...) name,
#include "policy/answers.def"
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

class Asker {
 public:
  virtual ~Asker() = default;
  // Nothing: nobody could be asked. One that is not offered counts as `no`. Called by one thread at
  // a time.
  virtual std::optional<Answer> ask(const Question& question) = 0;
  // Something that whoever answered should know: a decision that could not be kept.
  virtual void tell(std::string_view text) = 0;
};

// Names of signers in one text, where they cannot be told apart otherwise: "alice, bob".
std::string signers_text(const std::vector<std::string>& signers);

// tcp:// taken off the front of an end of a connection, for people: nothing else is as usual.
std::string_view without_tcp(std::string_view end);

// A question as lines of text in which nothing can move a cursor or end early. Whoever allows it
// has to type `letters` behind the word.
std::string question_text(const Question& question, std::string_view letters);
// What a line that was typed means: words that allow something count only with the letters.
Answer answer_of(std::string_view line, std::string_view letters, const Question& question);

// Asks at the controlling terminal, whose other users wait meanwhile: those that write through a
// stream of pausing(). An answer that allows something needs a few random letters which only the
// question shows: who sees a guest's imitation instead, whatever state the guest brought the
// terminal into, does not know them.
class TerminalAsker final : public Asker {
 public:
  // Holds on to standard output and error where they are pipes, for a broker has other ones.
  TerminalAsker();
  std::optional<Answer> ask(const Question& question) override;
  void tell(std::string_view text) override;
  // The stream, if it is not a terminal; otherwise one that does not write while a question is
  // open.
  std::shared_ptr<host::Stream> pausing(std::shared_ptr<host::Stream> stream);

 private:
  std::vector<os::OwnedFd> pipes_;
  std::shared_ptr<std::mutex> in_use_ = std::make_shared<std::mutex>();
};

// Whether there is a person to ask: a controlling terminal, and one of the standard streams is one.
bool is_on_terminal();

}  // namespace nacre::policy
