// What a gate is asked about paths, and that its answer holds.
#include <gtest/gtest.h>

#include <map>

#include "host/file.h"
#include "host/test_tree.h"
#include "os/host_path.h"

namespace nacre::host {
namespace {

class Recording final : public Gate {
 public:
  Decision may(const Request& request) override {
    asked.push_back(std::string(request.object));
    last = request;
    last.object = {};
    return denied == request.object ? Decision::deny : answer;
  }
  bool may_look(const Request&) override { return shows; }
  bool watches(std::string_view) override { return true; }
  std::vector<std::string> asked;
  Request last{.kind = Kind::dir};
  std::string denied;
  bool shows = false;
  Decision answer = Decision::allow;
};

class Guarded : public testing::TestWithParam<Backend> {
 protected:
  Guarded() : tree(GetParam()), gate(std::make_shared<Recording>()) {}
  std::shared_ptr<Dir> mounted() {
    return tree.open(std::make_shared<Grant>("data", Rights::all, gate, log));
  }
  std::shared_ptr<Dir> root(const std::string& working_dir = "/nonexistent") {
    auto resolver = uses_kernel(GetParam()) ? os::Resolver::kernel : os::Resolver::walk;
    auto grant = std::make_shared<Grant>("/", Rights::all, gate, log, true);
    return *open_root_dir(std::move(grant), working_dir, resolver);
  }
  std::string below_root(std::string_view path) { return tree.path_of(path).substr(1); }

