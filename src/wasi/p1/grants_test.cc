// Each function of preview 1 that uses a grant is refused without it, by the table that says what
// each one uses; and the log is told of each such call.
#include <gtest/gtest.h>

#include <algorithm>

#include "host/test_tree.h"
#include "wasi/p1/bind.h"
#include "wasi/p1/test_guest.h"

namespace nacre::wasi::p1 {
namespace {

using grant::Uses;

class DenyAll final : public grant::Gate {
 public:
  grant::Decision may(const grant::Request&) override {
    ++asked;
    return grant::Decision::deny;
  }
  bool watches(std::string_view) override { return true; }
  int asked = 0;
};

class Log final : public host::CallLog {
 public:
  void called(const host::CallRecord& record) override {
    ++count;
    call = record.call;
    object = record.object;
    result = record.result;
  }
  int count = 0;
  std::string call;
  std::string object;
  std::string result;
};

constexpr Fd kRoot = 3;
constexpr Fd kListener = 4;
constexpr Fd kStream = 5;  // that the guest made
constexpr Fd kDatagrams = 6;
constexpr Ptr kAddress = Guest::kOut + 128;

// Arguments under which the call would succeed if it were allowed: what is named `path` is an
// existing file, `fd` is what the function works on.
void fill_arguments(Guest& guest, const FunctionInfo& info, const std::string& file,
                    uint64_t* arguments) {
  Size length = guest.put(Guest::kText, file);
  Fd fd = info.uses == Uses::listen ? kListener : info.uses == Uses::path ? kRoot : 0;
  if (info.uses == Uses::net || info.name == "sock_bind" || info.name == "sock_listen")
    fd = kStream;
  if (info.name == "sock_send_to") fd = kDatagrams;
  if (info.name == "fd_readdir" || info.name == "fd_filestat_set_times") fd = kRoot;
  size_t at = 0;
  for (std::string_view names = info.argument_names; !names.empty(); ++at) {
    std::string_view name = names.substr(0, names.find(' '));
    names.remove_prefix(std::min(names.size(), name.size() + 1));
    uint64_t value = 0;
    if (name == "fd" || name.ends_with("_fd")) value = fd;
    if (name == "path" || name.ends_with("_path")) value = Guest::kText;
    if (name.ends_with("path_len")) value = length;
    if (name.ends_with("_out") || name == "buf" || name == "out") value = Guest::kOut;
    if (name == "iovs") value = guest.iovec(4);
    if (name == "iovs_len" || name == "nsubscriptions") value = 1;
    if (name == "buf_len" || name == "base") value = info.name == "path_open" ? kReadRights : 64;
    if (name == "address") value = kAddress;
    if (name == "port") value = 80;
    if (name == "node") value = Guest::kText2;
    if (name == "node_len") value = guest.put(Guest::kText2, "example.com");
    if (name == "hints") value = Guest::kBuffer;
    if (name == "results") value = Guest::kBuffer + 64;
    if (name == "max_results") value = 1;
    if (name == "fst_flags") value = 8;        // the modification time is now
    if (name == "in") value = Guest::kBuffer;  // zeros: a subscription to the clock
    arguments[at] = value;
  }
}

// A stream and datagrams, and 192.0.2.1 where addresses are.
void make_sockets(Guest& guest) {
  GuestMemory& memory = guest.memory;
  EXPECT_EQ(guest.wasi.sock_open(memory, 1, 2, Guest::kOut), Errno::success);
  EXPECT_EQ(guest.u32(Guest::kOut), kStream);
  EXPECT_EQ(guest.wasi.sock_open(memory, 1, 1, Guest::kOut), Errno::success);
  EXPECT_TRUE(memory.write<uint32_t>(kAddress, kAddress + 8));
  EXPECT_TRUE(memory.write<uint32_t>(kAddress + 4, 4));
  EXPECT_TRUE(memory.write<uint32_t>(kAddress + 8, 0x010200C0));
  EXPECT_TRUE(memory.write<uint32_t>(Guest::kOut, 0));
}

TEST(P1Grants, NothingGoesThroughWithoutItsGrant) {
  host::TestTree tree(host::Backend::walk);
  tree.put_file("secret", "secret");
  std::string file = tree.path_of("secret").substr(1);
  auto infos = function_infos();
  auto rows = host_functions();
  int checked = 0;
  for (size_t i = 0; i < infos.size(); ++i) {
    const FunctionInfo& info = infos[i];
    if (info.uses == Uses::nothing || info.uses == Uses::arguments) continue;
    auto gate = std::make_shared<DenyAll>();
    World world;
    world.gate(gate).clock(nullptr).random(nullptr);
    ASSERT_TRUE(world.preopen_root("/").has_value());
    host::MemoryListener listener(world.grant("127.0.0.1:1"));
    ASSERT_TRUE(listener.connect().has_value());
    world.socket(listener.socket());
    world.network(host::make_real_network(gate));
    Guest guest(std::move(world));
    make_sockets(guest);
    uint64_t arguments[9] = {};
    fill_arguments(guest, info, file, arguments);
    auto result = guest.call(rows[i], arguments);
    ASSERT_TRUE(result.has_value());
    ++checked;
    switch (info.uses) {
      case Uses::path:
        // As if nothing were there.
        EXPECT_EQ(*result, Errno::noent) << info.name;
        EXPECT_GT(gate->asked, 0) << info.name;
        break;
      case Uses::listen:
      case Uses::net:
        EXPECT_EQ(*result, Errno::notcapable) << info.name;
        EXPECT_GT(gate->asked, 0) << info.name;
        break;
      case Uses::clock:
      case Uses::random: {
        bool in_event = info.name == "poll_oneoff" && *result == Errno::success;
        Errno error = in_event ? static_cast<Errno>(guest.u16(Guest::kOut + 8)) : *result;
        EXPECT_EQ(error, Errno::notcapable) << info.name;
        break;
      }
      case Uses::env:
        EXPECT_EQ(guest.u32(Guest::kOut), 0u) << info.name;
        break;
      default:
        EXPECT_NE(*result, Errno::success) << info.name;
    }
  }
  EXPECT_EQ(checked, 45) << "a function was added: does this test check it?";
  EXPECT_EQ(access(tree.path_of("secret").c_str(), F_OK), 0);
}

TEST(P1Grants, TheLogIsToldOfEveryUse) {
  host::TestTree tree(host::Backend::walk);
  tree.put_file("f", "x");
  auto log = std::make_shared<Log>();
  World world;
  world.call_log(log);
  world.preopen(tree.open(world.grant("data")), "data");
  Guest guest(std::move(world));
  auto infos = function_infos();
  auto rows = host_functions();
  for (size_t i = 0; i < infos.size(); ++i) {
    if (infos[i].name == "proc_exit") continue;
    uint64_t arguments[9] = {};
    fill_arguments(guest, infos[i], "nothing", arguments);
    int before = log->count;
    (void)guest.call(rows[i], arguments);
    EXPECT_EQ(log->count - before, infos[i].uses == Uses::nothing ? 0 : 1) << infos[i].name;
    if (log->count != before) {
      EXPECT_EQ(log->call, infos[i].name);
    }
  }
  auto row = [&](std::string_view name) {
    return *std::find_if(rows.begin(), rows.end(), [&](auto& r) { return r.name == name; });
  };
  uint64_t open[9] = {kRoot, 0, Guest::kText, guest.put(Guest::kText, "f"), 0, kReadRights,
                      0,     0, Guest::kOut};
  EXPECT_EQ(guest.call(row("path_open"), open), Errno::success);
  EXPECT_EQ(log->object, "data/f");
  EXPECT_EQ(log->result, "success");
  uint64_t seek[9] = {guest.u32(Guest::kOut), 0, 0, Guest::kOut};
  EXPECT_EQ(guest.call(row("fd_seek"), seek), Errno::success);
  EXPECT_EQ(log->object, "data/f");
  uint64_t bad[9] = {99, 0, 0, Guest::kOut};
  EXPECT_EQ(guest.call(row("fd_seek"), bad), Errno::badf);
  EXPECT_EQ(log->result, "badf");
  uint64_t rename[9] = {kRoot, Guest::kText,  1,
                        kRoot, Guest::kText2, guest.put(Guest::kText2, "g")};
  EXPECT_EQ(guest.call(row("path_rename"), rename), Errno::success);
  EXPECT_EQ(log->object, "data/f -> data/g");
}

}  // namespace
}  // namespace nacre::wasi::p1
