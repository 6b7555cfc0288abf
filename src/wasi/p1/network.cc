// Preview1: the socket extension, on sockets that the guest makes itself.
//
// Layouts (all little-endian, pointers are 32 bits): an address is the pair of a pointer and a
// length; what it points to is 4 bytes (IPv4), 16 (IPv6), or 128: the family in two bytes, then the
// address. Ports are in the order of the host, but for those within a result of sock_getaddrinfo.
#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/address.h"
#include "host/network.h"
#include "wasi/p1/guest_io.h"
#include "wasi/p1/preview1.h"

namespace nacre::wasi::p1 {
namespace {

using host::IpFamily;
using host::SocketOption;
using host::SocketType;

constexpr uint32_t kLevelSocket = 0;
constexpr Size kV4Bytes = 4;
constexpr Size kV6Bytes = 16;
constexpr Size kTypedBytes = 128;

static_assert(static_cast<uint32_t>(SocketOption::error) == 2 &&
                  static_cast<uint32_t>(SocketOption::receive_timeout) == 11 &&
                  static_cast<uint32_t>(SocketOption::device) == 14,
              "os/socket_options.def is in the order of the extension");

// Where the guest has an address, or wants one.
struct AddressPlace {
  Ptr at;
  Size size;

  static P1Result<AddressPlace> read(const GuestMemory& memory, Ptr record) {
    auto at = memory.read<uint32_t>(record);
    auto size = memory.read<uint32_t>(uint64_t{record} + 4);
    P1_FAULT_UNLESS(at && size);
    P1_FAULT_UNLESS(memory.contains(*at, *size));
    if (*size != kV4Bytes && *size != kV6Bytes && *size != kTypedBytes) {
      return std::unexpected(Errno::inval);
    }
    return AddressPlace{*at, *size};
  }

  P1Result<IpAddress> value(const GuestMemory& memory) const {
    std::array<uint8_t, kTypedBytes> bytes;
    P1_FAULT_UNLESS(memory.copy_in(at, MutableBytes(bytes).first(size)));
    if (size == kV4Bytes) return from_bytes(bytes.data(), address_family::v4);
    if (size == kV6Bytes) return from_bytes(bytes.data(), address_family::v6);
    uint32_t family = load_le<uint16_t>(bytes.data());
    if (family != address_family::v4 && family != address_family::v6)
      return std::unexpected(Errno::afnosupport);
    return from_bytes(bytes.data() + 2, family);
  }

  // Whether it is typed or large enough.
  bool has_room_for(const IpAddress& address) const { return is_v4(address) || size > kV4Bytes; }
  bool put(const GuestMemory& memory, const IpAddress& address) const {
    bool v4 = is_v4(address);
    Bytes bytes = v4 ? Bytes(address).last(kV4Bytes) : Bytes(address);
    Ptr to = at;
    if (size == kTypedBytes) {
      auto family = static_cast<uint16_t>(v4 ? address_family::v4 : address_family::v6);
      if (!memory.write<uint16_t>(at, family)) return false;
      to += 2;
    }
    return memory.copy_out(to, bytes);
  }

