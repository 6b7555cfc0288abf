// Makes one line of calls that are all alike. Not thread-safe: its owner has a lock.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "host/call_log.h"
#include "os/clock.h"

namespace nacre::policy {

// What a line of a log says of calls. It does not own the texts.
struct CallLine {
  std::string_view call;
  grant::Uses uses = {};
  std::string_view object;
  std::string_view result;
  uint64_t time = 0;   // of the last one, in nanoseconds since 1970
  uint64_t count = 1;  // other than 1: this many more calls like that of the line before
};

class CallCounter {
 public:
  // `tell` is called with each CallLine that is due.
  template <class Tell>
  void called(const host::CallRecord& record, const Tell& tell);
  // What is counted and not told yet.
  template <class Tell>
  void tell_repeats(const Tell& tell);
  void forget_repeats() { repeats_ = 0; }

 private:
  // How long repeated calls are kept to be counted, in nanoseconds.
  static constexpr uint64_t kPatience = 1'000'000'000;
  // How often the clock is looked at while calls repeat: each 0.1 to 26 milliseconds.
  static constexpr uint64_t kTicksBetweenLooks = uint64_t{1} << 18;

  struct Call {
    std::string_view call;
    grant::Uses uses = {};
    std::string object;
    std::string_view result;
  };
  bool is_like_last(const host::CallRecord& record) const {
    // Texts that live for ever are compared by address: if one has two, it merely gets two lines.
    return record.call.data() == last_.call.data() && record.result.data() == last_.result.data() &&
           record.uses == last_.uses && record.object == last_.object;
  }
  CallLine line(uint64_t count) const {
    return {last_.call, last_.uses, last_.object, last_.result, last_time_, count};
  }

  Call last_;
  uint64_t last_time_ = 0;       // of it, or of its last repeat, to some milliseconds
  uint64_t looked_at_ = 0;       // when the clock was looked at for a repeat, in ticks
  uint64_t repeats_ = 0;         // of last_, which no line tells of yet
  uint64_t repeated_since_ = 0;  // the time of the call that they repeat
};

template <class Tell>
void CallCounter::called(const host::CallRecord& record, const Tell& tell) {
  if (is_like_last(record)) {
    if (repeats_++ == 0) repeated_since_ = last_time_;
    uint64_t ticks = os::ticks();
    if (ticks - looked_at_ < kTicksBetweenLooks) return;
    looked_at_ = ticks;
    // Not before the call that it repeats.
    last_time_ = std::max(last_time_, os::rough_time());
    if (last_time_ - repeated_since_ >= kPatience) tell_repeats(tell);
    return;
  }
  tell_repeats(tell);
  last_time_ = os::clock_now(os::ClockKind::realtime).value_or(0);
  last_.call = record.call;
  last_.uses = record.uses;
  last_.object = record.object;
  last_.result = record.result;
  tell(line(1));
}

template <class Tell>
void CallCounter::tell_repeats(const Tell& tell) {
  if (repeats_ != 0) tell(line(repeats_));
  repeats_ = 0;
}

}  // namespace nacre::policy
