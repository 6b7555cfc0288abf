// Each case locks a child process down and tries things there. Where the system has no Landlock or
// no seccomp, what needs it is skipped.
#include "os/lockdown.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "os/code_memory.h"
#include "os/dir.h"
#include "os/event_loop.h"
#include "os/page_restorer.h"
#include "os/process.h"
#include "os/worker_threads.h"

namespace nacre::os {
namespace {

class LockdownTest : public testing::Test {
 public:
  LockdownTest() {
    EXPECT_NE(mkdtemp(base.data()), nullptr);
    for (const char* name : {"/whole", "/whole/sub", "/readable", "/closed"}) {
      EXPECT_EQ(mkdir((base + name).c_str(), 0777), 0);
      put(base + name + "/file");
    }
  }
  ~LockdownTest() override { EXPECT_EQ(std::system(("rm -rf " + base).c_str()), 0); }
  static void put(const std::string& path) {
    int fd = open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0666);
    EXPECT_EQ(write(fd, "text", 4), 4);
    close(fd);
  }

  // What `actions` complain about in a child that is locked down; empty: nothing.
  std::string complaints(const std::function<void()>& actions, LeftPossible left_possible = {}) {
    int ends[2];
    EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
    pid_t child = fork();
    if (child == 0) {
      int whole = open((base + "/whole").c_str(), O_PATH | O_CLOEXEC);
      int readable = open((base + "/readable").c_str(), O_PATH | O_CLOEXEC);
      LeftOpen left_open[] = {{whole, kReadPath | kWritePath | kCreatePath}, {readable, kReadPath}};
      auto locked = lock_down(left_open, left_possible);
      if (!locked) complain("lock_down: " + locked.error().message());
      actions();
      (void)!write(ends[1], said.data(), said.size());
      _exit(0);
    }
    close(ends[1]);
    std::string text(1 << 16, '\0');
    ssize_t length = read(ends[0], text.data(), text.size());
    close(ends[0]);
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status)) << "ended by signal " << WTERMSIG(status);
    text.resize(static_cast<size_t>(std::max<ssize_t>(length, 0)));
    return text;
  }
  void complain(const std::string& text) { said += text + "\n"; }
  void works(const std::string& what, bool good) {
    if (!good) complain(what + " fails: " + std::strerror(errno));
  }
  void fails(const std::string& what, bool good, int error) {
    if (good) {
      complain(what + " works");
    } else if (errno != error) {
      complain(what + " fails with " + std::strerror(errno));
    }
  }
  // One row of a table of attacks.
  struct Attack {
    const char* what;
    long number;
    std::vector<long> arguments;
    int error = EPERM;
  };
  void all_fail(const std::vector<Attack>& attacks) {
    for (const Attack& attack : attacks) {
      long a[6] = {};
      std::ranges::copy(attack.arguments, a);
      long result = syscall(attack.number, a[0], a[1], a[2], a[3], a[4], a[5]);
      fails(attack.what, result != -1, attack.error);
    }
  }
  bool opens(const std::string& path, int flags) {
    int fd = open((base + path).c_str(), flags | O_CLOEXEC, 0666);
    if (fd >= 0) close(fd);
    return fd >= 0;
  }

  std::string base = "/tmp/nacre-lockdown-XXXXXX";
  std::string said;
};

TEST_F(LockdownTest, FilesAreThoseThatWereLeftOpen) {
  if (available_lockdown().landlock_abi == 0) GTEST_SKIP() << "no Landlock here";
  EXPECT_EQ(complaints([&] {
              works("reading", opens("/whole/file", O_RDONLY));
              works("writing", opens("/whole/file", O_RDWR | O_TRUNC));
              works("making", opens("/whole/sub/new", O_WRONLY | O_CREAT | O_EXCL));
              works("mkdir", mkdir((base + "/whole/dir").c_str(), 0777) == 0);
              auto from = base + "/whole/sub/new";
              works("moving", rename(from.c_str(), (base + "/whole/new").c_str()) == 0);
              works("linking",
                    link((base + "/whole/new").c_str(), (base + "/whole/sub/two").c_str()) == 0);
              works("symlink", symlink("x", (base + "/whole/link").c_str()) == 0);
              works("unlink", unlink((base + "/whole/new").c_str()) == 0);
              works("reading elsewhere", opens("/readable/file", O_RDONLY));
              works("listing", opens("/readable", O_RDONLY | O_DIRECTORY));
              fails("writing there", opens("/readable/file", O_WRONLY), EACCES);
              fails("making there", opens("/readable/new", O_WRONLY | O_CREAT), EACCES);
              fails("removing there", unlink((base + "/readable/file").c_str()) == 0, EACCES);
              fails("reading what is closed", opens("/closed/file", O_RDONLY), EACCES);
              fails("listing what is closed", opens("/closed", O_RDONLY | O_DIRECTORY), EACCES);
              fails("a pipe", mkfifo((base + "/whole/pipe").c_str(), 0666) == 0, EPERM);
              fails("moving out",
                    rename((base + "/whole/file").c_str(), (base + "/closed/x").c_str()) == 0,
                    EACCES);
              int passwd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
              fails("reading /etc/passwd", passwd >= 0, EACCES);
            }),
            "");
}

