// What is denied to every guest because Nacre opens it by name.
#include "policy/own_files.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <optional>

#include "grant/rules.h"
#include "os/environment.h"

namespace nacre::policy {
namespace {

using namespace grant;

// The environment is put back at the end.
class OwnFilesTest : public testing::Test {
 protected:
  static constexpr const char* kNames[] = {"HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME",
                                           "XDG_STATE_HOME"};
  OwnFilesTest() {
    std::string name = "/tmp/nacre-own-XXXXXX";
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    top = std::filesystem::canonical(name);
    for (const char* variable : kNames) {
      const char* value = getenv(variable);
      before_.push_back(value ? std::optional<std::string>(value) : std::nullopt);
      unsetenv(variable);
    }
    std::filesystem::create_directories(top + "/home/.config");
    set("HOME", top + "/home");
  }
  ~OwnFilesTest() override {
    for (size_t i = 0; i < std::size(kNames); ++i) {
      if (before_[i]) {
        set(kNames[i], *before_[i]);
      } else {
        unsetenv(kNames[i]);
      }
    }
    std::filesystem::remove_all(top);
  }
  static void set(const char* name, const std::string& value) { setenv(name, value.c_str(), 1); }
  void link(const std::string& target, const std::string& name) {
    ASSERT_EQ(symlink(target.c_str(), (top + "/" + name).c_str()), 0);
  }

  bool may(std::string path, Rights rights, bool removes = false, bool missing = false) {
    RuleSet rules;
    Rule all;
    all.path = "/";
    rules.add(all);
    rules.add_all(protection(files, top));
    if (!path.starts_with('/')) path = top + "/" + path;
    return rules
               .evaluate({.kind = Kind::file,
                          .object = path,
                          .rights = rights,
                          .missing = missing,
                          .removes = removes})
               .answer == Verdict::allowed;
  }
  bool may_remove(const std::string& path) { return may(path, Rights::create, true); }
  bool may_make(const std::string& path) { return may(path, Rights::create, false, true); }

  std::string top;
  std::vector<OwnFile> files;

 private:
  std::vector<std::optional<std::string>> before_;
};

TEST_F(OwnFilesTest, FoldersAsTheyAreSetAndAsTheyAreOtherwise) {
  for (const char* variable : {"XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"}) {
    set(variable, top + "/" + variable);
  }
  for (const char* path : {"XDG_CONFIG_HOME/nacre/x", "XDG_CACHE_HOME/nacre/x",
                           "XDG_STATE_HOME/nacre/x", "home/.config/nacre/permissions.toml",
                           "home/.cache/nacre/x", "home/.local/state/nacre/x"}) {
    EXPECT_FALSE(may(path, Rights::read)) << path;
    EXPECT_FALSE(may_make(path)) << path;
  }
  EXPECT_TRUE(may("home/.config/other", Rights::all));
}

// The next run may be one with HOME, or with another one.
TEST_F(OwnFilesTest, FoldersOfTheAccountWhateverTheEnvironmentSays) {
  std::string home = os::home_of_account();
  if (!home.starts_with('/')) GTEST_SKIP() << "an account without a home";
  for (const char* variable : {"HOME", "XDG_CONFIG_HOME"}) {
    for (const char* path : {"/.config/nacre/permissions.toml", "/.cache/nacre/x"}) {
      EXPECT_FALSE(may_make(home + path)) << path << " without " << variable;
    }
    unsetenv(variable);
  }
}

TEST_F(OwnFilesTest, TheFileOfDecisionsMayBeALinkOutOfItsFolder) {
  std::filesystem::create_directories(top + "/home/.config/nacre");
  link("../../../dot/p.toml", "home/.config/nacre/permissions.toml");
  for (const char* path : {"dot/p.toml", "dot/p.toml.new"}) {
    EXPECT_FALSE(may(path, Rights::read)) << path;
    EXPECT_FALSE(may_make(path)) << path;
  }
  EXPECT_FALSE(may_make("dot"));
  EXPECT_TRUE(may_make("dot/other"));
}

TEST_F(OwnFilesTest, NamedFilesTheirLinksAndWhatIsWrittenFirst) {
  link("real", "way");
  std::filesystem::create_directories(top + "/real");
  files = {{.path = "way/policy", .what = "p"},
           {.path = top + "/way/log", .what = "l", .denied = Rights::all},
           {.path = "way/recorded", .what = "r", .is_replaced = true}};
  EXPECT_FALSE(may_remove("way"));
  EXPECT_FALSE(may_remove("real"));
  for (const char* path : {"real/policy", "real/log", "real/recorded", "real/recorded.new"}) {
    EXPECT_FALSE(may(path, Rights::write)) << path;
    EXPECT_FALSE(may_remove(path)) << path;
    EXPECT_FALSE(may_make(path)) << path;
  }
  EXPECT_TRUE(may("real/policy", Rights::read)) << "it may be looked at";
  EXPECT_FALSE(may("real/log", Rights::read));
  EXPECT_TRUE(may("real/policy.new", Rights::all));
}

}  // namespace
}  // namespace nacre::policy
