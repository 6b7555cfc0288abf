// Attacks on granted directories: random calls with random spellings by a guest, while others swap
// files, directories, links and pipes under its feet. Nothing may be reached outside of what was
// granted, nor what a rule denies inside of it, nor may a link change that a denial was said by, in
// the process that has the rights and through its broker. NACRE_ESCAPE_TRIES says how often (20 000).
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <optional>
#include <random>
#include <set>
#include <thread>

#include "broker/broker_for_test.h"
#include "host/file.h"
#include "host/test_tree.h"
#include "os/host_path.h"
#include "policy/policy.h"

namespace nacre::broker {
namespace {

using grant::Kind;
using grant::parse_rule;
using grant::Place;
using grant::Rights;
using grant::RuleSet;
using host::Dir;
using host::Errno;
using host::FileStat;
using host::HandleKind;
using host::HandlePtr;
using host::TestTree;
using policy::Policy;

constexpr int kDefaultTries = 20'000;
constexpr unsigned kExchange = 2;  // RENAME_EXCHANGE

int tries() {
  const char* text = std::getenv("NACRE_ESCAPE_TRIES");
  return text != nullptr ? std::max(1000, std::atoi(text)) : kDefaultTries;
}

constexpr int kNoMounts = 77;

// Runs it in a child with mounts of its own. What it returns: 0 if it had no failures, kNoMounts if
// that is not allowed here.
int with_own_mounts(const std::function<void()>& act) {
  pid_t child = fork();
  if (child == 0) {
    bool own = unshare(CLONE_NEWNS) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0;
    if (!own || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) _exit(kNoMounts);
    act();
    std::fflush(nullptr);
    _exit(testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status)) << "signal " << WTERMSIG(status);
  return WEXITSTATUS(status);
}

// How the directory is given to the guest.
enum class Way { mounted, below_root };
struct Setting {
  Way way;
  os::Resolver resolver;
  bool through_broker = false;
};

class EscapeTest : public testing::TestWithParam<Setting> {
 protected:
  EscapeTest() : tree(host::Backend::walk, true), random(4) {
    for (const char* name : {"denied", "denied/sub"}) tree.put_directory(name);
    tree.put_file("denied/key", "denied");
    tree.put_file("denied/sub/key", "denied");
    for (const char* name : {"ways", "ways/far", "kept", "kept/sub"}) tree.put_directory(name);
    tree.put_file("kept/sub/key", "denied");
    for (const auto& [name, target] : kWays) {
      EXPECT_EQ(symlink(target, tree.path_of(name).c_str()), 0) << name;
    }
    mend();
    EXPECT_EQ(mkdir((tree.base() + "/outside/away").c_str(), 0777), 0);
    for (const char* name : {"outside", "outside/secret", ""}) {
      forbid(tree.base() + "/" + name);
    }
    for (const char* name :
         {"denied", "denied/key", "denied/sub", "denied/sub/key", "kept/sub", "kept/sub/key"}) {
      forbid(tree.path_of(name));
    }
    forbid("/");
  }

  std::shared_ptr<Dir> open() {
    Place place(os::way_of);
    std::string root = tree.base() + "/root";
    RuleSet rules;
    rules.add(*parse_rule(Kind::dir, root, true, place));
    rules.add(*parse_rule(Kind::dir, root + "/denied", false, place));
    rules.add(*parse_rule(Kind::dir, root + "/mnt/private", false, place));
    rules.add(*parse_rule(Kind::dir, root + "/ways/one", false, place));
    rules.add(*parse_rule(Kind::file, root + "/ways/later", false, place));
    Policy::Options options;
    options.rules = std::move(rules);
    auto gate = std::make_shared<Policy>(std::move(options));
    auto log = std::make_shared<host::DenialLog>();
    bool below_root = GetParam().way == Way::below_root;
    auto grant = std::make_shared<host::Grant>("/", Rights::all, gate, log, below_root);
    auto dir = below_root ? host::open_root_dir(grant, "/", GetParam().resolver)
                          : host::open_real_dir(root, grant, GetParam().resolver);
    prefix = below_root ? root.substr(1) + "/" : "";
    if (!GetParam().through_broker) return *dir;
    broker.emplace(Server::Duties{.dirs = {*dir}, .policy = gate, .finish = nullptr});
    return broker->client->stand_in(**dir, 0);
  }

