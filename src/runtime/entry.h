// What every entry into a store does: checks, and starting and stopping the guest's time.
#pragma once

#include <optional>
#include <span>

#include "abi/trap.h"
#include "abi/value.h"
#include "abi/vmctx.h"
#include "os/interrupt.h"
#include "os/watchdog.h"
#include "runtime/store.h"

namespace nacre::runtime {

// One entry into the store from the host; `exec` is Store::exec(). Afterwards the guest stack is as
// before, whatever happened. A guest's time passes while the outermost entry lives.
class Entry {
 public:
  Entry(Store& store, abi::ExecContext& exec)
      : store_(store), exec_(exec), stack_top_(exec.stack_top) {
    if (exec_.stack_use.enter()) watch_ = store.watch();
    store.note_entry();
    if (watch_ != nullptr) [[unlikely]]
      keep_time();
  }
  ~Entry() {
    if (watch_ != nullptr) [[unlikely]]
      store_.end_time(waits_);
    exec_.stack_top = stack_top_;
    exec_.stack_use.leave();
  }
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;

  // Why the guest must not run, or none.
  abi::TrapKind refused() const { return refused_; }
  // The guest leaves its stack to wait.
  void note_suspended() {
    waits_ = true;
    exec_.stack_use.park();
  }

 private:
  [[gnu::noinline]] void keep_time() {
    os::allow_interrupts();
    running_.emplace(watch_->target());
    refused_ = static_cast<abi::TrapKind>(watch_->begin());
  }

  Store& store_;
  abi::ExecContext& exec_;
  uint8_t* stack_top_;
  os::Watch* watch_ = nullptr;
  bool waits_ = false;
  std::optional<os::Running> running_;  // goes after the watch has ended
  abi::TrapKind refused_ = abi::TrapKind::none;
};

// Whether a function of this type can be called with these. Errors: usage.
Result<void> check_args(const Store& store, const wasm::FuncType& type,
                        std::span<const abi::Value> args, std::span<abi::Value> results);

}  // namespace nacre::runtime
