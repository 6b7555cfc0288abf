// Why a call did not return: kind, message, and the frames it unwound, youngest first.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "wasm/module.h"

namespace nacre::abi {

enum class TrapKind : uint8_t {
  none = 0,
#define TRAP(name, text) name,
#include "abi/traps.def"
#undef TRAP
};

std::string_view trap_text(TrapKind kind);

struct VmCtx;

// One wasm frame of a backtrace.
struct Frame {
  const VmCtx* vmctx = nullptr;  // the instance; alive as long as its store
  uint32_t function = 0;         // index in its module
  uint64_t offset = 0;           // of the instruction, from the start of the module's bytes
};

struct Trap {
  TrapKind kind = TrapKind::none;
  std::string message;     // empty: trap_text(kind) says all
  uint32_t exit_code = 0;  // kind exit
  std::vector<Frame> frames;
  bool frames_cut = false;  // deeper than kMaxFrames

  static constexpr size_t kMaxFrames = 64;  // kept: guest recursion must not cost the host memory
};

using TrapPtr = std::unique_ptr<Trap>;
TrapPtr make_trap(TrapKind kind, std::string message = {});

}  // namespace nacre::abi
