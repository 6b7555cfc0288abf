// Absolute paths of the host: what an open descriptor is called, what a name will resolve to.
#pragma once

#include <string>
#include <string_view>

#include "os/file.h"

namespace nacre::os {

// Where the object behind `fd` (O_PATH is enough) lies now: absolute, without links or dots. ENOENT
// if it has no name any more or the name meanwhile means something else; needs /proc.
Sys<std::string> path_of(int fd);

Sys<std::string> working_directory();

// Anything, a dangling link too.
bool exists(const std::string& path);

// `path` below `base` (absolute) unless it is absolute itself, links resolved as far as it exists,
// the rest by its words alone: `..` there takes the word before it away. Never fails: what cannot
// be looked at is taken by its words.
std::string canonical_path(std::string_view path, std::string_view base);

// Whether `path` is `top` or lies below it; both absolute and without dots.
bool is_beneath(std::string_view path, std::string_view top);
// The directory that holds `path`; "/" for itself.
std::string_view parent_of(std::string_view path);
// `directory` and `name` with one slash between them.
std::string join_path(std::string_view directory, std::string_view name);

}  // namespace nacre::os
