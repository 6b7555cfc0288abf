// Asking somebody: a person at the terminal, or whoever an embedder asks.
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
  // Nothing: nobody could be asked. One that is not offered counts as `no`. Called by one thread at
  // a time.
  virtual std::optional<grant::Answer> ask(const grant::Question& question) = 0;
  // Something that whoever answered should know: a decision that could not be kept.
  virtual void tell(std::string_view text) = 0;
};

// Asks at the controlling terminal, whose other users wait meanwhile: those that write through a
// stream of pausing(). An answer that allows something needs a few random letters which only the
// question shows: who sees a guest's imitation instead, whatever state the guest brought the
// terminal into, does not know them.
class TerminalAsker final : public Asker {
 public:
  // Holds on to standard output and error where they are pipes, for a broker has other ones.
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
