#include "policy/place.h"

#include "base/utf8.h"
#include "os/environment.h"
#include "os/file_contents.h"
#include "os/host_path.h"

namespace nacre::policy {

grant::Place here() {
  grant::Place place(os::way_of);
  if (auto directory = os::working_directory()) place.directory = *directory;
  auto home = os::environment_variable("HOME");
  if (home && home->starts_with('/')) place.home = *home;
  return place;
}

Result<grant::PolicyFile> read_policy(const std::string& path) {
  auto contents = TRY(os::FileContents::read(path, kMaxPolicyBytes));
  grant::Place place = here();
  if (path != os::kStandardInput) {
    place.directory = parent_of(os::canonical_path(path, place.directory));
  }
  return grant::parse_policy(as_text(contents->bytes()), os::name_of_input(path), place);
}

Result<grant::PolicyFile> load_policy(const std::string& path) {
  std::string name = os::name_of_input(path);
  auto file = read_policy(path);
  if (!file) return std::unexpected(std::move(file).error().with_context(printable(name)));
  if (file->problems.empty()) return file;
  std::string message = grant::problem_text(name, file->problems[0]);
  if (file->problems.size() > 1) {
    message += " (and " + std::to_string(file->problems.size() - 1) +
               " more: see nacre permissions check)";
  }
  return fail(ErrorCode::usage, std::move(message));
}

}  // namespace nacre::policy
