// Runs specification scripts: the reference of what the engine must do.
//
// One runner is one script with a store of its own and the module "spectest" of the reference
// interpreter. Threads of the threads proposal run as threads of the host, each with its own store;
// what they share are shared memories.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "api/stored_code.h"
#include "base/result.h"
#include "runtime/engine.h"
#include "runtime/failure.h"
#include "runtime/instance.h"
#include "runtime/linker.h"
#include "runtime/module.h"
#include "runtime/store.h"
#include "wasm/text/script.h"

namespace nacre::api {

struct ScriptCounts {
  uint64_t passed = 0;
  uint64_t failed = 0;
  uint64_t skipped = 0;
};

// Where verdicts go; shared by the threads of a script.
class ScriptLog {
 public:
  using Report = std::function<void(uint32_t line, const std::string& message, bool skipped)>;
  explicit ScriptLog(Report report) : report_(std::move(report)) {}

  void pass();
  void fail(uint32_t line, const std::string& message);
  void skip(uint32_t line, const std::string& message);
  ScriptCounts counts() const;

 private:
  mutable std::mutex mutex_;
  ScriptCounts counts_;
  Report report_;
};

class ScriptRunner {
 public:
  static Result<std::unique_ptr<ScriptRunner>> create(std::shared_ptr<runtime::Engine> engine,
                                                      ScriptLog& log, StoredCode stored_code = {});
  ~ScriptRunner();

  // Every command counts: a module or an action that fails is a failure, too.
  void run(const std::vector<wasm::Command>& commands);

 private:
  using Exports = std::vector<std::pair<std::string, runtime::Extern>>;
  struct Target {
    Exports exports;  // also of what another thread shares
  };
  using Verdict = Result<void>;  // the error's message says what was wrong

  ScriptRunner(std::shared_ptr<runtime::Engine> engine, ScriptLog& log, StoredCode stored_code,
               std::unique_ptr<runtime::Store> store);
  Result<void> define_spectest();

  void run_command(const wasm::Command& command);
  Verdict execute(const wasm::Command& command);
  // Whether the command concerns a component, which is checked but does not run yet.
  bool is_of_component(const wasm::Command& command) const;
  Verdict execute_component(const wasm::Command& command);
  Verdict run_module(const wasm::Command& command);
  Verdict run_instance(const wasm::Command& command);
  Verdict run_register(const wasm::Command& command);
  Verdict run_thread(const wasm::Command& command);
  Verdict run_wait(const wasm::Command& command);
  Verdict assert_return(const wasm::Command& command);
  Verdict assert_trap(const wasm::Command& command, abi::TrapKind kind);
  Verdict assert_module_trap(const wasm::Command& command);
  Verdict assert_refused(const wasm::Command& command, ErrorCode code);
  Verdict assert_unlinkable(const wasm::Command& command);

  Result<runtime::ModulePtr> compile(const wasm::ScriptModule& module);
  runtime::Run<runtime::Instance*> instantiate(const runtime::ModulePtr& module);
  void set_current(std::string_view id, runtime::Instance& instance);
  const Target* find_target(std::string_view id) const;

  struct Results {
    std::vector<wasm::ValType> types;
    std::vector<abi::Value> values;
  };
  runtime::Run<Results> act(const wasm::Action& action);
  runtime::Run<Results> invoke(const runtime::Extern& func, const wasm::Action& action);

  std::shared_ptr<runtime::Engine> engine_;
  ScriptLog& log_;
  StoredCode stored_code_;
  std::unique_ptr<runtime::Store> store_;
  runtime::Linker linker_;
  std::map<std::string, Target, std::less<>> targets_;  // by id; "" is the current module
  std::map<std::string, runtime::ModulePtr, std::less<>> definitions_;  // likewise
  bool current_is_component_ = false;

  struct Thread {
    std::unique_ptr<ScriptRunner> runner;
    std::thread thread;
  };
  std::map<std::string, Thread, std::less<>> threads_;
};

}  // namespace nacre::api
