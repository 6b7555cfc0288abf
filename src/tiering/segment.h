// The part of a guest stack that belongs to one entry of one executor: a link of the chain that
// begins at ExecContext::segment. It lies on the half of the stack that grows upwards, below what
// its call puts there.
#pragma once

#include <cstdint>

#include "abi/code.h"
#include "abi/exec_context.h"

namespace nacre::tiering {

struct alignas(16) Segment {
  Segment* below = nullptr;  // the one that called this one, or that the host entered before
  abi::Executor* executor = nullptr;
  const wasm::FuncType* type = nullptr;  // of the function that was called
  abi::Value* values = nullptr;          // where its executor finds arguments and leaves results
  abi::Value* results = nullptr;  // where they are wanted; there may be no room for arguments
  uint8_t* end = nullptr;         // of its own values; null: it has none
  uint8_t* frame_top = nullptr;   // ExecContext::frame_top when it was entered
  bool from_host = false;         // the host called it, not the segment below
  // While it is suspended.
  uint8_t* stack_top = nullptr;   // ExecContext::stack_top, if it is parked
  abi::Value* awaited = nullptr;  // where it expects the results of what it called
  void* resume_point = nullptr;
};

}  // namespace nacre::tiering
