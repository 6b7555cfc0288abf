#include "api/hints.h"

#include <algorithm>

#include "os/host_path.h"
#include "policy/place.h"

namespace nacre::api {
namespace {

using grant::Kind;
using grant::Rights;
using grant::Rule;
using policy::Refusal;

// Files of one folder that are named one by one; more are granted by the folder.
constexpr size_t kMaxFilesOfAFolder = 3;

// A directory that is moved or linked, which only a directory that holds it covers.
bool moves_directory(const Refusal& refusal) { return refusal.subtree && refusal.is_directory; }

// What is closed is open in a grant of its own only. In /proc the next run has another number.
std::string closed_place(const Refusal& refusal) {
  constexpr std::string_view kProcesses = "/proc";
  if (is_beneath(refusal.object, kProcesses)) return std::string(kProcesses);
  return refusal.is_directory ? refusal.object : std::string(parent_of(refusal.object));
}

Rule grant_for(const Refusal& refusal) {
  Rule grant;
  grant.kind = refusal.kind;
  grant.rights = refusal.rights;
  if (!grant.is_path()) {
    grant.endpoint_text = grant::without_tcp(refusal.object);
    return grant;
  }
  grant.kind = Kind::file;
  grant.path = refusal.object;
  // What it makes is its own.
  if (refusal.missing && !refusal.is_missed()) grant.rights = Rights::all;
  if (refusal.closed) {
    grant.kind = Kind::dir;
    grant.path = closed_place(refusal);
  } else if (refusal.is_link || moves_directory(refusal)) {
    // A rule about a link is about what it leads to.
    grant.kind = Kind::dir;
    grant.path = parent_of(refusal.object);
  } else if (refusal.is_directory && refusal.rights == Rights::read) {
    grant.kind = Kind::dir;
  }
  return grant;
}

void add(std::vector<Rule>& grants, Rule grant) {
  for (Rule& old : grants) {
    bool same = old.kind == grant.kind && old.path == grant.path &&
                old.endpoint_text == grant.endpoint_text;
    if (!same) continue;
    old.rights = old.rights | grant.rights;
    return;
  }
  grants.push_back(std::move(grant));
}

std::string common_parent(const std::string& a, const std::string& b) {
  std::string parent = a;
  while (!is_beneath(b, parent)) parent = std::string(parent_of(parent));
  return parent;
}

// One directory for both ends of all that is moved, if a directory is among it.
void join_ends(Hint& hint, const std::vector<const Refusal*>& refusals) {
  bool moves =
      std::ranges::any_of(refusals, [](const Refusal* one) { return moves_directory(*one); });
  if (!moves) return;
  std::string parent;
  for (const Refusal* refusal : refusals) {
    if (!refusal->subtree) continue;
    std::string own(parent_of(refusal->object));
    parent = parent.empty() ? own : common_parent(parent, own);
  }
  Rule grant;
  grant.path = parent;
  add(hint.grants, std::move(grant));
  hint.is_wider = true;
}

// A --dir for a folder of which many files are named. Ends of links and renames stay as they are.
void join_files(Hint& hint, const std::vector<const Refusal*>& refusals) {
  auto is_end = [&](const Rule& grant) {
    return std::ranges::any_of(
        refusals, [&](const Refusal* one) { return one->subtree && one->object == grant.path; });
  };
  auto in_folder = [&](const std::string& folder) {
    return [&](const Rule& grant) {
      return grant.kind == Kind::file && parent_of(grant.path) == folder && !is_end(grant);
    };
  };
  for (size_t i = 0; i < hint.grants.size(); ++i) {
    if (hint.grants[i].kind != Kind::file) continue;
    std::string folder(parent_of(hint.grants[i].path));
    auto count = std::ranges::count_if(hint.grants, in_folder(folder));
    if (static_cast<size_t>(count) <= kMaxFilesOfAFolder) continue;
    Rule grant;
    grant.path = folder;
    grant.rights = Rights::none;
    hint.is_wider = true;
    add(hint.grants, std::move(grant));
  }
}

// A directory that is mounted answers for all below it: what was wanted there is its matter.
void merge_what_lies_below(Hint& hint) {
  std::vector<Rule>& grants = hint.grants;
  for (size_t i = 0; i < grants.size(); ++i) {
    if (grants[i].kind != Kind::dir) continue;
    for (size_t j = grants.size(); j-- != 0;) {
      if (j == i || !grants[j].is_path() || !is_beneath(grants[j].path, grants[i].path)) continue;
      grants[i].rights = grants[i].rights | grants[j].rights;
      grants.erase(grants.begin() + static_cast<ptrdiff_t>(j));
      if (j < i) --i;
    }
  }
}

// A "/" that is mounted stands where the working directory was seen as well: beside other grants
// it is named alone, without what is below it.
void leave_room_beside_root(Hint& hint) {
  auto paths = std::ranges::count_if(hint.grants, &Rule::is_path);
  if (paths < 2) return;
  for (Rule& grant : hint.grants) {
    if (grant.kind == Kind::dir && grant.path == "/") grant.kind = Kind::file;
  }
}

}  // namespace

Hint hint_for(const std::vector<const Refusal*>& refusals) {
  Hint hint;
  for (const Refusal* refusal : refusals) {
    Rule grant = grant_for(*refusal);
    hint.is_wider |= grant.is_path() && grant.path != refusal->object;
    add(hint.grants, std::move(grant));
  }
  leave_room_beside_root(hint);
  join_ends(hint, refusals);
  join_files(hint, refusals);
  merge_what_lies_below(hint);
  return hint;
}

std::vector<Rule> grants_of_variables(const std::vector<std::string>& names) {
  std::vector<Rule> grants;
  for (const std::string& name : names) {
    Rule& grant = grants.emplace_back();
    grant.kind = Kind::env;
    grant.name = name;
  }
  return grants;
}

std::string flags_text(const std::vector<Rule>& grants) {
  std::string flags;
  std::string here = policy::here().directory;
  for (const Rule& grant : grants) flags += " " + grant::shell_text(grant, here);
  return flags;
}

}  // namespace nacre::api
