// nacre_wit_print and nacre_wit_encode: the files are found here, everything else is src/component/wit's.

#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "api/bytes.h"
#include "api/error.h"
#include "component/binary/encoder.h"
#include "component/wit/load.h"
#include "component/wit/printer.h"
#include "component/wit/select.h"
#include "component/wit/to_component.h"
#include "os/file_contents.h"

namespace nacre::api {
namespace {

namespace fs = std::filesystem;
namespace wit = component::wit;

class HostFiles : public wit::FileReader {
 public:
  Result<bool> is_folder(const std::string& path) override {
    std::error_code error;
    return path != os::kStandardInput && fs::is_directory(path, error);
  }

  Result<std::vector<Entry>> list(const std::string& folder) override {
    std::error_code error;
    std::vector<Entry> entries;
    for (auto it = fs::directory_iterator(folder, error); !error && it != fs::directory_iterator();
         it.increment(error)) {
      std::error_code unknown;  // a link that leads nowhere is no folder
      entries.push_back({it->path().filename().string(), it->is_directory(unknown)});
    }
    if (error) return fail(ErrorCode::io, folder + ": " + error.message());
    return entries;
  }

  Result<std::string> read(const std::string& file, size_t max_bytes) override {
    auto contents = TRY(os::FileContents::read(file, max_bytes));
    return std::string(as_text(contents->bytes()));
  }
};

wit::UnstableFeatures features_from(const char* list) {
  wit::UnstableFeatures features;
  std::string_view rest = list != nullptr ? list : "";
  while (!rest.empty()) {
    size_t end = std::min(rest.find(','), rest.size());
    std::string_view name = rest.substr(0, end);
    if (name == "*") features.all = true;
    features.names.emplace(name);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return features;
}

Result<wit::Resolve> resolve_at(const char* path, const char* features) {
  HostFiles files;
  std::vector<wit::PackageSource> sources = TRY(wit::load(files, path));
  return wit::resolve(sources, features_from(features));
}

Result<std::string> print_wit(const char* path, const char* world, const char* features) {
  wit::Resolve resolve = TRY(resolve_at(path, features));
  if (world == nullptr) return wit::print(resolve);
  return wit::print_world(resolve, TRY(wit::select_world(resolve, world)));
}

Result<std::vector<uint8_t>> encode_wit(const char* path, const char* features) {
  wit::Resolve resolve = TRY(resolve_at(path, features));
  component::Component component = TRY(wit::to_component(resolve, resolve.main));
  return component::encode(component);
}

}  // namespace
}  // namespace nacre::api

using namespace nacre;

nacre_error_t* nacre_wit_print(const char* path, const char* world, const char* features,
                               nacre_bytes_t* out) {
  std::string text = API_TRY(api::print_wit(path, world, features));
  return api::give_bytes(as_bytes(text), out);
}

nacre_error_t* nacre_wit_encode(const char* path, const char* features, nacre_bytes_t* out) {
  std::vector<uint8_t> bytes = API_TRY(api::encode_wit(path, features));
  return api::give_bytes(bytes, out);
}
