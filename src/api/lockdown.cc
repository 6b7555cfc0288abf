#include "api/lockdown.h"

#include <cstring>

#include "broker/server.h"
#include "os/environment.h"
#include "os/process.h"
#include "os/worker_process.h"

namespace nacre::api {
namespace {

using Dirs = std::vector<std::shared_ptr<host::Dir>>;

bool can_write(const host::Dir& dir) {
  return grant::includes(dir.grant()->rights(), grant::Rights::write);
}

// The log of calls, and what the recorder of this process still needs to hear of them.
void log_through(const std::shared_ptr<broker::Client>& client, Prepared& prepared) {
  PolicySession& session = prepared.session;
  if (!session.audit) return;
  session.audit->give_up();
  session.audit = nullptr;
  prepared.world.call_log(both_logs(client->call_log(), session.recorder));
}

// What the broker does: serves until the guest's process, whose id is `guest`, is gone.
void serve(os::Channel channel, int guest, Prepared& prepared, Dirs guarded, Dirs writable) {
  PolicySession& session = prepared.session;
  auto undecided = prepared.world.env().undecided;
  auto network = prepared.world.network();
  // What the guest has open is not held open here: another process may wait for its end.
  prepared.world = host::World();
  auto finish = [&session](uint32_t needs) {
    if (session.recorder) session.recorder->add_needs(needs);
    return session.finish();
  };
  broker::Server server(std::move(channel), {.dirs = std::move(guarded),
                                             .policy = session.policy,
                                             .variables = std::move(undecided),
                                             .network = std::move(network),
                                             .finish = finish,
                                             .audit = session.audit,
                                             .times_of = std::move(writable),
                                             .guest = guest,
                                             .ended = os::end_worker});
  server.serve();
}

// What the broker does from now on, the guest's process leaves to it.
void leave_to(const std::shared_ptr<broker::Client>& client, Prepared& prepared,
              const Dirs& writable) {
  uint32_t number = 0;
  prepared.world.replace_directories([&](const std::shared_ptr<host::Dir>& dir) {
    return dir->is_guarded() ? client->stand_in(*dir, number++) : dir;
  });
  for (const auto& dir : writable) dir->leave_times_to(client->time_setter());
  log_through(client, prepared);
  prepared.world.undecided_variables(client->variables());
  prepared.world.network(client->network());
  prepared.gate->hand_over(client);
  prepared.session.record_file.reset();  // the broker writes it
  prepared.session.broker = client;
}

// `guarded`: directories that the broker works in; `writable`: others, that the guest's process may
// write in.
Result<void> start_broker(Prepared& prepared, const Dirs& guarded, const Dirs& writable) {
  const auto& audit = prepared.session.audit;
  // Otherwise both would have the beginning of the log still to write.
  if (audit) TRY(audit->flush());
  auto channel = os::start_worker([&](os::Channel to_guest, int guest) {
    serve(std::move(to_guest), guest, prepared, guarded, writable);
  });
  if (!channel) {
    return fail(ErrorCode::io, std::string("cannot start the broker: ") +
                                   std::strerror(channel.error()) +
                                   " (--no-lockdown runs without)");
  }
  auto calls = audit ? std::make_unique<broker::CallBatch>() : nullptr;
  leave_to(std::make_shared<broker::Client>(std::move(*channel), std::move(calls)), prepared,
           writable);
  return {};
}

// What the process was given open and its guest was not: a guest that took it over would have it.
// Standard error stays, for what people must know at the end.
Result<void> close_the_rest(const Prepared& prepared) {
  os::close_inherited();
  for (int fd : {0, 1}) {
    bool is_kept = fd == 1 && prepared.alone == Alone::but_standard_output;
    if (is_kept || prepared.world.stream(static_cast<size_t>(fd))) continue;
    if (auto closed = os::close_standard_stream(fd); !closed) {
      return fail(ErrorCode::io, "cannot close a standard stream that was denied: /dev/null: " +
                                     std::string(std::strerror(closed.error())));
    }
  }
  return {};
}

// Landlock binds the calling thread and those it makes. A fork copies the calling thread alone, and
// mutexes that another thread holds stay locked in the copy.
Result<void> refuse_other_threads() {
#if !defined(__SANITIZE_THREAD__)  // which has a thread of its own
  if (uint32_t threads = os::count_threads(); threads > 1) {
    return fail(ErrorCode::usage, "lockdown: the process has " + std::to_string(threads) +
                                      " threads: lock it down before it starts others");
  }
#endif
  return {};
}

}  // namespace

Result<os::LockdownState> lock_down(Prepared& prepared) {
  TRY(refuse_other_threads());
  Dirs guarded;
  Dirs writable;
  std::vector<os::LeftOpen> left_open;
  os::LeftPossible left_possible{.setting_times = prepared.may_write,
                                 .mapping_code = prepared.alone == Alone::no,
                                 .serving = prepared.alone == Alone::no};
  prepared.world.replace_directories([&](const std::shared_ptr<host::Dir>& dir) {
    if (dir->is_guarded()) {
      guarded.push_back(dir);
    } else {
      left_open.push_back({dir->native_fd(), static_cast<uint8_t>(dir->grant()->rights())});
      if (can_write(*dir)) writable.push_back(dir);
    }
    return dir;
  });
  if (prepared.needs_broker) {
    TRY(start_broker(prepared, guarded, writable));
  }
  if (prepared.alone != Alone::no) TRY(close_the_rest(prepared));
  if (!prepared.needs_broker) prepared.session.policy->keep_names_of_variables();
  // What the guest was granted of it, it has; what it is still to be asked about, the broker has.
  os::forget_environment();
  return os::lock_down(left_open, left_possible);
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
