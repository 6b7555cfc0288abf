#include "policy/ask.h"

#include <algorithm>

#include "base/utf8.h"
#include "os/host_path.h"
#include "os/random.h"
#include "os/terminal.h"

namespace nacre::policy {
namespace {

constexpr Lasts once = Lasts::once;
constexpr Lasts run = Lasts::run;
constexpr Lasts ever = Lasts::ever;
constexpr AnswerInfo kAnswers[] = {
#define ANSWER(name, word, allows, lasts, about) {Answer::name, word, allows, lasts, About::about},
#include "policy/answers.def"
#undef ANSWER
};

// Longer than any answer; what a paste or a terminal's reply brings is none.
constexpr size_t kMaxLine = 64;

// Consonants: no word comes out, and none is taken for a digit.
constexpr std::string_view kLetters = "bcdfghjkmnpqrstvwxz";
constexpr size_t kLetterCount = 4;
// How long whoever reads the output of the run may take for it.
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

// All of it: a question that is too long for the window is not asked.
std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (char c : printable(text, SIZE_MAX)) {
    if (c == '"') result += '\\';
    result += c;
  }
  return result + '"';
}

// Each by itself: names of variables have no spaces.
std::string quoted_names(std::string_view names) {
  std::string text;
  for (;;) {
    size_t space = names.find(' ');
    text += quoted(names.substr(0, space));
    if (space == std::string_view::npos) return text;
    text += ", ";
    names.remove_prefix(space + 1);
  }
}

std::string wish(const Question& question) {
  if (question.kind == Kind::env) {
    bool several = question.object.find(' ') != std::string::npos;
    return several ? "read the environment variables" : "read the environment variable";
  }
  bool datagrams = question.object.starts_with("udp://");
  if (question.kind == Kind::net) return datagrams ? "send datagrams to" : "connect to";
  if (question.kind == Kind::listen) return datagrams ? "receive datagrams at" : "listen at";
  if (question.kind == Kind::lookup) return "look up the addresses of";
  if (!host::includes(Rights::all, question.rights) || question.rights == Rights::none) {
    return "use " + std::string(info_of(question.kind).help);
  }
  std::string verbs;
  auto add = [&](Rights right, const char* verb) {
    if (!host::includes(question.rights, right)) return;
    if (!verbs.empty()) verbs += " and ";
    verbs += verb;
  };
  add(Rights::read, "read");
  add(Rights::create, question.missing ? "create" : "remove, move or link");
  add(Rights::write, "write");
  return verbs + (question.is_directory ? " the directory" : " the file");
}

// "udp://10.0.0.1:53": 10.0.0.1
std::string_view address_alone(std::string_view end) {
  size_t scheme = end.find("://");
  if (scheme != std::string_view::npos) end.remove_prefix(scheme + 3);
  return end.substr(0, end.rfind(':'));
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

const AnswerInfo& info_of(Answer answer) { return kAnswers[static_cast<size_t>(answer)]; }

const AnswerInfo* find_answer(std::string_view word) {
  for (const AnswerInfo& info : kAnswers) {
    if (info.word == word) return &info;
  }
  return nullptr;
}

bool is_offered(const AnswerInfo& info, const Question& question) {
  if (info.about == About::folder) return info_of(question.kind).shape == Shape::path;
  return info.about == About::that || !question.signers.empty();
}

std::string signers_text(const std::vector<std::string>& signers) {
  std::string text;
  for (const std::string& signer : signers) text += (text.empty() ? "" : ", ") + signer;
  return text;
}

std::string_view without_tcp(std::string_view end) {
  return end.starts_with("tcp://") ? end.substr(6) : end;
}

std::string question_text(const Question& question, std::string_view letters) {
  bool is_path = info_of(question.kind).shape == Shape::path;
  std::string text = quoted(question.module_name) + " wants to " + wish(question);
  if (question.kind == Kind::env) {
    text += "\n  " + quoted_names(question.object);
  } else if (!question.object.empty()) {
    text += "\n  " + quoted(without_tcp(question.object));
  }
  if (!question.address.empty()) text += " (" + printable(address_alone(question.address)) + ")";
  if (question.missing) text += " (does not exist yet)";
  text += "\n  module " + printable(question.digest) + "\n";
  for (const std::string& signer : question.signers) text += "  signed by " + quoted(signer) + "\n";
  if (!question.before.empty()) text += "  " + printable(question.before) + "\n";
  text += "allow? once, run (until it ends) or always; no or never";
  if (is_path) {
    text += "; always dir or never dir for all of " + quoted(question.folder);
  }
  if (!question.signers.empty()) {
    text += "; always signer or never signer for all that " + quoted(question.signers.front()) +
            " signs";
  }
  text += "\nto allow it, type the word and these letters: once ";
  text += letters;
  return text + "\n> ";
}

Answer answer_of(std::string_view line, std::string_view letters, const Question& question) {
  bool has_letters = line.size() > letters.size() && line.ends_with(letters) &&
                     line[line.size() - letters.size() - 1] == ' ';
  if (has_letters) line.remove_suffix(letters.size() + 1);
  const AnswerInfo* info = find_answer(line);
  if (info == nullptr || !is_offered(*info, question)) return Answer::no;
  return info->allows && !has_letters ? Answer::no : info->answer;
}

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
    say(*terminal, "that is none of the answers, or it lacks the letters: no, this time\n");
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
