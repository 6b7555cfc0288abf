#include "os/file_contents.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

namespace nacre::os {
namespace {

class FileContentsTest : public testing::Test {
 protected:
  void SetUp() override {
    path_ = testing::TempDir() + "nacre_contents_XXXXXX";
    int fd = ::mkstemp(path_.data());
    ASSERT_GE(fd, 0);
    ASSERT_EQ(::write(fd, "hello", 5), 5);
    ::close(fd);
  }
  void TearDown() override { ::unlink(path_.c_str()); }
  std::string path_;
};

TEST_F(FileContentsTest, RegularFiles) {
  auto file = FileContents::read(path_, 5);
  ASSERT_TRUE(file) << file.error().to_string();
  EXPECT_EQ(as_text((*file)->bytes()), "hello");
  ASSERT_EQ(::truncate(path_.c_str(), 0), 0);
  EXPECT_EQ(as_text((*file)->bytes()), "hello");
}

TEST_F(FileContentsTest, KeepsToTheLimit) {
  auto file = FileContents::read(path_, 4);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code(), ErrorCode::limit);
  file = FileContents::read("/dev/zero", 1 << 20);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code(), ErrorCode::limit);
}

TEST_F(FileContentsTest, FilesWithoutASize) {
  auto file = FileContents::read("/dev/null", 100);
  ASSERT_TRUE(file);
  EXPECT_TRUE((*file)->bytes().empty());
  file = FileContents::read("/proc/self/cmdline", 1 << 20);
  ASSERT_TRUE(file);
  EXPECT_FALSE((*file)->bytes().empty());
}

TEST_F(FileContentsTest, SaysWhatIsWrong) {
  auto file = FileContents::read(path_ + "x", 100);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code(), ErrorCode::io);
  file = FileContents::read("/", 100);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code(), ErrorCode::io);
  EXPECT_NE(file.error().message().find("directory"), std::string::npos);
}

}  // namespace
}  // namespace nacre::os
