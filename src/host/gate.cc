#include "host/gate.h"

#include <utility>

namespace nacre::host {

std::string_view wanted_right(Action action) {
  switch (action) {
    case Action::read:
    case Action::look:
    case Action::list:
      return "read";
    case Action::accept:
      return "listen";
    default:
      return "write";
  }
}

bool is_change(Action action) { return wanted_right(action) == "write"; }

void DenialLog::record(std::string_view path, Action action, bool read_only) {
  std::lock_guard lock(mutex_);
  for (Denial& denial : denials_) {
    if (denial.path == path && wanted_right(denial.action) == wanted_right(action)) {
      ++denial.count;
      return;
    }
  }
  if (denials_.size() < kMaxDenials) {
    denials_.push_back(Denial{std::string(path), action, read_only});
  }
}

std::vector<Denial> DenialLog::denials() const {
  std::lock_guard lock(mutex_);
  return denials_;
}

Grant::Grant(std::string name, bool read_only, std::shared_ptr<Gate> gate,
             std::shared_ptr<DenialLog> log)
    : name_(std::move(name)), read_only_(read_only), gate_(std::move(gate)), log_(std::move(log)) {}

std::shared_ptr<const Grant> Grant::simple(std::string name, bool read_only) {
  return std::make_shared<Grant>(std::move(name), read_only, std::make_shared<AllowGranted>(),
                                 std::make_shared<DenialLog>());
}

HostResult<void> Grant::check(Action action, std::string_view path) const {
  bool refused_by_grant = read_only_ && is_change(action);
  if (!refused_by_grant && gate_->may(Request{action, path}) == Decision::allow) return {};
  log_->record(path, action, refused_by_grant);
  return failed(Errno::not_granted);
}

void Grant::record_escape(Action action, std::string_view path) const {
  log_->record(path, action, false);
}

}  // namespace nacre::host
