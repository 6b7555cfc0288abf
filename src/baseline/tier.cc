#include "baseline/tier.h"

#include <utility>

#include "baseline/macro_assembler.h"
#include "baseline/module_compiler.h"
#include "native/tier.h"

namespace nacre::baseline {
namespace {

class BaselineCompiler final : public native::Compiler {
 public:
  explicit BaselineCompiler(const Options& options) : options_(options) {}

  std::string_view name() const override { return "baseline"; }

  std::unique_ptr<native::ModuleCompiler> compiler_of(const abi::ModuleInput& input) override {
    return std::make_unique<ModuleCompiler>(input.info, options_);
  }

 private:
  Options options_;
};

}  // namespace

Result<std::unique_ptr<abi::Executor>> make_tier(
    [[maybe_unused]] Options options, [[maybe_unused]] std::unique_ptr<os::CodeListener> listener) {
#if defined(__x86_64__)
  if (!is_enough(options.cpu)) return fail(ErrorCode::unsupported, kNotEnough);
  native::Options native{.cpu = options.cpu,
                         .poison_upper_bits = options.poison_upper_bits,
                         .listener = listener.get(),
                         .debug = options.debug,
                         .code_changes = options.code_changes,
                         .map_at_load = options.map_at_load};
  return native::make_tier(native, std::move(listener),
                           std::make_unique<BaselineCompiler>(options));
#else
  return fail(ErrorCode::unsupported, "the tier \"baseline\" is not built for this processor");
#endif
}

Result<std::unique_ptr<abi::Executor>> make_tier() {
  return make_tier({.cpu = os::cpu_features()});
}

}  // namespace nacre::baseline