TEST_F(LockdownTest, WhatIsOpenStaysOpen) {
  int closed = open((base + "/closed/file").c_str(), O_RDWR | O_CLOEXEC);
  EXPECT_EQ(complaints([&] {
              char byte;
              works("reading", pread(closed, &byte, 1, 0) == 1);
              works("writing", pwrite(closed, "x", 1, 0) == 1);
              works("its size", ftruncate(closed, 10) == 0);
              struct stat status;
              works("looking", fstat(closed, &status) == 0);
            }),
            "");
  close(closed);
}

TEST_F(LockdownTest, SystemCallsAreThoseOfTheTable) {
  if (!available_lockdown().seccomp) GTEST_SKIP() << "no seccomp here";
  pid_t parent = getpid();
  EXPECT_EQ(complaints([&] {
              char* no_words[] = {nullptr};
              fails("fork", fork() >= 0, EPERM);
              fails("exec", execve("/bin/true", no_words, no_words) == 0, EPERM);
              fails("socket", socket(AF_INET, SOCK_STREAM, 0) >= 0, EPERM);
              fails("unix socket", socket(AF_UNIX, SOCK_STREAM, 0) >= 0, EPERM);
              fails("ptrace", ptrace(PTRACE_ATTACH, parent, nullptr, nullptr) == 0, EPERM);
              fails("kill", kill(parent, 0) == 0, EPERM);
              fails("chmod", chmod((base + "/whole/file").c_str(), 0777) == 0, EPERM);
              fails("chroot", chroot("/") == 0, EPERM);
              fails("unshare", syscall(SYS_unshare, 0) == 0, EPERM);
              fails("io_uring", syscall(425, 1, nullptr) >= 0, EPERM);
              fails("bpf", syscall(SYS_bpf, 0, nullptr, 0) >= 0, EPERM);
              fails("process_vm_readv",
                    syscall(SYS_process_vm_readv, parent, nullptr, 0, nullptr, 0, 0) >= 0, EPERM);
              rlimit limit{100, 100};
              fails("setrlimit", setrlimit(RLIMIT_NOFILE, &limit) == 0, EPERM);
              works("getrlimit", getrlimit(RLIMIT_NOFILE, &limit) == 0);
#if defined(__x86_64__)
              constexpr long kX32 = 0x40000000;
              fails("x32 calls", syscall(kX32 + SYS_getpid) >= 0, EPERM);
#endif
            }),
            "");
}

#if defined(__x86_64__)
// They have other numbers.
TEST_F(LockdownTest, CallsAsOn32BitsEndTheProcess) {
  if (!available_lockdown().seccomp) GTEST_SKIP() << "no seccomp here";
  pid_t child = fork();
  if (child == 0) {
    bool locked = lock_down({}).has_value();
    long result = 20;  // getpid
    asm volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
    _exit(locked ? 0 : 1);
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status)) << status;
}
#endif

