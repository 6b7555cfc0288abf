#include "grant/question.h"

#include "base/utf8.h"

namespace nacre::grant {
namespace {

constexpr Lasts once = Lasts::once;
constexpr Lasts run = Lasts::run;
constexpr Lasts ever = Lasts::ever;
constexpr AnswerInfo kAnswers[] = {
#define ANSWER(name, word, allows, lasts, about) {Answer::name, word, allows, lasts, About::about},
#include "grant/answers.def"
#undef ANSWER
};

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
  if (!includes(Rights::all, question.rights) || question.rights == Rights::none) {
    return "use " + std::string(info_of(question.kind).help);
  }
  std::string verbs;
  auto add = [&](Rights right, const char* verb) {
    if (!includes(question.rights, right)) return;
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

}  // namespace nacre::grant
