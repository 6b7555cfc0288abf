// When a guest's time passes.
#pragma once

#include <optional>

#include "abi/trap.h"
#include "abi/vmctx.h"
#include "os/interrupt.h"
#include "os/watchdog.h"
#include "runtime/store.h"

namespace nacre::runtime {

// One entry into the store from the host. Whatever happens inside, the guest stack is as before.
// A guest's time passes while the outermost one lives.
class Entry {
 public:
  explicit Entry(Store& store) : exec_(store.exec()), stack_top_(exec_.stack_top) {
    if (exec_.host_depth++ == 0) watch_ = store.watch();
    store.note_entry();
    if (watch_ != nullptr) [[unlikely]]
      keep_time();
  }
  ~Entry() {
    if (watch_ != nullptr) [[unlikely]]
      watch_->end();
    --exec_.host_depth;
    exec_.stack_top = stack_top_;
  }
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;

  // Why the guest must not run, or none.
  abi::TrapKind refused() const { return refused_; }

 private:
  [[gnu::noinline]] void keep_time() {
    os::allow_interrupts();
    running_.emplace(exec_.running);
    refused_ = static_cast<abi::TrapKind>(watch_->begin());
  }

  abi::ExecContext& exec_;
  uint8_t* stack_top_;
  os::Watch* watch_ = nullptr;
  std::optional<os::Running> running_;  // goes after the watch has ended
  abi::TrapKind refused_ = abi::TrapKind::none;
};

}  // namespace nacre::runtime
