#include "os/worker_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

namespace nacre::os {
namespace {

// Whether the worker ends with its parent from now on.
bool end_with(pid_t parent) {
  // The parent may have gone before this took effect.
  return ::prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && ::getppid() == parent;
}

bool leave_standard_streams() {
  int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (nothing < 0 || ::dup2(nothing, 0) < 0 || ::dup2(nothing, 1) < 0) return false;
  if (nothing > 1) ::close(nothing);
  return true;
}

}  // namespace

Sys<Channel> start_worker(const std::function<void(Channel to_parent, int parent)>& work) {
  auto pair = Channel::make_pair();
  if (!pair) return std::unexpected(pair.error());
  std::optional<Channel> to_worker = std::move(pair->first);
  Channel to_parent = std::move(pair->second);
  pid_t parent = ::getpid();
  pid_t child = ::fork();
  if (child < 0) return std::unexpected(errno);
  if (child > 0) return std::move(*to_worker);
  to_worker.reset();
  if (end_with(parent) && leave_standard_streams()) work(std::move(to_parent), parent);
  end_worker();
}

void end_worker() { ::_exit(0); }

}  // namespace nacre::os
