// One rule of the permission language: it allows or denies a kind of grant/kinds.def, for some
// objects. The same words stand in flags (--dir data:ro), policy files (dir = ["data:ro"]),
// prompts, remembered decisions and the C API.
//
//   path      HOST[::GUEST][:RIGHTS]  RIGHTS: ro, or read, write, create joined by +; all if not
//             said. GUEST is for mounted directories: what the guest calls them. ~/ is the home;
//             \: is a colon that is part of a name.
//   variable  NAME, NAME=VALUE, or a name with * at one end
//   endpoint  see grant/endpoint.h;  host: the same without a port
//   on_off    nothing (in files: true)
//   count     a number;  duration: a number with ms, s, m or h
//   size      a number, of bytes or with K, M, G, T, P or E, powers of 1024; also 1t, 1TB, 1TiB
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/path.h"
#include "base/result.h"
#include "grant/endpoint.h"
#include "grant/kinds.h"
#include "grant/rights.h"

namespace nacre::grant {

// Who said a rule.
enum class Source : uint8_t {
  flag,        // an option of the command line, or a program by the C API
  allow_all,   // --allow-all
  file,        // a policy file
  remembered,  // a decision of an earlier run
  answered,    // an answer in this run
  built_in,    // Nacre itself, about files of its own
};

struct Rule {
  Kind kind = Kind::dir;
  bool allow = true;
  Source source = Source::flag;
  std::string origin;  // where it was said, for people alone: "--dir", "nacre.toml:3:8"

  std::string path;                // path: canonical host path
  std::vector<std::string> links;  // path, denied: symbolic links that lead there from `given`
  std::string guest;               // path: the guest's name, if one was given
  std::string given;               // path: the host path as it was written
  Rights rights = Rights::all;
  std::string name;  // variable: the name or pattern
  std::optional<std::string> value;
  EndpointPattern endpoint;
  std::string endpoint_text;
  uint64_t amount = 0;  // count; bytes; nanoseconds

  bool is_path() const { return info_of(kind).shape == Shape::path; }
};

// How a name leads to a file: through the links that there are (os::way_of), or by its words alone
// (way_by_words).
using WayOf = Way (*)(std::string_view path, std::string_view base);

// How file names in a rule become paths. Its maker chooses whether links are followed: a denial
// must cover what a link leads to, not the link alone; but a remembered decision about a path must
// not follow a link that was put there since.
struct Place {
  explicit Place(WayOf way, std::string base = "/", std::string of_user = {})
      : way_of(way), directory(std::move(base)), home(std::move(of_user)) {}

  WayOf way_of;
  std::string directory;  // where relative paths begin; absolute
  std::string home;       // absolute; empty if not known
};

// `value`: nothing for kinds without one. Errors (usage) say what is wrong with the value.
Result<Rule> parse_rule(Kind kind, std::optional<std::string_view> value, bool allow,
                        const Place& place);
// The value in a form that means the same in any directory: with the canonical path.
std::string value_text(const Rule& rule);
// "--dir /etc:ro", with `directory` taken off the front of paths below it.
std::string flag_text(const Rule& rule, std::string_view directory = {});
// The same for a shell, to be copied from a terminal: quoted where needed, without control or
// invisible characters. It means the rule when it is read in `directory`.
std::string shell_text(const Rule& rule, std::string_view directory = {});
// Whether the rule is about `name`: variables.
bool matches_name(const Rule& rule, std::string_view name);

}  // namespace nacre::grant
