// The compiler of one module, in the form that native/compiler.h asks for.
#pragma once

#include <memory>
#include <string>

#include "baseline/function_compiler.h"
#include "baseline/options.h"
#include "native/compiler.h"

namespace nacre::baseline {

class ModuleCompiler final : public native::ModuleCompiler {
 public:
  ModuleCompiler(const wasm::ValidModuleInfo& info, const Options& options)
      : info_(info), options_(options) {}

  std::string identity() const override;
  bool uses_guards() const override { return options_.guarded_memories; }
  void check_memories() override { options_.guarded_memories = false; }
  Result<void> compile(uint32_t function, uint64_t max_bytes, native::CodeImage& image) override;
  Result<abi::CodeListing> list(uint32_t function, bool guarded_memories,
                                const os::CpuFeatures& cpu,
                                native::CodeImage& image) const override;

 private:
  wasm::ValidModuleInfo info_;
  Options options_;
  std::unique_ptr<FunctionCompiler> functions_;  // once there is something to compile
};

}  // namespace nacre::baseline