 private:
  static IpAddress from_bytes(const uint8_t* bytes, uint32_t family) {
    if (family == address_family::v4) return from_v4({bytes[0], bytes[1], bytes[2], bytes[3]});
    IpAddress address;
    std::copy_n(bytes, address.size(), address.begin());
    return address;
  }
};

P1Result<Endpoint> read_end(const GuestMemory& memory, Ptr address, uint32_t port) {
  AddressPlace place = P1_TRY(AddressPlace::read(memory, address));
  IpAddress value = P1_TRY(place.value(memory));
  if (port > UINT16_MAX) return std::unexpected(Errno::inval);
  return Endpoint{value, static_cast<uint16_t>(port)};
}

}  // namespace

Errno Preview1::sock_open(GuestMemory& memory, uint32_t family, uint32_t type, Ptr fd_out) {
  P1_FAULT_UNLESS(memory.contains(fd_out, 4));
  if (family != address_family::v4 && family != address_family::v6) return Errno::afnosupport;
  if (type != socket_type::datagram && type != socket_type::stream) return Errno::inval;
  if (!world_->network()) return Errno::notcapable;
  if (!table_.has_room()) return no_descriptor();
  bool is_stream = type == socket_type::stream;
  Descriptor descriptor;
  descriptor.handle = host::make_net_socket(
      world_->network(), family == address_family::v4 ? IpFamily::v4 : IpFamily::v6,
      is_stream ? SocketType::stream : SocketType::datagram, world_->grant(""));
  descriptor.type = is_stream ? host::FileType::socket_stream : host::FileType::socket_datagram;
  descriptor.base = rights::of_socket;
  descriptor.inheriting = rights::of_socket;
  Fd number = P1_TRY(table_.insert(std::move(descriptor)));
  P1_FAULT_UNLESS(memory.write<uint32_t>(fd_out, number));
  return Errno::success;
}

std::shared_ptr<host::Socket> Preview1::granted_listener(const Endpoint& at) const {
  std::string name = endpoint_text(at);
  for (const auto& granted : granted_sockets_) {
    auto socket = granted.lock();
    if (socket && socket->display_name() == name) return socket;
  }
  return nullptr;
}

Errno Preview1::sock_bind(GuestMemory& memory, Fd fd, Ptr address, uint32_t port) {
  Descriptor* descriptor = P1_TRY(table_.get(fd, Operation::sock_bind));
  Endpoint at = P1_TRY(read_end(memory, address, port));
  // What is listened at already, for the guest, cannot be bound once more: it is handed over.
  auto granted = descriptor->socket().is_stream() ? granted_listener(at) : nullptr;
  if (granted) {
    descriptor->handle = std::move(granted);
    return Errno::success;
  }
  P1_TRY(descriptor->socket().bind(at));
  return Errno::success;
}

Errno Preview1::sock_listen(GuestMemory&, Fd fd, uint32_t backlog) {
  Descriptor* descriptor = P1_TRY(table_.get(fd, Operation::sock_listen));
  P1_TRY(descriptor->socket().listen(static_cast<int32_t>(backlog)));
  return Errno::success;
}

Errno Preview1::sock_accept_plain(GuestMemory& memory, Fd fd, Ptr fd_out) {
  return sock_accept(memory, fd, 0, fd_out);
}

Errno Preview1::sock_connect(GuestMemory& memory, Fd fd, Ptr address, uint32_t port) {
  Descriptor* descriptor = P1_TRY(table_.get(fd, Operation::sock_connect));
  Endpoint to = P1_TRY(read_end(memory, address, port));
  P1_TRY(done_or_parked(*descriptor, true,
                        descriptor->socket().connect(to, is_nonblocking(*descriptor))));
  return Errno::success;
}

Errno Preview1::receive_datagram(GuestMemory& memory, Fd fd, Ptr ri_data, Size ri_data_len,
                                 Ptr address, uint32_t ri_flags, std::optional<Ptr> port_out,
                                 Ptr ro_datalen_out, Ptr ro_flags_out) {
  Descriptor* descriptor = P1_TRY(table_.get(fd, Operation::sock_recv_from));
  AddressPlace place = P1_TRY(AddressPlace::read(memory, address));
  P1_FAULT_UNLESS(!port_out || memory.contains(*port_out, 4));
  std::optional<Endpoint> sender;
  Errno error = receive_from(memory, *descriptor, ri_data, ri_data_len, ri_flags, ro_datalen_out,
                             ro_flags_out, sender);
  if (error != Errno::success || !sender) return error;
  if (!place.has_room_for(sender->address)) return Errno::inval;
  P1_FAULT_UNLESS(place.put(memory, sender->address));
  P1_FAULT_UNLESS(!port_out || memory.write<uint32_t>(*port_out, sender->port));
  return Errno::success;
}

Errno Preview1::sock_recv_from(GuestMemory& memory, Fd fd, Ptr ri_data, Size ri_data_len,
                               Ptr address, uint32_t ri_flags, Ptr port_out, Ptr ro_datalen_out,
                               Ptr ro_flags_out) {
  return receive_datagram(memory, fd, ri_data, ri_data_len, address, ri_flags, port_out,
                          ro_datalen_out, ro_flags_out);
}

Errno Preview1::sock_recv_from_portless(GuestMemory& memory, Fd fd, Ptr ri_data, Size ri_data_len,
                                        Ptr address, uint32_t ri_flags, Ptr ro_datalen_out,
                                        Ptr ro_flags_out) {
  return receive_datagram(memory, fd, ri_data, ri_data_len, address, ri_flags, std::nullopt,
                          ro_datalen_out, ro_flags_out);
}

Errno Preview1::sock_send_to(GuestMemory& memory, Fd fd, Ptr si_data, Size si_data_len, Ptr address,
                             uint32_t port, uint32_t si_flags, Ptr so_datalen_out) {
  Descriptor* descriptor = P1_TRY(table_.get(fd, Operation::sock_send_to));
  if (si_flags != 0) return Errno::inval;
  Endpoint to = P1_TRY(read_end(memory, address, port));
  GuestBuffers buffers = P1_TRY(GuestBuffers::read(memory, si_data, si_data_len));
  P1_FAULT_UNLESS(memory.contains(so_datalen_out, 4));
  auto transfer = [&](std::span<const Bytes> from) -> P1Result<size_t> {
    return P1_TRY(done_or_parked(
        *descriptor, true, descriptor->socket().send_to(to, from, is_nonblocking(*descriptor))));
  };
  size_t count = P1_TRY(
      buffers.drain(memory, [&](std::span<const Bytes> from) { return counted(from, transfer); }));
  P1_FAULT_UNLESS(memory.write<uint32_t>(so_datalen_out, static_cast<uint32_t>(count)));
  return Errno::success;
}

namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kMicrosecond = 1'000;

// How an option's value looks in the guest's memory: an i32; two of them, on and seconds; two i64,
// seconds and microseconds.
Size option_size(SocketOption option) {
  switch (os::form_of(option)) {
    case os::OptionForm::linger:
      return 8;
    case os::OptionForm::time:
      return 16;
    default:
      return 4;
  }
}

std::array<uint8_t, 16> encode_option(SocketOption option, int64_t value) {
  std::array<uint8_t, 16> bytes{};
  switch (os::form_of(option)) {
    case os::OptionForm::linger:
      store_le<uint32_t>(bytes.data(), value >= 0 ? 1 : 0);
      store_le<uint32_t>(bytes.data() + 4, static_cast<uint32_t>(std::max<int64_t>(value, 0)));
      break;
    case os::OptionForm::time:
      store_le<int64_t>(bytes.data(), value / kSecond);
      store_le<int64_t>(bytes.data() + 8, value % kSecond / kMicrosecond);
      break;
    default:
      store_le<uint32_t>(bytes.data(), static_cast<uint32_t>(value));
  }
  return bytes;
}

std::optional<int64_t> decode_option(SocketOption option, const std::array<uint8_t, 16>& bytes) {
  auto first = static_cast<int32_t>(load_le<uint32_t>(bytes.data()));
  switch (os::form_of(option)) {
    case os::OptionForm::linger: {
      auto seconds = static_cast<int32_t>(load_le<uint32_t>(bytes.data() + 4));
      if (first != 0 && seconds < 0) return std::nullopt;
      return first != 0 ? seconds : -1;
    }
    case os::OptionForm::time: {
      auto seconds = load_le<int64_t>(bytes.data());
      auto microseconds = load_le<int64_t>(bytes.data() + 8);
      bool possible = seconds >= 0 && seconds < INT64_MAX / kSecond && microseconds >= 0 &&
                      microseconds < kSecond / kMicrosecond;
      if (!possible) return std::nullopt;
      return seconds * kSecond + microseconds * kMicrosecond;
    }
    default:
      return first;
  }
}

P1Result<SocketOption> known_option(uint32_t level, uint32_t name) {
  if (level != kLevelSocket || name >= os::kSocketOptions) return std::unexpected(Errno::inval);
  return static_cast<SocketOption>(name);
}

P1Result<int64_t> option_value(host::Socket& socket, SocketOption option) {
  if (option == SocketOption::type)
    return socket.is_stream() ? socket_type::stream : socket_type::datagram;
  int64_t value = P1_TRY(socket.option(option));
  if (option != SocketOption::error || value == 0) return value;
  return static_cast<int64_t>(from_host(host::from_native(static_cast<int>(value))));
}

}  // namespace