// A process that is lost to its guest may hold sockets that are connected nowhere yet.
TEST_F(LockdownTest, SocketsReachNothingButWhatTheyAreConnectedTo) {
  if (!available_lockdown().seccomp) GTEST_SKIP() << "no seccomp here";
  int datagrams = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  int stream = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int there = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  int connected = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* to = reinterpret_cast<sockaddr*>(&address);
  ASSERT_EQ(bind(there, to, length), 0);
  ASSERT_EQ(getsockname(there, to, &length), 0);
  ASSERT_EQ(connect(connected, to, length), 0);
  EXPECT_EQ(complaints([&] {
              fails("connect", connect(stream, to, length) == 0, EPERM);
              fails("connect datagrams", connect(datagrams, to, length) == 0, EPERM);
              fails("bind", bind(datagrams, to, length) == 0, EPERM);
              fails("listen", listen(stream, 1) == 0, EPERM);
              fails("sendto", sendto(datagrams, "x", 1, 0, to, length) >= 0, EPERM);
              fails("sendto elsewhere", sendto(connected, "x", 1, 0, to, length) >= 0, EPERM);
              fails("fast open", sendto(stream, "x", 1, MSG_FASTOPEN, to, length) >= 0, EPERM);
              // Where only the high half of a pointer is not zero.
              constexpr uint64_t kHigh = uint64_t{1} << 32;
              fails("high", syscall(SYS_sendto, datagrams, "x", 1, 0, kHigh, length) >= 0, EPERM);
              iovec bytes{const_cast<char*>("x"), 1};
              msghdr message{};
              message.msg_name = to;
              message.msg_namelen = length;
              message.msg_iov = &bytes;
              message.msg_iovlen = 1;
              fails("sendmsg", sendmsg(datagrams, &message, 0) >= 0, EPERM);
              mmsghdr many{message, 0};
              fails("sendmmsg", sendmmsg(datagrams, &many, 1, 0) >= 0, EPERM);
              fails("send", send(datagrams, "x", 1, 0) >= 0, EDESTADDRREQ);
              fails("write", write(datagrams, "x", 1) >= 0, EDESTADDRREQ);
              works("send to whom it is connected", send(connected, "x", 1, 0) == 1);
              int on = 1;
              works("option", setsockopt(stream, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) == 0);
              fails("device", setsockopt(stream, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3) == 0, EPERM);
              fails("level", setsockopt(stream, IPPROTO_TCP, SO_KEEPALIVE, &on, sizeof on) == 0,
                    EPERM);
            }),
            "");
  for (int fd : {datagrams, stream, there, connected}) close(fd);
}

TEST_F(LockdownTest, MemoryIsNotWritableAndExecutable) {
  if (!available_lockdown().seccomp) GTEST_SKIP() << "no seccomp here";
  EXPECT_EQ(complaints([&] {
              constexpr int kAll = PROT_READ | PROT_WRITE | PROT_EXEC;
              constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS;
              fails("mmap", mmap(nullptr, 4096, kAll, kFlags, -1, 0) != MAP_FAILED, EPERM);
              void* page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, kFlags, -1, 0);
              works("plain mmap", page != MAP_FAILED);
              fails("mprotect", mprotect(page, 4096, kAll) == 0, EPERM);
              works("code memory", CodeMemory::create(1 << 16).has_value());
            }),
            "");
}

TEST_F(LockdownTest, CodeIsMappedOnlyWhereSomeIsToCome) {
  if (!available_lockdown().seccomp) GTEST_SKIP() << "no seccomp here";
  auto code = CodeMemory::create(1 << 16);
  ASSERT_TRUE(code.has_value());
  auto actions = [&] {
    constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS;
    void* page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, kFlags, -1, 0);
    works("plain mmap", page != MAP_FAILED);
    fails("mmap", mmap(nullptr, 4096, PROT_READ | PROT_EXEC, kFlags, -1, 0) != MAP_FAILED, EPERM);
    fails("mprotect", mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0, EPERM);
    fails("only executable", mprotect(page, 4096, PROT_EXEC) == 0, EPERM);
    fails("memfd", syscall(SYS_memfd_create, "x", 0) >= 0, EPERM);
    fails("code memory", CodeMemory::create(1 << 16).has_value(), EPERM);
    // What is there can be filled and given back.
    code->writable()[0] = 0xC3;
    works("what is there", code->executable()[0] == 0xC3);
    code = CodeMemory();
  };
  EXPECT_EQ(complaints(actions, {.mapping_code = false}), "");
}

