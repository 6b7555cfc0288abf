// Compilers to machine code: one Compiler per engine, which makes one ModuleCompiler per module.
// They do not know when a function is compiled, nor where its code goes (module_code.h).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "abi/code.h"
#include "abi/code_listing.h"
#include "base/result.h"
#include "native/code_image.h"
#include "os/cpu.h"

namespace nacre::native {

// One thread at a time, but for list().
class ModuleCompiler {
 public:
  virtual ~ModuleCompiler() = default;

  // All that the code depends on besides the module: compiler, processor, settings. One line.
  virtual std::string identity() const = 0;
  // Whether code relies on the guards around memories (abi/memory_layout.h).
  virtual bool uses_guards() const = 0;
  // Code from now on does not. To be called before anything is compiled.
  virtual void check_memories() = 0;
  // Compiles a valid body, to at most `max_bytes` of code, into an image that was cleared. Errors:
  // limit, if the code or the frame is too large; out_of_memory; stopped, if the guest on this
  // thread is to stop (os/interrupt.h), which is checked every few milliseconds.
  virtual Result<void> compile(uint32_t function, uint64_t max_bytes, CodeImage& image) = 0;
  // The same for a listing, on any thread, for a processor with these features. The caller fills in
  // `code` and `slots` of the result. Errors: also unsupported.
  virtual Result<abi::CodeListing> list(uint32_t function, bool guarded_memories,
                                        const os::CpuFeatures& cpu, CodeImage& image) const = 0;
};

// Thread-safe.
class Compiler {
 public:
  virtual ~Compiler() = default;
  virtual std::string_view name() const = 0;  // as in --tier=NAME
  virtual std::unique_ptr<ModuleCompiler> compiler_of(const abi::ModuleInput& input) = 0;
};

}  // namespace nacre::native
