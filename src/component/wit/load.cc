#include "component/wit/load.h"

#include <algorithm>

#include "component/wit/limits.h"

namespace nacre::component::wit {
namespace {

class Loader {
 public:
  explicit Loader(FileReader& reader) : reader_(reader) {}

  Result<std::vector<PackageSource>> load(const std::string& path) {
    if (!TRY(reader_.is_folder(path))) {
      TRY(add_file(path));
      return std::move(sources_);
    }
    std::vector<FileReader::Entry> entries = TRY(sorted(path));
    TRY(add_folder(path, entries));
    bool has_deps = std::ranges::any_of(entries, [](const FileReader::Entry& entry) {
      return entry.is_folder && entry.name == "deps";
    });
    if (has_deps) TRY(add_deps(path + "/deps"));
    return std::move(sources_);
  }

 private:
  Result<void> add_deps(const std::string& path) {
    for (const FileReader::Entry& entry : TRY(sorted(path))) {
      std::string inside = path + "/" + entry.name;
      if (entry.is_folder) {
        TRY(add_folder(inside, TRY(sorted(inside))));
      } else if (entry.name.ends_with(".wit")) {
        TRY(add_file(inside));
      } else if (entry.name.ends_with(".wasm") || entry.name.ends_with(".wat")) {
        return fail(ErrorCode::unsupported,
                    inside + ": packages in binary form are not read here in this version");
      }
    }
    return {};
  }

  Result<void> add_file(const std::string& path) {
    PackageSource source{path, {}};
    source.files.push_back(TRY(read(path)));
    sources_.push_back(std::move(source));
    return {};
  }

  Result<void> add_folder(const std::string& path, const std::vector<FileReader::Entry>& entries) {
    PackageSource source{path, {}};
    for (const FileReader::Entry& entry : entries) {
      if (entry.is_folder || !entry.name.ends_with(".wit")) continue;
      source.files.push_back(TRY(read(path + "/" + entry.name)));
    }
    sources_.push_back(std::move(source));
    return {};
  }

  Result<std::vector<FileReader::Entry>> sorted(const std::string& path) {
    std::vector<FileReader::Entry> entries = TRY(reader_.list(path));
    std::ranges::sort(entries, {}, &FileReader::Entry::name);
    return entries;
  }

  Result<SourceFile> read(const std::string& path) {
    Result<std::string> text = reader_.read(path, kMaxFileBytes);
    if (!text) return std::unexpected(std::move(text).error().with_context(path));
    ++files_;
    bytes_ += text->size();
    if (files_ > kMaxFiles || bytes_ > kMaxTotalBytes) {
      return fail(ErrorCode::limit, path + ": these are too many WIT files, or too large ones");
    }
    return SourceFile{path, std::move(*text)};
  }

  FileReader& reader_;
  std::vector<PackageSource> sources_;
  size_t files_ = 0;
  size_t bytes_ = 0;
};

}  // namespace

Result<std::vector<PackageSource>> load(FileReader& reader, const std::string& path) {
  return Loader(reader).load(path);
}

}  // namespace nacre::component::wit
