#include "os/host_path.h"

#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <memory>
#include <optional>
#include <vector>

#include "os/dir_walk.h"

namespace nacre::os {
namespace {

struct Free {
  void operator()(char* text) const { std::free(text); }
};

// Empty: there is no link.
std::string link_target(const std::string& path) {
  char text[PATH_MAX];
  ssize_t length = readlink(path.c_str(), text, sizeof text);
  return length < 0 ? "" : std::string(text, static_cast<size_t>(length));
}

}  // namespace

Sys<std::string> path_of(int fd) {
  std::string link = "/proc/self/fd/" + std::to_string(fd);
  std::string path(PATH_MAX, '\0');
  ssize_t length = readlink(link.c_str(), path.data(), path.size());
  if (length < 0) return std::unexpected(errno);
  if (static_cast<size_t>(length) == path.size()) return std::unexpected(ENAMETOOLONG);
  path.resize(static_cast<size_t>(length));
  // "/x (deleted)", "socket:[1]" and "(unreachable)/x" name nothing, or something else.
  struct stat here;
  struct stat there;
  if (fstat(fd, &here) != 0 || lstat(path.c_str(), &there) != 0) return std::unexpected(ENOENT);
  if (!path.starts_with('/') || here.st_dev != there.st_dev || here.st_ino != there.st_ino) {
    return std::unexpected(ENOENT);
  }
  return path;
}

Sys<std::string> working_directory() {
  std::unique_ptr<char, Free> path(getcwd(nullptr, 0));
  if (!path) return std::unexpected(errno);
  // "(unreachable)": beneath no root of ours.
  if (*path != '/') return std::unexpected(ENOENT);
  return std::string(path.get());
}

bool exists(const std::string& path) {
  struct stat status;
  return lstat(path.c_str(), &status) == 0;
}

Way way_of(std::string_view path, std::string_view base) {
  Way way;
  std::string full = path.starts_with('/') ? std::string(path) : join_path(base, path);
  auto by_words = [&] {
    way.end = without_dots(full);
    return way;
  };
  if (full.find('\0') != std::string::npos) return by_words();
  std::vector<std::string> pending;
  std::string at;  // the root is empty
  // From where `..` depends on no name that could be changed: the base, then what is above it.
  std::optional<std::string> held;
  if (path.starts_with('/') || base == "/") {
    detail::push_components(full, pending);
  } else {
    way = way_of(base, "/");
    if (way.end != "/") at = std::move(way.end);
    held = at;
    detail::push_components(path, pending);
  }
  for (int expansions = 0; !pending.empty();) {
    std::string word = std::move(pending.back());
    pending.pop_back();
    if (word == ".") continue;
    if (word == "..") {
      if (at.empty()) continue;
      bool was_held = at == held;
      if (!was_held) way.links.push_back(at);
      at.resize(at.rfind('/'));
      if (was_held) held = at;
      continue;
    }
    std::string next = join_path(at, word);
    std::string target = link_target(next);
    if (target.empty()) {
      at = std::move(next);
      continue;
    }
    if (++expansions > kMaxLinkExpansions) return by_words();
    way.links.push_back(std::move(next));
    if (target.starts_with('/')) {
      at.clear();
      held.reset();
    }
    detail::push_components(target, pending);
  }
  way.end = at.empty() ? "/" : std::move(at);
  return way;
}

std::string canonical_path(std::string_view path, std::string_view base) {
  return way_of(path, base).end;
}

}  // namespace nacre::os
