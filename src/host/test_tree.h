// A directory tree for tests, in memory or in a temporary directory, with something outside of it
// that no test may reach. Included by tests only.
//
//   root/   what Dir objects open
//   outside/secret   real trees only
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "host/dir.h"
#include "host/memory_dir.h"

namespace nacre::host {

// guarded: with a gate that is asked about everything and allows it; nothing may differ.
enum class Backend { kernel, walk, guarded_kernel, guarded_walk, memory };

class AllowAll final : public Gate {
 public:
  Decision may(const Request& request) override {
    EXPECT_TRUE(request.object.starts_with('/')) << request.object;
    return Decision::allow;
  }
  bool watches(std::string_view) override { return true; }
};

inline const char* backend_name(Backend backend) {
  switch (backend) {
    case Backend::kernel:
      return "openat2";
    case Backend::walk:
      return "walk";
    case Backend::guarded_kernel:
      return "guarded_openat2";
    case Backend::guarded_walk:
      return "guarded_walk";
    case Backend::memory:
      return "memory";
  }
  return "?";
}

inline bool uses_kernel(Backend backend) {
  return backend == Backend::kernel || backend == Backend::guarded_kernel;
}

inline void remove_tree(const std::string& path) {
  if (DIR* dir = opendir(path.c_str())) {
    while (dirent* entry = readdir(dir)) {
      std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      std::string child = path + "/" + name;
      struct stat status;
      if (lstat(child.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) {
        remove_tree(child);
      } else {
        ::unlink(child.c_str());
      }
    }
    closedir(dir);
  }
  ::rmdir(path.c_str());
}

class TestTree {
 public:
  // `in_memory`: real trees on a file system in memory, where there is one: quick to make anew.
  explicit TestTree(Backend backend, bool in_memory = false) : backend_(backend) {
    if (backend_ == Backend::memory) return;
    base_ = in_memory && access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    base_ += "/nacre-tree-XXXXXX";
    EXPECT_NE(mkdtemp(base_.data()), nullptr);
    EXPECT_EQ(mkdir(path_of("").c_str(), 0777), 0);
    EXPECT_EQ(mkdir((base_ + "/outside").c_str(), 0777), 0);
    write_file(base_ + "/outside/secret", "secret");
  }
  ~TestTree() {
    if (!base_.empty()) remove_tree(base_);
  }
  TestTree(const TestTree&) = delete;
  TestTree& operator=(const TestTree&) = delete;

  Backend backend() const { return backend_; }
  const std::string& base() const { return base_; }
  std::string path_of(std::string_view relative) const {
    return base_ + "/root/" + std::string(relative);
  }

  void put_directory(std::string_view path) {
    if (backend_ == Backend::memory) {
      EXPECT_TRUE(memory_.put_directory(path)) << path;
    } else {
      EXPECT_EQ(mkdir(path_of(path).c_str(), 0777), 0) << path;
    }
  }
  void put_file(std::string_view path, std::string_view content) {
    if (backend_ == Backend::memory) {
      EXPECT_TRUE(memory_.put_file(path, content)) << path;
    } else {
      write_file(path_of(path), content);
    }
  }
  void put_link(std::string_view path, std::string_view target) {
    if (backend_ == Backend::memory) {
      EXPECT_TRUE(memory_.put_link(path, target)) << path;
    } else {
      EXPECT_EQ(::symlink(std::string(target).c_str(), path_of(path).c_str()), 0) << path;
    }
  }

  std::shared_ptr<Dir> open(std::shared_ptr<const Grant> grant) const {
    if (backend_ == Backend::memory) return memory_.open(std::move(grant));
    auto dir = open_real_dir(path_of(""), std::move(grant),
                             uses_kernel(backend_) ? os::Resolver::kernel : os::Resolver::walk);
    EXPECT_TRUE(dir.has_value());
    return dir ? *dir : nullptr;
  }
  std::shared_ptr<Dir> open(bool read_only = false) const {
    bool guarded = backend_ == Backend::guarded_kernel || backend_ == Backend::guarded_walk;
    std::shared_ptr<Gate> gate = grant::grants_alone();
    if (guarded) gate = std::make_shared<AllowAll>();
    return open(std::make_shared<Grant>("root", read_only ? Rights::read : Rights::all,
                                        std::move(gate), std::make_shared<DenialLog>()));
  }

  // Nothing outside was changed, added or taken away.
  bool outside_is_untouched() const {
    if (backend_ == Backend::memory) return true;
    struct stat status;
    std::string secret = base_ + "/outside/secret";
    if (lstat(secret.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return false;
    if (status.st_size != 6 || status.st_nlink != 1 || status.st_mtim.tv_sec < 1'000'000) {
      return false;
    }
    return count_entries(base_ + "/outside") == 1 && count_entries(base_) == 2;
  }

 private:
  static void write_file(const std::string& path, std::string_view content) {
    int fd = ::open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0666);
    EXPECT_GE(fd, 0) << path;
    EXPECT_EQ(::write(fd, content.data(), content.size()), static_cast<ssize_t>(content.size()));
    close(fd);
  }
  static int count_entries(const std::string& path) {
    int count = -2;  // . and ..
    DIR* dir = opendir(path.c_str());
    if (dir == nullptr) return -1;
    while (readdir(dir) != nullptr) ++count;
    closedir(dir);
    return count;
  }

  Backend backend_;
  std::string base_;
  MemoryTree memory_;
};

// Those on the operating system: openat2 is missing from old kernels and under some emulators.
inline std::vector<Backend> real_backends() {
  auto kernel = open_real_dir("/", Grant::simple("/"), os::Resolver::kernel);
  if (!kernel) return {Backend::walk, Backend::guarded_walk};
  return {Backend::kernel, Backend::walk, Backend::guarded_kernel, Backend::guarded_walk};
}

inline std::vector<Backend> all_backends() {
  std::vector<Backend> backends = real_backends();
  backends.push_back(Backend::memory);
  return backends;
}

inline std::string backend_test_name(const testing::TestParamInfo<Backend>& info) {
  return backend_name(info.param);
}

}  // namespace nacre::host
