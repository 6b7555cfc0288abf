#include "os/lockdown.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>
#include <vector>

#include "os/dir.h"
#include "os/page_restorer.h"
#include "os/socket.h"

namespace nacre::os {
namespace {

// Sanitizers start processes and trace them.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kPossible = false;
#else
constexpr bool kPossible = true;
#endif

// ---- Landlock

// linux/landlock.h as of ABI 6; a kernel that knows less is given less of it.
struct RulesetAttributes {
  uint64_t handled_files = 0;
  uint64_t handled_network = 0;  // since ABI 4
  uint64_t scoped = 0;           // since ABI 6
};
constexpr uint64_t kBindTcp = 1, kConnectTcp = 2;
// Signals are not scoped: seccomp keeps to this process, and the broker is to hear of this one's
// end.
constexpr uint64_t kAbstractSockets = 1;
constexpr int kNetworkAbi = 4, kScopeAbi = 6;
// Before, a file could not be renamed into another directory, whatever was left open.
constexpr int kLeastAbi = 2;

size_t attributes_size(int abi) {
  if (abi >= kScopeAbi) return sizeof(RulesetAttributes);
  return abi >= kNetworkAbi ? offsetof(RulesetAttributes, scoped)
                            : offsetof(RulesetAttributes, handled_network);
}

uint64_t accesses_for(int abi, uint8_t rights) {
  uint64_t accesses = 0;
#define ACCESS(bit, since_abi, right) \
  if (abi >= (since_abi) && ((right) & rights) != 0) accesses |= uint64_t{1} << (bit);
#include "os/landlock.def"
#undef ACCESS
  return accesses;
}

uint64_t all_accesses(int abi) {
  uint64_t accesses = 0;
#define ACCESS(bit, since_abi, right) \
  if (abi >= (since_abi)) accesses |= uint64_t{1} << (bit);
#include "os/landlock.def"
#undef ACCESS
  return accesses;
}

int landlock_abi() {
  if (!kPossible) return 0;
  long abi = syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return abi < kLeastAbi ? 0 : static_cast<int>(abi);
}

Error failed(const char* what, int error) {
  return Error(ErrorCode::io, std::string("cannot lock the process down: ") + what + ": " +
                                  std::strerror(error) + " (--no-lockdown runs without)");
}

Result<void> restrict_files(int abi, std::span<const LeftOpen> left_open) {
  RulesetAttributes attributes;
  attributes.handled_files = all_accesses(abi);
  if (abi >= kNetworkAbi) attributes.handled_network = kBindTcp | kConnectTcp;
  if (abi >= kScopeAbi) attributes.scoped = kAbstractSockets;
  long made = syscall(SYS_landlock_create_ruleset, &attributes, attributes_size(abi), 0);
  if (made < 0) return std::unexpected(failed("landlock_create_ruleset", errno));
  OwnedFd ruleset(static_cast<int>(made));
  for (const LeftOpen& item : left_open) {
    landlock_path_beneath_attr rule{};
    rule.allowed_access = accesses_for(abi, item.rights);
    rule.parent_fd = item.fd;
    if (rule.allowed_access == 0) continue;
    if (syscall(SYS_landlock_add_rule, ruleset.get(), LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) {
      return std::unexpected(failed("landlock_add_rule", errno));
    }
  }
  if (syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0) {
    return std::unexpected(failed("landlock_restrict_self", errno));
  }
  return {};
}

// ---- seccomp

#if defined(__x86_64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#elif defined(__riscv)
constexpr uint32_t kArchitecture = AUDIT_ARCH_RISCV64;
#endif

constexpr uint32_t kRefuse = SECCOMP_RET_ERRNO | EPERM;
constexpr uint32_t kAllow = SECCOMP_RET_ALLOW;

// The filter: a tree of comparisons over the numbers of system calls, for the kernel, too, runs it
// once for every number when it is installed.
class Filter {
 public:
  explicit Filter(LeftPossible left_possible) : left_possible_(left_possible) {
    load(offsetof(seccomp_data, arch));
    jump(BPF_JEQ, kArchitecture, 1, 0);
    answer(SECCOMP_RET_KILL_PROCESS);
    load(offsetof(seccomp_data, nr));
    std::vector<Call> calls = {
        {SYS_clone3, Server::also, &Filter::no_such_call},
#define SYSCALL(name, server) {SYS_##name, Server::server, &Filter::allow},
#define SYSCALL_IF(name, server, check) {SYS_##name, Server::server, &Filter::check},
#include "os/syscalls.def"
#undef SYSCALL
#undef SYSCALL_IF
    };
    if (!left_possible.serving) {
      std::erase_if(calls, [](const Call& call) { return call.server == Server::only; });
    }
    std::ranges::sort(calls, {}, &Call::number);
    decide(calls);
  }
  std::vector<sock_filter>& code() { return code_; }

 private:
  enum class Server : uint8_t { also, only };  // the column of syscalls.def
  struct Call {
    uint32_t number;
    Server server;
    void (Filter::*answer)();  // must answer, for it may load another word
  };
  static constexpr size_t kFewCalls = 4;

  void decide(std::span<const Call> calls) {
    if (calls.size() > kFewCalls) {
      size_t half = calls.size() / 2;
      // Conditional jumps reach 255 instructions only.
      jump(BPF_JGE, calls[half].number, 0, 1);
      size_t far = code_.size();
      code_.push_back(BPF_STMT(BPF_JMP | BPF_JA, 0));
      decide(calls.first(half));
      code_[far].k = static_cast<uint32_t>(code_.size() - far - 1);
      decide(calls.subspan(half));
      return;
    }
    for (const Call& call : calls) {
      size_t at = code_.size();
      jump(BPF_JEQ, call.number, 0, 0);
      (this->*call.answer)();
      code_[at].jf = static_cast<uint8_t>(code_.size() - at - 1);
    }
    answer(kRefuse);
  }

  void load(size_t at) {
    code_.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(at)));
  }
  // Of argument number `index`, the low half.
  void load_argument(size_t index) { load(offsetof(seccomp_data, args) + 8 * index); }
  void jump(int test, uint32_t value, uint8_t if_true, uint8_t if_false) {
    code_.push_back(
        BPF_JUMP(static_cast<uint16_t>(BPF_JMP | test | BPF_K), value, if_true, if_false));
  }
  void answer(uint32_t value) { code_.push_back(BPF_STMT(BPF_RET | BPF_K, value)); }

