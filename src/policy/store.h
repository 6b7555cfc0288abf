// The file of remembered decisions (grant/decisions.h): where it is, how it is read and changed.
//
// Any thread and process may use it: changes are atomic and locked (os/private_file.h).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "grant/decisions.h"
#include "os/private_file.h"

namespace nacre::policy {

grant::Seconds now_seconds();

// ${XDG_CONFIG_HOME:-~/.config}/nacre; empty if neither is set.
std::string config_folder();
// Where Nacre keeps what guests must never touch: its configuration, cache and state. Both the
// folders that the environment names now and the default ones: the next run may have another
// environment, or HOME as the account has it.
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
  Result<grant::Decisions> load() const;
  // Reads, changes and writes under the lock; nothing is written if `change` fails.
  Result<void> change(const std::function<Result<void>(grant::Decisions&)>& change) const;

 private:
  os::PrivateFile file_;
};

}  // namespace nacre::policy
