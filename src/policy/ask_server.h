// Asking a policy server: a program of the user's that listens at a socket of the file system.
//
// One connection a run. A question is a line, a JSON object with the members of Question: module,
// digest, signer (all of them), kind, object, rights, is_directory, missing, folder, before. The
// answer is a line: one of the words of policy/answers.def. Another word is `no`; once
// the connection has ended, everything is refused.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "os/file.h"
#include "policy/ask.h"

namespace nacre::policy {

class ServerAsker final : public Asker {
 public:
  // More questions than a person would be asked, but a guest must not keep the server busy for
  // ever.
  static constexpr uint32_t kMaxQuestions = 1000;

  // Errors (io): no server listens there. This only tries; the connection that is used is made by
  // the first question, which may be asked in another process.
  static Result<std::shared_ptr<ServerAsker>> create(std::string path);

  std::optional<grant::Answer> ask(const grant::Question& question) override;
  // Servers are not told.
  void tell(std::string_view) override {}

 private:
  explicit ServerAsker(std::string path) : path_(std::move(path)) {}
  std::optional<std::string> read_line();

  std::string path_;
  os::OwnedFd connection_;
  std::string received_;  // after the end of the last line that was read
  bool gone_ = false;
};

// The line of a question, its end included.
std::string question_line(const grant::Question& question);

}  // namespace nacre::policy
