// What files are called and how messages are worded decides nothing: the same rules give a guest
// the same, whatever the policy file that says them is called.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "api/grants.h"

namespace nacre::api {
namespace {

// In a folder of its own, which is the working directory meanwhile.
class SourcesTest : public testing::Test {
 protected:
  SourcesTest() : before_(std::filesystem::current_path()) {
    std::string name = "/tmp/nacre-sources-XXXXXX";
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    top_ = std::filesystem::canonical(name);
    std::filesystem::current_path(top_);
    std::filesystem::create_directory("data");
  }
  ~SourcesTest() override {
    std::filesystem::current_path(before_);
    std::filesystem::remove_all(top_);
  }

  // What a guest has by these settings: a line for each directory, one for sockets and variables.
  static std::string given(
      const std::vector<std::pair<std::string, std::optional<std::string>>>& settings) {
    Grants grants;
    for (const auto& [kind, value] : settings) {
      auto added = grants.add(kind, value);
      if (!added) return added.error().to_string();
    }
    auto prepared = grants.prepare();
    if (!prepared) return prepared.error().to_string();
    std::string text;
    for (const host::Preopen& preopen : prepared->world.preopens()) {
      text += preopen.guest_path + " is " + preopen.host_path + "\n";
    }
    text += std::to_string(prepared->world.sockets().size()) + " sockets\n";
    for (const auto& [name, value] : prepared->world.env().variables) text += name + "=" + value;
    return text + (prepared->needs_broker ? "\nneeds a broker" : "");
  }
  // By a policy in a file of this name.
  static std::string given_by(const std::string& name, const std::string& policy) {
    std::ofstream(name) << policy;
    return given({{"policy", name}});
  }

  std::filesystem::path before_;
  std::string top_;
};

TEST_F(SourcesTest, NamesOfPolicyFilesDecideNothing) {
  const std::string policy =
      "[allow]\ndir = [\"data:ro\"]\nlisten = \"127.0.0.1:0\"\nenv = [\"A=1\", \"NACRE_UNSET\"]\n";
  const std::string plain = given_by("nacre.toml", policy);
  EXPECT_EQ(plain, "data is " + top_ + "/data\n1 sockets\nA=1");
  for (const char* name : {"decided.toml", "decided by signer alice 2026.toml", "--x", "--dir",
                           "--allow-all", "answered in this run", "Nacre's own"}) {
    EXPECT_EQ(given_by(name, policy), plain) << name;
  }
}

TEST_F(SourcesTest, AllowAllMountsNothingAndFilesThatSayTheSameDo) {
  EXPECT_EQ(given({{"dir", "/"}}).find("/ is /\n"), 0u);
  std::string all = given({{"allow-all", std::nullopt}, {"no-env", "*"}});
  EXPECT_EQ(all.find("/ is /\n"), 0u) << "as the root, in which each path is decided";
  EXPECT_NE(all.find("needs a broker"), std::string::npos) << all;
  std::string file = given_by("--allow-all", "[allow]\ndir = \"/\"\n");
  EXPECT_EQ(file, given_by("p.toml", "[allow]\ndir = \"/\"\n"));
}

}  // namespace
}  // namespace nacre::api