Errno Preview1::sock_getsockopt(GuestMemory& memory, Fd fd, uint32_t level, uint32_t name,
                                Ptr value_out, Ptr size_inout) {
  Descriptor* descriptor = P1_TRY(table_.get(fd, Operation::sock_getsockopt));
  SocketOption option = P1_TRY(known_option(level, name));
  auto room = memory.read<uint32_t>(size_inout);
  P1_FAULT_UNLESS(room && memory.contains(value_out, *room));
  Size size = option_size(option);
  if (*room < size) return Errno::inval;
  int64_t value = P1_TRY(option_value(descriptor->socket(), option));
  P1_FAULT_UNLESS(memory.copy_out(value_out, Bytes(encode_option(option, value)).first(size)));
  P1_FAULT_UNLESS(memory.write<uint32_t>(size_inout, size));
  return Errno::success;
}

Errno Preview1::sock_setsockopt(GuestMemory& memory, Fd fd, uint32_t level, uint32_t name,
                                Ptr value, Size size) {
  Descriptor* descriptor = P1_TRY(table_.get(fd, Operation::sock_setsockopt));
  SocketOption option = P1_TRY(known_option(level, name));
  P1_FAULT_UNLESS(memory.contains(value, size));
  if (!os::is_settable(option)) return Errno::noprotoopt;
  if (size < option_size(option)) return Errno::inval;
  std::array<uint8_t, 16> bytes{};
  P1_FAULT_UNLESS(memory.copy_in(value, MutableBytes(bytes).first(option_size(option))));
  auto decoded = decode_option(option, bytes);
  if (!decoded) return Errno::dom;
  P1_TRY(descriptor->socket().set_option(option, *decoded));
  return Errno::success;
}

