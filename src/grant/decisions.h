// Remembered decisions: what a user answered with `always` or `never`, or said with `nacre
// permissions`, by the digest of the module it was about, or by the key of its signer.
//
//   ["sha256:..."]                 # one table a module
//   place = "/home/me/app.wasm"    # where it lay last
//   reaches = ["clock", "path"]    # what it could use by its imports
//   size = 1234                    # bytes; only modules of a size that occurs are hashed
//   decisions = [
//     { allow = "file /etc/hosts:ro", made = 2026-11-25T15:10:00Z },
//     { deny = "dir /home/me/.ssh", made = 2026-11-25T15:10:00Z, expires = 2027-01-01T00:00:00Z },
//   ]
//
//   ["ed25519:..."]                # one table a signer whom the user trusts, by the public key
//   name = "alice"                 # the user chose it; no two have the same
//   decisions = [                  # about every module that this key signed
//     { allow = "net example.com:443", made = 2026-11-25T15:10:00Z },
//   ]
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "grant/rule.h"

namespace nacre::grant {

using Seconds = int64_t;  // since 1970
// "2026-11-25T15:10:00Z"
std::string time_text(Seconds time);

struct StoredDecision {
  Rule rule;
  Seconds made = 0;
  std::optional<Seconds> expires;
};

struct ModuleDecisions {
  std::string digest;
  std::string place;
  uint64_t size_bytes = 0;
  std::vector<std::string> reaches;
  std::vector<StoredDecision> decisions;
};

struct SignerDecisions {
  std::string key;
  std::string name;
  std::vector<StoredDecision> decisions;
};

struct Decisions {
  std::vector<ModuleDecisions> modules;
  std::vector<SignerDecisions> signers;  // by name
};
ModuleDecisions* find_module(Decisions& all, std::string_view digest);
SignerDecisions* find_signer(Decisions& all, std::string_view name);
// Adds a decision. Those that it covers are removed, and those that say the opposite about the same
// object.
void decide(std::vector<StoredDecision>& decisions, StoredDecision decision);

// Whether a signer may have this name: it must be readable in a line, and in a list with ", ".
bool is_signer_name(std::string_view name);
// The signer of that name and key, added if it is new. Errors (usage): the name is not valid, or
// the name or the key belongs to another signer already.
Result<SignerDecisions*> trust(Decisions& all, std::string_view name, const std::string& key);

// Without those that have expired at `now`. `path`: of the file, for errors, which say how to mend
// or remove it.
Result<Decisions> parse_decisions(std::string_view text, const std::string& path, Seconds now);
// What parse_decisions reads back.
std::string write_decisions(const Decisions& all);

}  // namespace nacre::grant
