// The directories that relative names in rules start from, and policy files read from there.
#pragma once

#include <string>

#include "base/result.h"
#include "grant/policy_file.h"

namespace nacre::policy {

// The working directory of this process, and HOME; links are followed as they are now.
grant::Place here();

// Longer files are not read.
inline constexpr uint64_t kMaxPolicyBytes = 1 << 20;

// Reads and parses; problems are an error that names the first.
Result<grant::PolicyFile> load_policy(const std::string& path);
// The same, with all problems left in the result. Errors: the file cannot be read.
Result<grant::PolicyFile> read_policy(const std::string& path);

}  // namespace nacre::policy
