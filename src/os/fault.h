// Accesses to guest memory that may fault, and what happens then.
//
// A guarded memory (abi/memory_layout.h) is accessed without a bounds check: guarded_load and
// guarded_store are one machine instruction each, and when it faults they return false. How: the
// address of the instruction and the place to go on are put into a table of the linked object
// (section nacre_fault_table); the handler of SIGSEGV and SIGBUS looks the faulting instruction up,
// makes sure that the faulting address lies in a registered reservation, and moves the program
// counter. It accepts nothing else (invariants.md: known-faults): other faults go to the handler
// that was installed before ours, or end the process with a message.
//
//   uint32_t value;
//   if (!os::guarded_load(base + address, value)) return trap;   // base + address: see below
//
// `address` must be an index plus an offset whose sum stays inside the reservation; with 32-bit
// indices, offsets below 2^32 and the layout of abi/memory_layout.h it does. A store that fails
// changed nothing. The values are copied as they lie in memory, little-endian.
//
// Machine code that is made at run time has no rows there: a CodeRange says where it lies and where
// a fault in it goes on. The code at that address looks the instruction up in tables of its own.
//
// The handler's tables and the handlers themselves are process-wide, one of the few mutable globals
// of the project (docs/architecture.md names all). Everything here may be called from any thread.
#pragma once

#include <concepts>
#include <cstdint>

#include "base/result.h"

namespace nacre::os {

// Installs the handler; later calls do nothing. Must have succeeded before a guarded access.
Result<void> install_fault_handler();

// Gives the calling thread a signal stack of its own (64 KiB) if it has none as large; at thread
// exit it is removed. Cheap when called again.
void ensure_signal_stack();

// Tells the handler about a reservation, for as long as the object lives. The reservation must stay
// mapped that long.
class FaultRange {
 public:
  FaultRange() = default;  // of nothing
  // Nothing is registered, and ok() false, if there is no memory for the table.
  FaultRange(const void* begin, uint64_t size_bytes);
  FaultRange(FaultRange&& other) noexcept : slot_(other.slot_) { other.slot_ = nullptr; }
  FaultRange& operator=(FaultRange&& other) noexcept;
  ~FaultRange() { reset(); }
  bool ok() const { return slot_ != nullptr; }

 private:
  void reset();
  void* slot_ = nullptr;
};

// Tells the handler about machine code, for as long as the object lives: a fault of an instruction
// in [begin, begin + size) whose address lies in a registered reservation goes on at `resume`. All
// registers are as they were, except two: that of a C function's second argument (rsi, x1, a1)
// holds the address of the instruction, that of the third (rdx, x2, a2) the address that was
// accessed. Code that is to stop (os/interrupt.h) goes on at `interrupted` in the same way, from
// any instruction; null: it cannot be interrupted. `owner` is what owner_of_code() answers there.
class CodeRange {
 public:
  CodeRange() = default;  // of nothing
  // Nothing is registered, and ok() false, if there is no memory for the table.
  CodeRange(const void* begin, uint64_t size_bytes, const void* resume,
            const void* interrupted = nullptr, const void* owner = nullptr);
  CodeRange(CodeRange&& other) noexcept : slot_(other.slot_) { other.slot_ = nullptr; }
  CodeRange& operator=(CodeRange&& other) noexcept;
  ~CodeRange() { reset(); }
  bool ok() const { return slot_ != nullptr; }

