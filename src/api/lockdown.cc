#include "api/lockdown.h"

#include <cstring>

#include "broker/server.h"
#include "os/environment.h"
#include "os/process.h"

namespace nacre::api {
namespace {

// Returns in the guest's process only.
Result<void> start_broker(Prepared& prepared, std::vector<std::shared_ptr<host::Dir>> dirs) {
  Oversight& oversight = prepared.oversight;
  // Otherwise both would have the beginning of the log still to write.
  if (oversight.audit) TRY(oversight.audit->flush());
  auto failed = [](int error) {
    return fail(ErrorCode::io, std::string("cannot start the broker: ") + std::strerror(error) +
                                   " (--no-lockdown runs without)");
  };
  auto ends = os::Channel::make_pair();
  if (!ends) return failed(ends.error());
  auto side = os::fork_helper();
  if (!side) return failed(side.error());
  if (*side == os::Side::child) {
    {
      os::Channel of_guest = std::move(ends->first);
    }
    auto undecided = prepared.config.env().undecided;
    auto network = prepared.config.network();
    // What the guest has open is not held open here: others may wait for its end.
    prepared.config = wasi::p1::Config();
    broker::Server server(std::move(ends->second), {.dirs = std::move(dirs),
                                                    .policy = oversight.policy,
                                                    .variables = std::move(undecided),
                                                    .network = std::move(network),
                                                    .finish = [&oversight](uint32_t calls) {
                                                      if (oversight.recorder)
                                                        oversight.recorder->add_calls(calls);
                                                      return oversight.finish();
                                                    }});
    server.serve();
    os::end_process();
  }
  auto client = std::make_shared<broker::Client>(std::move(ends->first), [audit = oversight.audit] {
    // What cannot be written is said at the end.
    if (audit) static_cast<void>(audit->flush().has_value());
  });
  uint32_t number = 0;
  prepared.config.replace_directories([&](const std::shared_ptr<host::Dir>& dir) {
    return dir->is_guarded() ? client->stand_in(*dir, number++) : dir;
  });
  if (prepared.config.env().undecided) prepared.config.undecided_variables(client->variables());
  prepared.config.network(client->network());
  prepared.gate->hand_over(client);
  oversight.record_file.reset();  // the broker writes it
  oversight.broker = std::move(client);
  return {};
}

}  // namespace

Result<os::LockdownState> lock_down(Prepared& prepared) {
  std::vector<std::shared_ptr<host::Dir>> guarded;
  std::vector<os::LeftOpen> left_open;
  prepared.config.replace_directories([&](const std::shared_ptr<host::Dir>& dir) {
    if (dir->is_guarded()) {
      guarded.push_back(dir);
    } else {
      left_open.push_back({dir->native_fd(), static_cast<uint8_t>(dir->grant()->rights())});
    }
    return dir;
  });
  if (prepared.needs_broker) TRY(start_broker(prepared, std::move(guarded)));
  // What the guest was granted of it, it has; what it is still to be asked about, the broker has.
  os::forget_environment();
  return os::lock_down(left_open);
}

std::string describe_lockdown() {
  os::LockdownState state = os::available_lockdown();
  if (state.landlock_abi == 0 && !state.seccomp) {
    return "This system offers no way to lock the process down (Landlock, seccomp): the checks of "
           "Nacre itself are all there is.";
  }
  std::string with = state.landlock_abi != 0 ? "Landlock" : "";
  if (state.seccomp) with += with.empty() ? "seccomp" : " and seccomp";
  return "While it runs, its process is locked down by " + with +
         ": the system holds it to these rights as well.";
}

}  // namespace nacre::api
