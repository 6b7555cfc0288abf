// What a guest was refused, as lines for people: what it tried, and which flag would allow it.
#pragma once

#include <string>
#include <vector>

#include "api/grants.h"
#include "host/grant.h"

namespace nacre::api {

// Programs look for files in many places, and for variables that nobody needs to have.
enum class Missed : uint8_t {
  left_out,       // neither what was looked for and is not there is told, nor variables
  if_all_it_was,  // variables are; what is not there only if nothing else was refused
  told,
};

struct Denials {
  std::vector<std::string> lines;
  uint64_t things = 0;  // that they tell of
};

// First what a grant does not cover, then what a rule forbids, then one line for all that was not
// granted, with the least grants that would allow it, and last one for variables.
Denials describe_denials(const std::vector<host::Denial>& denials, const PolicySession& session,
                         Missed missed);

// In one line, for a program that did well without: all of it if that is little, else the first of
// it and how much there is; empty if nothing was refused.
std::string summarize(const Denials& denials, const std::string& program);

}  // namespace nacre::api
