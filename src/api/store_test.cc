// The C interface with the interpreter behind it: what no folder below can see alone.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "nacre/nacre.h"

namespace {

struct Embedding {
  nacre_engine_t* engine = nullptr;
  nacre_store_t* store = nullptr;
  nacre_module_t* module = nullptr;
  nacre_instance_t* instance = nullptr;
  int calls = 0;

  explicit Embedding(const char* text) : text_(text) {
    succeed(nacre_engine_new(nullptr, &engine));
    succeed(nacre_store_new(engine, nullptr, &store));
    succeed(nacre_module_new(engine, text_, std::strlen(text_), &module));
  }
  ~Embedding() {
    nacre_store_delete(store);
    nacre_module_delete(module);
    nacre_engine_delete(engine);
  }
  void instantiate() {
    succeed(nacre_instance_new(store, module, NACRE_UNKNOWN_IMPORTS_DENY, &instance));
  }
  static void succeed(nacre_error_t* error) {
    ASSERT_EQ(error, nullptr) << nacre_error_message(error);
  }

 private:
  const char* text_;
};

// A host function that calls the guest that called it.
nacre_error_t* call_back(void* data, const nacre_val_t*, size_t, nacre_val_t*, size_t) {
  auto& self = *static_cast<Embedding*>(data);
  ++self.calls;
  return nacre_instance_call(self.instance, "f", nullptr, 0, nullptr, 0);
}

TEST(Store, HostAndGuestCallEachOtherAsDeepAsPromisedAndNotDeeper) {
  Embedding world(
      R"((module (import "env" "back" (func $back)) (func (export "f") (call $back))))");
  world.succeed(nacre_store_define_func(world.store, "env", "back", nullptr, 0, nullptr, 0,
                                        call_back, &world));
  world.instantiate();
  for (int round = 0; round < 2; ++round) {
    world.calls = 0;
    nacre_error_t* error = nacre_instance_call(world.instance, "f", nullptr, 0, nullptr, 0);
    ASSERT_NE(error, nullptr);
    EXPECT_EQ(nacre_error_kind(error), NACRE_ERROR_TRAP);
    EXPECT_STREQ(nacre_error_message(error), "call stack exhausted");
    EXPECT_EQ(world.calls, 200);
    nacre_error_delete(error);
  }
}

struct StillOpen {
  bool others;  // what its caller left open
  bool input;   // its standard input, which the guest was denied
};

// In a child process that a store has locked down.
StillOpen after_lockdown(const char* lockdown) {
  int others = ::open("/", O_RDONLY | O_DIRECTORY);  // as a caller may leave it to a process
  pid_t child = ::fork();
  if (child == 0) {
    ::dup2(others, 0);
    nacre_config_t* config = nacre_config_new();
    nacre_config_set_map_at_load(config, true);
    nacre_engine_t* engine = nullptr;
    nacre_module_t* module = nullptr;
    nacre_store_t* store = nullptr;
    nacre_instance_t* instance = nullptr;
    constexpr char kText[] = R"((module (func (export "_start"))))";
    nacre_grants_t* grants = nacre_grants_new();
    bool good =
        nacre_engine_new(config, &engine) == nullptr &&
        nacre_module_new(engine, kText, sizeof kText - 1, &module) == nullptr &&
        nacre_grants_add(grants, "no-stdin", nullptr) == nullptr &&
        nacre_grants_add(grants, "lockdown", lockdown) == nullptr &&
        nacre_store_new(engine, grants, &store) == nullptr &&
        nacre_instance_new(store, module, NACRE_UNKNOWN_IMPORTS_DENY, &instance) == nullptr &&
        nacre_instance_start(instance) == nullptr;
    struct stat status;
    bool has_others = ::fcntl(others, F_GETFD) >= 0;
    bool has_input = ::fstat(0, &status) == 0 && S_ISDIR(status.st_mode);
    ::_exit(good ? (has_others ? 1 : 0) + (has_input ? 2 : 0) : 9);
  }
  ::close(others);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) != 9);
  return {(WEXITSTATUS(status) & 1) != 0, (WEXITSTATUS(status) & 2) != 0};
}

TEST(Store, LockdownClosesAnEmbeddersDescriptorsOnlyIfTheProcessIsThereForTheStoreAlone) {
  StillOpen shared = after_lockdown(nullptr);
  EXPECT_TRUE(shared.others && shared.input);
  StillOpen alone = after_lockdown("alone");
  EXPECT_FALSE(alone.others || alone.input);
  nacre_grants_t* grants = nacre_grants_new();
  nacre_error_t* error = nacre_grants_add(grants, "lockdown", "everything");
  ASSERT_NE(error, nullptr);
  EXPECT_EQ(nacre_error_kind(error), NACRE_ERROR_USAGE);
  nacre_error_delete(error);
  nacre_grants_delete(grants);
}

TEST(Store, ABacktraceOutlivesWhatItIsOf) {
  nacre_error_t* error = nullptr;
  {
    Embedding world(R"((module $app (func $f (export "f") unreachable)))");
    world.instantiate();
    error = nacre_instance_call(world.instance, "f", nullptr, 0, nullptr, 0);
  }
  ASSERT_NE(error, nullptr);
  std::string frames = nacre_error_backtrace(error);
  EXPECT_TRUE(frames.starts_with("  0: app!f @ 0x")) << frames;
  EXPECT_EQ(frames, nacre_error_backtrace(error));
  nacre_error_delete(error);
}

}  // namespace
