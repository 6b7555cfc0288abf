// Preview1: the sock_ functions, on sockets that were granted open.
#include <algorithm>
#include <utility>

#include "wasi/p1/guest_io.h"
#include "wasi/p1/preview1.h"

namespace nacre::wasi::p1 {
namespace {

constexpr uint32_t kPeek = 1;
constexpr uint32_t kWaitAll = 2;
constexpr uint16_t kDataTruncated = 1;
constexpr uint32_t kShutRead = 1;
constexpr uint32_t kShutWrite = 2;

}  // namespace

Errno Preview1::sock_accept(GuestMemory& memory, Fd fd, uint32_t flags, Ptr fd_out) {
  Descriptor* listener = P1_TRY(table_.get(fd, Operation::sock_accept));
  if ((flags & ~fdflags::nonblock) != 0) return Errno::inval;
  P1_FAULT_UNLESS(memory.contains(fd_out, 4));
  if (!table_.has_room()) return no_descriptor();
  std::shared_ptr<host::Socket> socket = P1_TRY(
      done_or_parked(*listener, false, listener->socket().accept(is_nonblocking(*listener))));
  Descriptor accepted;
  accepted.handle = std::move(socket);
  accepted.type = host::FileType::socket_stream;
  accepted.base = listener->inheriting & rights::of_socket & ~rights::sock_accept;
  accepted.flags = flags;
  Fd number = P1_TRY(table_.insert(std::move(accepted)));
  P1_FAULT_UNLESS(memory.write<uint32_t>(fd_out, number));
  return Errno::success;
}

Errno Preview1::receive_from(GuestMemory& memory, Descriptor& descriptor, Ptr ri_data,
                             Size ri_data_len, uint32_t ri_flags, Ptr ro_datalen_out,
                             Ptr ro_flags_out, std::optional<Endpoint>& sender) {
  if ((ri_flags & ~(kPeek | kWaitAll)) != 0) return Errno::inval;
  GuestBuffers buffers = P1_TRY(GuestBuffers::read(memory, ri_data, ri_data_len));
  P1_FAULT_UNLESS(memory.contains(ro_datalen_out, 4) && memory.contains(ro_flags_out, 2));
  host::Socket::ReceiveOptions options{
      .peek = (ri_flags & kPeek) != 0,
      .wait_all = (ri_flags & kWaitAll) != 0,
      .nonblocking = is_nonblocking(descriptor),
  };
  bool truncated = false;
  auto transfer = [&](std::span<const MutableBytes> to) -> P1Result<size_t> {
    host::Socket::Received received =
        P1_TRY(done_or_parked(descriptor, false, descriptor.socket().receive(to, options)));
    truncated = received.truncated;
    sender = received.sender;
    return received.bytes;
  };
  bool waits_for_all = options.wait_all && parks() && !options.peek &&
                       (descriptor.flags & fdflags::nonblock) == 0 &&
                       descriptor.socket().is_stream();
  size_t count = P1_TRY(waits_for_all ? receive_all(memory, descriptor, buffers)
                                      : buffers.fill(memory, transfer));
  P1_FAULT_UNLESS(memory.write<uint32_t>(ro_datalen_out, static_cast<uint32_t>(count)));
  P1_FAULT_UNLESS(memory.write<uint16_t>(ro_flags_out, truncated ? kDataTruncated : 0));
  return Errno::success;
}

P1Result<size_t> Preview1::receive_all(GuestMemory& memory, Descriptor& descriptor,
                                       GuestBuffers& buffers) {
  size_t wanted = buffers.total_bytes();
  size_t received = 0;
  if (auto ended = take_ended<ParkedReceive>()) received = ended->received_bytes;
  buffers.skip(received);
  auto transfer = [&](std::span<const MutableBytes> to) -> P1Result<size_t> {
    return P1_TRY(descriptor.socket().receive(to, {.nonblocking = true})).bytes;
  };
  while (received < wanted) {
    auto part = buffers.fill(memory, transfer);
    if (!part && part.error() == Errno::again) {
      std::vector<host::Interest> interests = {{descriptor.handle, false}};
      park(std::make_unique<ParkedReceive>(host::until_ready(std::move(interests)), received));
      return part;
    }
    if (!part && received == 0) return part;
    if (!part || *part == 0) break;  // an error comes again; this is the end
    received += *part;
    buffers.skip(*part);
  }
  return received;
}

Errno Preview1::sock_recv(GuestMemory& memory, Fd fd, Ptr ri_data, Size ri_data_len,
                          uint32_t ri_flags, Ptr ro_datalen_out, Ptr ro_flags_out) {
  Descriptor* descriptor = P1_TRY(table_.get(fd, Operation::sock_recv));
  std::optional<Endpoint> sender;
  return receive_from(memory, *descriptor, ri_data, ri_data_len, ri_flags, ro_datalen_out,
                      ro_flags_out, sender);
}

Errno Preview1::sock_send(GuestMemory& memory, Fd fd, Ptr si_data, Size si_data_len,
                          uint32_t si_flags, Ptr so_datalen_out) {
  Descriptor* descriptor = P1_TRY(table_.get(fd, Operation::sock_send));
  if (si_flags != 0) return Errno::inval;
  GuestBuffers buffers = P1_TRY(GuestBuffers::read(memory, si_data, si_data_len));
  P1_FAULT_UNLESS(memory.contains(so_datalen_out, 4));
  auto transfer = [&](std::span<const Bytes> from) -> P1Result<size_t> {
    return P1_TRY(done_or_parked(*descriptor, true,
                                 descriptor->socket().send(from, is_nonblocking(*descriptor))));
  };
  size_t count = P1_TRY(
      buffers.drain(memory, [&](std::span<const Bytes> from) { return counted(from, transfer); }));
  P1_FAULT_UNLESS(memory.write<uint32_t>(so_datalen_out, static_cast<uint32_t>(count)));
  return Errno::success;
}

Errno Preview1::sock_shutdown(GuestMemory&, Fd fd, uint32_t how) {
  Descriptor* descriptor = P1_TRY(table_.get(fd, Operation::sock_shutdown));
  if (how == 0 || (how & ~(kShutRead | kShutWrite)) != 0) return Errno::inval;
  P1_TRY(descriptor->socket().shut_down((how & kShutRead) != 0, (how & kShutWrite) != 0));
  return Errno::success;
}

}  // namespace nacre::wasi::p1
