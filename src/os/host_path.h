// Absolute paths of the host: what an open descriptor is called, what a name will resolve to.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "os/file.h"

namespace nacre::os {

// Where the object behind `fd` (O_PATH is enough) lies now: absolute, without links or dots. ENOENT
// if it has no name any more or the name meanwhile means something else; needs /proc.
Sys<std::string> path_of(int fd);

Sys<std::string> working_directory();

// Anything, a dangling link too.
bool exists(const std::string& path);

// How a name leads to what it names.
struct Way {
  std::string end;  // where it leads: without links and dots
  // What must stay for it to lead there, each by its own path, which has no links and dots either:
  // the symbolic links that were followed, and the directories that `..` left again, for a link in
  // the place of one of these would lead elsewhere.
  std::vector<std::string> links;
};
// `path` below `base` (absolute) unless it is absolute itself. Links are followed wherever there are
// some, also to what does not exist; what does not exist is taken by its words: `..` takes the word
// before it away. Never fails: what cannot be looked at, and links in a ring, are taken by their
// words.
Way way_of(std::string_view path, std::string_view base);
// Its end alone.
std::string canonical_path(std::string_view path, std::string_view base);
// An absolute path by its words alone.
std::string without_dots(std::string_view path);

// Whether `path` is `top` or lies below it; both absolute and without dots.
bool is_beneath(std::string_view path, std::string_view top);
// The directory that holds `path`; "/" for itself.
std::string_view parent_of(std::string_view path);
// `directory` and `name` with one slash between them.
std::string join_path(std::string_view directory, std::string_view name);

}  // namespace nacre::os
