#include "native/tier.h"

#include <utility>

#include "abi/host_func.h"
#include "native/module_code.h"
#include "native/stubs.h"
#include "native/support.h"

namespace nacre::native {
namespace {

class NativeExecutor final : public abi::Executor {
 public:
  NativeExecutor(const Options& options, std::unique_ptr<os::CodeListener> listener,
                 std::unique_ptr<Compiler> compiler, std::unique_ptr<Stubs> stubs)
      : options_(options),
        listener_(std::move(listener)),
        compiler_(std::move(compiler)),
        stubs_(std::move(stubs)) {}

  std::string_view name() const override { return compiler_->name(); }
  bool replaces_code() const override { return options_.code_changes; }

  Result<std::unique_ptr<abi::ModuleCode>> prepare(const abi::ModuleInput& input) override {
    return ModuleCode::create(input, options_, *compiler_, *stubs_);
  }

  Result<void> attach_host(abi::FuncObject& function) override {
    const abi::HostFunc& host = *function.host;
    const void* code =
        TRY(host.direct != nullptr
                ? stubs_->direct_host_function(function.type, host.type, host.may_block)
                : stubs_->host_function(function.type, host.type));
    function.code = const_cast<void*>(code);
    return {};
  }

  abi::Outcome call(abi::ExecContext& exec, abi::FuncObject& function,
                    abi::Value* values) override {
    Result<HostEntry> entry = function.vmctx->code->made_by(*this).host_entry(function.index);
    if (!entry) return abi::make_trap(abi::TrapKind::out_of_memory, entry.error().to_string());
    return outcome_of(exec, (*entry)(&exec, &function, values));
  }

  abi::Outcome resume(abi::ExecContext& exec, abi::Value* values) override {
    void* resume_point = std::exchange(exec.suspension, {}).resume_point;
    return outcome_of(exec, stubs_->resume_entry()(&exec, values, resume_point));
  }

  void abandon(abi::ExecContext& exec, abi::Trap& trap) override { add_parked_frames(exec, trap); }

 private:
  static abi::Outcome outcome_of(abi::ExecContext& exec, uint32_t ending) {
    if (ending == 0) return {};
    if (ending == 2) {
      // What it calls elsewhere, and what that calls here in turn, begins below.
      abi::Suspension& suspension = exec.suspension;
      if (suspension.callee != nullptr && !suspension.tail)
        exec.frame_top = static_cast<uint8_t*>(suspension.resume_point);
      return abi::Outcome::suspended();
    }
    exec.suspension = {};  // it may have been about to leave
    return abi::TrapPtr(std::exchange(exec.trap, nullptr));
  }

  Options options_;
  std::unique_ptr<os::CodeListener> listener_;
  std::unique_ptr<Compiler> compiler_;
  std::unique_ptr<Stubs> stubs_;
};

}  // namespace

Result<std::unique_ptr<abi::Executor>> make_tier(const Options& options,
                                                 std::unique_ptr<os::CodeListener> listener,
                                                 std::unique_ptr<Compiler> compiler) {
  auto stubs = TRY(Stubs::create(options));
  return std::make_unique<NativeExecutor>(options, std::move(listener), std::move(compiler),
                                          std::move(stubs));
}

}  // namespace nacre::native
