// The files that Nacre opens by name, in this run or the next. A guest that could change one of
// them, or where its name leads, could give itself rights. So each is denied to every guest, by
// rules that no grant overrides; so are the links on the way there, and files that do not exist
// yet.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "grant/rule.h"

namespace nacre::policy {

struct OwnFile {
  std::string path;  // as it was said
  std::string what;  // for people: "the audit log"
  grant::Rights denied = grant::Rights::write | grant::Rights::create;
  bool is_replaced = false;  // Nacre writes a new file and renames it to this name
};

// Denials of these files, relative to `directory`, and of Nacre's own folders: configuration with
// all decisions, cache and state.
std::vector<grant::Rule> protection(const std::vector<OwnFile>& files, std::string_view directory);

}  // namespace nacre::policy
