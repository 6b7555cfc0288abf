#include "api/denials.h"

#include <algorithm>
#include <utility>

#include "api/hints.h"
#include "base/utf8.h"

namespace nacre::api {
namespace {

using grant::Kind;
using grant::Rights;
using grant::Rule;
using policy::Refusal;

constexpr size_t kMaxNamed = 8;
// A summary names so many.
constexpr size_t kFew = 3;

std::string quoted(std::string_view text) { return "\"" + printable(text) + "\""; }

std::string program_text(const std::string& program) {
  return program.empty() ? "the program" : printable(program);
}

std::string tried(const std::string& program) { return program_text(program) + " tried to "; }

// The mounted directory that `path`, as the guest says it, lies in; null: none that is known.
const Rule* mount_of(const std::vector<Rule>& mounts, std::string_view path) {
  const Rule* found = nullptr;
  size_t length = 0;
  for (const Rule& mount : mounts) {
    std::string_view name = mount.guest.empty() ? std::string_view(mount.given) : mount.guest;
    bool inside = path.starts_with(name) &&
                  (path.size() == name.size() || name.ends_with('/') || path[name.size()] == '/');
    if (!inside || (found != nullptr && name.size() <= length)) continue;
    found = &mount;
    length = name.size();
  }
  return found;
}

// The grant with the right that one lacks.
std::string widened(const Rule& mount, host::Action action) {
  Rule wider = mount;
  wider.rights = mount.rights | host::right_for(action);
  // A program that makes a file writes to it.
  if (action == host::Action::create) wider.rights = wider.rights | Rights::write;
  return flags_text({std::move(wider)});
}

std::string describe(const host::Denial& denial, const PolicySession& session) {
  std::string text = tried(session.name) + std::string(host::wanted_right(denial.action)) + " " +
                     quoted(denial.path);
  const Rule* mount = mount_of(session.mounts, denial.path);
  if (!denial.read_only) {
    text += ": it leads outside of what was granted; --dir grants a directory";
  } else if (mount != nullptr) {
    text += ": the directory was granted with fewer rights. Grant it with" +
            widened(*mount, denial.action);
  } else {
    text += ": the directory was granted with fewer rights; leave out :ro to allow it";
  }
  if (denial.count > 1) text += " (" + std::to_string(denial.count) + " times)";
  return text;
}

bool is_path(const Refusal& refusal) {
  return grant::info_of(refusal.kind).shape == grant::Shape::path;
}

bool is_end(const Refusal& refusal) {
  grant::Shape shape = grant::info_of(refusal.kind).shape;
  return shape == grant::Shape::endpoint || shape == grant::Shape::host;
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
    return quoted(refusal.object) + " (" + grant::rights_text(refusal.rights) +
           (refusal.missing ? ", does not exist)" : ")");
  }
  if (is_end(refusal)) return quoted(grant::without_tcp(refusal.object));
  std::string kind(grant::info_of(refusal.kind).help);
  return refusal.object.empty() ? kind : kind + " " + quoted(refusal.object);
}

using Refusals = std::vector<const Refusal*>;

// "open "a" (read), "b" (read) and 7 more", with the verb where it changes.
std::string objects_text(const Refusals& refusals, uint64_t left_out, std::string_view one_verb) {
  std::string objects;
  std::string_view doing;
  for (size_t i = 0; i < std::min(refusals.size(), kMaxNamed); ++i) {
    std::string_view does = one_verb.empty() ? verb(*refusals[i]) : one_verb;
    if (i != 0) objects += ", ";
    if (does != doing) objects += does;
    doing = does;
    objects += object_text(*refusals[i]);
  }
  uint64_t more = left_out + (refusals.size() > kMaxNamed ? refusals.size() - kMaxNamed : 0);
  if (more != 0) objects += " and " + std::to_string(more) + " more";
  return objects;
}

std::string describe_ungranted(const Refusals& refusals, uint64_t left_out,
                               const std::string& program) {
  Hint hint = hint_for(refusals);
  bool looked_up = std::ranges::all_of(
      refusals, [](const Refusal* refusal) { return refusal->kind == Kind::lookup; });
  return tried(program) + objects_text(refusals, left_out, "") + ": not granted. Grant " +
         (refusals.size() + left_out > 1 ? "them" : "it") +
         (hint.is_wider ? ", and all that is in the same folder," : "") + " with" +
         flags_text(hint.grants) + (looked_up ? ", or with --net to connect there as well" : "");
}

std::string describe_missed(const Refusals& refusals, const std::string& program) {
  return program_text(program) + " " + objects_text(refusals, 0, "looked for ") +
         ". Once there, grant " + (refusals.size() > 1 ? "them" : "it") + " with" +
         flags_text(hint_for(refusals).grants);
}

// Whether it looked for them is not known: it gets the environment as a whole.
std::string describe_variables(std::vector<std::string> names, const std::string& program) {
  std::string list;
  for (size_t i = 0; i < std::min(names.size(), kMaxNamed); ++i) {
    list += (i == 0 ? "" : ", ") + quoted(names[i]);
  }
  if (names.size() > kMaxNamed)
    list += " and " + std::to_string(names.size() - kMaxNamed) + " more";
  bool many = names.size() > 1;
  if (names.size() > policy::Policy::kMaxRefusals) names.resize(policy::Policy::kMaxRefusals);
  return program_text(program) + " names the environment variable" + (many ? "s " : " ") + list +
         ", which it was not given. Grant " + (many ? "them" : "it") + " with" +
         flags_text(grants_of_variables(names));
}

}  // namespace

Denials describe_denials(const std::vector<host::Denial>& denials, const PolicySession& session,
                         Missed missed) {
  Denials told;
  for (const host::Denial& denial : denials) told.lines.push_back(describe(denial, session));
  uint64_t left_out = 0;
  std::vector<Refusal> refusals = session.refusals(&left_out);
  Refusals ungranted;
  Refusals missing;
  for (const Refusal& refusal : refusals) {
    if (!refusal.rule.empty()) {
      told.lines.push_back(tried(session.name) + std::string(verb(refusal)) + object_text(refusal) +
                           ": " + printable(refusal.rule));
    } else {
      (refusal.is_missed() ? missing : ungranted).push_back(&refusal);
    }
  }
  told.things = told.lines.size() + ungranted.size() + (ungranted.empty() ? 0 : left_out);
  bool tells_missed =
      missed == Missed::told || (missed == Missed::if_all_it_was && told.things == 0);
  if (!ungranted.empty()) {
    told.lines.push_back(describe_ungranted(ungranted, left_out, session.name));
  }
  if (tells_missed && !missing.empty()) {
    told.lines.push_back(describe_missed(missing, session.name));
    told.things += missing.size();
  }
  if (missed == Missed::left_out) return told;
  std::vector<std::string> variables = session.missed_variables();
  if (!variables.empty()) {
    told.lines.push_back(describe_variables(variables, session.name));
    told.things += variables.size();
  }
  return told;
}

std::string summarize(const Denials& denials, const std::string& program) {
  if (denials.lines.empty()) return "";
  std::string count = std::to_string(denials.things);
  // The line of all that was not granted stands alone or last.
  bool has_many = denials.lines.size() == 1 && denials.things > kFew;
  if (has_many) {
    return program_text(program) + " tried " + count +
           " things that were not granted; --verbose says which, and what would allow them";
  }
  if (denials.lines.size() == 1) return denials.lines.front();
  return "1 of " + count + " refusals (--verbose tells all): " + denials.lines.front();
}

}  // namespace nacre::api
