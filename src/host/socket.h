// A socket that was opened and granted beforehand: listening, or connected. Nothing here reaches
// an address that was not chosen by the one who granted it.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <string>

#include "host/gate.h"
#include "host/handle.h"
#include "os/socket.h"

namespace nacre::host {

class Socket : public Handle {
 public:
  using Received = os::Received;
  using ReceiveOptions = os::ReceiveOptions;

  // Waits for a connection unless `nonblocking` (then again). inval if it does not listen.
  HostResult<std::shared_ptr<Socket>> accept(bool nonblocking);
  virtual bool is_stream() const = 0;
  virtual HostResult<Received> receive(std::span<const MutableBytes> to,
                                       ReceiveOptions options) = 0;
  virtual HostResult<size_t> send(std::span<const Bytes> from, bool nonblocking) = 0;
  virtual HostResult<void> shut_down(bool reading, bool writing) = 0;
  std::string_view display_name() const final { return grant_->name(); }

 protected:
  explicit Socket(std::shared_ptr<const Grant> grant)
      : Handle(HandleKind::socket), grant_(std::move(grant)) {}
  const std::shared_ptr<const Grant>& grant() const { return grant_; }

 private:
  virtual HostResult<std::shared_ptr<Socket>> do_accept(bool nonblocking) = 0;

  std::shared_ptr<const Grant> grant_;
};

// Takes over a socket of the operating system; notsock if it is none.
HostResult<std::shared_ptr<Socket>> make_real_socket(os::OwnedFd fd,
                                                     std::shared_ptr<const Grant> grant);

// Connections in memory: a listener to which tests and embedders connect.
class MemoryListener {
 public:
  explicit MemoryListener(std::shared_ptr<const Grant> grant);
  std::shared_ptr<Socket> socket() const { return socket_; }
  // The other end of a connection that the listener will accept. Bounded: nobufs beyond 128.
  HostResult<std::shared_ptr<Socket>> connect();

 private:
  std::shared_ptr<Socket> socket_;
};

}  // namespace nacre::host
