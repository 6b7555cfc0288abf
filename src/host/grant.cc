#include "host/grant.h"

#include <cassert>
#include <utility>

namespace nacre::host {

Rights right_for(Action action) {
  switch (action) {
    case Action::read:
    case Action::look:
    case Action::list:
      return Rights::read;
    case Action::write:
    case Action::set_times:
      return Rights::write;
    case Action::create:
    case Action::remove:
    case Action::rename:
    case Action::link:
      return Rights::create;
    case Action::accept:
      return Rights::none;
  }
  return Rights::all;
}

std::string_view wanted_right(Action action) {
  switch (right_for(action)) {
    case Rights::read:
      return "read";
    case Rights::write:
      return "write";
    case Rights::create:
      return "create";
    default:
      return "listen";
  }
}

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

Grant::Grant(std::string name, Rights rights, std::shared_ptr<Gate> gate,
             std::shared_ptr<DenialLog> log, bool is_open)
    : name_(std::move(name)),
      rights_(rights),
      is_open_(is_open),
      gate_(std::move(gate)),
      log_(std::move(log)) {
  assert(gate_);
}

std::shared_ptr<const Grant> Grant::simple(std::string name, bool read_only) {
  return std::make_shared<Grant>(std::move(name), read_only ? Rights::read : Rights::all,
                                 grant::grants_alone(), std::make_shared<DenialLog>());
}

std::shared_ptr<const Grant> renamed(const std::shared_ptr<const Grant>& grant, std::string name) {
  return std::make_shared<Grant>(std::move(name), grant->rights_, grant->gate_, grant->log_,
                                 grant->is_open_);
}

std::shared_ptr<const Grant> grant_of_opened(const std::shared_ptr<const Grant>& grant,
                                             bool to_write) {
  if (!grant->is_open_ || to_write) return grant;
  return std::make_shared<Grant>(grant->name_, grant->rights_ & Rights::read, grant->gate_,
                                 grant->log_, true);
}

std::unexpected<Errno> Grant::refuse(Action action, std::string_view path) const {
  log_->record(path, action, true);
  return failed(Errno::not_granted);
}

HostResult<void> Grant::ask(const Request& request) const {
  if (gate_->may(request) == Decision::allow) return {};
  return failed(Errno::no_capability);
}

void Grant::record_escape(Action action, std::string_view path) const {
  log_->record(path, action, false);
}

}  // namespace nacre::host
