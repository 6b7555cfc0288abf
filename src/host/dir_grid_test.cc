// Every spelling of a path, on every kind of object, in every call: the three implementations must
// agree on the result, and none may touch what is outside (invariants.md: paths-stay-beneath).
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "host/file.h"
#include "host/test_tree.h"

namespace nacre::host {
namespace {

const char* const kObjects[] = {"file",     "dir",      "full", "to_file",  "to_dir", "out_dir",
                                "out_file", "absolute", "loop", "dangling", "missing"};
const char* const kSpellings[] = {"%",
                                  "%/",
                                  "%//",
                                  "%/.",
                                  "%/./",
                                  "./%",
                                  ".//%",
                                  "%/..",
                                  "%/../..",
                                  "full/../%",
                                  "full/sub/../../%",
                                  "../root/%",
                                  "/%",
                                  "%/x",
                                  "%/x/",
                                  "%/../%",
                                  "full/up/%",
                                  "full/up/../%"};

void fill(TestTree& tree) {
  tree.put_file("file", "content");
  tree.put_directory("dir");
  tree.put_directory("full");
  tree.put_directory("full/sub");
  tree.put_file("full/x", "x");
  tree.put_link("full/up", "..");
  tree.put_link("to_file", "file");
  tree.put_link("to_dir", "full");
  tree.put_link("out_dir", "../outside");
  tree.put_link("out_file", "../outside/secret");
  tree.put_link("absolute", "/etc");
  tree.put_link("loop", "loop");
  tree.put_link("dangling", "nothing");
}

using Call = std::function<HostResult<void>(Dir&, const std::string&)>;

template <class T>
HostResult<void> drop(HostResult<T> result) {
  if (!result) return failed(result.error());
  return {};
}

Call open_with(OpenOptions options) {
  return [options](Dir& dir, const std::string& path) { return drop(dir.open(path, options)); };
}

std::map<std::string, Call> calls() {
  FileTimes times;
  times.modified = 1'000'000'000;
  return {
      {"open", open_with({.read = true})},
      {"open follow", open_with({.read = true, .follow = true})},
      {"open write follow", open_with({.write = true, .follow = true})},
      {"open directory", open_with({.read = true, .directory = true})},
      {"open directory follow", open_with({.read = true, .directory = true, .follow = true})},
      {"create", open_with({.write = true, .create = true})},
      {"create follow", open_with({.read = true, .write = true, .create = true, .follow = true})},
      {"create exclusive",
       open_with({.write = true, .create = true, .exclusive = true, .follow = true})},
      {"truncate follow", open_with({.truncate = true, .follow = true})},
      {"stat", [](Dir& dir, const std::string& path) { return drop(dir.stat_at(path, false)); }},
      {"stat follow",
       [](Dir& dir, const std::string& path) { return drop(dir.stat_at(path, true)); }},
      {"set_times",
       [=](Dir& dir, const std::string& path) { return dir.set_times_at(path, false, times); }},
      {"set_times follow",
       [=](Dir& dir, const std::string& path) { return dir.set_times_at(path, true, times); }},
      {"create_directory",
       [](Dir& dir, const std::string& path) { return dir.create_directory(path); }},
      {"remove_directory",
       [](Dir& dir, const std::string& path) { return dir.remove_directory(path); }},
      {"unlink", [](Dir& dir, const std::string& path) { return dir.unlink_file(path); }},
      {"symlink at",
       [](Dir& dir, const std::string& path) { return dir.create_symlink("file", path); }},
      {"read_link", [](Dir& dir, const std::string& path) { return drop(dir.read_link(path)); }},
      {"link from",
       [](Dir& dir, const std::string& path) { return dir.link(path, false, dir, "new"); }},
      {"link from follow",
       [](Dir& dir, const std::string& path) { return dir.link(path, true, dir, "new"); }},
      {"link to",
       [](Dir& dir, const std::string& path) { return dir.link("file", false, dir, path); }},
      {"rename from",
       [](Dir& dir, const std::string& path) { return dir.rename(path, dir, "new"); }},
      {"rename to", [](Dir& dir, const std::string& path) { return dir.rename("dir", dir, path); }},
      {"rename file to",
       [](Dir& dir, const std::string& path) { return dir.rename("file", dir, path); }},
  };
}

std::string spell(const char* spelling, const char* object) {
  std::string result;
  for (const char* at = spelling; *at != '\0'; ++at) {
    if (*at == '%') {
      result += object;
    } else {
      result += *at;
    }
  }
  return result;
}

std::string outcome(const HostResult<void>& result) {
  return result ? "success" : std::string(errno_text(result.error()));
}

// A tree per implementation, made anew once a call has changed it.
class Trees {
 public:
  std::string run(Backend backend, const Call& call, const std::string& path) {
    auto& tree = trees_[backend];
    if (!tree) {
      tree = std::make_unique<TestTree>(backend, true);
      fill(*tree);
    }
    auto result = call(*tree->open(), path);
    EXPECT_TRUE(tree->outside_is_untouched()) << path << " by " << backend_name(backend);
    if (result) tree.reset();
    return outcome(result);
  }

