// path_ functions: rights, flags and errno, against every implementation of directories. How paths
// resolve is tested in host/dir_grid_test.cc.
#include <gtest/gtest.h>

#include "wasi/p1/test_guest.h"

namespace nacre::wasi::p1 {
namespace {

using Paths = TreeTest;
INSTANTIATE_TEST_SUITE_P(Backends, Paths, testing::ValuesIn(host::all_backends()),
                         host::backend_test_name);

TEST_P(Paths, PreopenIsDescribed) {
  Guest guest = make_guest();
  EXPECT_EQ(guest.wasi.fd_prestat_get(guest.memory, kRoot, Guest::kOut), Errno::success);
  EXPECT_EQ(guest.u8(Guest::kOut), 0);
  EXPECT_EQ(guest.u32(Guest::kOut + 4), 4u);
  EXPECT_EQ(guest.wasi.fd_prestat_dir_name(guest.memory, kRoot, Guest::kBuffer, 5), Errno::success);
  EXPECT_EQ(guest.text(Guest::kBuffer, 4), "root");
  EXPECT_EQ(guest.wasi.fd_prestat_dir_name(guest.memory, kRoot, Guest::kBuffer, 3),
            Errno::nametoolong);
  EXPECT_EQ(guest.wasi.fd_prestat_get(guest.memory, 4, Guest::kOut), Errno::badf);
  EXPECT_EQ(guest.wasi.fd_prestat_get(guest.memory, 0, Guest::kOut), Errno::badf);
  EXPECT_EQ(guest.wasi.fd_prestat_get(guest.memory, kRoot, Guest::kMemorySize - 4), Errno::fault);
  EXPECT_EQ(guest.type_of(kRoot), 3);
}

TEST_P(Paths, OpenWithTheRightsOfThePreopen) {
  Guest guest = make_guest();
  auto [base, inheriting] = guest.rights_of(kRoot);
  EXPECT_EQ(base & rights::fd_filestat_set_size, 0u);
  EXPECT_EQ(base & rights::fd_seek, 0u);
  EXPECT_EQ(guest.open(kRoot, ".", 0, base, inheriting).first, Errno::success);
  EXPECT_EQ(guest.open(kRoot, ".", 0, 0, 0).first, Errno::success);
  EXPECT_EQ(guest.open(kRoot, ".", oflags::directory, rights::fd_read, 0).first, Errno::success);
  EXPECT_EQ(guest.open(kRoot, ".", oflags::directory, rights::fd_read | rights::fd_write, 0).first,
            Errno::isdir);
  EXPECT_EQ(guest.open(kRoot, ".", 0, 0, 0, fdflags::nonblock).first, Errno::success);
  // All 64 bits, as programs ask.
  EXPECT_EQ(guest.open(kRoot, "f", oflags::creat, ~Rights{0}, ~Rights{0}).first, Errno::success);
}

TEST_P(Paths, RightsOnlyShrink) {
  Guest guest = make_guest();
  Fd sub =
      guest.must_open(kRoot, ".", oflags::directory, rights::path_open | rights::path_create_file,
                      rights::fd_read | rights::fd_tell);
  EXPECT_EQ(guest.open(sub, "f", oflags::creat, rights::fd_write).first, Errno::notcapable);
  EXPECT_EQ(guest.open(sub, "f", oflags::creat, rights::fd_read, rights::fd_write).first,
            Errno::notcapable);
  EXPECT_EQ(guest.open(sub, "f", oflags::creat, rights::fd_read).first, Errno::success);
  EXPECT_EQ(guest.open(sub, "f", oflags::trunc, rights::fd_read).first, Errno::notcapable);
  EXPECT_EQ(guest.open(sub, "f", 0, rights::fd_read, 0, fdflags::sync).first, Errno::notcapable);
  EXPECT_EQ(guest.mkdir(sub, "d"), Errno::notcapable);
  EXPECT_EQ(guest.unlink(sub, "f"), Errno::notcapable);
  EXPECT_EQ(guest.stat(sub, "f"), Errno::notcapable);
  Fd file = guest.must_open(kRoot, "f", 0, rights::fd_read | rights::fd_write | rights::fd_seek);
  auto& wasi = guest.wasi;
  EXPECT_EQ(wasi.fd_fdstat_set_rights(guest.memory, file, rights::fd_read, 0), Errno::success);
  EXPECT_EQ(guest.write(file, "x").first, Errno::notcapable);
  EXPECT_EQ(guest.seek(file, 1, 0).first, Errno::notcapable);
  EXPECT_EQ(guest.read(file).first, Errno::success);
  EXPECT_EQ(wasi.fd_fdstat_set_rights(guest.memory, file, rights::fd_write, 0), Errno::notcapable);
  EXPECT_EQ(wasi.fd_fdstat_set_rights(guest.memory, file, 0, rights::fd_read), Errno::notcapable);
  EXPECT_EQ(wasi.fd_fdstat_set_rights(guest.memory, file, 0, 0), Errno::success);
  EXPECT_EQ(guest.read(file).first, Errno::notcapable);
  EXPECT_EQ(wasi.fd_fdstat_get(guest.memory, file, Guest::kOut), Errno::success);
}

// Every operation on a directory fails with notcapable exactly when its right is missing.
TEST_P(Paths, EachOperationNeedsItsRight) {
  tree.put_file("file", "x");
  tree.put_directory("dir");
  tree.put_link("link", "file");
  Guest guest = make_guest();
  struct Case {
    Rights right;
    std::function<Errno(Guest&, Fd)> call;
  };
  auto full = [&](Guest& g) {
    return g.must_open(kRoot, ".", 0, rights::of_directory, rights::all);
  };
  const Case cases[] = {
      {rights::path_create_directory, [](Guest& g, Fd d) { return g.mkdir(d, "new_dir"); }},
      {rights::path_create_file,
       [](Guest& g, Fd d) { return g.open(d, "new", oflags::creat, 0).first; }},
      {rights::path_open, [](Guest& g, Fd d) { return g.open(d, "file", 0, 0).first; }},
      {rights::path_filestat_set_size,
       [](Guest& g, Fd d) { return g.open(d, "file", oflags::trunc, 0).first; }},
      {rights::fd_readdir,
       [](Guest& g, Fd d) {
         return g.wasi.fd_readdir(g.memory, d, Guest::kBuffer, 100, 0, Guest::kOut);
       }},
      {rights::path_readlink,
       [](Guest& g, Fd d) {
         return g.wasi.path_readlink(g.memory, d, Guest::kText, g.put(Guest::kText, "link"),
                                     Guest::kBuffer, 100, Guest::kOut);
       }},
      {rights::path_filestat_get, [](Guest& g, Fd d) { return g.stat(d, "file"); }},
      {rights::path_filestat_set_times,
       [](Guest& g, Fd d) {
         return g.wasi.path_filestat_set_times(g.memory, d, 0, Guest::kText,
                                               g.put(Guest::kText, "file"), 0, 1, fstflags::mtim);
       }},
      {rights::fd_filestat_get,
       [](Guest& g, Fd d) { return g.wasi.fd_filestat_get(g.memory, d, Guest::kOut); }},
      {rights::fd_filestat_set_times,
       [](Guest& g, Fd d) {
         return g.wasi.fd_filestat_set_times(g.memory, d, 0, 1, fstflags::mtim);
       }},
      {rights::path_symlink, [](Guest& g, Fd d) { return g.symlink("file", d, "new_link"); }},
      {rights::path_link_source, [](Guest& g, Fd d) { return g.link(d, "file", 3, "hard1"); }},
      {rights::path_link_target, [](Guest& g, Fd d) { return g.link(3, "file", d, "hard2"); }},
      {rights::path_rename_source, [](Guest& g, Fd d) { return g.rename(d, "hard1", 3, "hard3"); }},
      {rights::path_rename_target, [](Guest& g, Fd d) { return g.rename(3, "hard3", d, "hard4"); }},
      {rights::path_unlink_file, [](Guest& g, Fd d) { return g.unlink(d, "file"); }},
      {rights::path_remove_directory, [](Guest& g, Fd d) { return g.rmdir(d, "dir"); }},
      {rights::fd_sync, [](Guest& g, Fd d) { return g.wasi.fd_sync(g.memory, d); }},
      {rights::fd_datasync, [](Guest& g, Fd d) { return g.wasi.fd_datasync(g.memory, d); }},
  };
  Rights tested = 0;
  for (const Case& test : cases) {
    Fd without = full(guest);
    auto [base, inheriting] = guest.rights_of(without);
    ASSERT_EQ(
        guest.wasi.fd_fdstat_set_rights(guest.memory, without, base & ~test.right, inheriting),
        Errno::success);
    EXPECT_EQ(test.call(guest, without), Errno::notcapable) << test.right;
    Fd with = full(guest);
    EXPECT_EQ(test.call(guest, with), Errno::success) << test.right;
    guest.close(without);
    guest.close(with);
    tested |= test.right;
  }
  EXPECT_EQ(rights::of_directory & ~tested, rights::fd_fdstat_set_flags);
}

TEST_P(Paths, TruncationNeedsOnlyItsRight) {
  tree.put_file("f", "content");
  Guest guest = make_guest();
  Fd file = guest.must_open(kRoot, "f", oflags::trunc, 0);
  EXPECT_EQ(guest.rights_of(file).first, 0u);
  EXPECT_EQ(guest.stat(kRoot, "f"), Errno::success);
  EXPECT_EQ(guest.u64(Guest::kOut + 32), 0u);
}

TEST_P(Paths, OpenedForReadingOrWriting) {
  tree.put_file("f", "content");
  Guest guest = make_guest();
  Fd reader = guest.must_open(kRoot, "f", 0, rights::fd_read | rights::fd_allocate);
  EXPECT_EQ(guest.read(reader).second, "content");
  EXPECT_EQ(guest.write(reader, "x").first, Errno::notcapable);
  EXPECT_EQ(guest.rights_of(reader).first, rights::fd_read);
  Fd writer = guest.must_open(kRoot, "f", 0, rights::fd_write);
  EXPECT_EQ(guest.write(writer, "C").second, 1u);
  EXPECT_EQ(guest.read(writer).first, Errno::notcapable);
  Fd resizer = guest.must_open(kRoot, "f", 0, rights::fd_filestat_set_size);
  EXPECT_EQ(guest.wasi.fd_filestat_set_size(guest.memory, resizer, 3), Errno::success);
  EXPECT_EQ(guest.seek(reader, 0, 0).first, Errno::notcapable);
  Fd both = guest.must_open(kRoot, "f", 0, kReadRights | kWriteRights);
  EXPECT_EQ(guest.read(both).second, "Con");
}

TEST_P(Paths, OpenFlags) {
  tree.put_file("file", "content");
  tree.put_directory("dir");
  tree.put_link("link", "file");
  Guest guest = make_guest();
  EXPECT_EQ(guest.open(kRoot, "file", oflags::creat | oflags::excl, 0).first, Errno::exist);
  EXPECT_EQ(guest.open(kRoot, "file", oflags::directory).first, Errno::notdir);
  EXPECT_EQ(guest.open(kRoot, "new", oflags::creat | oflags::directory).first, Errno::inval);
  EXPECT_EQ(guest.open(kRoot, "link").first, Errno::loop);
  EXPECT_EQ(guest.open(kRoot, "link", 0, kReadRights, 0, 0, true).first, Errno::success);
  EXPECT_EQ(guest.open(kRoot, "link", oflags::directory, 0).first, Errno::notdir);
  EXPECT_EQ(guest.open(kRoot, "missing").first, Errno::noent);
  EXPECT_EQ(guest.open(kRoot, "file", 16).first, Errno::inval);
  EXPECT_EQ(guest.open(kRoot, "file", 0, 0, 0, 32).first, Errno::inval);
  EXPECT_EQ(guest.wasi.path_open(guest.memory, kRoot, 2, Guest::kText, 4, 0, 0, 0, 0, Guest::kOut),
            Errno::inval);
  EXPECT_EQ(guest.open(kRoot, "dir", 0, kWriteRights).first, Errno::isdir);
  Fd file = guest.must_open(kRoot, "file", 0, 0);
  EXPECT_EQ(guest.open(file, "x", oflags::creat, 0).first, Errno::notdir);
  EXPECT_EQ(guest.open(99, "x").first, Errno::badf);
  Fd sync = guest.must_open(kRoot, "file", 0, kWriteRights, 0, fdflags::append | fdflags::sync);
  EXPECT_EQ(guest.wasi.fd_fdstat_get(guest.memory, sync, Guest::kOut), Errno::success);
  EXPECT_EQ(guest.u16(Guest::kOut + 2), fdflags::append | fdflags::sync);
}

TEST_P(Paths, PointersOutOfMemoryAreFaults) {
  tree.put_file("file", "content");
  Guest guest = make_guest();
  auto& wasi = guest.wasi;
  constexpr Ptr kEnd = Guest::kMemorySize;
  EXPECT_EQ(wasi.path_filestat_get(guest.memory, kRoot, 0, kEnd - 2, 4, Guest::kOut), Errno::fault);
  EXPECT_EQ(wasi.path_filestat_get(guest.memory, kRoot, 0, 0xFFFFFFFF, 4, Guest::kOut),
            Errno::fault);
  Size length = guest.put(Guest::kText, "file");
  EXPECT_EQ(wasi.path_filestat_get(guest.memory, kRoot, 0, Guest::kText, length, kEnd - 63),
            Errno::fault);
  EXPECT_EQ(wasi.path_filestat_get(guest.memory, kRoot, 0, Guest::kText, length, kEnd - 64),
            Errno::success);
  // An unusable result pointer creates nothing.
  length = guest.put(Guest::kText, "made");
  uint32_t open_before = wasi.descriptors().open_count();
  EXPECT_EQ(wasi.path_open(guest.memory, kRoot, 0, Guest::kText, length, oflags::creat, 0, 0, 0,
                           kEnd - 3),
            Errno::fault);
  EXPECT_EQ(wasi.descriptors().open_count(), open_before);
  EXPECT_EQ(guest.stat(kRoot, "made"), Errno::noent);
  // Unaligned results are fine.
  EXPECT_EQ(wasi.path_open(guest.memory, kRoot, 0, Guest::kText, length, oflags::creat, 0, 0, 0,
                           kEnd - 5),
            Errno::success);
  EXPECT_EQ(wasi.path_filestat_get(guest.memory, kRoot, 0, Guest::kText, 5000, Guest::kOut),
            Errno::nametoolong);
}

TEST_P(Paths, Escapes) {
  tree.put_link("out", "../outside");
  Guest guest = make_guest();
  EXPECT_EQ(guest.open(kRoot, "/etc/passwd").first, Errno::perm);
  EXPECT_EQ(guest.open(kRoot, "../outside/secret").first, Errno::perm);
  EXPECT_EQ(guest.open(kRoot, "out/secret").first, Errno::perm);
  EXPECT_EQ(guest.symlink("/", kRoot, "root"), Errno::perm);
  EXPECT_EQ(guest.open(kRoot, std::string_view("f\0", 2)).first, Errno::inval);
  EXPECT_EQ(guest.open(kRoot, "\xc0\x80").first, Errno::ilseq);
  EXPECT_EQ(guest.wasi.world().denials()->denials().size(), 4u);
}

TEST_P(Paths, ReadOnlyGrant) {
  tree.put_file("file", "content");
  tree.put_directory("dir");
  Guest guest = make_guest(true);
  EXPECT_EQ(guest.read(guest.must_open(kRoot, "file")).second, "content");
  EXPECT_EQ(guest.open(kRoot, "file", 0, rights::fd_write).first, Errno::perm);
  EXPECT_EQ(guest.open(kRoot, "file", oflags::trunc, 0).first, Errno::perm);
  EXPECT_EQ(guest.open(kRoot, "new", oflags::creat, 0).first, Errno::perm);
  EXPECT_EQ(guest.open(kRoot, "file", oflags::creat).first, Errno::success);
  EXPECT_EQ(guest.mkdir(kRoot, "new"), Errno::perm);
  EXPECT_EQ(guest.rmdir(kRoot, "dir"), Errno::perm);
  EXPECT_EQ(guest.unlink(kRoot, "file"), Errno::perm);
  EXPECT_EQ(guest.symlink("file", kRoot, "new"), Errno::perm);
  EXPECT_EQ(guest.link(kRoot, "file", kRoot, "new"), Errno::perm);
  EXPECT_EQ(guest.rename(kRoot, "file", kRoot, "new"), Errno::perm);
  Fd file = guest.must_open(kRoot, "file", 0, kReadRights | rights::fd_filestat_set_times);
  EXPECT_EQ(guest.wasi.fd_filestat_set_times(guest.memory, file, 0, 0, fstflags::mtim_now),
            Errno::perm);
  EXPECT_EQ(guest.wasi.fd_filestat_set_times(guest.memory, kRoot, 0, 0, fstflags::mtim_now),
            Errno::perm);
  auto denials = guest.wasi.world().denials()->denials();
  ASSERT_FALSE(denials.empty());
  EXPECT_EQ(denials[0].path, "root/file");
  EXPECT_TRUE(denials[0].read_only);
}

TEST_P(Paths, Times) {
  tree.put_file("file", "content");
  tree.put_link("link", "file");
  Guest guest = make_guest();
  auto set = [&](std::string_view path, uint32_t flags, uint64_t atim, uint64_t mtim,
                 uint32_t which) {
    return guest.wasi.path_filestat_set_times(guest.memory, kRoot, flags, Guest::kText,
                                              guest.put(Guest::kText, path), atim, mtim, which);
  };
  constexpr uint64_t kTime = 1'234'567'890'123'456'789;
  EXPECT_EQ(set("link", 0, 0, kTime, fstflags::mtim), Errno::success);
  EXPECT_EQ(set("link", kSymlinkFollow, 5, kTime + 1, fstflags::mtim | fstflags::atim),
            Errno::success);
  EXPECT_EQ(guest.stat(kRoot, "link"), Errno::success);
  EXPECT_EQ(guest.u8(Guest::kOut + 16), 7);
  EXPECT_EQ(guest.u64(Guest::kOut + 48), kTime);
  EXPECT_EQ(guest.stat(kRoot, "file"), Errno::success);
  EXPECT_EQ(guest.u64(Guest::kOut + 40), 5u);
  EXPECT_EQ(guest.u64(Guest::kOut + 48), kTime + 1);
  EXPECT_EQ(set("file", 0, 0, 0, fstflags::mtim | fstflags::mtim_now), Errno::inval);
  EXPECT_EQ(set("file", 0, 0, 0, fstflags::atim | fstflags::atim_now), Errno::inval);
  EXPECT_EQ(set("file", 0, 0, 0, 16), Errno::inval);
  EXPECT_EQ(guest.stat(kRoot, "file"), Errno::success);
  EXPECT_EQ(guest.u64(Guest::kOut + 48), kTime + 1);
  EXPECT_EQ(set("file", 0, 0, 0, fstflags::mtim_now), Errno::success);
  EXPECT_EQ(guest.stat(kRoot, "file"), Errno::success);
  EXPECT_GT(guest.u64(Guest::kOut + 48), kTime + 1);
  // The largest time neither crashes nor wraps below zero.
  (void)set("file", 0, 0, UINT64_MAX, fstflags::mtim);
  EXPECT_EQ(guest.stat(kRoot, "file"), Errno::success);
}

TEST_P(Paths, ReadLinkIsCut) {
  tree.put_link("link", "target");
  Guest guest = make_guest();
  auto read = [&](Size length) {
    return guest.wasi.path_readlink(guest.memory, kRoot, Guest::kText,
                                    guest.put(Guest::kText, "link"), Guest::kBuffer, length,
                                    Guest::kOut);
  };
  EXPECT_EQ(read(10), Errno::success);
  EXPECT_EQ(guest.u32(Guest::kOut), 6u);
  EXPECT_EQ(guest.text(Guest::kBuffer, 6), "target");
  EXPECT_EQ(guest.u8(Guest::kBuffer + 6), 0);
  EXPECT_EQ(read(4), Errno::success);
  EXPECT_EQ(guest.u32(Guest::kOut), 4u);
  EXPECT_EQ(read(0), Errno::success);
  EXPECT_EQ(guest.u32(Guest::kOut), 0u);
}

TEST_P(Paths, StatOfPreviewZero) {
  tree.put_file("file", "content");
  Guest guest = make_guest();
  Size length = guest.put(Guest::kText, "file");
  guest.put(Guest::kOut, std::string(64, '\xEE'));
  EXPECT_EQ(guest.wasi.unstable_path_filestat_get(guest.memory, kRoot, 0, Guest::kText, length,
                                                  Guest::kOut),
            Errno::success);
  EXPECT_EQ(guest.u8(Guest::kOut + 16), 4);
  EXPECT_EQ(guest.u32(Guest::kOut + 20), 1u);
  EXPECT_EQ(guest.u64(Guest::kOut + 24), 7u);
  EXPECT_EQ(guest.u8(Guest::kOut + 56), 0xEE);
}

// Rust's and wasi-testsuite's sequence on links: what may and may not be linked.
TEST_P(Paths, HardLinks) {
  tree.put_file("file", "content");
  tree.put_directory("dir");
  tree.put_link("dangling", "nothing");
  Guest guest = make_guest();
  EXPECT_EQ(guest.link(kRoot, "file", kRoot, "link"), Errno::success);
  EXPECT_EQ(guest.stat(kRoot, "link"), Errno::success);
  EXPECT_EQ(guest.u64(Guest::kOut + 24), 2u);
  EXPECT_EQ(guest.link(kRoot, "file", kRoot, "link"), Errno::exist);
  EXPECT_EQ(guest.link(kRoot, "file", kRoot, "file"), Errno::exist);
  EXPECT_EQ(guest.link(kRoot, "file", kRoot, "dir"), Errno::exist);
  EXPECT_EQ(guest.link(kRoot, "dir", kRoot, "new"), Errno::perm);
  EXPECT_EQ(guest.link(kRoot, "file", kRoot, "new/"), Errno::noent);
  EXPECT_EQ(guest.link(kRoot, "dangling", kRoot, "new"), Errno::success);
  EXPECT_EQ(guest.link(kRoot, "dangling", kRoot, "newer", true), Errno::noent);
  EXPECT_EQ(guest.link(kRoot, "file", kRoot, "dangling"), Errno::exist);
}

}  // namespace
}  // namespace nacre::wasi::p1
