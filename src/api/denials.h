// What a guest was refused, as lines for people: what it tried, and which flag would allow it.
#pragma once

#include <string>
#include <vector>

#include "api/grants.h"
#include "host/grant.h"

namespace nacre::api {

// How much to report of files that do not exist and of variables: programs look for many that they
// do not need.
enum class Missed : uint8_t {
  left_out,       // neither missing files nor variables are reported
  if_all_it_was,  // variables are; missing files only if nothing else was refused
  told,
};

struct Denials {
  std::vector<std::string> lines;
  uint64_t things = 0;  // how many refusals the lines are about
};

// First what a grant does not cover, then what a rule forbids, then one line for all that was not
// granted, with the least grants that would allow it, and last one for variables.
Denials describe_denials(const std::vector<host::Denial>& denials, const PolicySession& session,
                         Missed missed);

// In one line, for a program that succeeded all the same: everything if that is little, else the
// first refusal and how many there are; empty if nothing was refused.
std::string summarize(const Denials& denials, const std::string& program);

}  // namespace nacre::api
