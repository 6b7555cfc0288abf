// Where names lead, and the links that lead there.
#include "os/host_path.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace nacre::os {
namespace {

using Names = std::vector<std::string>;

class WayTest : public testing::Test {
 protected:
  WayTest() {
    std::string name = "/tmp/nacre-way-XXXXXX";
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    top_ = std::filesystem::canonical(name);
    std::filesystem::create_directories(top_ + "/a/b");
    std::ofstream(top_ + "/a/b/file") << "text";
  }
  ~WayTest() override { std::filesystem::remove_all(top_); }

  void link(const std::string& target, const std::string& name) {
    ASSERT_EQ(symlink(target.c_str(), (top_ + "/" + name).c_str()), 0);
  }
  std::string end(std::string_view path) { return shortened(way_of(path, top_).end); }
  Names links(std::string_view path) {
    Names names;
    for (const std::string& name : way_of(path, top_).links) names.push_back(shortened(name));
    return names;
  }
  std::string shortened(const std::string& path) {
    return is_beneath(path, top_) ? path.substr(std::min(top_.size() + 1, path.size())) : path;
  }

  std::string top_;
};

TEST_F(WayTest, WithoutLinks) {
  EXPECT_EQ(end("a/./b//file"), "a/b/file");
  EXPECT_EQ(end("a/b/../b/file/"), "a/b/file");
  EXPECT_EQ(links("a/b/file"), Names{});
  EXPECT_EQ(way_of("/", top_).end, "/");
  EXPECT_EQ(way_of("/../..", top_).end, "/");
  EXPECT_EQ(end(""), "");
}

TEST_F(WayTest, EachLinkIsNamedByItsOwnPath) {
  link("a", "one");
  link(top_ + "/one/b", "two");
  link("../../two/../b/file", "a/b/three");
  EXPECT_EQ(end("one/b/three"), "a/b/file");
  EXPECT_EQ(links("one/b/three"), (Names{"one", "a/b/three", "a/b", "a", "two", "one", "a/b"}));
  EXPECT_EQ(end("two/.."), "a") << "above where the link leads, not above the link";
}

TEST_F(WayTest, WhatIsLeftAgainIsOnTheWay) {
  link("a/b/../c/d/../../new", "one");
  EXPECT_EQ(end("one/x"), "a/new/x");
  EXPECT_EQ(links("one/x"), (Names{"one", "a/b", "a/c/d", "a/c"})) << "missing ones too";
  EXPECT_EQ(links("a/../a/b/../x"), (Names{"a", "a/b"}));
  EXPECT_EQ(way_of("../../y", top_ + "/a/b").links, Names{}) << "the base is not looked up";
  EXPECT_EQ(way_of("../b/../y", top_ + "/a/b").links, Names{top_ + "/a/b"});
}

TEST_F(WayTest, LinksToWhatIsMissingAreFollowed) {
  link("nowhere/x", "dangling");
  EXPECT_EQ(end("dangling/y"), "nowhere/x/y");
  EXPECT_EQ(links("dangling/y"), Names{"dangling"});
  EXPECT_EQ(end("missing/../dangling"), "nowhere/x");
  EXPECT_EQ(end("missing/more/../y"), "missing/y");
  EXPECT_EQ(end("a/b/file/below"), "a/b/file/below");
}

TEST_F(WayTest, RingsAndWhatCannotBeAPathAreTakenByTheirWords) {
  link("ring", "ring");
  link("pong", "ping");
  link("ping", "pong");
  EXPECT_EQ(end("ring/x"), "ring/x");
  EXPECT_EQ(end("ping/../a"), "a");
  EXPECT_EQ(links("ping").size(), 40u);
  EXPECT_EQ(end(std::string("a\0b", 3)), std::string("a\0b", 3));
  EXPECT_EQ(end(std::string(5000, 'x')), std::string(5000, 'x'));
}

// What the kernel finds, for names that lead somewhere.
TEST_F(WayTest, IsWhatTheSystemSays) {
  link("..", "a/up");
  link("a/up/a/b", "far");
  link("/proc/self/root" + top_ + "/far", "by_proc");
  for (const char* path :
       {"a/up", "far", "far/file", "far/../up/a", "by_proc/file", "/proc/self"}) {
    std::string full = path[0] == '/' ? path : top_ + "/" + path;
    EXPECT_EQ(way_of(path, top_).end, std::filesystem::canonical(full)) << path;
    EXPECT_EQ(canonical_path(path, top_), way_of(path, top_).end);
  }
}

}  // namespace
}  // namespace nacre::os