// What a server needs besides, and what it has no more than others.
TEST_F(LockdownTest, AnEventLoopIsForServersOnly) {
  if (!available_lockdown().seccomp) GTEST_SKIP() << "no seccomp here";
  int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(bind(listening, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(listen(listening, 1), 0);
  int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  ASSERT_GE(pagemap, 0);
  auto actions = [&](bool serving) {
    auto expect = [&](const char* what, bool good) {
      if (serving) {
        works(what, good);
      } else {
        fails(what, good, EPERM);
      }
    };
    int loop = epoll_create1(EPOLL_CLOEXEC);
    expect("epoll_create1", loop >= 0);
    expect("eventfd", eventfd(0, EFD_CLOEXEC) >= 0);
    epoll_event event{.events = EPOLLIN, .data = {}};
    expect("epoll_ctl", epoll_ctl(loop, EPOLL_CTL_ADD, listening, &event) == 0);
    expect("epoll_pwait", epoll_pwait(loop, &event, 1, 0, nullptr) == 0);
    timespec no_time{};
    bool waited = syscall(SYS_epoll_pwait2, loop, &event, 1, &no_time, nullptr, 0) == 0;
    if (waited || errno != ENOSYS) expect("epoll_pwait2", waited);
    // In a server the kernel refuses its arguments, or does not know it.
    bool scanned = ioctl(pagemap, kPagemapScan, nullptr) == 0;
    expect("PAGEMAP_SCAN", scanned || errno != EPERM);
    fails("accept4", accept4(listening, nullptr, nullptr, SOCK_CLOEXEC) >= 0, EAGAIN);
    fails("socket", socket(AF_INET, SOCK_STREAM, 0) >= 0, EPERM);
    fails("connect", connect(listening, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0,
          EPERM);
    fails("fork", fork() >= 0, EPERM);
    fails("io_uring", syscall(425, 1, nullptr) >= 0, EPERM);
  };
  EXPECT_EQ(complaints([&] { actions(true); }, {.serving = true}), "");
  EXPECT_EQ(complaints([&] { actions(false); }), "");
  close(pagemap);
  close(listening);
}

TEST_F(LockdownTest, TimesAreSetThroughDescriptorsOnly) {
  if (!available_lockdown().seccomp) GTEST_SKIP() << "no seccomp here";
  std::string file = base + "/whole/file";
  timespec times[2] = {{1000000000, 0}, {1000000000, 0}};
  auto by_name = [&] {
    fails("by name", utimensat(AT_FDCWD, file.c_str(), times, 0) == 0, EPERM);
    fails("of a link", utimensat(AT_FDCWD, file.c_str(), times, AT_SYMLINK_NOFOLLOW) == 0, EPERM);
    fails("elsewhere", utimensat(AT_FDCWD, "/etc/passwd", times, 0) == 0, EPERM);
    int folder = open((base + "/whole").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    fails("in a directory", utimensat(folder, "file", times, 0) == 0, EPERM);
    fails("empty", utimensat(folder, "", times, AT_EMPTY_PATH) == 0, EPERM);
    // Where only the high half of a pointer is not zero.
    fails("high", syscall(SYS_utimensat, folder, uint64_t{1} << 32, times, 0) == 0, EPERM);
#if defined(__x86_64__)
    constexpr long kX32 = 0x40000000;
    all_fail({{"utime", SYS_utime, {reinterpret_cast<long>(file.c_str()), 0}},
              {"utimes", SYS_utimes, {reinterpret_cast<long>(file.c_str()), 0}},
              {"futimesat", SYS_futimesat, {AT_FDCWD, reinterpret_cast<long>(file.c_str()), 0}},
              {"x32", kX32 + SYS_utimensat, {folder, 0, 0, 0}}});
#endif
  };
  EXPECT_EQ(complaints([&] {
              by_name();
              int fd = open(file.c_str(), O_RDWR | O_CLOEXEC);
              works("a descriptor", futimens(fd, times) == 0);
            }),
            "");
  EXPECT_EQ(complaints(
                [&] {
                  by_name();
                  int fd = open(file.c_str(), O_RDWR | O_CLOEXEC);
                  fails("a descriptor", futimens(fd, times) == 0, EPERM);
                },
                {.setting_times = false}),
            "");
}

TEST_F(LockdownTest, NothingReachesOtherProcessesOrMoreRights) {
  if (!available_lockdown().seccomp) GTEST_SKIP() << "no seccomp here";
  long parent = getpid();
  int datagrams = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  int on = 1;
  alignas(64) static char room[4096];
  long at = reinterpret_cast<long>(room);
  constexpr long kThread = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD;
  EXPECT_EQ(
      complaints([&] {
        all_fail({
            {"limits of another", SYS_prlimit64, {parent, RLIMIT_NOFILE, 0, at}},
            {"a new limit", SYS_prlimit64, {0, RLIMIT_NOFILE, at, 0}},
            {"its high half", SYS_prlimit64, {0, RLIMIT_NOFILE, 1L << 32, 0}},
            {"real time", SYS_sched_setattr, {0, at, 0}},
            {"real time by policy", SYS_sched_setscheduler, {0, SCHED_FIFO, at}},
            {"processors of another", SYS_sched_getaffinity, {parent, sizeof room, at}},
            {"a process", SYS_clone, {SIGCHLD, 0, 0, 0, 0}},
            {"a namespace", SYS_clone, {kThread | CLONE_NEWNS, 0, 0, 0, 0}},
            {"clone3", SYS_clone3, {at, 64}, ENOSYS},
            {"bad memory", SYS_madvise, {at & ~4095L, 4096, 100}},
            {"broadcast", SYS_setsockopt, {datagrams, SOL_SOCKET, SO_BROADCAST, at, sizeof on}},
            {"mark", SYS_setsockopt, {datagrams, SOL_SOCKET, SO_MARK, at, sizeof on}},
            {"other levels", SYS_getsockopt, {datagrams, IPPROTO_IP, 64, at, at}},
            {"seals", SYS_fcntl, {datagrams, F_ADD_SEALS, 0}},
            {"locks", SYS_fcntl, {datagrams, F_OFD_SETLK, at}},
            {"owner", SYS_fcntl, {datagrams, F_SETOWN, parent}},
            {"lease", SYS_fcntl, {datagrams, F_SETLEASE, F_RDLCK}},
            {"another ioctl", SYS_ioctl, {0, 0x5412, at}},
            {"kill all", SYS_kill, {-1, 0}},
            {"kill the group", SYS_kill, {0, 0}},
            {"pidfd", SYS_pidfd_open, {parent, 0}},
            {"dumpable", SYS_prctl, {PR_SET_DUMPABLE, 1}},
            {"keyring", SYS_keyctl, {0, 0}},
            {"inotify", SYS_inotify_init1, {0}},
            {"fanotify", SYS_fanotify_init, {0, 0}},
            {"handles", SYS_name_to_handle_at, {AT_FDCWD, at, at, at, 0}},
            {"shared memory", SYS_shmget, {0, 4096, 0}},
            {"pages", SYS_userfaultfd, {0}},
#if defined(__x86_64__)
            {"arch_prctl", SYS_arch_prctl, {0x1001, at}},
#endif
        });
        rlimit limit;
        works("own limits", getrlimit(RLIMIT_NOFILE, &limit) == 0);
        works("own processors", syscall(SYS_sched_getaffinity, 0, sizeof room, room) > 0);
        works("another option", setsockopt(datagrams, SOL_SOCKET, SO_RCVBUF, &on, sizeof on) == 0);
      }),
      "");
  close(datagrams);
}

TEST_F(LockdownTest, WhatWasInheritedIsClosed) {
  int kept = open((base + "/closed/file").c_str(), O_RDONLY | O_CLOEXEC);
  int low = dup(kept);
  constexpr int kHigh = 700;
  ASSERT_EQ(dup2(kept, kHigh), kHigh);
  EXPECT_EQ(complaints([&] {
              int standard = dup2(kept, 0);
              close_inherited();
              works("its own", fcntl(kept, F_GETFD) >= 0);
              works("a standard stream", standard == 0 && fcntl(0, F_GETFD) >= 0);
              fails("a low one", fcntl(low, F_GETFD) >= 0, EBADF);
              fails("a high one", fcntl(kHigh, F_GETFD) >= 0, EBADF);
            }),
            "");
  for (int fd : {kept, low, kHigh}) close(fd);
}

TEST_F(LockdownTest, ThreadsCanBeMadeAndAreLockedDown) {
  if (available_lockdown().landlock_abi == 0) GTEST_SKIP() << "no Landlock here";
  EXPECT_EQ(complaints([&] {
              pthread_t thread;
              auto body = [](void* self) -> void* {
                auto* test = static_cast<LockdownTest*>(self);
                test->fails("reading", test->opens("/closed/file", O_RDONLY), EACCES);
                return nullptr;
              };
              works("pthread_create", pthread_create(&thread, nullptr, body, this) == 0);
              works("pthread_join", pthread_join(thread, nullptr) == 0);
            }),
            "");
}

TEST_F(LockdownTest, EventLoopsWorkAndTheirWorkersAreLockedDown) {
  int refused = available_lockdown().landlock_abi != 0 ? EACCES : 0;
  EXPECT_EQ(complaints(
                [&] {
                  auto loop = EventLoop::create();
                  works("an event loop", loop.has_value());
                  if (!loop) return;
                  WorkerThreads workers(1);
                  int error = -1;
                  auto try_it = [&error, closed = base + "/closed/file", inbox = (*loop)->inbox()] {
                    int result = open(closed.c_str(), O_RDONLY | O_CLOEXEC) >= 0 ? 0 : errno;
                    inbox->post([&error, result] { error = result; });
                  };
                  works("a worker", workers.run(try_it).has_value());
                  while (error == -1) works("waiting", (*loop)->run_once().has_value());
                  works("the worker has no more rights", error == refused);
                },
                {.serving = true}),
            "");
}

}  // namespace
}  // namespace nacre::os
