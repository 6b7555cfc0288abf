// Paths are resolved safely while another process renames what they go through (invariants.md:
// paths-stay-beneath).
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>

#include "host/file.h"
#include "host/test_tree.h"

namespace nacre::host {
namespace {

constexpr int kTries = 3000;

// Swaps two names until told to stop.
class Swapper {
 public:
  Swapper(std::string a, std::string b)
      : thread_([this, a = std::move(a), b = std::move(b)] {
          while (!stop_) {
            constexpr unsigned kExchange = 2;  // RENAME_EXCHANGE
            syscall(SYS_renameat2, AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), kExchange);
            ++swaps_;
          }
        }) {}
  ~Swapper() {
    stop_ = true;
    thread_.join();
  }
  int swaps() const { return swaps_; }

 private:
  std::atomic<bool> stop_ = false;
  std::atomic<int> swaps_ = 0;
  std::thread thread_;
};

std::string content_of(Handle& handle) {
  if (handle.kind() != HandleKind::file) return "";
  uint8_t bytes[16];
  MutableBytes buffer(bytes);
  auto count = static_cast<File&>(handle).read_at(std::span<const MutableBytes>(&buffer, 1), 0);
  return count ? std::string(as_text({bytes, *count})) : "";
}

class DirRace : public testing::TestWithParam<Backend> {};
INSTANTIATE_TEST_SUITE_P(Backends, DirRace, testing::ValuesIn(real_backends()), backend_test_name);

TEST_P(DirRace, DirectorySwappedWithLinkToOutside) {
  TestTree tree(GetParam());
  tree.put_directory("swap");
  tree.put_file("swap/secret", "inside");
  tree.put_link("other", "../outside");
  auto dir = tree.open();
  Swapper swapper(tree.path_of("swap"), tree.path_of("other"));
  int opened = 0;
  int refused = 0;
  for (int i = 0; i < kTries || opened == 0 || refused == 0; ++i) {
    ASSERT_LT(i, 100 * kTries) << "one of the outcomes never happens";
    auto handle = dir->open("swap/secret", {.read = true, .follow = true});
    if (handle) {
      ASSERT_EQ(content_of(**handle), "inside");
      ++opened;
    } else {
      ++refused;
    }
    (void)dir->stat_at("swap/secret", true);
    (void)dir->create_directory("swap/new");
    (void)dir->rename("swap/new", *dir, "swap/newer");
    (void)dir->create_symlink("x", "swap/link");
    (void)dir->unlink_file("swap/link");
    (void)dir->remove_directory("swap/newer");
    (void)dir->open("swap/made", {.write = true, .create = true, .follow = true});
    (void)dir->unlink_file("swap/made");
  }
  EXPECT_GT(swapper.swaps(), 0);
  EXPECT_TRUE(tree.outside_is_untouched());
}

TEST_P(DirRace, FileSwappedWithLinkToOutside) {
  TestTree tree(GetParam());
  tree.put_file("file", "inside");
  tree.put_link("other", "../outside/secret");
  auto dir = tree.open();
  Swapper swapper(tree.path_of("file"), tree.path_of("other"));
  FileTimes times;
  times.modified = 1'000;
  for (int i = 0; i < kTries; ++i) {
    for (bool follow : {false, true}) {
      auto handle = dir->open("file", {.read = true, .follow = follow});
      if (handle) {
        ASSERT_NE(content_of(**handle), "secret");
      }
      (void)dir->set_times_at("file", follow, times);
      auto stat = dir->stat_at("file", follow);
      if (stat && follow) {
        ASSERT_EQ(stat->type, FileType::regular_file);
      }
    }
    (void)dir->open("file", {.truncate = true, .follow = true});
    auto handle = dir->open("file", {.write = true, .follow = true});
    if (handle) {
      Bytes inside = as_bytes("inside");
      ASSERT_TRUE(
          static_cast<File&>(**handle).write_at(std::span<const Bytes>(&inside, 1), 0).has_value());
    }
  }
  EXPECT_TRUE(tree.outside_is_untouched());
}

// While a path goes down into a directory and up again, the directory is moved outside: up must
// not lead to what is above it there.
TEST_P(DirRace, DirectoryMovedOutsideUnderDotDot) {
  TestTree tree(GetParam());
  tree.put_directory("a");
  tree.put_directory("a/b");
  tree.put_file("a/secret", "inside");
  auto dir = tree.open();
  // Exchanged with an empty directory below outside's own; both names always exist.
  std::string place = tree.base() + "/outside";
  std::string parked = tree.path_of("parked");
  ASSERT_EQ(mkdir(parked.c_str(), 0777), 0);
  std::string there = tree.base() + "/outside/b";
  ASSERT_EQ(mkdir(there.c_str(), 0777), 0);
  {
    Swapper swapper(tree.path_of("a/b"), there);
    for (int i = 0; i < kTries; ++i) {
      auto handle = dir->open("a/b/../secret", {.read = true, .follow = true});
      if (handle) {
        ASSERT_EQ(content_of(**handle), "inside");
      }
    }
  }
  ASSERT_EQ(rmdir(there.c_str()), 0);
  EXPECT_TRUE(tree.outside_is_untouched());
}

}  // namespace
}  // namespace nacre::host
