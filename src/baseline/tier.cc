#include "baseline/tier.h"

#include <utility>

#include "abi/host_func.h"
#include "baseline/module_code.h"
#include "baseline/stubs.h"

namespace nacre::baseline {
namespace {

class BaselineTier final : public abi::Tier {
 public:
  BaselineTier(Options options, std::unique_ptr<os::CodeListener> listener,
               std::unique_ptr<Stubs> stubs)
      : options_(options), listener_(std::move(listener)), stubs_(std::move(stubs)) {}

  std::string_view name() const override { return "baseline"; }

  Result<std::unique_ptr<abi::ModuleCode>> prepare(const abi::ModuleInput& input) override {
    return BaselineCode::create(input, options_, *stubs_);
  }

  Result<void> attach_host(abi::FuncObject& function) override {
    const abi::HostFunc& host = *function.host;
    const void* code =
        TRY(host.direct != nullptr ? stubs_->direct_host_function(function.type, host.type)
                                   : stubs_->host_function(function.type, host.type));
    function.code = const_cast<void*>(code);
    return {};
  }

  Result<abi::HostEntry> host_entry(abi::FuncObject& function) override {
    return static_cast<BaselineCode&>(*function.vmctx->code).host_entry(function.index);
  }

  abi::Outcome call(abi::ExecContext& exec, abi::FuncObject& function,
                    abi::Value* values) override {
    auto& code = static_cast<BaselineCode&>(*function.vmctx->code);
    Result<HostEntry> entry = code.host_entry(function.index);
    if (!entry) return abi::make_trap(abi::TrapKind::out_of_memory, entry.error().to_string());
    if ((*entry)(&exec, &function, values) == 0) return nullptr;
    return abi::Outcome(std::exchange(exec.trap, nullptr));
  }

 private:
  Options options_;
  std::unique_ptr<os::CodeListener> listener_;
  std::unique_ptr<Stubs> stubs_;
};

}  // namespace

Result<std::unique_ptr<abi::Tier>> make_tier(
    [[maybe_unused]] Options options, [[maybe_unused]] std::unique_ptr<os::CodeListener> listener) {
#if defined(__x86_64__)
  if (!is_enough(options.cpu)) return fail(ErrorCode::unsupported, kNotEnough);
  options.listener = listener.get();
  auto stubs = TRY(Stubs::create(options));
  return std::make_unique<BaselineTier>(options, std::move(listener), std::move(stubs));
#else
  return fail(ErrorCode::unsupported, "the tier \"baseline\" is not built for this processor");
#endif
}

Result<std::unique_ptr<abi::Tier>> make_tier() { return make_tier({.cpu = os::cpu_features()}); }

}  // namespace nacre::baseline
