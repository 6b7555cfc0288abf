// The table of preview 1's functions as a linker sees them: name, signature, whether a call may
// wait, and a call with untyped arguments. Made from p1.def, which is checked against the C++
// signatures of class Preview1 when this is compiled.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "abi/guest_memory.h"
#include "wasi/p1/types.h"

namespace nacre::wasi::p1 {

class Preview1;

inline constexpr std::string_view kModuleName = "wasi_snapshot_preview1";
inline constexpr std::string_view kUnstableModuleName = "wasi_unstable";
inline constexpr size_t kMaxParams = 9;

struct CallResult {
  Errno error = Errno::success;       // the guest's result
  std::optional<uint32_t> exit_code;  // the guest's call ends instead
};

// Arguments as in the signature, an i32 in the low half.
using RawCall = CallResult (*)(Preview1& preview1, abi::GuestMemory& memory,
                               const uint64_t* arguments);

struct Function {
  std::string_view name;
  std::string_view params;   // i: i32, I: i64
  std::string_view results;  // "i" (an errno) or ""
  std::string_view argument_names;
  bool may_block;
  RawCall call;
  RawCall unstable_call;  // null: not in wasi_unstable
};

// All 46, in the order of the specification.
std::span<const Function> functions();

}  // namespace nacre::wasi::p1
