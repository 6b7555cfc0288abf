// The memory of one module's machine code, and how code is found by address: slots first, one for
// each function that the module defines, then the code.
//
// A function is called through its slot. The slot is null until code that calls the function is
// published; then it leads to a thunk, which has the function compiled, and afterwards to its code.
// The next call uses what the slot leads to; running activations finish in the code they began in.
//
// Function objects lead to code as well. Where it may change, they lead to a thunk that goes where
// the slot leads.
//
// One thread at a time publishes; what is published is found, and runs, on any thread. Code that no
// call leads to any more can be retired: it is freed once no guest stack leads into it, and its
// bytes become other code. Therefore code reads a slot where it calls, and keeps nothing of it. The
// rest is freed with the space, which lives as long as the module, when it cannot run any more.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "abi/guest_stacks.h"
#include "base/bytes.h"
#include "base/result.h"
#include "native/code_image.h"
#include "native/free_blocks.h"
#include "os/code_memory.h"
#include "os/fault.h"
#include "wasm/type_registry.h"

namespace nacre::native {

class CodeSpace {
 public:
  struct Shape {
    uint32_t first_function = 0;  // that has a slot, in the index space of the module's functions
    uint32_t slots = 0;
    uint64_t code_bytes = 0;        // address space for code
    uint64_t least_code_bytes = 0;  // enough where address space is short
    // What relocations of type ids stand for, by the module's type indices; outlives the space.
    std::span<const wasm::CanonTypeId> type_ids;
    // Where code goes on after a fault, and where it is interrupted; null: neither happens in it.
    const void* fault = nullptr;
    const void* interrupt = nullptr;
    bool for_debuggers = false;
  };
  // Errors: those of os::CodeMemory; out_of_memory.
  static Result<std::unique_ptr<CodeSpace>> create(const Shape& shape);
  CodeSpace(const CodeSpace&) = delete;
  CodeSpace& operator=(const CodeSpace&) = delete;

  // Enough address space for any code of this many functions and bytes of bodies.
  static uint64_t code_bytes_for(uint64_t functions, uint64_t body_bytes);
  // The bytes of this many slots: the offset at which code begins.
  static uint64_t slot_bytes_for(uint64_t slots);

  // ---- publishing
  // Copies the image and applies its relocations. Functions that it calls and that are not
  // published get thunks. It runs only once its address is given out or called through the slot.
  // Errors: limit, if there is no room.
  Result<Bytes> publish(const CodeImage& image, uint32_t function);
  // From now on calls of the function go there.
  void lead_to(uint32_t function, const void* entry);
  // Where they go; null: no published code calls it.
  const void* target_of(uint32_t function) const {
    return slot(function).load(std::memory_order_relaxed);
  }
  // A thunk that jumps through the function's slot; made at the first request. Errors: limit.
  Result<const void*> make_slot_thunk(uint32_t function);
  // A thunk that jumps to a stub with the function object in its register. Errors: limit.
  Result<const void*> make_object_thunk(uint32_t function, const void* stub);
  // The next code begins at a multiple of this.
  void align(uint32_t bytes);

  // ---- freeing
  // No call leads to this code of a function any more, and its address is kept nowhere but on the
  // stacks that run it. It is still found by address.
  void retire(const void* code);
  uint64_t retired_bytes() const { return retired_bytes_; }
  // Frees what is retired and led into by none of the stacks; `own` as of GuestStacks::look_for.
  // What was freed is found no more. Where there may be breakpoints, its bytes are not used again,
  // for what is written to such a page is not seen where it runs (os/code_memory.h).
  std::vector<Bytes> free_unused(abi::GuestStacks& stacks, const abi::ExecContext* own);

  uint64_t code_bytes() const { return used_ - slot_bytes_; }  // so far, with what was freed
  // The most that the code of a function can have.
  uint64_t room() const { return std::max(unused(), free_.largest()); }
  const uint8_t* begin() const { return memory_.executable(); }
  const uint8_t* end() const { return memory_.executable() + memory_.size_bytes(); }

  // ---- finding
  // The space whose code an address is in; null if it is in none.
  static const CodeSpace* containing(const uint8_t* pc) {
    return static_cast<const CodeSpace*>(os::owner_of_code(pc));
  }
  // An instruction of a function of the module.
  struct Place {
    uint32_t function;
    uint32_t body_offset;
  };
  // Which instruction a site of this kind is of; nothing if there is no such site at `pc`.
  std::optional<Place> find(const uint8_t* pc, CodeSite::Kind kind) const;
  struct Interrupted {
    FrameState frame = FrameState::none;
    std::optional<Place> place;  // the nearest that is noted before it; nothing in a thunk
  };
  // For any instruction of this space.
  Interrupted find_interrupted(const uint8_t* pc) const;

 private:
  struct Published {
    Bytes code;  // as it is executed
    uint32_t function;
    std::vector<CodeSite> sites;
    FrameStates frame;
  };

  explicit CodeSpace(const Shape& shape) : shape_(shape) {}
  std::atomic<const void*>& slot(uint32_t function) const {
    return reinterpret_cast<std::atomic<const void*>*>(
        memory_.writable())[function - shape_.first_function];
  }
  void populate_ahead();
  uint64_t unused() const { return memory_.size_bytes() - used_; }
  // The image in bytes that were free. Null: there are none, or they must not be used again.
  uint8_t* copy_to_freed(const CodeImage& image);
  uint8_t* copy_to_unused(const CodeImage& image);
  void relocate(const Relocation& relocation, uint8_t* code);
  void make_lazy_thunk(uint32_t function);
  // Publishes a thunk of this many bytes that was written after the used part.
  const void* take_thunk(size_t bytes);
  // The function whose code `pc` is in; null if it is in none. Under the lock.
  const Published* function_at(const uint8_t* pc) const;

  Shape shape_;
  os::CodeMemory memory_;
  os::CodeRange range_;
  uint64_t slot_bytes_ = 0;
  uint64_t used_ = 0;
  uint64_t populated_ = 0;             // so far there are pages
  FreeBlocks free_;                    // below used_
  std::vector<abi::OldCode> retired_;  // by rising address
  uint64_t retired_bytes_ = 0;
  mutable std::mutex mutex_;                           // published_
  std::vector<std::unique_ptr<Published>> published_;  // by rising address
};

// The value of a relocation in code that begins at `code_offset` of a space with these slots in
// front.
int32_t slot_distance(const Relocation& relocation, uint64_t code_offset, uint32_t first_function);

}  // namespace nacre::native
