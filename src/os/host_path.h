// Absolute paths of the host: what an open descriptor is called, what a name will resolve to.
#pragma once

#include <string>
#include <string_view>

#include "base/path.h"
#include "os/file.h"

namespace nacre::os {

// The present path of the object open as `fd` (O_PATH is enough): absolute, without links or dots.
// ENOENT if it has no name any more, or the name now belongs to something else. Needs /proc.
Sys<std::string> path_of(int fd);

Sys<std::string> working_directory();

// Anything, a dangling link too.
bool exists(const std::string& path);

// Resolves `path`, below `base` (absolute) unless it is absolute itself. All links are followed,
// also those to nothing. Components that do not exist are resolved as text: `..` removes the
// component before it. Never fails: what cannot be looked at, and links in a cycle, are resolved as
// text too.
Way way_of(std::string_view path, std::string_view base);
// Its end alone.
std::string canonical_path(std::string_view path, std::string_view base);

}  // namespace nacre::os
