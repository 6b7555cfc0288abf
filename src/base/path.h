// Absolute paths as text: the file system is not looked at. os/host_path.h follows links.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nacre {

// How a path leads to what it names.
struct Way {
  std::string end;  // where it leads: a path without links and dots
  // What must not be replaced if it is to go on leading there: the symbolic links that were
  // followed, and the directories that a `..` left again, since a link in the place of one would
  // lead elsewhere. All are paths without links and dots.
  std::vector<std::string> links;
};

// An absolute path without `.`, `..` and doubled slashes; `..` removes the component before it.
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
