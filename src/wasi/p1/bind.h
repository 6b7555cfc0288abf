// Preview 1 in the form that the runtime's linker takes: the only file between class Preview1 and
// the runtime.
//
//   linker.define_functions(p1::kModuleName, p1::host_functions(), &linker.group());
//
// The State of every function is an abi::CallerGroup: the one that calls of the host itself act
// for. Other calls act for the caller's group, whose `world` is a wasi::Guest. Both module names
// share its Preview1: a program linked from parts of either age has one set of descriptors. The
// guest's memory is the caller's memory 0. The tables are constants made from p1.def, which is
// checked against the C++ signatures when this is compiled. proc_exit ends the call with
// TrapKind::exit and the code. Functions that use a grant tell the world's CallLog, if it has one.
#pragma once

#include <span>
#include <string_view>

#include "host/call_log.h"
#include "runtime/host_func.h"

namespace nacre::wasi::p1 {

inline constexpr std::string_view kModuleName = "wasi_snapshot_preview1";
inline constexpr std::string_view kUnstableModuleName = "wasi_unstable";

// All 46 of preview 1 and the 11 of the socket extension, and the 45 of preview 0, in the order of
// the specification.
std::span<const runtime::HostFuncDef> host_functions();
std::span<const runtime::HostFuncDef> unstable_host_functions();

// What p1.def says, for traces and explanations; as host_functions(), row by row.
struct FunctionInfo {
  std::string_view name;
  std::string_view params;   // i: i32, I: i64
  std::string_view results;  // "i" (an errno) or ""
  std::string_view argument_names;
  bool may_block;
  bool in_unstable;
  grant::Uses uses;
};
std::span<const FunctionInfo> function_infos();

}  // namespace nacre::wasi::p1
