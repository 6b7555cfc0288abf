// Absolute paths of the host: what an open descriptor is called, what a name will resolve to.
#pragma once

#include <string>
#include <string_view>

#include "base/path.h"
#include "os/file.h"

namespace nacre::os {

// Where the object behind `fd` (O_PATH is enough) lies now: absolute, without links or dots. ENOENT
// if it has no name any more or the name meanwhile means something else; needs /proc.
Sys<std::string> path_of(int fd);

Sys<std::string> working_directory();

// Anything, a dangling link too.
bool exists(const std::string& path);

// `path` below `base` (absolute) unless it is absolute itself. Links are followed wherever there are
// some, also to what does not exist; what does not exist is taken by its words: `..` takes the word
// before it away. Never fails: what cannot be looked at, and links in a ring, are taken by their
// words.
Way way_of(std::string_view path, std::string_view base);
// Its end alone.
std::string canonical_path(std::string_view path, std::string_view base);

}  // namespace nacre::os