  void allow() { answer(kAllow); }
  // glibc makes threads with `clone`, whose flags a filter can see, where there is no `clone3`.
  void no_such_call() { answer(SECCOMP_RET_ERRNO | ENOSYS); }
  void allow_if_one_of(std::initializer_list<uint32_t> values) {
    for (uint32_t value : values) {
      jump(BPF_JEQ, value, 0, 1);
      answer(kAllow);
    }
    answer(kRefuse);
  }

  void known_fcntl() {
    load_argument(1);
    allow_if_one_of({F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_SETFL});
  }
  void known_ioctl() {
    constexpr uint32_t kTerminalMode = 0x5401, kWindowSize = 0x5413, kBytesThere = 0x541B;
    load_argument(1);
    if (left_possible_.serving) {
      // Pools ask which pages of their own a guest wrote to (os/page_restorer.h).
      jump(BPF_JEQ, kPagemapScan, 0, 1);
      answer(kAllow);
    }
    allow_if_one_of({kTerminalMode, kWindowSize, kBytesThere});
  }
  // Never both; of code nothing at all where none is to come.
  void not_writable_code() {
    uint32_t refused = left_possible_.mapping_code ? PROT_WRITE | PROT_EXEC : PROT_EXEC;
    load_argument(2);
    code_.push_back(BPF_STMT(BPF_ALU | BPF_AND | BPF_K, refused));
    jump(BPF_JEQ, refused, 0, 1);
    answer(kRefuse);
    answer(kAllow);
  }
  void if_code_is_to_come() { answer(left_possible_.mapping_code ? kAllow : kRefuse); }
  // From 100 on, advice takes pages away from the whole machine (MADV_HWPOISON).
  void about_own_pages() {
    load_argument(2);
    jump(BPF_JGE, 100, 0, 1);
    answer(kRefuse);
    answer(kAllow);
  }
  // No namespaces, nothing that shares less than a thread does.
  void thread_only() {
    constexpr uint32_t kOfThreads = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
                                    CLONE_THREAD | CLONE_SYSVSEM | CLONE_SETTLS |
                                    CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID |
                                    CLONE_CHILD_SETTID | CLONE_DETACHED;
    load_argument(0);
    jump(BPF_JSET, ~kOfThreads, 2, 0);
    jump(BPF_JSET, CLONE_THREAD, 0, 1);
    answer(kAllow);
    answer(kRefuse);
  }
  void own_process() {
    load_argument(0);
    allow_if_one_of({static_cast<uint32_t>(::getpid())});
  }
  void own_thread() {
    load_argument(0);
    allow_if_one_of({0});
  }
  void refuse_unless(uint32_t value) {
    jump(BPF_JEQ, value, 1, 0);
    answer(kRefuse);
  }
  void allow_if_null(uint32_t number) {
    load_argument(number);
    refuse_unless(0);
    load(offsetof(seccomp_data, args) + 8 * number + 4);
    allow_if_one_of({0});
  }
  // About this process, with no new limit.
  void only_asks() {
    load_argument(0);
    refuse_unless(0);
    allow_if_null(2);
  }
  // Without a path it is about the descriptor. Landlock knows nothing of times, and no filter sees
  // which file a path names.
  void times_of_descriptor() {
    if (left_possible_.setting_times) {
      allow_if_null(1);
    } else {
      answer(kRefuse);
    }
  }
  // A socket that is connected nowhere then reaches nothing, and no other goes elsewhere.
  void to_no_address() { allow_if_null(4); }
  void of_sockets() {
    load_argument(1);
    allow_if_one_of({SOL_SOCKET});
  }
  void harmless_option() {
    load_argument(1);
    refuse_unless(SOL_SOCKET);
    load_argument(2);
#define OPTION(name, native, form, access)                \
  if (is_settable_when_locked_down(SocketOption::name)) { \
    jump(BPF_JEQ, native, 0, 1);                          \
    answer(kAllow);                                       \
  }
#include "os/socket_options.def"
#undef OPTION
    answer(kRefuse);
  }
  void names_only() {
    constexpr uint32_t kSetMapName = 0x53564d41;
    load_argument(0);
    allow_if_one_of({PR_SET_NAME, kSetMapName});
  }

  LeftPossible left_possible_;
  std::vector<sock_filter> code_;
};

bool has_seccomp() {
  if (!kPossible) return false;
  uint32_t action = SECCOMP_RET_ERRNO;
  return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

Result<void> restrict_calls(LeftPossible left_possible) {
  Filter filter(left_possible);
  sock_fprog program{static_cast<uint16_t>(filter.code().size()), filter.code().data()};
  long done = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
  if (done == 0) return {};
  return std::unexpected(failed("seccomp", done > 0 ? EBUSY : errno));
}

}  // namespace

LockdownState available_lockdown() {
  return {.landlock_abi = landlock_abi(), .seccomp = has_seccomp()};
}

Result<LockdownState> lock_down(std::span<const LeftOpen> left_open, LeftPossible left_possible) {
  LockdownState state = available_lockdown();
  if (state.landlock_abi == 0 && !state.seccomp) return state;
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return std::unexpected(failed("no_new_privs", errno));
  }
  if (state.landlock_abi != 0) TRY(restrict_files(state.landlock_abi, left_open));
  if (state.seccomp) TRY(restrict_calls(left_possible));
  return state;
}

}  // namespace nacre::os
