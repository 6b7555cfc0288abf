#include "os/fault.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ucontext.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "os/interrupt.h"
#include "os/memory.h"

namespace nacre::os {
namespace {

// As the assembler wrote it: each field counts from its own address.
struct FaultRow {
  int32_t instruction;
  int32_t resume;
};

extern "C" {
// Made by the linker, named by it; absent in a program without guarded accesses.
// NOLINTBEGIN(bugprone-reserved-identifier)
extern const FaultRow __start_nacre_fault_table[] __attribute__((weak, visibility("hidden")));
extern const FaultRow __stop_nacre_fault_table[] __attribute__((weak, visibility("hidden")));
// NOLINTEND(bugprone-reserved-identifier)
}

uintptr_t resolve(const int32_t& field) {
  return reinterpret_cast<uintptr_t>(&field) + static_cast<intptr_t>(field);
}

// Where the program goes on after a fault or an interrupt in a range of code.
struct ResumeAddresses {
  uintptr_t fault = 0;
  uintptr_t interrupt = 0;  // 0: it cannot be interrupted
  const void* owner = nullptr;
};

// One registered range. `version` is odd while the other fields change; begin 0: it is free. Resume
// addresses are 0 unless it is a range of code.
struct RangeSlot {
  std::atomic<uint32_t> version{0};
  std::atomic<uintptr_t> begin{0};
  std::atomic<uintptr_t> end{0};
  std::atomic<uintptr_t> fault_resume{0};
  std::atomic<uintptr_t> interrupt_resume{0};
  std::atomic<const void*> owner{nullptr};
};

// Chunks are never freed: the handler may be reading any of them.
struct RangeChunk {
  std::array<RangeSlot, 128> slots;
  std::atomic<RangeChunk*> next{nullptr};
};

// Everything the handler reads. Written before the handler is installed, or atomically.
struct Handler {
  RangeChunk memories;
  RangeChunk codes;
  std::mutex range_mutex;  // for those who register, never for the handler
  struct sigaction former_segv = {};
  struct sigaction former_bus = {};
  std::once_flag once;
  int install_error = 0;
  struct sigaction former_interrupt = {};
  std::once_flag interrupt_once;
  int interrupt_error = 0;
};

constinit Handler handler;

constexpr size_t kSignalStackBytes = 64 << 10;

uintptr_t& program_counter(ucontext_t* context) {
#if defined(__x86_64__)
  return reinterpret_cast<uintptr_t&>(context->uc_mcontext.gregs[REG_RIP]);
#elif defined(__aarch64__)
  return reinterpret_cast<uintptr_t&>(context->uc_mcontext.pc);
#elif defined(__riscv)
  return reinterpret_cast<uintptr_t&>(context->uc_mcontext.__gregs[REG_PC]);
#endif
}

// The second and third argument of a C function.
void set_arguments(ucontext_t* context, uintptr_t second, uintptr_t third) {
#if defined(__x86_64__)
  context->uc_mcontext.gregs[REG_RSI] = static_cast<greg_t>(second);
  context->uc_mcontext.gregs[REG_RDX] = static_cast<greg_t>(third);
#elif defined(__aarch64__)
  context->uc_mcontext.regs[1] = second;
  context->uc_mcontext.regs[2] = third;
#elif defined(__riscv)
  context->uc_mcontext.__gregs[REG_A0 + 1] = second;
  context->uc_mcontext.__gregs[REG_A0 + 2] = third;
#endif
}

// Where the program goes on if this instruction is a guarded access of its own; else 0. The rows
// are some hundreds and not in order; looking at all takes less time than a signal does, sorting
// them more than a short run has.
uintptr_t find_resume_address(uintptr_t instruction) {
  for (const FaultRow* row = __start_nacre_fault_table; row != __stop_nacre_fault_table; ++row) {
    if (resolve(row->instruction) == instruction) return resolve(row->resume);
  }
  return 0;
}

// The resume addresses of the range that holds `address`; nothing if there is no range.
std::optional<ResumeAddresses> slot_holds(const RangeSlot& slot, uintptr_t address) {
  uint32_t before = slot.version.load(std::memory_order_acquire);
  uintptr_t begin = slot.begin.load(std::memory_order_relaxed);
  uintptr_t end = slot.end.load(std::memory_order_relaxed);
  ResumeAddresses resume{.fault = slot.fault_resume.load(std::memory_order_relaxed),
                         .interrupt = slot.interrupt_resume.load(std::memory_order_relaxed),
                         .owner = slot.owner.load(std::memory_order_relaxed)};
  std::atomic_thread_fence(std::memory_order_acquire);
  uint32_t after = slot.version.load(std::memory_order_relaxed);
  bool holds = before == after && before % 2 == 0 && begin <= address && address < end;
  return holds ? std::optional(resume) : std::nullopt;
}

std::optional<ResumeAddresses> find_range(const RangeChunk& first, uintptr_t address) {
  for (const RangeChunk* chunk = &first; chunk != nullptr;
       chunk = chunk->next.load(std::memory_order_acquire)) {
    for (const RangeSlot& slot : chunk->slots) {
      if (auto resume = slot_holds(slot, address)) return resume;
    }
  }
  return std::nullopt;
}

void write_text(std::string_view text) {
  [[maybe_unused]] ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
}

void write_hex(uintptr_t value) {
  char digits[2 * sizeof value];
  for (size_t i = sizeof digits; i-- > 0; value >>= 4) digits[i] = "0123456789abcdef"[value & 15];
  write_text({digits, sizeof digits});
}

void describe_fault(int signal, const uintptr_t* address, uintptr_t pc) {
  write_text(signal == SIGBUS ? "nacre: bus error" : "nacre: segmentation fault");
  if (address != nullptr) {
    write_text(" at address 0x");
    write_hex(*address);
  }
  write_text(", instruction 0x");
  write_hex(pc);
  write_text(": not an access to guest memory, so the process ends here\n");
}

void restore_default(int signal) {
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  ::sigaction(signal, &action, nullptr);
}

// No other handler wants the signal: say so, and let its default action end the process.
void die(int signal, const siginfo_t* info, uintptr_t pc) {
  auto address = reinterpret_cast<uintptr_t>(info->si_addr);
  describe_fault(signal, info->si_code > 0 ? &address : nullptr, pc);
  restore_default(signal);
  // A fault happens again when the instruction is repeated; a sent signal has to be sent again.
  if (info->si_code <= 0) ::raise(signal);
}

void pass_on(int signal, siginfo_t* info, void* context) {
  const struct sigaction& former = signal == SIGBUS ? handler.former_bus : handler.former_segv;
  bool has_info = (former.sa_flags & SA_SIGINFO) != 0;
  if (!has_info && (former.sa_handler == SIG_DFL || former.sa_handler == SIG_IGN)) {
    die(signal, info, program_counter(static_cast<ucontext_t*>(context)));
    return;
  }
  sigset_t blocked;
  ::pthread_sigmask(SIG_BLOCK, &former.sa_mask, &blocked);
  if (has_info) {
    former.sa_sigaction(signal, info, context);
  } else {
    former.sa_handler(signal);
  }
  ::pthread_sigmask(SIG_SETMASK, &blocked, nullptr);
}

// Async-signal-safe: reads tables, moves the program counter, and returns into the interrupted
// function. Never unwinds or jumps out (invariants.md: no-unwinding).
void on_fault(int signal, siginfo_t* info, void* raw_context) {
  int saved_errno = errno;
  auto* context = static_cast<ucontext_t*>(raw_context);
  // Positive codes come from the kernel; kill() and its kin are not faults.
  if (info->si_code > 0) {
    uintptr_t pc = program_counter(context);
    auto address = reinterpret_cast<uintptr_t>(info->si_addr);
    std::optional<ResumeAddresses> code = find_range(handler.codes, pc);
    uintptr_t resume = code ? code->fault : find_resume_address(pc);
    if (resume != 0 && find_range(handler.memories, address)) {
      if (code) set_arguments(context, pc, address);
      program_counter(context) = resume;
      errno = saved_errno;
      return;
    }
  }
  pass_on(signal, info, raw_context);
  errno = saved_errno;
}

// What the thread runs is to stop, or something below it is.
bool is_to_stop(Interruptible& innermost) {
  if (innermost.stop.load(std::memory_order_relaxed) != 0) return true;
  if (!stop_requested()) return false;
  innermost.stop.store(innermost.stop_for_others, std::memory_order_relaxed);
  return true;
}

// As on_fault(): reads tables, moves the program counter. The code that is left in the middle does
// not go on; the stack is left as it is, for the code there to look at.
void interrupt(Interruptible& innermost, ucontext_t* context) {
  if (!is_to_stop(innermost)) return;
  if (Notice* notice = innermost.notice) {
    notice->interrupt_pending.store(Notice::kInterruptPending, std::memory_order_relaxed);
    notice->fast_call_guard.store(nullptr, std::memory_order_relaxed);
  }
  uintptr_t pc = program_counter(context);
  std::optional<ResumeAddresses> code = find_range(handler.codes, pc);
  if (!code || code->interrupt == 0) return;
  set_arguments(context, pc, 0);
  program_counter(context) = code->interrupt;
}

void on_interrupt(int signal, siginfo_t* info, void* raw_context) {
  int saved_errno = errno;
  if (Interruptible* running = innermost())
    interrupt(*running, static_cast<ucontext_t*>(raw_context));
  // Not ours: not sent from a thread of this process to another.
  const struct sigaction& former = handler.former_interrupt;
  if (info->si_code != SI_TKILL) {
    if ((former.sa_flags & SA_SIGINFO) != 0) {
      former.sa_sigaction(signal, info, raw_context);
    } else if (former.sa_handler != SIG_DFL && former.sa_handler != SIG_IGN) {
      former.sa_handler(signal);
    }
  }
  errno = saved_errno;
}

int install() {
  struct sigaction action = {};
  action.sa_sigaction = on_fault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  ::sigemptyset(&action.sa_mask);
  if (::sigaction(SIGSEGV, &action, &handler.former_segv) != 0) return errno;
  if (::sigaction(SIGBUS, &action, &handler.former_bus) != 0) return errno;
  return 0;
}

// Without SA_RESTART: a system call that waits is to return.
int install_interrupt() {
  struct sigaction action = {};
  action.sa_sigaction = on_interrupt;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  ::sigemptyset(&action.sa_mask);
  return ::sigaction(SIGURG, &action, &handler.former_interrupt) == 0 ? 0 : errno;
}

// The signal stack of one thread, with an inaccessible page below it.
class SignalStack {
 public:
  SignalStack() {
    stack_t current = {};
    if (::sigaltstack(nullptr, &current) == 0 && (current.ss_flags & SS_DISABLE) == 0 &&
        current.ss_size >= kSignalStackBytes) {
      return;  // set by the embedder, and large enough
    }
    auto memory = Reservation::reserve(kSignalStackBytes + page_bytes());
    if (!memory || !memory->commit(page_bytes(), kSignalStackBytes)) return;
    stack_t stack = {};
    stack.ss_sp = memory->data() + page_bytes();
    stack.ss_size = kSignalStackBytes;
    if (::sigaltstack(&stack, &former_) == 0) memory_ = std::move(*memory);
  }
  ~SignalStack() {
    if (memory_.data() == nullptr) return;
    stack_t current = {};
    bool ours =
        ::sigaltstack(nullptr, &current) == 0 && current.ss_sp == memory_.data() + page_bytes();
    if (ours) ::sigaltstack(&former_, nullptr);
  }
  SignalStack(const SignalStack&) = delete;
  SignalStack& operator=(const SignalStack&) = delete;

