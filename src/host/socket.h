// Connections and datagrams. A socket was either opened (listening or connected) and granted before
// the guest runs, and reaches only the addresses that were chosen then; or a guest made it through
// a Network (host/network.h), which decides about every address.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include "host/grant.h"
#include "host/handle.h"
#include "os/socket.h"

namespace nacre::host {

using os::SocketOption;

class Socket : public Handle {
 public:
  struct Received {
    size_t bytes = 0;
    bool truncated = false;          // a datagram was longer than the buffers
    std::optional<Endpoint> sender;  // if the system says so
  };
  using ReceiveOptions = os::ReceiveOptions;

  // Waits for a connection unless `nonblocking` (then again). inval if it does not listen.
  HostResult<std::shared_ptr<Socket>> accept(bool nonblocking);
  virtual bool is_stream() const = 0;
  virtual HostResult<Received> receive(std::span<const MutableBytes> to,
                                       ReceiveOptions options) = 0;
  virtual HostResult<size_t> send(std::span<const Bytes> from, bool nonblocking) = 0;
  virtual HostResult<void> shut_down(bool reading, bool writing) = 0;

  // notsup for sockets that were granted, which are bound or connected already.
  virtual HostResult<void> bind(const Endpoint&) { return failed(Errno::notsup); }
  virtual HostResult<void> listen(int backlog);
  // inprogress: a `nonblocking` call began it; when it is done the socket becomes writable, and its
  // option `error` says how it went.
  virtual HostResult<void> connect(const Endpoint&, bool nonblocking);
  // On a connected stream the address is treated as the system treats it.
  virtual HostResult<size_t> send_to(const Endpoint& to, std::span<const Bytes> from,
                                     bool nonblocking);

  virtual HostResult<Endpoint> local_end() { return failed(Errno::notsup); }
  virtual HostResult<Endpoint> peer_end() { return failed(Errno::notsup); }
  // Values as os/socket_options.def has them.
  virtual HostResult<int64_t> option(SocketOption) { return failed(Errno::notsup); }
  virtual HostResult<void> set_option(SocketOption, int64_t) { return failed(Errno::notsup); }

 protected:
  explicit Socket(std::shared_ptr<const Grant> grant)
      : Handle(HandleKind::socket, std::string(grant->name())), grant_(std::move(grant)) {}
  const std::shared_ptr<const Grant>& grant() const { return grant_; }
  void rename(const std::string& name) {
    grant_ = renamed(grant_, name);
    set_display_name(name);
  }

 private:
  virtual bool is_listening() const = 0;
  virtual HostResult<std::shared_ptr<Socket>> do_accept(bool nonblocking) = 0;

  std::shared_ptr<const Grant> grant_;
};

// The base of sockets of the operating system, once there is a descriptor.
class FdSocket : public Socket {
 public:
  int poll_fd() const override { return fd(); }
  HostResult<FileStat> stat() override;
  HostResult<void> sync(bool) override { return failed(Errno::inval); }
  HostResult<Received> receive(std::span<const MutableBytes> to, ReceiveOptions options) override;
  HostResult<size_t> send(std::span<const Bytes> from, bool nonblocking) override;
  HostResult<void> shut_down(bool reading, bool writing) override;
  // Of one that listens already: nothing.
  HostResult<void> listen(int backlog) override;
  HostResult<Endpoint> local_end() override;
  HostResult<Endpoint> peer_end() override;
  HostResult<int64_t> option(SocketOption option) override;
  HostResult<void> set_option(SocketOption option, int64_t value) override;

 protected:
  using Socket::Socket;
  virtual int fd() const = 0;  // -1: there is none yet

 private:
  HostResult<int> connected_fd() const;
  bool is_listening() const override { return fd() >= 0 && os::is_listening(fd()); }
  HostResult<std::shared_ptr<Socket>> do_accept(bool nonblocking) override;
};

// Takes over a socket of the operating system; notsock if it is not one.
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
