// The gate that capability objects ask before they do something new.
//
// An object exists only if it was granted; its grant (host/grant.h) says which rights it carries.
// The gate decides what a grant leaves open: whether a rule forbids one thing beneath a granted
// directory, and whether something that no grant covers may be used all the same, because a user
// says so. policy/policy.h has the gate of a run; grants_alone() is the one without a policy.
// Several threads may ask a gate at once.
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
  bool silent = false;   // no question is asked
  bool closed = false;   // silent; a path that nothing opens from here, see os/dir.h
  // net: the names that this run looked up and that led to the address, the latest first. Set only
  // by the code that looked them up.
  std::span<const std::string> names = {};
  // net: the address is not another machine's, as the system says now (os/route.h), or it could
  // not be asked. Set together with names.
  bool stays_here = false;
};

enum class Decision : uint8_t { allow, deny };

class Gate {
 public:
  virtual ~Gate() = default;
  // May take as long as a person takes to answer.
  virtual Decision may(const Request& request) = 0;
  // Of a path that was refused: whether the guest may know what is there. What it may look at
  // without a question it may know; no question is asked.
  virtual bool may_look(const Request&) { return false; }
  // Whether what lies beneath a granted directory is of interest. If not, host paths, which cost
  // system calls, are never made out there.
  virtual bool watches(std::string_view host_directory) = 0;
};

// The gate where no policy is set: allows what the object's grant covers, denies everything else.
std::shared_ptr<Gate> grants_alone();

}  // namespace nacre::grant
