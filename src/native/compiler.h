// What makes machine code: one Compiler an engine, which makes one ModuleCompiler a module. What
// becomes of the code, and when a function is compiled, is not theirs to know (module_code.h).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "abi/code.h"
#include "abi/code_listing.h"
#include "base/result.h"
#include "os/cpu.h"
#include "wasm/limits.h"

namespace nacre::native {

// An instruction that can stop the function or call out of it: where its machine code is (an
// access: its first byte; a call: behind it), counted from the function's first byte, and which
// instruction it is, counted from the first byte of the body. Also between which instructions the
// frame is undone already, before a jump out of the function.
struct CodePosition {
  enum class Kind : uint32_t {
    call,
    access,
    frame_gone,
    instruction,  // with a whole frame: in places, so that an interrupt finds one near it
  };
  CodePosition(uint32_t code_offset, uint32_t body_offset, Kind its_kind)
      : code(code_offset), body(body_offset), kind(its_kind) {}
  uint32_t code;
  uint32_t body : 30;
  Kind kind : 2;
};
static_assert(wasm::kMaxBodyBytes < uint32_t{1} << 30);

// Machine code of one function, in the buffer it was emitted to.
struct CompiledFunction {
  uint32_t code_bytes = 0;
  std::span<const CodePosition> positions;  // by rising `code`
  std::span<const uint32_t> callees;        // functions of the module that it calls by their slots
};

// One thread at a time, but for list().
class ModuleCompiler {
 public:
  virtual ~ModuleCompiler() = default;

  // Whether code relies on the guards around memories (abi/memory_layout.h).
  virtual bool uses_guards() const = 0;
  // What is compiled from now on does not. Before anything is compiled.
  virtual void check_memories() = 0;
  // A valid body, into [buffer, limit). `slots`: where code of the module finds the entry of each
  // function it defines, counted from the buffer in bytes. Errors: limit, if the code does not fit
  // or the frame is too large; stopped, if what runs on this thread is to stop (os/interrupt.h).
  virtual Result<CompiledFunction> compile(uint32_t function, uint8_t* buffer, const uint8_t* limit,
                                           int64_t slots) = 0;
  // The same for somebody who wants to look at it, on any thread, as a processor with these
  // features would get it. Errors: also unsupported.
  virtual Result<abi::CodeListing> list(uint32_t function, bool guarded_memories,
                                        const os::CpuFeatures& cpu) const = 0;
};

// Thread-safe.
class Compiler {
 public:
  virtual ~Compiler() = default;
  virtual std::string_view name() const = 0;  // as in --tier=NAME
  virtual std::unique_ptr<ModuleCompiler> compiler_of(const abi::ModuleInput& input) = 0;
};

}  // namespace nacre::native
