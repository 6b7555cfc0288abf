// Watches a run and records what it used (grant/record.h). Any thread.
#pragma once

#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

#include "grant/record.h"
#include "host/call_log.h"
#include "policy/policy.h"

namespace nacre::policy {

class Recorder final : public Watcher, public host::CallLog {
 public:
  // What the run had.
  explicit Recorder(std::vector<grant::Rule> granted) : record_(std::move(granted)) {}

  void decided(const grant::Request& request, grant::Decision decision, const grant::Rule* because,
               std::string_view asked) override;
  void called(const host::CallRecord& record) override;

  // See grant::Record.
  uint32_t needs() const;
  void add_needs(uint32_t needs);

  std::vector<grant::Rule> needed() const;

 private:
  mutable std::mutex mutex_;
  grant::Record record_;
};

}  // namespace nacre::policy
