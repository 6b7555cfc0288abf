// The gate that capability objects ask before they do something new.
//
// An object exists only if it was granted; its grant (host/grant.h) says which rights it carries.
// The gate decides the rest: whether a rule forbids something beneath a granted directory, and
// whether something that no grant covers may be used because the user allows it when asked.
// policy/policy.h has the gate of a run; grants_alone() is the one without a policy. Several
// threads may ask a gate at once.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "grant/kinds.h"
#include "grant/rights.h"

namespace nacre::grant {

struct Request {
  Kind kind;
  // A host path, a variable's name, a host's name, tcp://ADDR:PORT; empty for kinds that have only
  // one object.
  std::string_view object;
  Rights rights = Rights::none;  // paths
  bool granted = false;          // the object's grant covers it: only a denying rule can refuse it
  bool missing = false;          // paths: nothing is there
  bool is_directory = false;
  bool is_link = false;
  bool subtree = false;  // also all that lies below
  bool removes = false;  // paths: what is there loses this name: moved, replaced or removed
  bool takes = false;    // paths: acts on what is there; if nothing is, it makes nothing
  bool silent = false;   // no question is asked
  bool closed = false;   // silent; for a path that cannot be opened from here, see os/dir.h
  // net: the names that this run looked up and that led to the address, the latest first. Set only
  // by the code that looked them up.
  std::span<const std::string> names = {};
  // net: false only if the system says now that the address is that of another machine
  // (os/route.h). Set together with names.
  bool stays_here = false;
};

enum class Decision : uint8_t { allow, deny };

class Gate {
 public:
  virtual ~Gate() = default;
  // May take as long as a person takes to answer.
  virtual Decision may(const Request& request) = 0;
  // For a path that was refused: whether the guest may know if something is there. It may if it
  // could look without a question; none is asked.
  virtual bool may_look(const Request&) { return false; }
  // Whether the gate has anything to decide beneath a granted directory. If not, its host paths,
  // which cost system calls to find out, are never made.
  virtual bool watches(std::string_view host_directory) = 0;
};

// The gate where no policy is set: allows what the object's grant covers, denies everything else.
std::shared_ptr<Gate> grants_alone();

}  // namespace nacre::grant
