#include "api/denials.h"

#include <algorithm>

#include "base/utf8.h"
#include "os/host_path.h"
#include "policy/ask.h"

namespace nacre::api {
namespace {

using policy::Kind;
using policy::Refusal;
using policy::Rights;
using policy::Rule;

constexpr size_t kMaxNamed = 8;

std::string quoted(std::string_view text) { return "\"" + printable(text) + "\""; }

std::string tried(const std::string& program) {
  return (program.empty() ? "the program" : printable(program)) + " tried to ";
}

std::string describe(const host::Denial& denial, const std::string& program) {
  std::string text =
      tried(program) + std::string(host::wanted_right(denial.action)) + " " + quoted(denial.path);
  text += denial.read_only
              ? ": the directory was granted with fewer rights; leave out :ro to allow it"
              : ": it leads outside of what was granted; --dir grants a directory";
  if (denial.count > 1) text += " (" + std::to_string(denial.count) + " times)";
  return text;
}

bool is_path(const Refusal& refusal) {
  return policy::info_of(refusal.kind).shape == policy::Shape::path;
}

std::string_view verb(const Refusal& refusal) {
  if (is_path(refusal)) return "open ";
  switch (refusal.kind) {
    case Kind::net:
      return "connect to ";
    case Kind::listen:
      return "listen at ";
    case Kind::lookup:
      return "look up ";
    default:
      return "use ";
  }
}

std::string object_text(const Refusal& refusal) {
  if (is_path(refusal)) {
    return quoted(refusal.object) + " (" + policy::rights_text(refusal.rights) +
           (refusal.missing ? ", does not exist)" : ")");
  }
  if (verb(refusal) != "use ") return quoted(policy::without_tcp(refusal.object));
  std::string kind(policy::info_of(refusal.kind).help);
  return refusal.object.empty() ? kind : kind + " " + quoted(refusal.object);
}

// The grants that would allow all of it: a --dir for each folder.
std::vector<Rule> grants_for(const std::vector<const Refusal*>& refusals) {
  std::vector<Rule> grants;
  for (const Refusal* refusal : refusals) {
    Rule grant;
    grant.kind = refusal->kind;
    if (is_path(*refusal)) {
      bool itself = refusal->is_directory && refusal->rights == Rights::read;
      grant.path = itself ? refusal->object : os::parent_of(refusal->object);
      grant.kind = Kind::dir;
      if (grant.path == "/") {
        grant.kind = Kind::file;
        grant.path = refusal->object;
      }
      grant.rights = refusal->rights == Rights::read ? Rights::read : Rights::all;
    } else {
      grant.endpoint_text = policy::without_tcp(refusal->object);
    }
    bool merged = false;
    for (Rule& old : grants) {
      bool same = old.kind == grant.kind && old.path == grant.path &&
                  old.endpoint_text == grant.endpoint_text;
      if (!same) continue;
      old.rights = old.rights | grant.rights;
      merged = true;
    }
    if (!merged) grants.push_back(std::move(grant));
  }
  return grants;
}

std::string describe_ungranted(const std::vector<const Refusal*>& refusals, uint64_t left_out,
                               const std::string& program) {
  std::string objects;
  std::string_view doing;
  for (size_t i = 0; i < std::min(refusals.size(), kMaxNamed); ++i) {
    if (i != 0) objects += ", ";
    if (verb(*refusals[i]) != doing) objects += verb(*refusals[i]);
    doing = verb(*refusals[i]);
    objects += object_text(*refusals[i]);
  }
  uint64_t more = left_out + (refusals.size() > kMaxNamed ? refusals.size() - kMaxNamed : 0);
  if (more != 0) objects += " and " + std::to_string(more) + " more";
  std::string flags;
  std::string here = policy::here().directory;
  for (const Rule& grant : grants_for(refusals)) {
    // The line is for a terminal: what cannot be shown cannot be copied from it either.
    flags += " " + printable(policy::flag_text(grant, here));
  }
  bool looked_up = std::ranges::all_of(
      refusals, [](const Refusal* refusal) { return refusal->kind == Kind::lookup; });
  return tried(program) + objects + ": not granted. Grant " +
         (refusals.size() + more > 1 ? "them" : "it") + " with" + flags +
         (looked_up ? ", or with --net to connect there as well" : "");
}

}  // namespace

std::vector<std::string> describe_denials(const std::vector<host::Denial>& denials,
                                          const Oversight& oversight, bool failed) {
  std::vector<std::string> lines;
  lines.reserve(denials.size());
  for (const host::Denial& denial : denials) lines.push_back(describe(denial, oversight.name));
  uint64_t left_out = 0;
  std::vector<Refusal> refusals = oversight.refusals(&left_out);
  std::vector<const Refusal*> ungranted;
  std::vector<const Refusal*> missing;
  for (const Refusal& refusal : refusals) {
    if (refusal.rule.empty()) {
      (refusal.missing ? missing : ungranted).push_back(&refusal);
    } else {
      lines.push_back(tried(oversight.name) + std::string(verb(refusal)) + object_text(refusal) +
                      ": " + printable(refusal.rule));
    }
  }
  if (lines.empty() && ungranted.empty() && failed) ungranted = std::move(missing);
  if (!ungranted.empty()) {
    lines.push_back(describe_ungranted(ungranted, left_out, oversight.name));
  }
  return lines;
}

}  // namespace nacre::api