 private:
  Reservation memory_;
  stack_t former_ = {};
};

void set_slot(RangeSlot& slot, uintptr_t begin, uintptr_t end, ResumeAddresses resume = {}) {
  slot.version.fetch_add(1, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);
  slot.begin.store(begin, std::memory_order_relaxed);
  slot.end.store(end, std::memory_order_relaxed);
  slot.fault_resume.store(resume.fault, std::memory_order_relaxed);
  slot.interrupt_resume.store(resume.interrupt, std::memory_order_relaxed);
  slot.owner.store(resume.owner, std::memory_order_relaxed);
  slot.version.fetch_add(1, std::memory_order_release);
}

RangeSlot* free_slot(RangeChunk* chunk) {
  while (true) {
    for (RangeSlot& slot : chunk->slots) {
      if (slot.begin.load(std::memory_order_relaxed) == 0) return &slot;
    }
    RangeChunk* next = chunk->next.load(std::memory_order_relaxed);
    if (next == nullptr) {
      next = new (std::nothrow) RangeChunk;
      if (next == nullptr) return nullptr;
      chunk->next.store(next, std::memory_order_release);
    }
    chunk = next;
  }
}

}  // namespace

Result<void> install_fault_handler() {
  std::call_once(handler.once, [] { handler.install_error = install(); });
  if (handler.install_error != 0) {
    return fail(ErrorCode::internal, std::string("cannot install the handler of memory faults: ") +
                                         std::strerror(handler.install_error));
  }
  return {};
}

Result<void> install_interrupt_handler() {
  std::call_once(handler.interrupt_once, [] { handler.interrupt_error = install_interrupt(); });
  if (handler.interrupt_error != 0) {
    return fail(ErrorCode::internal, std::string("cannot install the handler of interrupts: ") +
                                         std::strerror(handler.interrupt_error));
  }
  return {};
}

namespace {

// Asked at every call of a guest: "initial-exec", for a shared library would call a function to
// find a variable of the default model.
[[gnu::tls_model("initial-exec")]] constinit thread_local bool has_signal_stack = false;

[[gnu::noinline]] void add_signal_stack() {
  static thread_local SignalStack stack;
  (void)stack;
  has_signal_stack = true;
}

}  // namespace

void ensure_signal_stack() {
  if (!has_signal_stack) [[unlikely]]
    add_signal_stack();
}

namespace {

// The slot, or null if there is no memory for one.
void* add_range(RangeChunk& ranges, const void* begin, uint64_t size_bytes,
                ResumeAddresses resume) {
  if (size_bytes == 0) return nullptr;
  std::lock_guard lock(handler.range_mutex);
  RangeSlot* slot = free_slot(&ranges);
  if (slot == nullptr) return nullptr;
  auto first = reinterpret_cast<uintptr_t>(begin);
  set_slot(*slot, first, first + size_bytes, resume);
  return slot;
}

void remove_range(void*& slot) {
  if (slot == nullptr) return;
  std::lock_guard lock(handler.range_mutex);
  set_slot(*static_cast<RangeSlot*>(slot), 0, 0);
  slot = nullptr;
}

}  // namespace

FaultRange::FaultRange(const void* begin, uint64_t size_bytes)
    : slot_(add_range(handler.memories, begin, size_bytes, {})) {}

FaultRange& FaultRange::operator=(FaultRange&& other) noexcept {
  if (this != &other) {
    reset();
    slot_ = std::exchange(other.slot_, nullptr);
  }
  return *this;
}

void FaultRange::reset() { remove_range(slot_); }

CodeRange::CodeRange(const void* begin, uint64_t size_bytes, const void* resume,
                     const void* interrupted, const void* owner)
    : slot_(add_range(handler.codes, begin, size_bytes,
                      {.fault = reinterpret_cast<uintptr_t>(resume),
                       .interrupt = reinterpret_cast<uintptr_t>(interrupted),
                       .owner = owner})) {}

const void* owner_of_code(const void* address) {
  std::optional<ResumeAddresses> code =
      find_range(handler.codes, reinterpret_cast<uintptr_t>(address));
  return code ? code->owner : nullptr;
}

CodeRange& CodeRange::operator=(CodeRange&& other) noexcept {
  if (this != &other) {
    reset();
    slot_ = std::exchange(other.slot_, nullptr);
  }
  return *this;
}

void CodeRange::reset() { remove_range(slot_); }

void die_of_fault(uintptr_t instruction, uintptr_t address) {
  describe_fault(SIGSEGV, &address, instruction);
  restore_default(SIGSEGV);
  ::raise(SIGSEGV);
  ::abort();
}

}  // namespace nacre::os
