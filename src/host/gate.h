// The gate that capability objects ask before they do something new.
//
// An object exists only if it was granted; its Grant says which rights it carries. The gate decides
// what a grant leaves open: whether a rule forbids one thing beneath a granted directory, and
// whether something that nobody granted may be used all the same, because a user says so. Policy
// implements it; a null gate leaves everything to the grants. What was refused is kept in a
// DenialLog, so that the command can tell its user afterwards.
// Objects of one Grant may be used from several threads: implementations must allow that.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/errno.h"
#include "os/dir.h"

namespace nacre::host {

// What a decision is about.
enum class Kind : uint8_t {
#define KIND(name, ...) name,
#include "host/kinds.def"
#undef KIND
};
namespace detail {

// The name of a row with - for each _.
template <size_t kBytes>
struct KindName {
  char text[kBytes];
  consteval explicit KindName(const char (&name)[kBytes]) {
    for (size_t i = 0; i < kBytes; ++i) text[i] = name[i] == '_' ? '-' : name[i];
  }
};
#define KIND(name, ...) inline constexpr KindName kKind_##name(#name);
#include "host/kinds.def"
#undef KIND

}  // namespace detail

// As people write it: "cpu-time". Ends in NUL.
constexpr std::string_view kind_name(Kind kind) {
  switch (kind) {
#define KIND(name, ...) \
  case Kind::name:      \
    return detail::kKind_##name.text;
#include "host/kinds.def"
#undef KIND
  }
  return "";
}

// What may be done with a path; as os::PathUse has it.
enum class Rights : uint8_t {
  none = 0,
  read = os::kReadPath,
  write = os::kWritePath,
  create = os::kCreatePath,
  all = os::kReadPath | os::kWritePath | os::kCreatePath,
};
constexpr Rights operator|(Rights a, Rights b) {
  return static_cast<Rights>(static_cast<uint8_t>(a) | static_cast<uint8_t>(b));
}
constexpr Rights operator&(Rights a, Rights b) {
  return static_cast<Rights>(static_cast<uint8_t>(a) & static_cast<uint8_t>(b));
}
constexpr Rights operator-(Rights a, Rights b) {
  return static_cast<Rights>(static_cast<uint8_t>(a) & ~static_cast<uint8_t>(b));
}
constexpr bool includes(Rights all, Rights some) { return (all & some) == some; }

// What the guest wants to do with a path.
enum class Action : uint8_t {
  read,
  write,
  create,
  remove,
  rename,
  link,
  set_times,
  look,
  list,
  accept
};

Rights right_for(Action action);
// "read", "write", "create", "listen": the right that a user would have to grant.
std::string_view wanted_right(Action action);

struct Request {
  Kind kind;
  // A host path, a variable's name, a host's name, tcp://ADDR:PORT; empty: there is only one.
  std::string_view object;
  Rights rights = Rights::none;  // paths
  bool granted = false;  // the object's grant covers it: only a rule against it can refuse it
  bool missing = false;  // paths: nothing is there
  bool is_directory = false;
  bool is_link = false;
  bool subtree = false;  // also all that lies below
  bool removes = false;  // paths: what is there loses its name
  bool takes = false;    // paths: of what is there; where nothing is, none is made
  bool silent = false;   // nobody is to be asked
  bool closed = false;   // silent; a path that nothing opens from here, see os::BeneathDir::open
  // net: the names that this run looked up and that led to the address, the latest first. Only who
  // looked them up himself may say so.
  std::span<const std::string> names = {};
  // net: the address is not another machine's, as the system says now (os/route.h), or it could
  // not be asked. Whoever gives names says it.
  bool stays_here = false;
};

enum class Decision : uint8_t { allow, deny };

class Gate {
 public:
  virtual ~Gate() = default;
  // May take as long as a person takes to answer.
  virtual Decision may(const Request& request) = 0;
  // Of a path that was refused: whether the guest may know what is there. What it may look at
  // without a question it may know; nobody is asked.
  virtual bool may_look(const Request&) { return false; }
  // Whether what lies beneath a granted directory is of interest. If not, host paths, which cost
  // system calls, are never made out there.
  virtual bool watches(std::string_view host_directory) = 0;
};

struct Denial {
  std::string path;
  Action action;
  bool read_only;  // the grant is narrower than the action: a wider one would do
  uint64_t count = 1;
};

// The first kMaxDenials different refusals, for the message at exit.
class DenialLog {
 public:
  static constexpr size_t kMaxDenials = 32;
  void record(std::string_view path, Action action, bool read_only);
  std::vector<Denial> denials() const;

 private:
  mutable std::mutex mutex_;
  std::vector<Denial> denials_;
};

// One permission domain: what `--dir HOST::GUEST[:ro]` grants. Files and directories reached
// through it share it; links and renames stay inside one.
class Grant {
 public:
  // `gate` may be null. `is_open`: the grant covers nothing by itself, the gate decides all.
  Grant(std::string name, Rights rights, std::shared_ptr<Gate> gate, std::shared_ptr<DenialLog> log,
        bool is_open = false);
  // Everything, or reading only; no questions, no log.
  static std::shared_ptr<const Grant> simple(std::string name, bool read_only = false);

  const std::string& name() const { return name_; }
  Rights rights() const { return rights_; }
  bool is_open() const { return is_open_; }
  const std::shared_ptr<Gate>& gate() const { return gate_; }

  // Whether the grant itself covers one act; a refusal is recorded and is not_granted.
  HostResult<void> check(Action action, std::string_view path) const;
  // Asks the gate; no_capability if it refuses.
  HostResult<void> ask(const Request& request) const;
  // Records that `action` failed because the path leads outside.
  void record_escape(Action action, std::string_view path) const;

 private:
  std::string name_;
  Rights rights_;
  friend std::shared_ptr<const Grant> grant_of_opened(const std::shared_ptr<const Grant>&, bool);
  friend std::shared_ptr<const Grant> renamed(const std::shared_ptr<const Grant>&, std::string);

  bool is_open_;
  std::shared_ptr<Gate> gate_;
  std::shared_ptr<DenialLog> log_;
};

// The same rights under another name, as messages and logs will say it.
std::shared_ptr<const Grant> renamed(const std::shared_ptr<const Grant>& grant, std::string name);

// What a file carries that was opened through a grant: where the gate decides all, what was opened
// to be read must not be changed through its descriptor.
std::shared_ptr<const Grant> grant_of_opened(const std::shared_ptr<const Grant>& grant,
                                             bool to_write);

}  // namespace nacre::host
