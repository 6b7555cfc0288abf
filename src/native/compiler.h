// What makes machine code: one Compiler an engine, which makes one ModuleCompiler a module. What
// becomes of the code, and when a function is compiled, is not theirs to know (module_code.h).
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

  // What the code depends on besides the module: compiler, processor, settings. One line.
  virtual std::string identity() const = 0;
  // Whether code relies on the guards around memories (abi/memory_layout.h).
  virtual bool uses_guards() const = 0;
  // What is compiled from now on does not. Before anything is compiled.
  virtual void check_memories() = 0;
  // A valid body, of which the code has at most `max_bytes`, into an image that was cleared. Errors:
  // limit, if the code is larger or the frame is too large; out_of_memory; stopped, if what runs on
  // this thread is to stop (os/interrupt.h), which is looked at within a few milliseconds.
  virtual Result<void> compile(uint32_t function, uint64_t max_bytes, CodeImage& image) = 0;
  // The same for somebody who wants to look at it, on any thread, as a processor with these
  // features would get it. `code` and `slots` of the answer are left to the caller. Errors: also
  // unsupported.
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
