#include "policy/recorder.h"

namespace nacre::policy {

void Recorder::decided(const grant::Request& request, grant::Decision decision, const grant::Rule*,
                       std::string_view) {
  if (decision != grant::Decision::allow) return;
  std::lock_guard lock(mutex_);
  record_.add(request);
}

void Recorder::called(const host::CallRecord& record) {
  if (record.need == grant::Need::nothing) return;
  std::lock_guard lock(mutex_);
  record_.add(record.need);
}

uint32_t Recorder::needs() const {
  std::lock_guard lock(mutex_);
  return record_.needs();
}

void Recorder::add_needs(uint32_t needs) {
  std::lock_guard lock(mutex_);
  record_.add_needs(needs);
}

std::vector<grant::Rule> Recorder::needed() const {
  std::lock_guard lock(mutex_);
  return record_.needed();
}

}  // namespace nacre::policy
