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
};

// What a funcref points to. Unique for each function of each instance, so references compare by
// address.
struct FuncObject {
  wasm::CanonTypeId type = wasm::kNoCanonType;
  uint32_t index = 0;              // in the function index space of vmctx's module
  VmCtx* vmctx = nullptr;          // the instance that defines it; null for host functions
  const HostFunc* host = nullptr;  // host functions only
  void* code =
      nullptr;  // the tier's; set by the tier at the first call, never freed before the module
};

// Calls from running code into the runtime. BUILTIN(name, result, parameters...).
struct Builtins {
#define BUILTIN(name, result, ...) result (*name)(__VA_ARGS__);
#include "abi/builtins.def"
#undef BUILTIN
};

// One instance. Arrays are indexed by the module's index spaces (imports first).
struct VmCtx {
  uint8_t* memory0_base = nullptr;  // of memories[0]; null without memories
  MemoryRecord* memory0 = nullptr;
  MemoryRecord** memories = nullptr;
  TableRecord** tables = nullptr;
  Value** globals = nullptr;
  FuncObject** functions = nullptr;
  const wasm::CanonTypeId* types = nullptr;  // type index -> engine-wide id
  const Builtins* builtins = nullptr;
  ModuleCode* code = nullptr;  // what the tier made of the module
  const wasm::Module* module = nullptr;
  void* instance = nullptr;  // runtime::Instance
};

static_assert(std::is_standard_layout_v<VmCtx> && std::is_standard_layout_v<FuncObject> &&
              std::is_standard_layout_v<MemoryRecord> && std::is_standard_layout_v<TableRecord>);

}  // namespace nacre::abi
