#include "policy/ask_server.h"

#include <cstring>

#include "base/utf8.h"
#include "grant/json.h"
#include "os/socket.h"

namespace nacre::policy {
namespace {

using grant::Answer;
using grant::AnswerInfo;
using grant::Question;

// Longer than any answer.
constexpr size_t kMaxLine = 64;

}  // namespace

std::string question_line(const Question& question) {
  std::string line = "{";
  auto name = [&](std::string_view text) {
    if (line.size() > 1) line += ',';
    line.append("\"").append(text).append("\":");
  };
  auto text = [&](std::string_view member, std::string_view value) {
    name(member);
    line += '"';
    grant::append_json(line, value);
    line += '"';
  };
  auto flag = [&](std::string_view member, bool value) {
    name(member);
    line += value ? "true" : "false";
  };
  text("module", question.module_name);
  text("digest", question.digest);
  text("signer", grant::signers_text(question.signers));
  text("kind", info_of(question.kind).name);
  text("object", question.object);
  if (!question.address.empty()) text("address", question.address);
  text("rights", rights_text(question.rights));
  flag("is_directory", question.is_directory);
  flag("missing", question.missing);
  text("folder", question.folder);
  text("before", question.before);
  return line + "}\n";
}

Result<std::shared_ptr<ServerAsker>> ServerAsker::create(std::string path) {
  auto tried = os::connect_local(path);
  if (!tried) {
    return fail(ErrorCode::io, "no policy server listens at " + printable(path) + ": " +
                                   std::strerror(tried.error()));
  }
  return std::shared_ptr<ServerAsker>(new ServerAsker(std::move(path)));
}

std::optional<Answer> ServerAsker::ask(const Question& question) {
  if (gone_) return std::nullopt;
  gone_ = true;  // until it has answered
  if (!connection_.valid()) {
    auto connected = os::connect_local(path_);
    if (!connected) return std::nullopt;
    connection_ = std::move(*connected);
  }
  std::string line = question_line(question);
  for (std::string_view rest = line; !rest.empty();) {
    Bytes bytes = as_bytes(rest);
    auto sent = os::send_vectors(connection_.get(), std::span(&bytes, 1), false);
    if (!sent) return std::nullopt;
    rest.remove_prefix(*sent);
  }
  auto answer = read_line();
  if (!answer) return std::nullopt;
  gone_ = false;
  const AnswerInfo* info = grant::find_answer(*answer);
  return info == nullptr ? Answer::no : info->answer;
}

std::optional<std::string> ServerAsker::read_line() {
  for (;;) {
    size_t end = received_.find('\n');
    if (end != std::string::npos) {
      std::string line = received_.substr(0, end);
      received_.erase(0, end + 1);
      if (line.ends_with('\r')) line.pop_back();
      return line;
    }
    if (received_.size() > kMaxLine) return std::nullopt;
    uint8_t buffer[kMaxLine];
    MutableBytes to(buffer);
    auto received = os::receive(connection_.get(), std::span(&to, 1), {});
    if (!received || received->bytes == 0) return std::nullopt;
    received_.append(reinterpret_cast<const char*>(buffer), received->bytes);
  }
}

}  // namespace nacre::policy
