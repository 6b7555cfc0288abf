// Absolute paths by their words alone: what is there now has no part in it. os/host_path.h follows
// links.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nacre {

// How a name leads to what it names.
struct Way {
  std::string end;  // where it leads: without links and dots
  // What must stay for it to lead there, each by its own path, which has no links and dots either:
  // the symbolic links that were followed, and the directories that `..` left again, for a link in
  // the place of one of these would lead elsewhere.
  std::vector<std::string> links;
};

// An absolute path without `.`, `..` and doubled slashes; `..` takes the word before it away.
std::string without_dots(std::string_view path);
// `path` below `base` (absolute) unless it is absolute itself, as if there were no links.
Way way_by_words(std::string_view path, std::string_view base);

// Whether `path` is `top` or lies below it; both absolute and without dots.
bool is_beneath(std::string_view path, std::string_view top);
// The directory that holds `path`; "/" for itself.
std::string_view parent_of(std::string_view path);
// `directory` and `name` with one slash between them.
std::string join_path(std::string_view directory, std::string_view name);

}  // namespace nacre
