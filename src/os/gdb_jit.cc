#include "os/gdb_jit.h"

#include <list>
#include <mutex>
#include <utility>
#include <vector>

#include "os/debug_elf.h"
#include "os/gdb_jit_protocol.h"

// Weak: another JIT compiler in the process shares the list.
// NOLINTBEGIN(bugprone-reserved-identifier)
extern "C" {

__attribute__((weak, visibility("default"))) jit_descriptor __jit_debug_descriptor = {
    1, JIT_NOACTION, nullptr, nullptr};

// gdb stops here and looks.
__attribute__((weak, noinline, visibility("default"))) void __jit_debug_register_code() {
  asm volatile("" ::: "memory");
}
}
// NOLINTEND(bugprone-reserved-identifier)

namespace nacre::os {
namespace {

// Guards the list, which all listeners of the process share.
std::mutex& list_mutex() {
  static std::mutex mutex;
  return mutex;
}

class GdbListener final : public CodeListener {
 public:
  ~GdbListener() override {
    std::lock_guard lock(list_mutex());
    for (Batch& batch : batches_) unlink(batch);
  }

  void code_made(std::span<const NewCode> code) override {
    if (code.empty()) return;
    std::vector<NewCode> kept(code.begin(), code.end());
    std::vector<uint8_t> elf = make_debug_elf(code);
    std::lock_guard lock(list_mutex());
    Batch& batch = batches_.emplace_back();
    batch.code = std::move(kept);
    batch.elf = std::move(elf);
    link(batch);
  }

  void code_freed(const uint8_t* begin, const uint8_t* end) override {
    std::lock_guard lock(list_mutex());
    batches_.remove_if([&](Batch& batch) {
      auto goes = [&](const NewCode& item) { return item.begin >= begin && item.begin < end; };
      if (std::erase_if(batch.code, goes) == 0) return false;
      unlink(batch);
      if (batch.code.empty()) return true;
      batch.elf = make_debug_elf(batch.code);
      batch.entry = {};
      link(batch);
      return false;
    });
  }

 private:
  struct Batch {
    std::vector<NewCode> code;
    std::vector<uint8_t> elf;  // of it
    jit_code_entry entry{};
  };

  static void tell(jit_code_entry& entry, jit_actions_t action) {
    __jit_debug_descriptor.action_flag = action;
    __jit_debug_descriptor.relevant_entry = &entry;
    __jit_debug_register_code();
    __jit_debug_descriptor.action_flag = JIT_NOACTION;
    __jit_debug_descriptor.relevant_entry = nullptr;
  }

  static void link(Batch& batch) {
    jit_code_entry& entry = batch.entry;
    entry.symfile_addr = reinterpret_cast<const char*>(batch.elf.data());
    entry.symfile_size = batch.elf.size();
    entry.next_entry = __jit_debug_descriptor.first_entry;
    if (entry.next_entry != nullptr) entry.next_entry->prev_entry = &entry;
    __jit_debug_descriptor.first_entry = &entry;
    tell(entry, JIT_REGISTER_FN);
  }

  static void unlink(Batch& batch) {
    jit_code_entry& entry = batch.entry;
    if (entry.prev_entry != nullptr) {
      entry.prev_entry->next_entry = entry.next_entry;
    } else {
      __jit_debug_descriptor.first_entry = entry.next_entry;
    }
    if (entry.next_entry != nullptr) entry.next_entry->prev_entry = entry.prev_entry;
    tell(entry, JIT_UNREGISTER_FN);
  }

  std::list<Batch> batches_;
};

}  // namespace

std::unique_ptr<CodeListener> make_gdb_listener() { return std::make_unique<GdbListener>(); }

}  // namespace nacre::os
