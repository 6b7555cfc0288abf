// The machine code of one function as its compiler leaves it: bytes, and what must be known about
// them. It names no address and no number of an engine, so it means the same in every process that
// has the module; relocations say what is filled in where it is published (code_space.h).
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "wasm/limits.h"

namespace nacre::native {

// A number in the code that is known only when the code is published at an address.
struct Relocation {
  enum class Kind : uint32_t {
    // 4 bytes: the distance from behind them to the slot of the module's function `index`.
    function_slot,
    // 4 bytes: the engine's id of the module's type `index`.
    type_id,
    // 4 bytes: the distance from behind them to byte `index` of the code space.
    space_offset,
    // 8 bytes: the address of a function that stubs call; `index` is a StubCallee (support.h).
    stub_callee,
  };
  Relocation() = default;
  Relocation(Kind its_kind, uint32_t at_offset, uint32_t its_index)
      : offset(at_offset), kind(its_kind), index(its_index) {}
  uint32_t offset = 0;  // of the bytes, from the first one of the code
  Kind kind : 4 = Kind::function_slot;
  uint32_t index : 28 = 0;
};
static_assert(wasm::kMaxFunctions < 1 << 28 && wasm::kMaxTypes < 1 << 28);

// An instruction at which running code may be found (for traps and backtraces): the offset of its
// machine code from the function's first byte, and of the instruction from the body's.
struct CodeSite {
  enum class Kind : uint32_t {
    call,         // the return address of a call
    access,       // the first byte of an access to guest memory
    instruction,  // any: noted here and there, so that an interrupt finds one near it
  };
  CodeSite() = default;
  CodeSite(uint32_t code_offset, uint32_t body_offset, Kind its_kind)
      : code(code_offset), body(body_offset), kind(its_kind) {}
  uint32_t code = 0;
  uint32_t body : 30 = 0;
  Kind kind : 2 = Kind::call;
};
static_assert(wasm::kMaxBodyBytes < uint32_t{1} << 30);

// How far a function has set up its frame, or taken it down.
enum class FrameState : uint8_t {
  none,    // the stack pointer is at the return address, the frame pointer is the caller's
  pushed,  // the caller's frame pointer lies on top of it
  linked,  // and the frame pointer is its own
  whole,   // and the VmCtx is below it
};

// The state of the frame at each byte of the code: the offsets in the prologue from which on it is
// in each state, and the ranges where it is taken down again before the function is left.
struct FrameStates {
  struct Range {
    uint32_t begin;
    uint32_t end;
  };
  uint8_t pushed = 0;
  uint8_t linked = 0;
  uint8_t whole = 0;
  std::vector<Range> undone;  // by rising offsets

  FrameState at(uint32_t code_offset) const;
};

// Bytes that grow without being cleared or touched before they are used.
class CodeBuffer {
 public:
  uint8_t* data() { return bytes_.get(); }
  const uint8_t* data() const { return bytes_.get(); }
  uint32_t size() const { return size_; }
  uint32_t capacity() const { return capacity_; }
  void set_size(uint32_t bytes) { size_ = bytes; }
  // Makes room for `bytes` in all, or more; what is there is kept, and may move. False: no memory.
  [[nodiscard]] bool reserve(uint32_t bytes);

 private:
  struct Free {
    void operator()(uint8_t* bytes) const;
  };
  std::unique_ptr<uint8_t[], Free> bytes_;
  uint32_t size_ = 0;
  uint32_t capacity_ = 0;
};

struct CodeImage {
  CodeBuffer code;
  std::vector<Relocation> relocations;  // by rising offset
  std::vector<CodeSite> sites;          // by rising offset
  FrameStates frame;

  void clear();
};

}  // namespace nacre::native
