// What running code sees of an instance. Tiers read these structures, the runtime fills them;
// neither includes the other. The layout is fixed here once: generated code will address the
// members by offsetof, so every record is a standard-layout struct without virtual functions.
//
// Lifetime: all records live in the store and stay where they are until it is destroyed. Threads: a
// store runs one thread at a time, except for shared memories, whose size and contents are atomic.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "abi/trap.h"
#include "abi/value.h"
#include "wasm/types.h"

namespace nacre::abi {

struct VmCtx;
struct HostFunc;
struct ExecContext;
class ModuleCode;

struct MemoryRecord {
  uint8_t* base = nullptr;  // never moves
  // Accessible bytes. Shared memories grow while others run: read with memory_size().
  uint64_t size_bytes = 0;
  bool guarded = false;  // abi/memory_layout.h
  bool shared = false;
  bool is_64 = false;
  uint8_t page_size_log2 = 16;
};

inline uint64_t memory_size(const MemoryRecord& memory) {
  return std::atomic_ref<uint64_t>(const_cast<uint64_t&>(memory.size_bytes))
      .load(std::memory_order_acquire);
}

struct TableRecord {
  Ref* elements = nullptr;  // may move when the table grows: reload after every call
  uint64_t size = 0;
  bool is_64 = false;
  // It may have changed since it was saved (runtime/table.h). Set before every write.
  bool written = false;
};

// What a funcref points to. Unique for each function of each instance, so references compare by
// address.
struct FuncObject {
  wasm::CanonTypeId type = wasm::kNoCanonType;
  uint32_t index = 0;              // in the function index space of vmctx's module
  VmCtx* vmctx = nullptr;          // the instance that defines it; null for host functions
  const HostFunc* host = nullptr;  // host functions only
  // Where machine code calls it, an entry of the calling contract (abi/calls.h): set when the
  // object is made (ModuleCode::attach, Executor::attach_host), never freed before the module. Null
  // where no machine code runs.
  void* code = nullptr;
  // What the interpreter runs (interp/machine.h): set at its first call there.
  const void* interpreted = nullptr;
};

// Calls from running code into the runtime. BUILTIN(name, result, parameters...).
struct Builtins {
#define BUILTIN(name, result, ...) result (*name)(__VA_ARGS__);
#include "abi/builtins.def"
#undef BUILTIN
};

// Instances of one store that have the same rights: a host function that one of them calls acts for
// the group. The store owns it; its address is stable.
struct CallerGroup {
  // The wasi::Guest of WASI's functions, not owned; null: the group has none.
  void* world = nullptr;
};

// One instance. Arrays are indexed by the module's index spaces (imports first). The globals that
// the module defines stand behind it (own_global_offset).
struct VmCtx {
  uint8_t* memory0_base = nullptr;  // of memories[0]; null without memories
  MemoryRecord* memory0 = nullptr;
  TableRecord* table0 = nullptr;
  // Of the guest stack that code of the instance runs on now (abi/exec_context.h, run_on).
  uint8_t* stack_limit = nullptr;  // machine code: no frame reaches below
  Value* area = nullptr;           // of the calling contract: what registers do not hold
  ExecContext* exec = nullptr;
  // The tier's own; the first two also stand in the table of the third.
  const void* trap_entry = nullptr;
  const void* native_call_entry = nullptr;
  const void* const* entries = nullptr;
  uint64_t zero = 0;  // always
  MemoryRecord** memories = nullptr;
  TableRecord** tables = nullptr;
  Value** globals = nullptr;
  FuncObject** functions = nullptr;
  const wasm::CanonTypeId* types = nullptr;  // type index -> engine-wide id
  const Builtins* builtins = nullptr;
  ModuleCode* code = nullptr;  // what the tier made of the module
  const wasm::Module* module = nullptr;
  void* instance = nullptr;  // runtime::Instance
  CallerGroup* group = nullptr;
};

// Where the value of global number `index` stands, counted from the VmCtx, if the module defines
// it; `index` counts from the first such global.
inline constexpr uint32_t kOwnGlobalsOffset = (sizeof(VmCtx) + 15) & ~uint32_t{15};
inline constexpr uint32_t kOwnGlobalBytes = 32;
constexpr uint64_t own_global_offset(uint32_t index) {
  return kOwnGlobalsOffset + uint64_t{index} * kOwnGlobalBytes;
}

static_assert(std::is_standard_layout_v<VmCtx> && std::is_standard_layout_v<FuncObject> &&
              std::is_standard_layout_v<MemoryRecord> && std::is_standard_layout_v<TableRecord>);

}  // namespace nacre::abi
