#include "os/synchronize.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace nacre::os {

bool synchronize_threads() {
  auto call = [](int command) { return ::syscall(SYS_membarrier, command, 0, 0) == 0; };
  if (call(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE)) return true;
  // A process says once that it is going to.
  return errno == EPERM && call(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE) &&
         call(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE);
}

}  // namespace nacre::os
