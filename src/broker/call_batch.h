// Calls that a guest's process has not yet reported to its broker, which writes the log.
//
// The broker gets fields, not text, and makes the lines (policy/audit.h): a guest that has taken
// over its process can report calls that never happened, or none, but cannot change what was
// reported before, nor any other line of the log. Any thread.
#pragma once

#include <mutex>
#include <string_view>
#include <utility>

#include "broker/protocol.h"
#include "host/call_log.h"
#include "policy/audit.h"

namespace nacre::broker {

class CallBatch {
 public:
  // Whether it is time to send what is there.
  bool add(const host::CallRecord& record) {
    std::lock_guard lock(mutex_);
    counter_.called(record, [this](const policy::CallLine& line) { append(line); });
    return log_bytes_ >= kFull;
  }
  // Takes what is there, as the arguments of a request. `all`: also calls that are still being
  // counted because they repeat.
  Writer take(bool all) {
    std::lock_guard lock(mutex_);
    if (all) counter_.tell_repeats([this](const policy::CallLine& line) { append(line); });
    log_bytes_ = 0;
    return std::exchange(lines_, Writer());
  }

 private:
  // One batch may be on its way while the next one fills: a killed process loses both, which is as
  // much as it loses without a broker.
  static constexpr size_t kFull = policy::Audit::kBlock / 2;
  // Longer than any path; a message has room for a full batch and one more call.
  static constexpr size_t kMaxObject = 64 << 10;

  void append(const policy::CallLine& line) {
    std::string_view object = line.object.substr(0, kMaxObject);
    write(lines_, {line.call, line.uses, object, line.result, line.time, line.count});
    log_bytes_ +=
        policy::Audit::kBytesOfLine + line.call.size() + object.size() + line.result.size();
  }

  std::mutex mutex_;
  policy::CallCounter counter_;
  Writer lines_;
  size_t log_bytes_ = 0;  // how many bytes lines_ will take in the log
};

}  // namespace nacre::broker
