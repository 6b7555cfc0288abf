#include "policy/ask.h"

#include <algorithm>

#include "base/utf8.h"
#include "os/random.h"
#include "os/terminal.h"

namespace nacre::policy {
namespace {

using grant::Answer;
using grant::Question;

// Longer than any answer; what a paste or a terminal's reply brings is none.
constexpr size_t kMaxLine = 64;

// Consonants: no word comes out, and none is taken for a digit.
constexpr std::string_view kLetters = "bcdfghjkmnpqrstvwxz";
constexpr size_t kLetterCount = 4;
// How long the reader of the run's output may take to read it.
constexpr int kReaderMs = 2000;

// A guest that guesses them is right once in 130 000 times.
os::Sys<std::string> random_letters() {
  std::string letters;
  while (letters.size() < kLetterCount) {
    uint8_t byte = 0;
    if (auto filled = os::fill_random(MutableBytes(&byte, 1)); !filled) {
      return std::unexpected(filled.error());
    }
    if (byte < 256 / kLetters.size() * kLetters.size()) letters += kLetters[byte % kLetters.size()];
  }
  return letters;
}

// Whether the whole text is seen at once: what scrolled away was not read. Other characters than
// those of ASCII are counted by their bytes, which is too much rather than too little.
bool fits(std::string_view text, os::Terminal::Size size) {
  if (size.columns == 0 || size.rows == 0) return true;
  size_t rows = 0;
  while (!text.empty()) {
    size_t length = std::min(text.find('\n'), text.size());
    rows += std::max<size_t>(1, (length + size.columns - 1) / size.columns);
    text.remove_prefix(std::min(length + 1, text.size()));
  }
  return rows <= size.rows;
}

// What need not arrive.
void say(os::Terminal& terminal, std::string_view text) {
  auto written = terminal.write(text);
  static_cast<void>(written);
}

class PausingStream final : public host::ForwardingStream {
 public:
  PausingStream(const std::shared_ptr<host::Stream>& inner, std::shared_ptr<std::mutex> in_use)
      : ForwardingStream(inner, inner->readable(), inner->writable()), in_use_(std::move(in_use)) {}

  host::HostResult<size_t> write(std::span<const Bytes> from) override {
    std::lock_guard lock(*in_use_);
    return inner()->write(from);
  }
  host::HostResult<size_t> write_at(std::span<const Bytes> from, uint64_t offset) override {
    std::lock_guard lock(*in_use_);
    return inner()->write_at(from, offset);
  }
  host::HostResult<size_t> append(std::span<const Bytes> from) override {
    std::lock_guard lock(*in_use_);
    return inner()->append(from);
  }

 private:
  std::shared_ptr<std::mutex> in_use_;
};

}  // namespace

TerminalAsker::TerminalAsker() {
  for (int fd : {1, 2}) {
    if (auto pipe = os::duplicate_pipe(fd)) pipes_.push_back(std::move(*pipe));
  }
}

std::optional<Answer> TerminalAsker::ask(const Question& question) {
  std::lock_guard lock(*in_use_);
  auto terminal = os::Terminal::open_controlling();
  if (!terminal || !terminal->can_ask()) return std::nullopt;
  // A program behind a pipe that shows a guest's output late could show it over the question.
  for (const os::OwnedFd& pipe : pipes_) {
    if (!os::wait_until_read(pipe.get(), kReaderMs)) return std::nullopt;
  }
  auto letters = random_letters();
  if (!letters) return std::nullopt;
  std::string text = question_text(question, *letters);
  // Whatever was typed before the question was on the screen is not an answer to it.
  if (!terminal->make_plain() || !terminal->discard_input()) return std::nullopt;
  if (!fits(text, terminal->size())) {
    say(*terminal, "this window is too small to show a question whole: no, this time\n");
    return Answer::no;
  }
  if (!terminal->write(text)) return std::nullopt;
  auto line = terminal->read_line(kMaxLine);
  // Another program may have taken the keyboard meanwhile.
  if (!terminal->can_ask()) {
    say(*terminal, "the terminal was changed while the question was open: no, this time\n");
    return Answer::no;
  }
  Answer answer = line && *line ? answer_of(**line, *letters, question) : Answer::no;
  if (answer == Answer::no && !(line && *line && **line == "no")) {
    say(*terminal, "that is not one of the answers, or the letters are missing: no, this time\n");
  }
  return answer;
}

void TerminalAsker::tell(std::string_view text) {
  std::lock_guard lock(*in_use_);
  auto terminal = os::Terminal::open_controlling();
  if (terminal) say(*terminal, printable(text) + "\n");
}

std::shared_ptr<host::Stream> TerminalAsker::pausing(std::shared_ptr<host::Stream> stream) {
  if (!stream || !stream->is_terminal()) return stream;
  return std::make_shared<PausingStream>(std::move(stream), in_use_);
}

bool is_on_terminal() {
  bool any = os::is_terminal(0) || os::is_terminal(1) || os::is_terminal(2);
  return any && os::Terminal::open_controlling().has_value();
}

}  // namespace nacre::policy
