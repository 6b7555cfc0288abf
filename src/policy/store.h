// Remembered decisions: what a user answered with `always` or `never`, or said with `nacre
// permissions`, by the digest of the module it was about, or by the key of whoever signed it.
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
//   name = "alice"                 # for the user alone, who chose it; no two have the same
//   decisions = [                  # about every module that this key signed
//     { allow = "net example.com:443", made = 2026-11-25T15:10:00Z },
//   ]
//
// Any thread and process may use it: changes are atomic and locked (os/private_file.h).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "os/private_file.h"
#include "policy/grant.h"

namespace nacre::policy {

using Seconds = int64_t;  // since 1970
Seconds now_seconds();
// "2026-11-25T15:10:00Z"
std::string time_text(Seconds time);

struct Decision {
  Rule rule;
  Seconds made = 0;
  std::optional<Seconds> expires;
};

struct ModuleDecisions {
  std::string digest;
  std::string place;
  uint64_t size_bytes = 0;
  std::vector<std::string> reaches;
  std::vector<Decision> decisions;
};

struct SignerDecisions {
  std::string key;
  std::string name;
  std::vector<Decision> decisions;
};

struct Decisions {
  std::vector<ModuleDecisions> modules;
  std::vector<SignerDecisions> signers;  // by name
};
ModuleDecisions* find_module(Decisions& all, std::string_view digest);
SignerDecisions* find_signer(Decisions& all, std::string_view name);
// Puts a decision in: what it covers goes, and what it contradicts for the same object.
void decide(std::vector<Decision>& decisions, Decision decision);

// What a signer may be called: something that can be read in a line and in a list with ", ".
bool is_signer_name(std::string_view name);
// The signer of that name and key, who is there from now on. Errors (usage): the name is none, or
// the name or the key is another signer's already.
Result<SignerDecisions*> trust(Decisions& all, std::string_view name, const std::string& key);

// ${XDG_CONFIG_HOME:-~/.config}/nacre; empty if neither is set.
std::string config_folder();
// Where Nacre keeps what guests must never touch: its configuration, cache and state, as the
// environment says now and as it is otherwise; the next run may have another one, with the home that
// the account has.
std::vector<std::string> own_folders();
// permissions.toml in each of the folders of configuration.
std::vector<std::string> decision_files();

class Store {
 public:
  explicit Store(std::string path) : file_(std::move(path)) {}
  // permissions.toml in config_folder(); nothing if there is no such folder.
  static std::optional<Store> of_user();
  const std::string& path() const { return file_.path(); }

  // Without those that expired. Errors say how to mend or remove the file.
  Result<Decisions> load() const;
  // Reads, changes and writes under the lock; nothing is written if `change` fails.
  Result<void> change(const std::function<Result<void>(Decisions&)>& change) const;

 private:
  os::PrivateFile file_;
};

}  // namespace nacre::policy
