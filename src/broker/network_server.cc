// What a broker does on the network for its guest.
#include "broker/server.h"

namespace nacre::broker {

using host::Errno;
using host::HostResult;

namespace {

HostResult<Server::Answer> with_addresses(HostResult<host::Network::Addresses> addresses) {
  Server::Answer answer{success()};
  for (const IpAddress& address : HOST_TRY(std::move(addresses))) {
    write(answer.message, address);
  }
  return answer;
}

}  // namespace

HostResult<Server::Answer> Server::look_up(Reader& from) {
  auto name = from.text();
  if (!from.complete() || !duties_.network) return host::failed(Errno::inval);
  if (look_ups_.size() == kMaxLookUps) return host::failed(Errno::nobufs);
  if (look_ups_.contains(current_)) return host::failed(Errno::inval);
  auto answer = duties_.network->start_look_up(name);
  if (answer->is_over()) return with_addresses(answer->take());
  if (!start_look_up(std::move(answer))) return host::failed(Errno::nomem);
  return Answer{.comes_later = true};
}

bool Server::start_look_up(std::unique_ptr<host::Answer<Addresses>> look_up) {
  if (!make_loop()) return false;
  auto started = look_up->start(*loop_, [this, number = current_] { finish_look_up(number); });
  if (!started) return false;
  look_ups_[current_] = std::move(look_up);
  return true;
}

void Server::finish_look_up(RequestNumber number) {
  auto found = look_ups_.find(number);
  auto answer = with_addresses(found->second->take());
  look_ups_.erase(found);
  // If the guest's process has gone, the next request finds out.
  static_cast<void>(send(number, answer ? *answer : refusal(answer.error())));
}

HostResult<Server::Answer> Server::leads_elsewhere(Reader& from) {
  IpAddress address = read_address(from);
  if (!from.complete() || !duties_.network) return host::failed(Errno::inval);
  return Answer{success().number<uint8_t>(duties_.network->leads_elsewhere(address))};
}

HostResult<Server::Answer> Server::make_socket(Reader& from) {
  auto plan = read_plan(from);
  if (!plan || !duties_.network) return host::failed(Errno::inval);
  if (sockets_.size() == kMaxSockets) return host::failed(Errno::mfile);
  auto socket = HOST_TRY(duties_.network->open(*plan));
  while (sockets_.contains(next_socket_)) ++next_socket_;
  sockets_[next_socket_].opened = std::move(socket);
  return Answer{success().number(next_socket_++)};
}

HostResult<Server::Answer> Server::act_on_socket(Request request, Reader& from) {
  auto found = sockets_.find(from.number<uint32_t>());
  if (found == sockets_.end() || found->second.is_closed) return host::failed(Errno::badf);
  Socket& socket = found->second;
  if (request == Request::close_socket) {
    socket.is_closed = true;
    if (!socket.is_in_use) sockets_.erase(found);
    return Answer{};
  }
  // One thing at a time; another one has to wait until a person has answered.
  if (socket.is_in_use) return host::failed(Errno::busy);
  socket.is_in_use = true;
  auto answer = act_on(*socket.opened, request, from);
  socket.is_in_use = false;
  if (!socket.is_closed) return answer;
  sockets_.erase(found);
  return host::failed(Errno::badf);
}

HostResult<Server::Answer> Server::act_on(host::OpenedSocket& socket, Request request,
                                          Reader& from) {
  if (request == Request::set_option) {
    auto option = from.number<uint8_t>();
    auto value = from.number<int64_t>();
    bool known = option < os::kSocketOptions;
    if (!from.complete() || !known) return host::failed(Errno::inval);
    HOST_TRY(socket.set_option(static_cast<host::SocketOption>(option), value));
    return Answer{success()};
  }
  if (request != Request::listen) return act_at_end(request, socket, from);
  auto backlog = from.number<int32_t>();
  if (!from.complete()) return host::failed(Errno::inval);
  HOST_TRY(socket.listen(backlog));
  return Answer{success(), nullptr, socket.fd()};
}

HostResult<Server::Answer> Server::act_at_end(Request request, host::OpenedSocket& socket,
                                              Reader& from) {
  Endpoint end = read_endpoint(from);
  Bytes bytes;
  if (request == Request::send_to) bytes = as_bytes(from.text());
  if (!from.complete()) return host::failed(Errno::inval);
  Answer answer{success()};
  if (request == Request::bind) {
    HOST_TRY(socket.bind(end));
  } else if (request == Request::connect) {
    bool under_way = HOST_TRY(socket.connect(end));
    answer.message.number<uint8_t>(under_way);
  } else {
    size_t sent = HOST_TRY(socket.send_to(end, bytes));
    answer.message.number(static_cast<uint32_t>(sent));
  }
  answer.socket = socket.fd();
  return answer;
}

}  // namespace nacre::broker
