// What capability objects carry: a grant, the rights that it covers by itself, and the gate that
// decides the rest (grant/gate.h). Refusals are kept in a DenialLog, so that the command can report
// them at the end.
// Objects of one Grant may be used from several threads.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "grant/gate.h"
#include "host/errno.h"

namespace nacre::host {

using grant::Decision;
using grant::Gate;
using grant::Kind;
using grant::Request;
using grant::Rights;

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

// What one `--dir HOST::GUEST[:ro]` grants. Files and directories reached through it share it;
// links and renames stay inside one grant.
class Grant {
 public:
  // `gate` is never null. `is_open`: the grant covers nothing by itself, the gate decides all.
  Grant(std::string name, Rights rights, std::shared_ptr<Gate> gate, std::shared_ptr<DenialLog> log,
        bool is_open = false);
  // Everything, or reading only; no questions, no log.
  static std::shared_ptr<const Grant> simple(std::string name, bool read_only = false);

  const std::string& name() const { return name_; }
  Rights rights() const { return rights_; }
  bool is_open() const { return is_open_; }
  const std::shared_ptr<Gate>& gate() const { return gate_; }

  // Whether the grant itself covers such acts.
  bool covers(Action action) const { return includes(rights_, right_for(action)); }
  // Records that the grant does not cover it; returns not_granted. `path`: for people.
  std::unexpected<Errno> refuse(Action action, std::string_view path) const;
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

// The grant of a file that was opened through `grant`. Where the gate decides everything, a file
// that was opened for reading must not be changed through its descriptor.
std::shared_ptr<const Grant> grant_of_opened(const std::shared_ptr<const Grant>& grant,
                                             bool to_write);

}  // namespace nacre::host
