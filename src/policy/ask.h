// Asking for a decision: a person at the terminal, a policy server, or an embedder's callback.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "grant/question.h"
#include "host/stream.h"
#include "os/file.h"

namespace nacre::policy {

class Asker {
 public:
  virtual ~Asker() = default;
  // Nothing: there was no way to ask. An answer that the question does not offer counts as `no`.
  // Called by one thread at a time.
  virtual std::optional<grant::Answer> ask(const grant::Question& question) = 0;
  // Something that the one who answered should know: a decision that could not be kept.
  virtual void tell(std::string_view text) = 0;
};

// Asks at the controlling terminal. Streams made by pausing() wait while a question is open. An
// answer that allows something must contain a few random letters which only the question shows: a
// guest that imitates a question on the terminal cannot know them.
class TerminalAsker final : public Asker {
 public:
  // Keeps standard output and error open where they are pipes, because a broker has other ones.
  TerminalAsker();
  std::optional<grant::Answer> ask(const grant::Question& question) override;
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