 private:
  void reset();
  void* slot_ = nullptr;
};

// The owner of the range of code that holds the address; null if there is none. The caller makes
// sure that the range lives until it is done with the answer: code that runs does.
const void* owner_of_code(const void* address);

// Ends the process with a message: an access outside of guest memory that the handler could not
// judge. `instruction` and `address` as the code at the resume address gets them.
[[noreturn]] void die_of_fault(uintptr_t instruction, uintptr_t address);

// A vector of 16 bytes.
using Bytes16 [[gnu::vector_size(16)]] = uint8_t;

template <class T>
concept Accessible =
    std::same_as<T, uint8_t> || std::same_as<T, uint16_t> || std::same_as<T, uint32_t> ||
    std::same_as<T, uint64_t> || std::same_as<T, Bytes16>;

namespace detail {
// Any bytes, at any alignment, as an operand of an instruction.
template <class T>
struct [[gnu::packed, gnu::may_alias]] Unaligned {
  T value;
};
}  // namespace detail

// One row: where the instruction is and where to go on, both relative to the row's own fields, so
// that the table needs no relocation. "?" puts it into the group of the function it belongs to,
// with which the linker may drop it.
#define NACRE_FAULT_ROW                               \
  ".pushsection nacre_fault_table,\"a?\",@progbits\n" \
  ".balign 4\n"                                       \
  ".long 771b - .\n"                                  \
  ".long %l[fault] - .\n"                             \
  ".popsection"

// `volatile`: g++ 12 forgets that an asm goto with outputs has a way out.
#define NACRE_GUARDED_LOAD(instruction, output, memory)                         \
  asm volatile goto("771: " instruction "\n" NACRE_FAULT_ROW                    \
                    : output(value)                                             \
                    : [from] memory(static_cast<const Memory*>(address)->value) \
                    :                                                           \
                    : fault)
#define NACRE_GUARDED_STORE(instruction, input, memory)                 \
  asm volatile goto("771: " instruction "\n" NACRE_FAULT_ROW            \
                    : [to] memory(static_cast<Memory*>(address)->value) \
                    : input(value)                                      \
                    :                                                   \
                    : fault)

// False: the access faulted and `out` is unspecified.
template <Accessible T>
[[gnu::always_inline, nodiscard]] inline bool guarded_load(const void* address, T& out) {
  using Memory = detail::Unaligned<T>;
#if defined(__x86_64__)
  if constexpr (sizeof(T) == 1) {
    uint32_t value;
    NACRE_GUARDED_LOAD("movzbl %[from], %k0", "=r", "m");
    out = static_cast<T>(value);
  } else if constexpr (sizeof(T) == 2) {
    uint32_t value;
    NACRE_GUARDED_LOAD("movzwl %[from], %k0", "=r", "m");
    out = static_cast<T>(value);
  } else {
    T value;
    if constexpr (sizeof(T) == 4) NACRE_GUARDED_LOAD("movl %[from], %k0", "=r", "m");
    if constexpr (sizeof(T) == 8) NACRE_GUARDED_LOAD("movq %[from], %q0", "=r", "m");
    if constexpr (sizeof(T) == 16) NACRE_GUARDED_LOAD("movdqu %[from], %0", "=x", "m");
    out = value;
  }
#elif defined(__aarch64__)
  if constexpr (sizeof(T) == 1 || sizeof(T) == 2) {
    uint32_t value;
    if constexpr (sizeof(T) == 1) NACRE_GUARDED_LOAD("ldrb %w0, %[from]", "=r", "Q");
    if constexpr (sizeof(T) == 2) NACRE_GUARDED_LOAD("ldrh %w0, %[from]", "=r", "Q");
    out = static_cast<T>(value);
  } else {
    T value;
    if constexpr (sizeof(T) == 4) NACRE_GUARDED_LOAD("ldr %w0, %[from]", "=r", "Q");
    if constexpr (sizeof(T) == 8) NACRE_GUARDED_LOAD("ldr %x0, %[from]", "=r", "Q");
    if constexpr (sizeof(T) == 16) NACRE_GUARDED_LOAD("ldr %q0, %[from]", "=w", "Q");
    out = value;
  }
#elif defined(__riscv)
  if constexpr (sizeof(T) == 16) {
    uint64_t halves[2];
    if (!guarded_load(address, halves[0])) return false;
    if (!guarded_load(static_cast<const uint8_t*>(address) + 8, halves[1])) return false;
    __builtin_memcpy(&out, halves, sizeof out);
  } else {
    uint64_t value;
    if constexpr (sizeof(T) == 1) NACRE_GUARDED_LOAD("lbu %0, %[from]", "=r", "A");
    if constexpr (sizeof(T) == 2) NACRE_GUARDED_LOAD("lhu %0, %[from]", "=r", "A");
    if constexpr (sizeof(T) == 4) NACRE_GUARDED_LOAD("lwu %0, %[from]", "=r", "A");
    if constexpr (sizeof(T) == 8) NACRE_GUARDED_LOAD("ld %0, %[from]", "=r", "A");
    out = static_cast<T>(value);
  }
#else
#error "guarded accesses are written for x86-64, aarch64 and riscv64"
#endif
  return true;
[[maybe_unused]] fault:
  return false;
}

// False: the access faulted and memory is as it was.
template <Accessible T>
[[gnu::always_inline, nodiscard]] inline bool guarded_store(void* address, T value) {
  using Memory = detail::Unaligned<T>;
#if defined(__x86_64__)
  // A store across the end of memory faults before it writes anything.
  if constexpr (sizeof(T) == 1) NACRE_GUARDED_STORE("movb %b1, %[to]", "r", "=m");
  if constexpr (sizeof(T) == 2) NACRE_GUARDED_STORE("movw %w1, %[to]", "r", "=m");
  if constexpr (sizeof(T) == 4) NACRE_GUARDED_STORE("movl %k1, %[to]", "r", "=m");
  if constexpr (sizeof(T) == 8) NACRE_GUARDED_STORE("movq %q1, %[to]", "r", "=m");
  if constexpr (sizeof(T) == 16) NACRE_GUARDED_STORE("movdqu %1, %[to]", "x", "=m");
#else
  // Elsewhere it may have written a part: make sure of the last byte first.
  if constexpr (sizeof(T) > 1) {
    uint8_t last;
    if (!guarded_load(static_cast<uint8_t*>(address) + sizeof(T) - 1, last)) return false;
  }
#if defined(__aarch64__)
  if constexpr (sizeof(T) == 1) NACRE_GUARDED_STORE("strb %w1, %[to]", "r", "=Q");
  if constexpr (sizeof(T) == 2) NACRE_GUARDED_STORE("strh %w1, %[to]", "r", "=Q");
  if constexpr (sizeof(T) == 4) NACRE_GUARDED_STORE("str %w1, %[to]", "r", "=Q");
  if constexpr (sizeof(T) == 8) NACRE_GUARDED_STORE("str %x1, %[to]", "r", "=Q");
  if constexpr (sizeof(T) == 16) NACRE_GUARDED_STORE("str %q1, %[to]", "w", "=Q");
#elif defined(__riscv)
  if constexpr (sizeof(T) == 16) {
    uint64_t halves[2];
    __builtin_memcpy(halves, &value, sizeof halves);
    if (!guarded_store(address, halves[0])) return false;
    return guarded_store(static_cast<uint8_t*>(address) + 8, halves[1]);
  } else {
    if constexpr (sizeof(T) == 1) NACRE_GUARDED_STORE("sb %1, %[to]", "r", "=A");
    if constexpr (sizeof(T) == 2) NACRE_GUARDED_STORE("sh %1, %[to]", "r", "=A");
    if constexpr (sizeof(T) == 4) NACRE_GUARDED_STORE("sw %1, %[to]", "r", "=A");
    if constexpr (sizeof(T) == 8) NACRE_GUARDED_STORE("sd %1, %[to]", "r", "=A");
  }
#endif
#endif
  return true;
[[maybe_unused]] fault:
  return false;
}

#undef NACRE_GUARDED_LOAD
#undef NACRE_GUARDED_STORE
#undef NACRE_FAULT_ROW

}  // namespace nacre::os
