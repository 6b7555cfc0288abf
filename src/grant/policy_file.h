// Policy files (nacre.toml): rules that a person wrote down.
//
//   module = "sha256:..."            # optional: only for this module
//   [allow]
//   dir = ["data:ro", "~/out::/out"] # kinds and values are those of grant/rule.h
//   clock = true
//   [deny]
//   env = "*_TOKEN"
//
// Relative paths begin at the file's own folder. What is not named keeps its default; `clock =
// false` among what is allowed denies.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "grant/rule.h"

namespace nacre::grant {

struct Problem {
  uint32_t line;
  uint32_t column;
  std::string message;
};

struct PolicyFile {
  std::string module;  // the digest it is for; empty: any
  std::vector<Rule> rules;
  std::vector<Problem> problems;  // in the order of the file; with any, the file must not be used
};

// `name` stands in the rules' origins.
PolicyFile parse_policy(std::string_view text, std::string_view name, const Place& place);
// "FILE:3:8: ..."
std::string problem_text(std::string_view name, const Problem& problem);

// Rules as a policy file that parse_policy reads back.
std::string write_policy(const std::vector<Rule>& rules, std::string_view comment);

// The JSON schema of the format, made from kinds.def.
std::string policy_schema();

}  // namespace nacre::grant
