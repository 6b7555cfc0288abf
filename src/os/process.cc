#include "os/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>

namespace nacre::os {

Sys<Side> fork_helper() {
  pid_t parent = ::getpid();
  pid_t child = ::fork();
  if (child < 0) return std::unexpected(errno);
  if (child > 0) return Side::parent;
  // The parent may have gone before this took effect.
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || ::getppid() != parent) end_process();
  int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (nothing < 0 || ::dup2(nothing, 0) < 0 || ::dup2(nothing, 1) < 0) end_process();
  if (nothing > 1) ::close(nothing);
  return Side::child;
}

void end_process() { ::_exit(0); }

}  // namespace nacre::os