 private:
  std::map<Backend, std::unique_ptr<TestTree>> trees_;
};

TEST(DirGrid, ImplementationsAgreeAndNothingEscapes) {
  int disagreements = 0;
  const std::vector<Backend> real_backends_here = real_backends();
  Trees trees;
  for (const auto& [name, call] : calls()) {
    for (const char* object : kObjects) {
      for (const char* spelling : kSpellings) {
        std::string path = spell(spelling, object);
        std::string expected = trees.run(Backend::memory, call, path);
        for (Backend backend : real_backends_here) {
          std::string result = trees.run(backend, call, path);
          if (result == expected) continue;
          ADD_FAILURE() << name << " \"" << path << "\": " << backend_name(backend) << " " << result
                        << ", memory " << expected;
          if (++disagreements > 60) return;
        }
      }
    }
  }
}

// What the three agree on is also right: the cases that matter, by hand.
struct Expectation {
  const char* call;
  const char* path;
  const char* result;
};
constexpr Expectation kExpectations[] = {
    {"open follow", "file", "success"},
    {"open follow", "file/", "not a directory"},
    {"open follow", "file/.", "not a directory"},
    {"open follow", "to_file", "success"},
    {"open", "to_file", "too many symbolic links"},
    {"open directory", "to_dir", "not a directory"},
    {"open", "to_dir/", "success"},
    {"open follow", "out_dir", "not granted"},
    {"open follow", "out_dir/", "not granted"},
    {"open", "out_dir/", "not granted"},
    {"open", "out_dir/.", "not granted"},
    {"open", "out_dir/secret", "not granted"},
    {"open follow", "out_file", "not granted"},
    {"open follow", "absolute", "not granted"},
    {"open", "/file", "not granted"},
    {"open", "../root/file", "not granted"},
    {"open", "full/../file", "success"},
    {"open", "full/../../root/file", "not granted"},
    {"open follow", "full/up/file", "success"},
    {"open follow", "full/up/../file", "not granted"},
    {"open follow", "loop", "too many symbolic links"},
    {"open follow", "dangling", "no such file or directory"},
    {"create follow", "dangling", "success"},
    {"create follow", "out_file", "not granted"},
    {"create exclusive", "dangling", "exists"},
    {"create", "missing/", "is a directory"},
    {"truncate follow", "out_file", "not granted"},
    {"stat", "out_file", "success"},
    {"stat follow", "out_file", "not granted"},
    {"stat", "out_dir/", "not granted"},
    {"set_times follow", "out_file", "not granted"},
    {"set_times", "out_dir/", "not granted"},
    {"create_directory", "out_dir/new", "not granted"},
    {"create_directory", "missing/", "success"},
    {"create_directory", "dir/..", "exists"},
    {"remove_directory", "dir/", "success"},
    {"remove_directory", "dir/.", "invalid argument"},
    {"remove_directory", "to_dir/", "not a directory"},
    {"remove_directory", "full", "directory not empty"},
    {"remove_directory", "file/", "not a directory"},
    {"unlink", "file/", "not a directory"},
    {"unlink", "dir", "is a directory"},
    {"unlink", "dir/", "is a directory"},
    {"unlink", "out_dir", "success"},
    {"unlink", "out_dir/secret", "not granted"},
    {"symlink at", "missing/", "no such file or directory"},
    {"symlink at", "dir/", "exists"},
    {"symlink at", "out_dir/new", "not granted"},
    {"link from", "dir", "operation not permitted"},
    {"link from follow", "out_file", "not granted"},
    {"link from", "out_dir/secret", "not granted"},
    {"link to", "missing/", "no such file or directory"},
    {"link to", "out_dir/new", "not granted"},
    {"rename from", "out_dir/secret", "not granted"},
    {"rename to", "missing/", "success"},
    {"rename file to", "missing/", "not a directory"},
    {"rename to", "out_dir/new", "not granted"},
    {"rename to", "full", "directory not empty"},
    {"rename to", "file", "not a directory"},
    {"rename file to", "dir", "is a directory"},
    {"rename from", "dir/.", "busy"},
    {"read_link", "to_file", "success"},
    {"read_link", "to_dir/", "invalid argument"},
    {"read_link", "out_dir/", "not granted"},
    {"open", "", "no such file or directory"},
};

class DirExpectations : public testing::TestWithParam<Backend> {};
INSTANTIATE_TEST_SUITE_P(Backends, DirExpectations, testing::ValuesIn(all_backends()),
                         backend_test_name);

TEST_P(DirExpectations, EachResultIsAsListed) {
  auto table = calls();
  for (const Expectation& expected : kExpectations) {
    TestTree tree(GetParam(), true);
    fill(tree);
    auto dir = tree.open();
    EXPECT_EQ(outcome(table.at(expected.call)(*dir, expected.path)), expected.result)
        << expected.call << " " << expected.path;
  }
}

TEST_P(DirExpectations, ReadOnlyRefusesEveryChange) {
  for (const auto& [name, call] : calls()) {
    bool changes = !name.starts_with("open") && !name.starts_with("stat") && name != "read_link";
    if (name == "open write follow") changes = true;
    for (const char* object : {"file", "dir", "to_file", "missing"}) {
      TestTree tree(GetParam(), true);
      fill(tree);
      auto dir = tree.open(true);
      auto result = call(*dir, object);
      if (changes) {
        EXPECT_EQ(outcome(result), "not granted") << name << " " << object;
      } else {
        EXPECT_NE(outcome(result), "not granted") << name << " " << object;
      }
    }
  }
}

}  // namespace
}  // namespace nacre::host
