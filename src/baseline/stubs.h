// Machine code between the guest and everybody else, made once for a tier: entering and leaving
// guest code, traps, calls of host functions and of the runtime, functions that are not compiled
// yet.
//
// The stubs of a signature are made when it is first met. Thread-safe after create().
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "abi/code.h"
#include "abi/vmctx.h"
#include "base/result.h"
#include "baseline/options.h"
#include "os/code_memory.h"
#include "wasm/types.h"

namespace nacre::baseline {

// Places in VmCtx::entries.
enum class Entry : uint32_t {
  trap,  // called; the byte behind says which trap, or 0: the TrapKind in al
  // calls the C function in rax on the native stack; keeps what a C function keeps. Afterwards the
  // guest stops if it is to (ExecContext::running)
  native_call,
  cross_tail,     // jumped to: a tail call of the function object in rax, of another instance
  check_subtype,  // called: whether the object in rax has the type whose id was pushed; not zero:
                  // yes. Keeps all registers but r11
  lazy,           // jumped to: compiles the function of this instance whose index is in eax, goes
                  // on there
  lazy_object,    // the same for the function object in rax: its `code` until it is compiled
  fault,          // where a fault in guest code goes on
  interrupt,      // where guest code goes on that is to stop, at any instruction
  // called: native_call for memory_fill and memory_copy of memory 0, whose arguments are in place;
  // what is short and in bounds they do without the runtime
  short_fill,
  short_copy,
  count
};
constexpr int32_t entry_offset(Entry entry) {
  return static_cast<int32_t>(static_cast<uint32_t>(entry) * sizeof(void*));
}

using abi::HostEntry;

class Stubs {
 public:
  // Errors: those of os::CodeMemory.
  static Result<std::unique_ptr<Stubs>> create(const Options& options);
  ~Stubs();

  const void* const* entries() const { return entries_; }
  const void* entry(Entry which) const { return entries_[static_cast<uint32_t>(which)]; }

  // For functions of this type, whose canonical id is `id`. Errors: out_of_memory.
  Result<HostEntry> host_entry(wasm::CanonTypeId id, const wasm::FuncType& type);
  Result<const void*> host_function(wasm::CanonTypeId id, const wasm::FuncType& type);
  // For host functions of this type that can be called directly (abi::HostFunc::direct).
  Result<const void*> direct_host_function(wasm::CanonTypeId id, const wasm::FuncType& type);

 private:
  using Functions = std::unordered_map<uint32_t, const void*>;
  explicit Stubs(const Options& options) : options_(options) {}
  class Maker;
  void make_common();
  Result<const void*> stub_of(Functions& known, wasm::CanonTypeId id, const wasm::FuncType& type,
                              const void* (Maker::*make)(const wasm::FuncType&));

  Options options_;
  os::CodeMemory memory_;
  std::mutex mutex_;
  size_t used_ = 0;
  const void* entries_[static_cast<size_t>(Entry::count)] = {};
  uint32_t exit_offset_ = 0;  // leaves guest code with eax as the answer
  uint32_t host_trapped_offset_ = 0;
  uint32_t direct_trapped_offset_ = 0;
  uint32_t host_overflow_offset_ = 0;
  std::unordered_map<uint32_t, HostEntry> host_entries_;
  Functions host_functions_;
  Functions direct_host_functions_;
};

}  // namespace nacre::baseline
