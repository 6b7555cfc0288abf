// The gate that every capability object asks before it touches something new.
//
// An object exists only if it was granted; the gate decides about single acts of a granted object
// (open this path for writing, accept this connection). Policy implements it; AllowGranted says
// yes to all that the grant itself allows. What was refused, by the gate or by the grant, is kept
// in a DenialLog so that the command can tell its user afterwards.
// Objects of one Grant may be used from several threads: implementations must allow that.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "host/errno.h"

namespace nacre::host {

// What the guest wants to do; the words of messages, see wanted_right.
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

// "read", "write": the right that a user would have to grant.
std::string_view wanted_right(Action action);
// Whether a read-only grant refuses it.
bool is_change(Action action);

struct Request {
  Action action;
  std::string_view path;  // as the guest names it, below the grant's own name
};

enum class Decision : uint8_t { allow, deny };

class Gate {
 public:
  virtual ~Gate() = default;
  virtual Decision may(const Request& request) = 0;
};

class AllowGranted final : public Gate {
 public:
  Decision may(const Request&) override { return Decision::allow; }
};

struct Denial {
  std::string path;
  Action action;
  bool read_only;  // the grant is read-only: a grant without :ro would do
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
  Grant(std::string name, bool read_only, std::shared_ptr<Gate> gate,
        std::shared_ptr<DenialLog> log);
  // Read-write or read-only, nothing else asked, nothing logged.
  static std::shared_ptr<const Grant> simple(std::string name, bool read_only = false);

  const std::string& name() const { return name_; }
  bool read_only() const { return read_only_; }

  // Asks for one act; a refusal is recorded and is not_granted.
  HostResult<void> check(Action action, std::string_view path) const;
  // Records that `action` failed because the path leads outside.
  void record_escape(Action action, std::string_view path) const;

 private:
  std::string name_;
  bool read_only_;
  std::shared_ptr<Gate> gate_;
  std::shared_ptr<DenialLog> log_;
};

}  // namespace nacre::host
