#include "os/perf_map.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <mutex>
#include <string>

namespace nacre::os {
namespace {

void append_hex(std::string& out, uint64_t value) {
  char digits[16];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, value, 16).ptr);
}

class PerfMap final : public CodeListener {
 public:
  explicit PerfMap(int file) : file_(file) {}
  ~PerfMap() override { ::close(file_); }

  void code_made(std::span<const NewCode> code) override {
    std::string lines;
    for (const NewCode& item : code) {
      append_hex(lines, reinterpret_cast<uintptr_t>(item.begin));
      lines += ' ';
      append_hex(lines, item.size_bytes);
      lines += ' ';
      lines += item.name;
      lines += '\n';
    }
    std::lock_guard lock(mutex_);
    // What cannot be written is missing in a profile; the program goes on.
    std::string_view rest = lines;
    while (!rest.empty()) {
      ssize_t written = ::write(file_, rest.data(), rest.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return;
      rest.remove_prefix(static_cast<size_t>(written));
    }
  }

  void code_freed(const uint8_t*, const uint8_t*) override {}

 private:
  std::mutex mutex_;
  int file_;
};

}  // namespace

Result<std::unique_ptr<CodeListener>> make_perf_map() {
  std::string path = "/tmp/perf-" + std::to_string(::getpid()) + ".map";
  // A file that is there belongs to an earlier process, or is an attack: every user can write /tmp.
  ::unlink(path.c_str());
  int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
  if (file < 0) return fail(ErrorCode::io, "cannot make " + path + ": " + std::strerror(errno));
  return std::make_unique<PerfMap>(file);
}

}  // namespace nacre::os
