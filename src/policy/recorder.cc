#include "policy/recorder.h"

namespace nacre::policy {

void Recorder::decided(const grant::Request& request, grant::Decision decision, const grant::Rule*,
                       std::string_view) {
  if (decision != grant::Decision::allow) return;
  std::lock_guard lock(mutex_);
  record_.add(request);
}

void Recorder::called(const host::CallRecord& record) {
  if (record.result != "success") return;
  std::lock_guard lock(mutex_);
  record_.add_call(record.call, record.object);
}

uint32_t Recorder::calls() const {
  std::lock_guard lock(mutex_);
  return record_.calls();
}

void Recorder::add_calls(uint32_t calls) {
  std::lock_guard lock(mutex_);
  record_.add_calls(calls);
}

std::vector<grant::Rule> Recorder::needed() const {
  std::lock_guard lock(mutex_);
  return record_.needed();
}

}  // namespace nacre::policy
