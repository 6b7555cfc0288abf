#include "api/stored_code.h"

#include <cstdio>
#include <memory>
#include <vector>

#include "os/file_contents.h"
#include "os/sha256.h"

namespace nacre::api {
namespace {

constexpr uint64_t kMaxBytes = uint64_t{4} << 30;

Result<void> write_file(const std::string& path, Bytes bytes) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return fail(ErrorCode::io, path + " cannot be written");
  bool written = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
  bool closed = std::fclose(file) == 0;
  if (!written || !closed) return fail(ErrorCode::io, path + " cannot be written");
  return {};
}

}  // namespace

bool StoredCode::set(std::string_view word) {
  bool saves = word.starts_with("save=");
  if (!saves && !word.starts_with("load=")) return false;
  loads_ = !saves;
  folder_ = word.substr(5);
  return true;
}

std::string StoredCode::path_of(const runtime::Module& module) const {
  std::string digest = os::digest_text(module.wasm().bytes);
  return folder_ + "/" + digest.substr(digest.find(':') + 1) + ".code";
}

Result<void> StoredCode::apply(const runtime::Module& module) const {
  if (folder_.empty()) return {};
  if (!loads_) return write_file(path_of(module), TRY(module.code().save()));
  auto file = os::FileContents::read(path_of(module), kMaxBytes);
  if (!file) return std::unexpected(std::move(file).error());
  return module.code().load((*file)->bytes());
}

}  // namespace nacre::api
