#include "base/path.h"

namespace nacre {

std::string without_dots(std::string_view path) {
  std::vector<std::string_view> words;
  for (size_t at = 0; at < path.size();) {
    size_t end = path.find('/', at);
    if (end == std::string_view::npos) end = path.size();
    std::string_view word = path.substr(at, end - at);
    at = end + 1;
    if (word.empty() || word == ".") continue;
    if (word != "..") {
      words.push_back(word);
    } else if (!words.empty()) {
      words.pop_back();
    }
  }
  std::string result;
  for (std::string_view word : words) {
    result += '/';
    result += word;
  }
  return result.empty() ? "/" : result;
}

Way way_by_words(std::string_view path, std::string_view base) {
  return {.end = without_dots(path.starts_with('/') ? std::string(path) : join_path(base, path)),
          .links = {}};
}

bool is_beneath(std::string_view path, std::string_view top) {
  if (top == "/") return path.starts_with('/');
  return path.starts_with(top) && (path.size() == top.size() || path[top.size()] == '/');
}

std::string_view parent_of(std::string_view path) {
  size_t slash = path.rfind('/');
  if (slash == std::string_view::npos || slash == 0) return "/";
  return path.substr(0, slash);
}

std::string join_path(std::string_view directory, std::string_view name) {
  std::string result(directory);
  if (!result.ends_with('/')) result += '/';
  result += name;
  return result;
}

}  // namespace nacre
