// fd_ functions: transfers, positions, directory reading, renumbering; the table against a model.
#include <gtest/gtest.h>
#include <unistd.h>

#include <map>
#include <random>
#include <set>

#include "wasi/p1/test_guest.h"

namespace nacre::wasi::p1 {
namespace {

using Descriptors = TreeTest;
INSTANTIATE_TEST_SUITE_P(Backends, Descriptors, testing::ValuesIn(host::all_backends()),
                         host::backend_test_name);

TEST_P(Descriptors, PositionFollowsTransfers) {
  Guest guest = make_guest();
  Fd file = guest.must_open(kRoot, "f", oflags::creat, kReadRights | kWriteRights);
  EXPECT_EQ(guest.write(file, std::string(100, 'a')).second, 100u);
  EXPECT_EQ(guest.wasi.fd_tell(guest.memory, file, Guest::kOut), Errno::success);
  EXPECT_EQ(guest.u64(Guest::kOut), 100u);
  EXPECT_EQ(guest.seek(file, -50, 1), std::pair(Errno::success, uint64_t{50}));
  EXPECT_EQ(guest.seek(file, -1, 2), std::pair(Errno::success, uint64_t{99}));
  EXPECT_EQ(guest.seek(file, 1000, 1).second, 1099u);
  EXPECT_EQ(guest.seek(file, -2000, 1).first, Errno::inval);
  EXPECT_EQ(guest.seek(file, -1, 0).first, Errno::inval);
  EXPECT_EQ(guest.seek(file, INT64_MAX, 0).first, Errno::success);
  EXPECT_EQ(guest.seek(file, 1, 1).first, Errno::overflow);
  EXPECT_EQ(guest.seek(file, 0, 3).first, Errno::inval);
  EXPECT_EQ(guest.seek(file, 0, 0).second, 0u);
  EXPECT_EQ(guest.read(file, 30).second.size(), 30u);
  EXPECT_EQ(guest.seek(file, 0, 1).second, 30u);
  // Preview 0 numbers whence in another order: cur, end, set.
  EXPECT_EQ(guest.wasi.unstable_fd_seek(guest.memory, file, 7, 2, Guest::kOut), Errno::success);
  EXPECT_EQ(guest.u64(Guest::kOut), 7u);
  EXPECT_EQ(guest.wasi.unstable_fd_seek(guest.memory, file, 1, 0, Guest::kOut), Errno::success);
  EXPECT_EQ(guest.u64(Guest::kOut), 8u);
  EXPECT_EQ(guest.wasi.unstable_fd_seek(guest.memory, file, 1, 1, Guest::kOut), Errno::success);
  EXPECT_EQ(guest.u64(Guest::kOut), 101u);
  EXPECT_EQ(guest.wasi.unstable_fd_seek(guest.memory, file, 1, 3, Guest::kOut), Errno::inval);
}

TEST_P(Descriptors, AppendWritesAtTheEnd) {
  Guest guest = make_guest();
  Fd file =
      guest.must_open(kRoot, "f", oflags::creat, kReadRights | kWriteRights, 0, fdflags::append);
  EXPECT_EQ(guest.write(file, "ab").second, 2u);
  EXPECT_EQ(guest.seek(file, 0, 0).second, 0u);
  EXPECT_EQ(guest.write(file, "cd").second, 2u);
  EXPECT_EQ(guest.seek(file, 0, 1).second, 4u);
  EXPECT_EQ(guest.wasi.fd_fdstat_set_flags(guest.memory, file, 0), Errno::success);
  EXPECT_EQ(guest.seek(file, 0, 0).second, 0u);
  EXPECT_EQ(guest.write(file, "x").second, 1u);
  EXPECT_EQ(guest.seek(file, 0, 0).second, 0u);
  EXPECT_EQ(guest.read(file).second, "xbcd");
  EXPECT_EQ(guest.wasi.fd_fdstat_set_flags(guest.memory, file, fdflags::sync), Errno::notsup);
  EXPECT_EQ(guest.wasi.fd_fdstat_set_flags(guest.memory, file, 32), Errno::inval);
}

TEST_P(Descriptors, ScatterAndGather) {
  Guest guest = make_guest();
  Fd file = guest.must_open(kRoot, "f", oflags::creat, kReadRights | kWriteRights);
  auto iovec = [&](int index, Ptr address, Size length) {
    ASSERT_TRUE(guest.memory.write<uint32_t>(512 + 8 * index, address) &&
                guest.memory.write<uint32_t>(516 + 8 * index, length));
  };
  guest.put(Guest::kBuffer, "abcdef");
  iovec(0, Guest::kBuffer, 2);
  iovec(1, 0, 0);
  iovec(2, Guest::kBuffer + 3, 3);
  auto& wasi = guest.wasi;
  EXPECT_EQ(wasi.fd_pwrite(guest.memory, file, 512, 3, 10, Guest::kOut), Errno::success);
  EXPECT_EQ(guest.u32(Guest::kOut), 5u);
  EXPECT_EQ(guest.seek(file, 0, 1).second, 0u);
  guest.put(Guest::kBuffer, "......");
  EXPECT_EQ(wasi.fd_pread(guest.memory, file, 512, 3, 11, Guest::kOut), Errno::success);
  EXPECT_EQ(guest.u32(Guest::kOut), 4u);
  EXPECT_EQ(guest.text(Guest::kBuffer, 6), "bd.ef.");
  // A bad piece, list or result pointer is found before anything happens.
  iovec(2, Guest::kMemorySize - 1, 2);
  EXPECT_EQ(wasi.fd_write(guest.memory, file, 512, 3, Guest::kOut), Errno::fault);
  EXPECT_EQ(wasi.fd_write(guest.memory, file, Guest::kMemorySize - 8, 2, Guest::kOut),
            Errno::fault);
  iovec(2, Guest::kBuffer, 2);
  EXPECT_EQ(wasi.fd_write(guest.memory, file, 512, 3, Guest::kMemorySize - 3), Errno::fault);
  EXPECT_EQ(guest.seek(file, 0, 1).second, 0u);
  EXPECT_EQ(wasi.fd_write(guest.memory, file, 512, 1025, Guest::kOut), Errno::inval);
  EXPECT_EQ(wasi.fd_write(guest.memory, file, 512, 0, Guest::kOut), Errno::success);
  EXPECT_EQ(guest.u32(Guest::kOut), 0u);
  EXPECT_EQ(wasi.fd_pread(guest.memory, file, 512, 1, UINT64_MAX, Guest::kOut), Errno::inval);
}

TEST_P(Descriptors, SharedMemoryIsCopied) {
  World world;
  world.preopen(tree.open(world.grant("root")), "root");
  Guest guest(std::move(world), true);
  Fd file = guest.must_open(kRoot, "f", oflags::creat, kReadRights | kWriteRights);
  EXPECT_EQ(guest.write(file, "shared").second, 6u);
  EXPECT_EQ(guest.seek(file, 0, 0).first, Errno::success);
  guest.put(Guest::kBuffer, "......");
  EXPECT_EQ(guest.read(file, 4).second, "shar");
}

TEST_P(Descriptors, DirectoriesAreNoFiles) {
  Guest guest = make_guest();
  auto& wasi = guest.wasi;
  EXPECT_EQ(guest.read(kRoot).first, Errno::isdir);
  EXPECT_EQ(guest.write(kRoot, "x").first, Errno::isdir);
  EXPECT_EQ(guest.seek(kRoot, 0, 1).first, Errno::isdir);
  EXPECT_EQ(wasi.fd_pread(guest.memory, kRoot, guest.iovec(1), 1, 0, Guest::kOut), Errno::isdir);
  EXPECT_EQ(wasi.fd_allocate(guest.memory, kRoot, 0, 1), Errno::isdir);
  EXPECT_EQ(wasi.fd_filestat_set_size(guest.memory, kRoot, 0), Errno::isdir);
  EXPECT_EQ(wasi.sock_shutdown(guest.memory, kRoot, 1), Errno::notsock);
  EXPECT_EQ(wasi.sock_shutdown(guest.memory, 77, 1), Errno::badf);
  Fd file = guest.must_open(kRoot, "f", oflags::creat, kReadRights);
  EXPECT_EQ(wasi.fd_readdir(guest.memory, file, Guest::kBuffer, 100, 0, Guest::kOut),
            Errno::notdir);
}

TEST_P(Descriptors, SizeAndAllocation) {
  Guest guest = make_guest();
  Fd file = guest.must_open(kRoot, "f", oflags::creat, kReadRights | kWriteRights);
  auto& wasi = guest.wasi;
  auto size = [&] {
    EXPECT_EQ(wasi.fd_filestat_get(guest.memory, file, Guest::kOut), Errno::success);
    return guest.u64(Guest::kOut + 32);
  };
  EXPECT_EQ(wasi.fd_allocate(guest.memory, file, 0, 100), Errno::success);
  EXPECT_EQ(size(), 100u);
  EXPECT_EQ(wasi.fd_allocate(guest.memory, file, 10, 10), Errno::success);
  EXPECT_EQ(size(), 100u);
  EXPECT_EQ(wasi.fd_allocate(guest.memory, file, 90, 20), Errno::success);
  EXPECT_EQ(size(), 110u);
  EXPECT_EQ(wasi.fd_allocate(guest.memory, file, 0, 0), Errno::inval);
  EXPECT_EQ(wasi.fd_allocate(guest.memory, file, INT64_MAX, INT64_MAX), Errno::fbig);
  EXPECT_EQ(wasi.fd_filestat_set_size(guest.memory, file, 5), Errno::success);
  EXPECT_EQ(size(), 5u);
  EXPECT_EQ(wasi.fd_filestat_set_size(guest.memory, file, UINT64_MAX), Errno::inval);
  EXPECT_EQ(wasi.fd_advise(guest.memory, file, 10, 50, 0), Errno::success);
  EXPECT_EQ(wasi.fd_advise(guest.memory, file, 0, 0, 6), Errno::inval);
  EXPECT_EQ(wasi.fd_advise(guest.memory, file, UINT64_MAX, 2, 0), Errno::inval);
  EXPECT_EQ(wasi.fd_sync(guest.memory, file), Errno::success);
  EXPECT_EQ(wasi.fd_datasync(guest.memory, file), Errno::success);
}

struct Entry {
  uint64_t next;
  std::string name;
  uint8_t type;
};

// Whole records in the buffer; whether it was full.
std::pair<std::vector<Entry>, bool> list(Guest& guest, Fd dir, Size length, uint64_t cookie) {
  EXPECT_EQ(guest.wasi.fd_readdir(guest.memory, dir, Guest::kBuffer, length, cookie, Guest::kOut),
            Errno::success);
  Size used = guest.u32(Guest::kOut);
  std::vector<Entry> entries;
  Size at = 0;
  while (at + 24 <= used) {
    Size name_length = guest.u32(Guest::kBuffer + at + 16);
    if (at + 24 + name_length > used) break;
    entries.push_back({guest.u64(Guest::kBuffer + at),
                       guest.text(Guest::kBuffer + at + 24, name_length),
                       guest.u8(Guest::kBuffer + at + 20)});
    at += 24 + name_length;
  }
  return {entries, used == length};
}

TEST_P(Descriptors, ReadDirectory) {
  Guest guest = make_guest();
  auto [empty, full] = list(guest, kRoot, 256, 0);
  EXPECT_FALSE(full);
  ASSERT_EQ(empty.size(), 2u);
  EXPECT_EQ(empty[0].type, 3);
  tree.put_file("file", "");
  tree.put_link("link", "file");
  auto [three, still_full] = list(guest, kRoot, 256, 0);
  ASSERT_EQ(three.size(), 4u);
  std::map<std::string, uint8_t> types;
  for (const Entry& entry : three) types[entry.name] = entry.type;
  EXPECT_EQ(types["file"], 4);
  EXPECT_EQ(types["link"], 7);
  auto [last, at_end] = list(guest, kRoot, 256, three[2].next);
  ASSERT_EQ(last.size(), 1u);
  EXPECT_EQ(last[0].name, three[3].name);
  EXPECT_TRUE(list(guest, kRoot, 256, three[3].next).first.empty());
  // A cut record fills the buffer.
  auto [cut, is_full] = list(guest, kRoot, 30, 0);
  EXPECT_TRUE(is_full);
  EXPECT_EQ(cut.size(), 1u);
  EXPECT_TRUE(list(guest, kRoot, 10, 0).second);
  EXPECT_EQ(guest.wasi.fd_readdir(guest.memory, kRoot, Guest::kMemorySize - 5, 10, 0, Guest::kOut),
            Errno::fault);
}

TEST_P(Descriptors, ReadLargeDirectoryInPieces) {
  for (int i = 0; i < 300; ++i) tree.put_file("file." + std::to_string(i), "");
  Guest guest = make_guest();
  std::set<std::string> seen;
  uint64_t cookie = 0;
  for (bool more = true; more;) {
    auto [entries, full] = list(guest, kRoot, 256, cookie);
    ASSERT_FALSE(entries.empty() && full);
    for (const Entry& entry : entries) {
      EXPECT_TRUE(seen.insert(entry.name).second);
      cookie = entry.next;
    }
    more = full;
  }
  EXPECT_EQ(seen.size(), 302u);
}

TEST_P(Descriptors, Renumber) {
  Guest guest = make_guest();
  Fd one = guest.must_open(kRoot, "one", oflags::creat, kReadRights | kWriteRights);
  Fd two = guest.must_open(kRoot, "two", oflags::creat, rights::fd_read);
  guest.write(one, "1");
  EXPECT_EQ(guest.wasi.fd_renumber(guest.memory, one, two), Errno::success);
  EXPECT_EQ(guest.close(one), Errno::badf);
  EXPECT_EQ(guest.seek(two, 0, 1).second, 1u);
  EXPECT_EQ(guest.wasi.fd_renumber(guest.memory, two, one), Errno::badf);
  EXPECT_EQ(guest.wasi.fd_renumber(guest.memory, two, 0xFFFFFFFF), Errno::badf);
  EXPECT_EQ(guest.wasi.fd_renumber(guest.memory, two, two), Errno::success);
  Fd dir = guest.must_open(kRoot, ".", 0, rights::of_directory, rights::all);
  EXPECT_EQ(guest.wasi.fd_renumber(guest.memory, dir, kRoot), Errno::success);
  EXPECT_EQ(guest.stat(kRoot, "one"), Errno::success);
  EXPECT_EQ(guest.wasi.fd_prestat_get(guest.memory, kRoot, Guest::kOut), Errno::badf);
}

TEST_P(Descriptors, TableIsBounded) {
  World world;
  world.limits({.max_handles = 6});
  Guest guest = make_guest(false, std::move(world));
  guest.must_open(kRoot, "a", oflags::creat);
  Fd last = guest.must_open(kRoot, "a");
  EXPECT_EQ(guest.open(kRoot, "b", oflags::creat).first, Errno::mfile);
  EXPECT_EQ(guest.stat(kRoot, "b"), Errno::noent);
  EXPECT_EQ(guest.close(last), Errno::success);
  EXPECT_EQ(guest.must_open(kRoot, "a"), last);
}

// Random opens, closes and renumberings against a map (invariants.md: descriptors-match-model); no
// host descriptor leaks.
TEST_P(Descriptors, TableAgreesWithModel) {
  for (int i = 0; i < 4; ++i) tree.put_file("f" + std::to_string(i), std::string(1, '0' + i));
  auto count_host_fds = [] {
    int count = 0;
    for (int fd = 0; fd < 1024; ++fd) count += fcntl(fd, F_GETFD) != -1;
    return count;
  };
  int host_fds = count_host_fds();
  {
    World world;
    world.limits({.max_handles = 24});
    Guest guest = make_guest(false, std::move(world));
    std::map<Fd, char> model;
    std::mt19937 random(1);
    for (int step = 0; step < 20'000; ++step) {
      Fd a = 4 + random() % 24;
      Fd b = 4 + random() % 24;
      switch (random() % 4) {
        case 0:
        case 1: {
          char which = static_cast<char>('0' + random() % 4);
          auto [error, fd] = guest.open(kRoot, std::string("f") + which);
          if (model.size() == 20) {
            ASSERT_EQ(error, Errno::mfile);
            break;
          }
          ASSERT_EQ(error, Errno::success);
          ASSERT_TRUE(model.emplace(fd, which).second);
          break;
        }
        case 2:
          ASSERT_EQ(guest.close(a), model.erase(a) != 0 ? Errno::success : Errno::badf);
          break;
        case 3: {
          bool valid = model.contains(a) && model.contains(b);
          ASSERT_EQ(guest.wasi.fd_renumber(guest.memory, a, b),
                    valid ? Errno::success : Errno::badf);
          if (valid && a != b) {
            model[b] = model[a];
            model.erase(a);
          }
          break;
        }
      }
      ASSERT_EQ(guest.wasi.descriptors().open_count(), 4 + model.size());
      if (step % 16 == 0) {
        for (auto [fd, which] : model) {
          ASSERT_EQ(guest.seek(fd, 0, 0).first, Errno::success);
          ASSERT_EQ(guest.read(fd).second, std::string(1, which));
        }
      }
    }
  }
  EXPECT_EQ(count_host_fds(), host_fds);
}

}  // namespace
}  // namespace nacre::wasi::p1
