// Finds the files of a package and of what it may refer to: `deps` of a folder (WIT.md, "Root
// Package: A Directory").
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "component/wit/resolve.h"

namespace nacre::component::wit {

// Access to files. Paths are made of the one that load() was given, "/", and names from list().
class FileReader {
 public:
  virtual ~FileReader() = default;
  struct Entry {
    std::string name;
    bool is_folder = false;
  };
  virtual Result<bool> is_folder(const std::string& path) = 0;
  virtual Result<std::vector<Entry>> list(const std::string& folder) = 0;
  // Errors need not name the path. `limit`: larger than `max_bytes`.
  virtual Result<std::string> read(const std::string& file, size_t max_bytes) = 0;
};

// A file is a package by itself. A folder is the package of its *.wit files, and what lies in its
// folder `deps` is what they may refer to: a *.wit file or a folder of them a package.
Result<std::vector<PackageSource>> load(FileReader& reader, const std::string& path);

}  // namespace nacre::component::wit