  // Links that something was denied by, one by way of the other; the last one leads to nothing.
  static constexpr std::pair<const char*, const char*> kWays[] = {
      {"ways/one", "far/two"}, {"ways/far/two", "../../kept/sub"}, {"ways/later", "far/missing/x"}};
  void expect_ways_unchanged() {
    for (const auto& [name, target] : kWays) {
      char text[256];
      ssize_t length = readlink(tree.path_of(name).c_str(), text, sizeof text);
      ASSERT_GT(length, 0) << name << " is not a link any more";
      EXPECT_EQ(std::string_view(text, static_cast<size_t>(length)), target) << name;
    }
    struct stat status;
    EXPECT_NE(lstat(tree.path_of("ways/far/missing").c_str(), &status), 0) << "it was made";
    expect_unchanged(tree.path_of("kept/sub/key"));
  }

  // Puts back what the guest's calls took away, where nothing is: the races need it.
  void mend() {
    for (const char* name : {"a", "a/b", "parked", "mnt"}) mkdir(tree.path_of(name).c_str(), 0777);
    for (const char* name : {"f", "a/f", "a/b/f"}) {
      int fd = ::open(tree.path_of(name).c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
      if (fd >= 0) close(fd);
    }
    const std::pair<const char*, std::string> links[] = {
        {"out", "../outside"},
        {"out_file", "../outside/secret"},
        {"out_absolute", tree.base() + "/outside"},
        {"self_root", "/proc/self/root" + tree.base() + "/outside"},
        {"key", "denied/key"},
        {"ring", "ring"}};
    for (const auto& [name, target] : links) {
      (void)!::symlink(target.c_str(), tree.path_of(name).c_str());
    }
    (void)mkfifo(tree.path_of("pipe").c_str(), 0666);
  }

  static std::pair<uint64_t, uint64_t> object(const std::string& path) {
    struct stat status{};
    EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
    return {status.st_dev, status.st_ino};
  }
  void forbid(const std::string& path) { forbidden.insert(object(path)); }
  static void put(const std::string& path, const char* text) {
    std::ofstream(path) << text;
    struct stat status;
    ASSERT_EQ(::stat(path.c_str(), &status), 0) << path;
  }
  // What is there, its contents, its times, its names.
  void expect_unchanged(const std::string& secret) {
    struct stat status;
    ASSERT_EQ(lstat(secret.c_str(), &status), 0) << secret;
    EXPECT_EQ(status.st_size, 6) << secret;
    EXPECT_EQ(status.st_nlink, 1u) << secret;
    EXPECT_GT(status.st_mtim.tv_sec, 1'000'000) << secret;
  }
  void check(const FileStat& stat, const std::string& path) {
    ASSERT_FALSE(forbidden.contains({stat.device, stat.inode})) << "escaped by " << path;
  }

  static bool is_on_way(const std::string& path) {
    return path.find("ways") != std::string::npos || path.find("kept") != std::string::npos;
  }

  size_t pick(size_t count) { return random() % count; }
  std::string name() {
    static constexpr const char* kNames[] = {
        "a",         "b",      "f",    "..",    ".",      "out",     "out_file", "out_absolute",
        "self_root", "denied", "key",  "sub",   "pipe",   "ring",    "new",      "x",
        "swap",      "parked", "",     "root",  "mnt",    "private", "ways",     "one",
        "far",       "two",    "kept", "later", "missing"};
    return kNames[pick(std::size(kNames))];
  }
  std::string path() {
    // Half of them are those that are being swapped: there the races are.
    static constexpr const char* kSwapped[] = {
        "f",       "out_file",     "a/f",      "a/secret", "out/secret", "key",
        "pipe",    "a/b/../../f",  "parked/x", "mnt/sub",  "mnt/f",      "mnt/private/key",
        "mnt/key", "mnt/sub/../.."};
    static constexpr const char* kOnWays[] = {
        "ways",        "ways/one",   "ways/far",      "ways/far/two",     "kept",
        "kept/sub",    "ways/later", "a/../ways/one", "ways/far/missing", "ways/far/missing/x",
        "ways/one/key"};
    if (pick(8) == 0) return prefix + kOnWays[pick(std::size(kOnWays))];
    if (pick(2) == 0) return prefix + kSwapped[pick(std::size(kSwapped))];
    std::string text = prefix + name();
    for (size_t more = pick(4); more != 0; --more) text += "/" + name();
    if (pick(6) == 0) text += "/";
    return text;
  }

  void use(const HandlePtr& handle, const std::string& path);
  void act(Dir& dir);

  TestTree tree;
  std::mt19937 random;
  std::string prefix;
  std::set<std::pair<uint64_t, uint64_t>> forbidden;
  std::optional<BrokerForTest> broker;
  std::shared_ptr<Dir> kept;  // a directory that the guest opened earlier
  int opened = 0;
  int refused = 0;
  std::set<std::pair<uint64_t, uint64_t>> volume;  // what is reached where it is mounted only
  int of_volume = 0;
};

// Whatever was handed over is used: what it leads to must be inside.
void EscapeTest::use(const HandlePtr& handle, const std::string& path) {
  ++opened;
  auto stat = handle->stat();
  ASSERT_TRUE(stat.has_value());
  check(*stat, path);
  of_volume += volume.contains({stat->device, stat->inode});
  if (handle->kind() == HandleKind::dir) {
    kept = std::static_pointer_cast<Dir>(handle);
    (void)kept->read_entries(0, 1000);
  }
  if (handle->kind() != HandleKind::file) return;
  auto& file = static_cast<host::File&>(*handle);
  Bytes mine = as_bytes("guest");
  (void)file.write_at(std::span<const Bytes>(&mine, 1), 0);
  (void)file.set_times({.modified = 1'000});
}

void EscapeTest::act(Dir& root) {
  std::string spelling = path();
  // A directory that was opened is another place to begin, with the same borders.
  bool from_kept = kept && pick(3) == 0;
  Dir& dir = from_kept ? *kept : root;
  if (from_kept) spelling = name() + "/" + name();
  bool follow = pick(2) == 0;
  auto note = [&](auto result) {
    if (!result) ++refused;
    return result.has_value();
  };
  switch (pick(12)) {
    case 0:
    case 1:
    case 2:
    case 3: {
      host::OpenOptions options{.read = pick(2) == 0,
                                .write = pick(2) == 0,
                                .create = pick(3) == 0,
                                .exclusive = pick(5) == 0,
                                .truncate = pick(5) == 0,
                                .directory = pick(5) == 0,
                                .follow = follow};
      if (options.create) options.directory = false;
      auto handle = dir.open(spelling, options);
      if (handle) {
        use(*handle, spelling);
      } else {
        ++refused;
      }
      break;
    }
    case 4:
    case 5: {
      auto stat = dir.stat_at(spelling, follow);
      if (note(stat)) check(*stat, spelling);
      break;
    }
    case 6:
      note(dir.set_times_at(spelling, follow, {.modified = 1'000}));
      break;
    case 7:
      note(pick(2) == 0 ? dir.create_directory(spelling) : dir.remove_directory(spelling));
      break;
    case 8:
      // The tree must not run out of what is swapped.
      if (spelling.ends_with("new") || spelling.ends_with("x") || is_on_way(spelling)) {
        note(dir.unlink_file(spelling));
      }
      break;
    case 9:
      if (is_on_way(spelling) && pick(2) == 0) {
        note(root.rename(prefix + (pick(2) == 0 ? "new" : "a/x"), dir, spelling));
      } else {
        note(dir.rename(spelling, root, prefix + (pick(2) == 0 ? "new" : "a/x")));
      }
      break;
    case 10:
      note(dir.link(spelling, follow, root, prefix + (pick(2) == 0 ? "new" : "a/x")));
      break;
    case 11:
      note(dir.create_symlink(pick(2) == 0 ? "../outside/secret" : "denied", spelling));
      break;
  }
}

// Does something over and over until told to stop.
class Repeated {
 public:
  explicit Repeated(std::function<void()> act)
      : thread_([this, act = std::move(act)] {
          while (!stop_) {
            act();
            std::this_thread::yield();
          }
        }) {}
  ~Repeated() {
    stop_ = true;
    thread_.join();
  }

 private:
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

// Exchanges two names; both stay there.
std::function<void()> swapping(std::string a, std::string b) {
  return [a = std::move(a), b = std::move(b)] {
    syscall(SYS_renameat2, AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), kExchange);
  };
}

// Mounts a directory on another and takes it away while it is in use.
std::function<void()> mounting(std::string from, std::string to) {
  return [from = std::move(from), to = std::move(to)] {
    if (mount(from.c_str(), to.c_str(), nullptr, MS_BIND, nullptr) != 0) return;
    std::this_thread::yield();
    umount2(to.c_str(), MNT_DETACH);
  };
}

TEST_P(EscapeTest, NothingIsReachedFromOutside) {
  auto dir = open();
  {
    Repeated directory_and_link(swapping(tree.path_of("a"), tree.path_of("out")));
    Repeated file_and_link(swapping(tree.path_of("f"), tree.path_of("out_file")));
    Repeated away_and_back(swapping(tree.path_of("parked"), tree.base() + "/outside/away"));
    Repeated pipe_and_key(swapping(tree.path_of("pipe"), tree.path_of("key")));
    for (int i = 0; i < tries() / 4 && !HasFatalFailure(); ++i) {
      if (i % 16 == 0) mend();
      act(*dir);
    }
  }
  if (HasFatalFailure()) return;
  EXPECT_GT(opened, 50);
  EXPECT_GT(refused, 500);
  for (const char* secret : {"/outside/secret", "/root/denied/key", "/root/denied/sub/key"}) {
    expect_unchanged(tree.base() + secret);
  }
  expect_ways_unchanged();
  struct stat status;
  EXPECT_EQ(stat((tree.path_of("denied")).c_str(), &status), 0);
  EXPECT_EQ(status.st_nlink, 3u) << "denied and denied/sub, nothing new";
}

// What is mounted in a granted directory is inside; from there nothing leads further, not when it
// is taken away either, and what is denied by its name stays so whatever lies there.
TEST_P(EscapeTest, NothingIsReachedThroughMountPoints) {
  std::string mounted = tree.base() + "/outside/volume";
  std::string cover = tree.base() + "/outside/cover";
  for (const char* name : {"", "/sub", "/private"}) mkdir((mounted + name).c_str(), 0777);
  mkdir(cover.c_str(), 0777);
  for (const auto& key : {mounted + "/private/key", cover + "/key"}) put(key, "secret");
  for (const auto& file : {mounted + "/f", mounted + "/sub/f"}) put(file, "volume");
  for (const char* name : {"", "/f", "/sub", "/sub/f"}) volume.insert(object(mounted + name));
  (void)!::symlink("../secret", (mounted + "/key").c_str());
  (void)!::symlink((tree.base() + "/outside").c_str(), (mounted + "/out").c_str());
  for (const auto& path : {mounted + "/private", mounted + "/private/key", cover, cover + "/key"}) {
    forbid(path);
  }
  int exit_code = with_own_mounts([&] {
    auto dir = open();
    {
      std::string point = tree.path_of("mnt");
      Repeated mounts(mounting(mounted, point));
      Repeated covers(mounting(cover, tree.path_of("denied")));
      Repeated file_and_link(swapping(tree.path_of("f"), tree.path_of("out_file")));
      for (int i = 0; i < tries() / 4 && !HasFatalFailure(); ++i) {
        if (i % 16 == 0) mend();
        // There for a while as well, so that something is held open when it goes.
        if (i % 64 == 0) mount(mounted.c_str(), point.c_str(), nullptr, MS_BIND, nullptr);
        if (i % 64 == 40) umount2(point.c_str(), MNT_DETACH);
        act(*dir);
      }
    }
    EXPECT_GT(opened, 50);
    EXPECT_GT(of_volume, 0) << "what is mounted was never used";
  });
  if (exit_code == kNoMounts) GTEST_SKIP() << "this process may mount nothing";
  EXPECT_EQ(exit_code, 0);
  for (const auto& secret : {tree.base() + "/outside/secret", mounted + "/private/key",
                             cover + "/key", tree.path_of("denied/key")}) {
    expect_unchanged(secret);
  }
  expect_ways_unchanged();
}

INSTANTIATE_TEST_SUITE_P(Ways, EscapeTest,
                         testing::Values(Setting{Way::mounted, os::Resolver::automatic},
                                         Setting{Way::mounted, os::Resolver::walk},
                                         Setting{Way::below_root, os::Resolver::automatic},
                                         Setting{Way::below_root, os::Resolver::walk},
                                         Setting{Way::mounted, os::Resolver::automatic, true},
                                         Setting{Way::below_root, os::Resolver::automatic, true}),
                         [](const testing::TestParamInfo<Setting>& tested) {
                           const Setting& setting = tested.param;
                           std::string name =
                               setting.way == Way::mounted ? "mounted" : "below_root";
                           name += setting.resolver == os::Resolver::walk ? "_walk" : "_kernel";
                           return name + (setting.through_broker ? "_broker" : "");
                         });

}  // namespace
}  // namespace nacre::broker