  TestTree tree;
  std::shared_ptr<Recording> gate;
  std::shared_ptr<DenialLog> log = std::make_shared<DenialLog>();
};
INSTANTIATE_TEST_SUITE_P(Backends, Guarded, testing::Values(Backend::kernel, Backend::walk),
                         backend_test_name);

TEST_P(Guarded, AsksAboutTheObjectBehindLinks) {
  tree.put_directory("d");
  tree.put_file("d/secret", "s");
  tree.put_link("link", "d/./secret");
  gate->denied = tree.path_of("d/secret");
  auto dir = mounted();
  EXPECT_EQ(dir->open("link", {.read = true, .follow = true}).error(), Errno::hidden);
  EXPECT_EQ(gate->asked.back(), tree.path_of("d/secret"));
  EXPECT_TRUE(gate->last.granted);
  EXPECT_EQ(gate->last.rights, Rights::read);
  EXPECT_EQ(dir->stat_at("d/../d/secret", false).error(), Errno::hidden);
  EXPECT_EQ(dir->unlink_file("d/secret").error(), Errno::hidden);
  EXPECT_EQ(gate->last.rights, Rights::create);
  EXPECT_EQ(dir->rename("d/secret", *dir, "mine").error(), Errno::hidden);
  EXPECT_EQ(dir->link("d/secret", false, *dir, "mine").error(), Errno::hidden);
  EXPECT_EQ(gate->last.rights, Rights::all) << "a second name gives all that the first does";
  EXPECT_TRUE(dir->read_link("link").has_value());
  EXPECT_EQ(gate->asked.back(), tree.path_of("link"));
}

TEST_P(Guarded, NothingHappensWhenRefused) {
  tree.put_file("f", "text");
  gate->answer = Decision::deny;
  auto dir = root();
  std::string file = below_root("f");
  EXPECT_FALSE(dir->open(file, {.truncate = true}).has_value());
  EXPECT_FALSE(dir->open(below_root("new"), {.write = true, .create = true}).has_value());
  EXPECT_EQ(gate->asked.back(), tree.path_of("new"));
  EXPECT_TRUE(gate->last.missing);
  EXPECT_EQ(gate->last.rights, Rights::write | Rights::create);
  EXPECT_FALSE(dir->create_directory(below_root("new")).has_value());
  EXPECT_FALSE(dir->unlink_file(file).has_value());
  EXPECT_FALSE(dir->read_entries(0, 1000).has_value());
  EXPECT_FALSE(dir->set_times({.modified_now = true}).has_value());
  gate->answer = Decision::allow;
  EXPECT_EQ(dir->stat_at(file, false)->size_bytes, 4u);
  EXPECT_EQ(dir->stat_at(below_root("new"), false).error(), Errno::noent);
}

// Whether something is there is not told to those who may not look: for them nothing is.
TEST_P(Guarded, MissingAndForbiddenLookAlike) {
  tree.put_file("f", "");
  tree.put_directory("d");
  tree.put_link("l", "f");
  gate->answer = Decision::deny;
  auto dir = root();
  auto other = below_root("other");
  for (const char* path : {"f", "d", "l", "missing", "f/x", "missing/x", "missing/../f",
                           "missing/..", "d/missing", "../../proc/self/environ", "../../proc/no"}) {
    std::string below = below_root(path);
    auto look = [&](auto result) { EXPECT_EQ(result.error(), Errno::hidden) << path; };
    look(dir->open(below, {.read = true, .follow = true}));
    look(dir->open(below, {.write = true, .create = true, .follow = true}));
    look(dir->open(below, {.read = true, .directory = true}));
    look(dir->stat_at(below, true));
    look(dir->stat_at(below, false));
    look(dir->read_link(below));
    look(dir->create_directory(below));
    look(dir->remove_directory(below));
    look(dir->unlink_file(below));
    look(dir->rename(below, *dir, other));
    look(dir->rename(other, *dir, below));
    look(dir->link(below, false, *dir, other));
    look(dir->create_symlink("x", below));
    look(dir->set_times_at(below, true, {.modified_now = true}));
  }
  // What a guest has open is there.
  EXPECT_EQ(dir->read_entries(0, 1000).error(), Errno::no_capability);
  EXPECT_EQ(dir->set_times({.modified_now = true}).error(), Errno::no_capability);
}

TEST_P(Guarded, WhatMayBeLookedAtIsRefusedByName) {
  tree.put_file("f", "");
  gate->answer = Decision::deny;
  gate->shows = true;
  auto dir = root();
  for (const char* path : {"f", "missing", "missing/x"}) {
    EXPECT_EQ(dir->open(below_root(path), {.write = true}).error(), Errno::no_capability) << path;
    EXPECT_EQ(dir->unlink_file(below_root(path)).error(), Errno::no_capability) << path;
  }
  EXPECT_EQ(dir->open("proc/self/environ", {.read = true}).error(), Errno::not_granted);
}

// Both ends of a link or a rename are needed, so both are noted; no question is asked about the
// second.
TEST_P(Guarded, BothEndsAreNoted) {
  tree.put_file("f", "");
  gate->answer = Decision::deny;
  auto dir = root();
  EXPECT_FALSE(dir->rename(below_root("f"), *dir, below_root("g")).has_value());
  ASSERT_EQ(gate->asked, (std::vector{tree.path_of("f"), tree.path_of("g")}));
  EXPECT_TRUE(gate->last.silent);
}

TEST_P(Guarded, ReadingGivesNoWayToChange) {
  tree.put_file("f", "text");
  auto dir = root();
  auto handle = dir->open(below_root("f"), {.read = true});
  ASSERT_TRUE(handle.has_value());
  EXPECT_EQ((*handle)->set_times({.modified_now = true}).error(), Errno::not_granted);
  EXPECT_FALSE(static_cast<File&>(**handle).set_size(0).has_value());
}

TEST_P(Guarded, AbsoluteLinksLeadWhereTheySay) {
  tree.put_file("f", "text");
  tree.put_link("abs", tree.path_of("f"));
  tree.put_link("up", "/../../.." + tree.path_of("f"));
  auto dir = root();
  for (const char* link : {"abs", "up"}) {
    EXPECT_TRUE(dir->open(below_root(link), {.read = true, .follow = true}).has_value()) << link;
    EXPECT_EQ(gate->asked.back(), tree.path_of("f"));
  }
  EXPECT_EQ(mounted()->open("abs", {.read = true, .follow = true}).error(), Errno::not_granted);
}

TEST_P(Guarded, PathsOfTheWorkingDirectory) {
  tree.put_directory("nacre_words");
  tree.put_file("nacre_words/f", "text");
  auto dir = root(tree.path_of("").substr(0, tree.path_of("").size() - 1));
  EXPECT_TRUE(dir->open("nacre_words/f", {.read = true}).has_value());
  EXPECT_EQ(gate->asked.back(), tree.path_of("nacre_words/f"));
  EXPECT_TRUE(dir->open("etc/passwd", {.read = true}).has_value());
  EXPECT_EQ(gate->asked.back(), "/etc/passwd");
  EXPECT_TRUE(dir->open("nacre_new", {.write = true, .create = true}).has_value());
  EXPECT_EQ(gate->asked.back(), tree.path_of("nacre_new"));
}

TEST_P(Guarded, ProcAndDevicesStayClosed) {
  auto dir = root();
  EXPECT_EQ(dir->open("proc/self/environ", {.read = true}).error(), Errno::not_granted);
  EXPECT_FALSE(dir->open("proc/self/root/etc/passwd", {.read = true, .follow = true}).has_value());
  EXPECT_TRUE(gate->asked.empty() || gate->asked.back().find("passwd") == std::string::npos);
}

TEST(HostPath, Canonical) {
  TestTree tree(Backend::walk);
  tree.put_directory("d");
  tree.put_link("link", "d");
  std::string root = tree.path_of("").substr(0, tree.path_of("").size() - 1);
  EXPECT_EQ(os::canonical_path("link", root), root + "/d");
  EXPECT_EQ(os::canonical_path("link/x/../y", root), root + "/d/y");
  EXPECT_EQ(os::canonical_path("/nacre-no/./b//", root), "/nacre-no/b");
  EXPECT_EQ(os::canonical_path("/..", root), "/");
  EXPECT_EQ(os::canonical_path("", root), root);
  EXPECT_TRUE(is_beneath("/a/b", "/a"));
  EXPECT_FALSE(is_beneath("/ab", "/a"));
  EXPECT_TRUE(is_beneath("/a", "/"));
}

}  // namespace
}  // namespace nacre::host
