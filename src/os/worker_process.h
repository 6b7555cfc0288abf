// Starting a process that works for this one: the broker (src/broker), and any other to come. The
// caller is the parent; the worker is a copy of its process. Between the two there is one channel.
//
// Threads: the parent must have one, because what another thread holds locked stays locked in the
// copy.
//
// Descriptors: each side has its own end of the channel and not the other's. Standard input and
// output of the worker lead to /dev/null, so that no other process waits for their ends. All else
// that the parent has open is open in the worker as well, which closes what it must not hold.
//
// Ends: a worker is killed when its parent ends, or the thread that started it. When the parent
// closes its end of the channel and goes on, Channel::receive tells the worker so. When the worker
// ends, for whatever reason, the parent notices by the channel alone: it receives nothing more, and
// sending fails with EPIPE. Its exit status is not collected, so it stays a zombie until the parent
// ends.
//
// A worker that is a program of its own (a compiler) will be started here as well, by the broker,
// because a process that is locked down starts none: with the same ends, and given no descriptor
// except its channel.
#pragma once

#include <functional>

#include "os/channel.h"

namespace nacre::os {

// Returns in the parent, with its end of the channel. The worker does `work` with the other end and
// the parent's process id, and then ends; nothing of the copied objects is destroyed there, because
// they are for the parent to clean up. Errors: there is no worker, for want of descriptors, memory or
// processes. A worker that fails before `work` has ended by the time the channel says so.
Sys<Channel> start_worker(const std::function<void(Channel to_parent, int parent)>& work);
// In a worker: ends it at once, from any of its threads.
[[noreturn]] void end_worker();

}  // namespace nacre::os
