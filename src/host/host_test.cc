// Host objects beyond paths: special files, cookies, streams, sockets, clocks, gate.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <set>
#include <string>
#include <thread>

#include "host/clock.h"
#include "host/file.h"
#include "host/random.h"
#include "host/socket.h"
#include "host/stream.h"
#include "host/test_tree.h"

namespace nacre::host {
namespace {

std::string read_all(File& file) {
  std::string text(64, '\0');
  MutableBytes buffer(reinterpret_cast<uint8_t*>(text.data()), text.size());
  auto count = file.read_at(std::span<const MutableBytes>(&buffer, 1), 0);
  text.resize(count.value_or(0));
  return text;
}

class HostDir : public testing::TestWithParam<Backend> {};
INSTANTIATE_TEST_SUITE_P(Backends, HostDir, testing::ValuesIn(all_backends()), backend_test_name);

TEST_P(HostDir, RefusesPathsThatAreNoText) {
  TestTree tree(GetParam());
  auto dir = tree.open();
  EXPECT_EQ(dir->stat_at(std::string_view("a\0b", 3), false).error(), Errno::inval);
  EXPECT_EQ(dir->stat_at("\xff", false).error(), Errno::ilseq);
  EXPECT_EQ(dir->stat_at(std::string(4097, 'a'), false).error(), Errno::nametoolong);
  EXPECT_EQ(dir->stat_at(std::string(256, 'a'), false).error(), Errno::nametoolong);
  EXPECT_EQ(dir->stat_at("", false).error(), Errno::noent);
}

TEST_P(HostDir, LinkExpansionsAreLimited) {
  TestTree tree(GetParam());
  tree.put_file("l0", "end");
  for (int i = 1; i <= 60; ++i) {
    tree.put_link("l" + std::to_string(i), "l" + std::to_string(i - 1));
  }
  auto dir = tree.open();
  EXPECT_TRUE(dir->open("l40", {.read = true, .follow = true}).has_value());
  EXPECT_EQ(dir->open("l41", {.read = true, .follow = true}).error(), Errno::loop);
}

TEST_P(HostDir, CookiesSurviveChanges) {
  TestTree tree(GetParam());
  for (int i = 0; i < 200; ++i) tree.put_file("f" + std::to_string(i), "");
  auto dir = tree.open();
  std::set<std::string> seen;
  uint64_t cookie = 0;
  int round = 0;
  for (;;) {
    auto entries = dir->read_entries(cookie, 1024);
    ASSERT_TRUE(entries.has_value());
    if (entries->empty()) break;
    // Take only half of what came, then delete something already seen.
    size_t take = (entries->size() + 1) / 2;
    for (size_t i = 0; i < take; ++i) {
      EXPECT_TRUE(seen.insert((*entries)[i].name).second) << (*entries)[i].name;
      cookie = (*entries)[i].next_cookie;
    }
    for (const std::string& name : seen) {
      if (name[0] == 'f' && dir->unlink_file(name)) break;
    }
    ASSERT_LT(++round, 1000);
  }
  EXPECT_EQ(seen.size(), 202u);
  EXPECT_TRUE(seen.contains("."));
  EXPECT_TRUE(seen.contains(".."));
}

TEST_P(HostDir, SymlinkTargetsMustStayInside) {
  TestTree tree(GetParam());
  tree.put_directory("a");
  tree.put_directory("a/b");
  tree.put_link("here", ".");
  auto dir = tree.open();
  EXPECT_EQ(dir->create_symlink("/etc/passwd", "l").error(), Errno::not_granted);
  EXPECT_EQ(dir->create_symlink("../x", "l").error(), Errno::not_granted);
  EXPECT_EQ(dir->create_symlink("a/../../x", "l").error(), Errno::not_granted);
  EXPECT_TRUE(dir->create_symlink("../../x", "a/b/l").has_value());
  EXPECT_EQ(dir->create_symlink("../../../x", "a/b/l2").error(), Errno::not_granted);
  // The depth that counts is the real one.
  EXPECT_EQ(dir->create_symlink("../x", "here/here/l").error(), Errno::not_granted);
  // And it counts from the grant, not from the directory that happens to be open.
  auto sub = dir->open("a", {.read = true, .directory = true});
  ASSERT_TRUE(sub.has_value());
  EXPECT_TRUE(static_cast<Dir&>(**sub).create_symlink("../x", "l").has_value());
  EXPECT_EQ(static_cast<Dir&>(**sub).create_symlink("../../x", "l2").error(), Errno::not_granted);
}

TEST_P(HostDir, SubdirectoryIsARootOfItsOwn) {
  TestTree tree(GetParam());
  tree.put_directory("a");
  tree.put_file("f", "");
  tree.put_link("a/up", "../f");
  auto dir = tree.open();
  auto sub = dir->open("a", {.read = true, .directory = true});
  ASSERT_TRUE(sub.has_value());
  EXPECT_EQ(static_cast<Dir&>(**sub).stat_at("../f", false).error(), Errno::not_granted);
  EXPECT_EQ(static_cast<Dir&>(**sub).stat_at("up", true).error(), Errno::not_granted);
  EXPECT_TRUE(dir->stat_at("a/up", true).has_value());
}

TEST_P(HostDir, LinkAndRenameStayInOneGrant) {
  TestTree tree(GetParam());
  tree.put_file("file", "content");
  tree.put_directory("sub");
  auto one = tree.open();
  auto other = tree.open();
  auto read_only = tree.open(true);
  EXPECT_EQ(one->link("file", false, *other, "new").error(), Errno::xdev);
  EXPECT_EQ(one->rename("file", *other, "new").error(), Errno::xdev);
  EXPECT_EQ(read_only->link("file", false, *one, "new").error(), Errno::not_granted);
  EXPECT_EQ(one->link("file", false, *read_only, "new").error(), Errno::not_granted);
  EXPECT_EQ(read_only->rename("file", *one, "new").error(), Errno::not_granted);
  auto sub = one->open("sub", {.read = true, .directory = true});
  ASSERT_TRUE(sub.has_value());
  EXPECT_TRUE(one->link("file", false, static_cast<Dir&>(**sub), "new").has_value());
}

TEST_P(HostDir, FileContents) {
  TestTree tree(GetParam());
  auto dir = tree.open();
  auto handle = dir->open("f", {.read = true, .write = true, .create = true});
  ASSERT_TRUE(handle.has_value());
  auto& file = static_cast<File&>(**handle);
  Bytes parts[] = {as_bytes("ab"), as_bytes(""), as_bytes("cd")};
  EXPECT_EQ(file.write_at(parts, 3).value(), 4u);
  EXPECT_EQ(read_all(file), std::string("\0\0\0abcd", 7));
  auto appended = file.append(std::span<const Bytes>(parts, 1));
  ASSERT_TRUE(appended.has_value());
  EXPECT_EQ(appended->end_offset, 9u);
  EXPECT_TRUE(file.set_size(4).has_value());
  EXPECT_EQ(read_all(file), std::string("\0\0\0a", 4));
  EXPECT_TRUE(file.allocate(0, 10).has_value());
  EXPECT_EQ(file.stat()->size_bytes, 10u);
  EXPECT_EQ(file.allocate(0, 0).error(), Errno::inval);
  EXPECT_EQ(file.set_size(UINT64_MAX).error(), Errno::inval);
  EXPECT_EQ(file.write_at(parts, UINT64_MAX).error(), Errno::fbig);
  auto reader = dir->open("f", {.read = true});
  ASSERT_TRUE(reader.has_value());
  EXPECT_EQ(static_cast<File&>(**reader).write_at(parts, 0).error(), Errno::badf);
  EXPECT_FALSE(static_cast<File&>(**reader).set_size(0).has_value());
}

TEST_P(HostDir, OpenFileOutlivesItsName) {
  TestTree tree(GetParam());
  tree.put_file("f", "kept");
  tree.put_directory("d");
  auto dir = tree.open();
  auto handle = dir->open("f", {.read = true});
  auto sub = dir->open("d", {.read = true, .directory = true});
  ASSERT_TRUE(handle.has_value() && sub.has_value());
  EXPECT_TRUE(dir->unlink_file("f").has_value());
  EXPECT_TRUE(dir->remove_directory("d").has_value());
  EXPECT_EQ(read_all(static_cast<File&>(**handle)), "kept");
  auto made = static_cast<Dir&>(**sub).open("x", {.write = true, .create = true});
  EXPECT_EQ(made.error(), Errno::noent);
}

TEST_P(HostDir, RefusalsAreRecorded) {
  TestTree tree(GetParam());
  tree.put_file("f", "x");
  auto log = std::make_shared<DenialLog>();
  auto dir = tree.open(
      std::make_shared<Grant>("data", Rights::read | Rights::create, grant::grants_alone(), log));
  EXPECT_TRUE(dir->open("f", {.read = true}).has_value());
  EXPECT_EQ(dir->open("f", {.write = true}).error(), Errno::not_granted);
  EXPECT_EQ(dir->open("f", {.truncate = true}).error(), Errno::not_granted);
  EXPECT_EQ(dir->open("../x", {.read = true}).error(), Errno::not_granted);
  EXPECT_EQ(dir->open("/etc/passwd", {.read = true}).error(), Errno::not_granted);
  auto denials = log->denials();
  ASSERT_EQ(denials.size(), 3u);
  EXPECT_EQ(denials[0].path, "data/f");
  EXPECT_EQ(wanted_right(denials[0].action), "write");
  EXPECT_EQ(denials[0].count, 2u);
  EXPECT_EQ(denials[1].path, "data/../x");
  EXPECT_EQ(denials[2].path, "/etc/passwd");
  EXPECT_EQ(wanted_right(denials[2].action), "read");
}

class RealDirs : public testing::TestWithParam<Backend> {};
INSTANTIATE_TEST_SUITE_P(Backends, RealDirs, testing::ValuesIn(real_backends()), backend_test_name);

TEST_P(RealDirs, SpecialFilesDoNotHang) {
  TestTree tree(GetParam());
  ASSERT_EQ(mkfifo(tree.path_of("fifo").c_str(), 0666), 0);
  auto dir = tree.open();
  auto reader = dir->open("fifo", {.read = true});
  ASSERT_TRUE(reader.has_value());
  EXPECT_EQ((*reader)->kind(), HandleKind::stream);
  auto writer = dir->open("fifo", {.write = true});
  ASSERT_TRUE(writer.has_value());  // now that there is a reader
  reader->reset();
  writer->reset();
  EXPECT_EQ(dir->open("fifo", {.write = true}).error(), Errno::nxio);
}

TEST_P(RealDirs, KernelInterfacesAreRefusedBelowOtherDirectories) {
  auto resolver = uses_kernel(GetParam()) ? os::Resolver::kernel : os::Resolver::walk;
  auto root = open_real_dir("/", Grant::simple("/", true), resolver);
  ASSERT_TRUE(root.has_value());
  EXPECT_EQ((*root)->open("proc/self/environ", {.read = true}).error(), Errno::not_granted);
  EXPECT_EQ((*root)->open("proc/self/root/etc", {.read = true, .follow = true}).has_value(), false);
  EXPECT_TRUE((*root)->open("etc/passwd", {.read = true}).has_value());
  auto proc = open_real_dir("/proc", Grant::simple("/proc", true), resolver);
  ASSERT_TRUE(proc.has_value());
  EXPECT_TRUE((*proc)->open("self/status", {.read = true}).has_value());
  EXPECT_FALSE((*proc)->open("self/cwd", {.read = true, .follow = true}).has_value());
  EXPECT_FALSE((*proc)->open("self/root/etc/passwd", {.read = true}).has_value());
}

TEST(Host, OpenDirFailsForWhatIsNone) {
  EXPECT_EQ(open_real_dir("/nonexistent", Grant::simple("x")).error(), Errno::noent);
  EXPECT_EQ(open_real_dir("/etc/passwd", Grant::simple("x")).error(), Errno::notdir);
}

TEST(Host, Streams) {
  auto input = make_memory_input("hello");
  uint8_t bytes[3];
  MutableBytes buffer(bytes);
  EXPECT_EQ(input->read(std::span<const MutableBytes>(&buffer, 1)).value(), 3u);
  EXPECT_EQ(input->read(std::span<const MutableBytes>(&buffer, 1)).value(), 2u);
  EXPECT_EQ(input->read(std::span<const MutableBytes>(&buffer, 1)).value(), 0u);
  auto output = std::make_shared<MemoryOutput>(4);
  auto loud = make_filtered_stream(output, [](std::string_view text) {
    std::string upper(text);
    for (char& c : upper) c = static_cast<char>(toupper(c));
    return upper;
  });
  Bytes text = as_bytes("abc");
  EXPECT_EQ(loud->write(std::span<const Bytes>(&text, 1)).value(), 3u);
  EXPECT_EQ(output->text(), "ABC");
  EXPECT_EQ(loud->write(std::span<const Bytes>(&text, 1)).error(), Errno::nospc);
}

// Nothing gets past a filter, although what is behind it is a file.
TEST(Host, AFilterHasNoOffsets) {
  char name[] = "/tmp/nacre-filter-XXXXXX";
  os::OwnedFd fd(mkstemp(name));
  unlink(name);
  auto file = make_real_stream(std::move(fd));
  auto loud = make_filtered_stream(file, [](std::string_view) { return std::string("FILTERED"); });
  Bytes text = as_bytes("abc");
  std::span<const Bytes> from(&text, 1);
  EXPECT_EQ(loud->append(from).value(), 3u);
  EXPECT_EQ(loud->write_at(from, 0).error(), Errno::spipe);
  EXPECT_FALSE(loud->set_size(1).has_value());
  EXPECT_FALSE(loud->allocate(0, 100).has_value());
  EXPECT_EQ(loud->stat()->size_bytes, 8u);
  uint8_t bytes[8];
  MutableBytes to(bytes);
  EXPECT_EQ(loud->read_at(std::span<const MutableBytes>(&to, 1), 0).value(), 8u);
  EXPECT_EQ(as_text(Bytes(bytes)), "FILTERED");
}

// RLIMIT_FSIZE sends a signal whose default is to end the process: a guest could end its host.
TEST(Host, ALimitOnTheSizeOfFilesIsAnError) {
  auto write_too_much = [] {
    if (!inherit_stream(1)) _exit(1);
    rlimit limit{100, 100};
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) _exit(2);
    char name[] = "/tmp/nacre-limit-XXXXXX";
    os::OwnedFd fd(mkstemp(name));
    unlink(name);
    auto file = make_real_file(std::move(fd), true, true, Grant::simple("x"), "f");
    Bytes text = as_bytes("more");
    auto written = file->write_at(std::span<const Bytes>(&text, 1), 100);
    auto resized = file->set_size(1000);
    _exit(!written && written.error() == Errno::fbig && !resized ? 0 : 3);
  };
  EXPECT_EXIT(write_too_much(), testing::ExitedWithCode(0), "");
}

TEST(Host, NonblockingPipesOfOthersAreWaitedFor) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
  auto reader = make_real_stream(os::OwnedFd(ends[0]));
  auto writer = make_real_stream(os::OwnedFd(ends[1]));
  // More than a pipe holds, so that both sides find it full or empty at times.
  constexpr size_t kTotal = 1 << 20;
  std::thread producer([&] {
    std::string block(50'000, 'x');
    for (size_t sent = 0; sent < kTotal;) {
      Bytes text = as_bytes(std::string_view(block).substr(0, kTotal - sent));
      auto count = writer->write(std::span<const Bytes>(&text, 1));
      ASSERT_TRUE(count.has_value());
      sent += *count;
    }
    writer.reset();
  });
  size_t received = 0;
  for (;;) {
    uint8_t bytes[3000];
    MutableBytes buffer(bytes);
    auto count = reader->read(std::span<const MutableBytes>(&buffer, 1));
    ASSERT_TRUE(count.has_value());
    if (*count == 0) break;
    received += *count;
  }
  producer.join();
  EXPECT_EQ(received, kTotal);
}

TEST(Host, ManualClockWaitsInNoTime) {
  ManualClock clock(1'000);
  EXPECT_EQ(clock.now(ClockKind::realtime).value(), 1'000u);
  EXPECT_EQ(clock.wait({}, 3'600'000'000'000).value(), 0u);
  EXPECT_EQ(clock.now(ClockKind::monotonic).value(), 3'600'000'000'000u);
  EXPECT_EQ(clock.wait({}, UINT64_MAX).value(), 0u);
  EXPECT_EQ(clock.now(ClockKind::realtime).value(), UINT64_MAX);
}

TEST(Host, SeededRandomRepeats) {
  uint8_t a[20], b[20];
  auto one = make_seeded_random(7);
  ASSERT_TRUE(one->fill(MutableBytes(a, 5)) && one->fill(MutableBytes(a + 5, 15)));
  ASSERT_TRUE(make_seeded_random(7)->fill(b));
  EXPECT_EQ(memcmp(a, b, sizeof a), 0);
  ASSERT_TRUE(make_seeded_random(8)->fill(b));
  EXPECT_NE(memcmp(a, b, sizeof a), 0);
}

TEST(Host, RealSocketsConnect) {
  uint16_t port = 0;
  auto listening = os::listen_loopback(&port);
  ASSERT_TRUE(listening.has_value());
  auto socket = make_real_socket(std::move(*listening), Grant::simple("listen"));
  ASSERT_TRUE(socket.has_value());
  EXPECT_EQ((*socket)->accept(true).error(), Errno::again);
  auto client = os::connect_loopback(port);
  ASSERT_TRUE(client.has_value());
  auto accepted = (*socket)->accept(false);
  ASSERT_TRUE(accepted.has_value());
  Bytes hello = as_bytes("hello");
  EXPECT_EQ((*accepted)->send(std::span<const Bytes>(&hello, 1), false).value(), 5u);
  char text[6] = {};
  EXPECT_EQ(read(client->get(), text, 5), 5);
  EXPECT_STREQ(text, "hello");
  EXPECT_EQ((*accepted)->accept(false).error(), Errno::inval);
  EXPECT_FALSE(make_real_socket(*os::duplicate(0), Grant::simple("x")).has_value());
}

}  // namespace
}  // namespace nacre::host
