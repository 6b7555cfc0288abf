// What a process may do that a store has locked down, whichever of its threads a guest runs on.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <latch>
#include <string>
#include <thread>

#include "nacre/nacre.h"
#include "os/lockdown.h"

namespace {

// Waits, then tries; the number is what came of it.
constexpr char kModule[] = R"((module
  (import "wasi_snapshot_preview1" "poll_oneoff"
    (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "env" "try" (func $try))
  (memory (export "memory") 1)
  (func (export "_start")
    (i32.store (i32.const 16) (i32.const 1))
    (i64.store (i32.const 24) (i64.const 1000000))
    (if (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128))
      (then (unreachable)))
    (call $try))))";

constexpr int kOpened = 0;
constexpr int kBroken = 255;  // the test itself

struct Attempt {
  pid_t first_thread = ::gettid();
  bool elsewhere = false;
  int error = kBroken;

  // What a guest would do that broke out of its memory.
  static nacre_error_t* make(void* data, const nacre_val_t*, size_t, nacre_val_t*, size_t) {
    auto& attempt = *static_cast<Attempt*>(data);
    attempt.elsewhere = ::gettid() != attempt.first_thread;
    int fd = ::open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    attempt.error = fd >= 0 ? kOpened : errno;
    return nullptr;
  }
};

struct Program {
  Attempt attempt;
  nacre_store_t* store = nullptr;
  nacre_instance_t* instance = nullptr;

  bool load(const char* tier, const char* checks, const char* setting) {
    nacre_config_t* config = nacre_config_new();
    nacre_grants_t* grants = nacre_grants_new();
    nacre_engine_t* engine = nullptr;
    nacre_module_t* module = nullptr;
    return nacre_config_set_tier(config, tier) == nullptr &&
           nacre_config_set_checks(config, checks) == nullptr &&
           nacre_engine_new(config, &engine) == nullptr &&
           nacre_module_new(engine, kModule, sizeof kModule - 1, &module) == nullptr &&
           nacre_grants_add(grants, setting, nullptr) == nullptr &&
           nacre_store_new(engine, grants, &store) == nullptr &&
           nacre_store_define_func(store, "env", "try", nullptr, 0, nullptr, 0, Attempt::make,
                                   &attempt) == nullptr &&
           nacre_instance_new(store, module, NACRE_UNKNOWN_IMPORTS_DENY, &instance) == nullptr;
  }
  bool start() { return nacre_instance_start(instance) == nullptr; }
  // Under an event loop: the guest is parked while it waits.
  bool serve() {
    nacre_call_t* call = nullptr;
    if (nacre_call_start(instance, "_start", nullptr, 0, nullptr, nullptr, &call) != nullptr) {
      return false;
    }
    bool was_parked = !nacre_call_is_over(call);
    while (!nacre_call_is_over(call)) {
      pollfd ready = {.fd = nacre_store_fd(store), .events = POLLIN, .revents = 0};
      ::poll(&ready, 1, 100);
      nacre_store_run_ready(store);
    }
    bool good = nacre_call_results(call, nullptr, 0) == nullptr;
    nacre_call_cancel(call);
    return was_parked && good;
  }
};

// Where the guest is after it waited.
enum class On : uint8_t { first_thread, another_thread, earlier_thread, event_loop };

class Lockdown : public testing::TestWithParam<const char*> {
 public:
  // What a guest gets that opens a file: an error number. In a process of its own.
  static int outcome(const char* setting, On on) {
    pid_t child = ::fork();
    if (child == 0) ::_exit(outcome_here(setting, on));
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : kBroken;
  }

 private:
  static int outcome_here(const char* setting, On on) {
    Program program;
    std::latch loaded(1);
    bool good = false;
    std::thread earlier;
    if (on == On::earlier_thread) {
      earlier = std::thread([&] {
        loaded.wait();
        good = program.start();
      });
    }
    if (!program.load(GetParam(), on == On::another_thread ? "park" : "", setting)) return kBroken;
    loaded.count_down();
    if (earlier.joinable()) {
      earlier.join();
    } else {
      good = on == On::event_loop ? program.serve() : program.start();
    }
    bool in_place = on == On::first_thread || on == On::event_loop;
    bool as_meant = program.attempt.elsewhere != in_place;
    return good && as_meant ? program.attempt.error : kBroken;
  }
};

// Landlock binds a thread and those that it makes: whatever goes on with a guest that was parked
// must be one of these.
TEST_P(Lockdown, HoldsWhereAGuestGoesOnOnAnotherThread) {
  if (nacre::os::available_lockdown().landlock_abi == 0) GTEST_SKIP() << "no Landlock";
  EXPECT_EQ(outcome("no-ask", On::another_thread), kOpened) << "the file can be opened";
  EXPECT_EQ(outcome("no-ask", On::first_thread), kOpened);
  EXPECT_EQ(outcome("lockdown", On::another_thread), EACCES);
  EXPECT_EQ(outcome("lockdown", On::first_thread), EACCES);
  EXPECT_EQ(outcome("no-ask", On::event_loop), kOpened);
  EXPECT_EQ(outcome("lockdown", On::event_loop), EACCES);
  EXPECT_EQ(outcome("no-ask", On::earlier_thread), kOpened);
}

// A thread from before would not be held to Landlock's rules.
TEST(LockdownThreads, AProcessWithOthersIsNotLockedDown) {
  std::latch done(1);
  std::thread other([&] { done.wait(); });
  nacre_engine_t* engine = nullptr;
  ASSERT_EQ(nacre_engine_new(nullptr, &engine), nullptr);
  nacre_grants_t* grants = nacre_grants_new();
  ASSERT_EQ(nacre_grants_add(grants, "lockdown", nullptr), nullptr);
  nacre_store_t* store = nullptr;
  nacre_error_t* error = nacre_store_new(engine, grants, &store);
  done.count_down();
  other.join();
  ASSERT_NE(error, nullptr);
  EXPECT_EQ(nacre_error_kind(error), NACRE_ERROR_USAGE);
  EXPECT_NE(std::string(nacre_error_message(error)).find("has 2 threads"), std::string::npos)
      << nacre_error_message(error);
  nacre_error_delete(error);
  nacre_engine_delete(engine);
}

INSTANTIATE_TEST_SUITE_P(Tiers, Lockdown, testing::Values("interp", "baseline"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
