// Stubs (trampolines): machine code between guest code and all other code, made once for a tier.
// They enter and leave guest code, raise traps, call host functions and the runtime, and have
// functions compiled that are not yet.
//
// The stubs of a signature are made when it is first met. Thread-safe after create().
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "abi/code.h"
#include "abi/vmctx.h"
#include "base/result.h"
#include "native/code_image.h"
#include "native/code_space.h"
#include "native/options.h"
#include "wasm/types.h"

namespace nacre::native {

// Places in VmCtx::entries.
enum class Entry : uint32_t {
  trap,  // called; the byte after the call says which trap, or 0: the TrapKind in al
  // calls the C function in rax on the native stack; keeps what a C function keeps. Afterwards the
  // guest stops if it is to (ExecContext::running)
  native_call,
  cross_tail,     // jumped to: a tail call of the function object in rax, of another instance
  check_subtype,  // called: whether the object in rax has the type whose id was pushed; not zero:
                  // yes. Keeps all registers but r11
  lazy,           // jumped to: compiles the function of this instance whose index is in eax, goes
                  // on there
  lazy_object,    // the same for the function object in rax: its `code` until it is compiled
  fault,          // the resume address of faults in guest code
  interrupt,      // the resume address of guest code that is to stop, at any instruction
  // called: as native_call, for memory_fill and memory_copy of memory 0, whose arguments are in
  // place; short operations in bounds are done without the runtime
  short_fill,
  short_copy,
  count
};
constexpr int32_t entry_offset(Entry entry) {
  return static_cast<int32_t>(static_cast<uint32_t>(entry) * sizeof(void*));
}

using abi::HostEntry;

// Resumes the guest that is parked on exec's stack (abi::Suspension::resume_point). `values` and
// the result are as for the HostEntry by which the guest was entered.
using ResumeEntry = uint32_t (*)(abi::ExecContext* exec, abi::Value* values, void* resume_point);

// Where stubs are that others jump to: offsets in the space of the stubs.
struct CommonStubs {
  uint32_t entries[static_cast<size_t>(Entry::count)] = {};
  uint32_t resume = 0;  // a ResumeEntry
  uint32_t exit = 0;    // leaves guest code with eax as the answer
  uint32_t host_trapped = 0;
  uint32_t host_ended = 0;  // the function that a stub called trapped or is suspended, as eax says
  uint32_t direct_trapped = 0;
  uint32_t host_overflow = 0;
};

// A part of the code of stubs that has a name of its own.
struct StubPiece {
  uint32_t begin = 0;  // in the image
  uint32_t size = 0;
  std::string name;
  std::vector<uint8_t> unwind;  // as of os::NewCode
};

class Stubs {
 public:
  // Errors: those of os::CodeMemory.
  static Result<std::unique_ptr<Stubs>> create(const Options& options);
  ~Stubs();

  const void* const* entries() const { return entries_; }
  const void* entry(Entry which) const { return entries_[static_cast<uint32_t>(which)]; }

  ResumeEntry resume_entry() const {
    return reinterpret_cast<ResumeEntry>(const_cast<uint8_t*>(space_->begin() + common_.resume));
  }

  // For functions of this type, whose canonical id is `id`. Errors: out_of_memory.
  Result<HostEntry> host_entry(wasm::CanonTypeId id, const wasm::FuncType& type);
  Result<const void*> host_function(wasm::CanonTypeId id, const wasm::FuncType& type);
  // For guest functions that another executor runs: leaves machine code for it.
  Result<const void*> elsewhere(wasm::CanonTypeId id, const wasm::FuncType& type);
  // For host functions of this type that can be called directly (abi::HostFunc::direct).
  Result<const void*> direct_host_function(wasm::CanonTypeId id, const wasm::FuncType& type,
                                           bool may_block);

 private:
  // What is made of a signature: by its canonical id, where it begins.
  enum class Kind : uint8_t {
    host_entry,
    host_function,
    direct_host_function,
    direct_may_block,
    elsewhere,
    count
  };
  explicit Stubs(const Options& options) : options_(options) {}
  Result<const void*> stub_of(Kind kind, wasm::CanonTypeId id, const wasm::FuncType& type);

  Result<const void*> publish(const CodeImage& image, std::span<const StubPiece> pieces);

  using StubsByType = std::unordered_map<uint32_t, const void*>;
  StubsByType& stubs_of(Kind kind) { return by_type_[static_cast<size_t>(kind)]; }
  uint32_t offset_of(const void* stub) const {
    return static_cast<uint32_t>(static_cast<const uint8_t*>(stub) - space_->begin());
  }

  Options options_;
  std::unique_ptr<CodeSpace> space_;
  CommonStubs common_;  // immutable after create()
  const void* entries_[static_cast<size_t>(Entry::count)] = {};
  std::mutex mutex_;
  StubsByType by_type_[static_cast<size_t>(Kind::count)];
};

}  // namespace nacre::native
