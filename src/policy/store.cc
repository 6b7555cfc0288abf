#include "policy/store.h"

#include <algorithm>

#include "os/clock.h"
#include "os/environment.h"
#include "os/host_path.h"

namespace nacre::policy {
namespace {

using grant::Decisions;
using grant::Seconds;

constexpr uint64_t kMaxStoreBytes = 16 << 20;

constexpr const char* kFileName = "permissions.toml";

// A folder of the user's by its variable, and what is meant while that is not set.
struct Folder {
  const char* variable;
  const char* otherwise;  // in the home directory
};
constexpr Folder kConfig = {"XDG_CONFIG_HOME", ".config"};
constexpr Folder kFolders[] = {
    kConfig, {"XDG_CACHE_HOME", ".cache"}, {"XDG_STATE_HOME", ".local/state"}};

std::string place_below(std::string_view home, const Folder& folder) {
  return join_path(join_path(home, folder.otherwise), "nacre");
}

// Nacre's place in it: the one that counts first.
std::vector<std::string> places(const Folder& folder) {
  std::vector<std::string> found;
  auto chosen = os::environment_variable(folder.variable);
  if (chosen && chosen->starts_with('/')) found.push_back(join_path(*chosen, "nacre"));
  auto home = os::environment_variable("HOME");
  if (home && home->starts_with('/')) {
    found.push_back(place_below(*home, folder));
  }
  return found;
}

// And where it is in a run with another environment: `home` is the account's.
std::vector<std::string> every_place(const Folder& folder, const std::string& home) {
  std::vector<std::string> found = places(folder);
  if (!home.starts_with('/')) return found;
  std::string place = place_below(home, folder);
  if (std::ranges::find(found, place) == found.end()) found.push_back(std::move(place));
  return found;
}

}  // namespace

Seconds now_seconds() {
  auto now = os::clock_now(os::ClockKind::realtime);
  return now ? static_cast<Seconds>(*now / 1'000'000'000) : 0;
}

std::string config_folder() {
  std::vector<std::string> found = places(kConfig);
  return found.empty() ? "" : found.front();
}

std::vector<std::string> own_folders() {
  std::vector<std::string> folders;
  const std::string home = os::home_of_account();
  for (const Folder& folder : kFolders) {
    for (std::string& place : every_place(folder, home)) folders.push_back(std::move(place));
  }
  return folders;
}

std::vector<std::string> decision_files() {
  std::vector<std::string> files;
  for (const std::string& place : every_place(kConfig, os::home_of_account())) {
    files.push_back(join_path(place, kFileName));
  }
  return files;
}

std::optional<Store> Store::of_user() {
  std::string folder = config_folder();
  if (folder.empty()) return std::nullopt;
  return Store(join_path(folder, kFileName));
}

Result<Decisions> Store::load() const {
  std::optional<std::string> text = TRY(file_.read(kMaxStoreBytes));
  if (!text) return Decisions{};
  return grant::parse_decisions(*text, path(), now_seconds());
}

Result<void> Store::change(const std::function<Result<void>(Decisions&)>& change) const {
  auto lock = TRY(file_.lock());
  Decisions all = TRY(load());
  TRY(change(all));
  return lock.replace(grant::write_decisions(all));
}

}  // namespace nacre::policy