Errno Preview1::write_end(GuestMemory& memory, Fd fd, bool of_peer, Ptr address,
                          std::optional<Ptr> type_out, Ptr port_out) {
  Descriptor* descriptor = P1_TRY(table_.get(fd, Operation::sock_getaddr));
  AddressPlace place = P1_TRY(AddressPlace::read(memory, address));
  P1_FAULT_UNLESS(memory.contains(port_out, 4));
  P1_FAULT_UNLESS(!type_out || memory.contains(*type_out, 4));
  // One form of the call tells the family in the address, the other beside it.
  if ((place.size == kTypedBytes) == type_out.has_value()) return Errno::inval;
  host::Socket& socket = descriptor->socket();
  Endpoint end = P1_TRY(of_peer ? socket.peer_end() : socket.local_end());
  if (!place.has_room_for(end.address)) return Errno::inval;
  P1_FAULT_UNLESS(place.put(memory, end.address));
  // 4 and 6 where everything else has 1 and 2.
  uint32_t type = is_v4(end.address) ? 4 : 6;
  P1_FAULT_UNLESS(!type_out || memory.write<uint32_t>(*type_out, type));
  P1_FAULT_UNLESS(memory.write<uint32_t>(port_out, end.port));
  return Errno::success;
}

Errno Preview1::sock_getlocaladdr(GuestMemory& memory, Fd fd, Ptr address, Ptr type_out,
                                  Ptr port_out) {
  return write_end(memory, fd, false, address, type_out, port_out);
}

Errno Preview1::sock_getlocaladdr_typed(GuestMemory& memory, Fd fd, Ptr address, Ptr port_out) {
  return write_end(memory, fd, false, address, std::nullopt, port_out);
}

Errno Preview1::sock_getpeeraddr(GuestMemory& memory, Fd fd, Ptr address, Ptr type_out,
                                 Ptr port_out) {
  return write_end(memory, fd, true, address, type_out, port_out);
}

Errno Preview1::sock_getpeeraddr_typed(GuestMemory& memory, Fd fd, Ptr address, Ptr port_out) {
  return write_end(memory, fd, true, address, std::nullopt, port_out);
}

}  // namespace nacre::wasi::p1
