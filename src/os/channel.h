// A connection between two processes of this machine, for whole messages that may carry one open
// descriptor each.
//
// One process at each end. Any thread may send, also while one receives; one thread receives at a
// time. A message comes complete or not at all.
#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "os/file.h"

namespace nacre::os {

class Channel {
 public:
  static constexpr size_t kMaxMessageBytes = 128 << 10;

  struct Message {
    std::vector<uint8_t> bytes;
    OwnedFd fd;  // may be none
  };

  static Sys<std::pair<Channel, Channel>> make_pair();

  // The receiver gets a descriptor of its own for what `fd` names; -1: none goes along.
  Sys<void> send(Bytes message, int fd = -1) const;
  // EAGAIN: there is no room, because the other end reads too slowly.
  Sys<void> send_now(Bytes message) const;
  enum class Waits : uint8_t { for_ever, until_stopped, not_at_all };
  // Waits. Nothing: the other end was closed. EMSGSIZE: a longer message, which is lost. EINTR,
  // with Waits::until_stopped: the code that the thread runs is to stop (os/interrupt.h). EAGAIN,
  // with Waits::not_at_all: there is no message.
  Sys<std::optional<Message>> receive(Waits waits = Waits::for_ever);
  // For waiting: readable when there is a message or the end of the connection.
  int fd() const { return fd_.get(); }

 private:
  explicit Channel(OwnedFd fd)
      : fd_(std::move(fd)), buffer_(std::make_unique_for_overwrite<uint8_t[]>(kMaxMessageBytes)) {}
  OwnedFd fd_;
  std::unique_ptr<uint8_t[]> buffer_;
};

}  // namespace nacre::os
