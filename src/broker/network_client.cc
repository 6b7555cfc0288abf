// The network as a guest's process has it: the broker decides, makes sockets, and hands them over.
#include <algorithm>

#include "broker/client.h"

namespace nacre::broker {

using host::Errno;
using host::HostResult;
using host::SocketPlan;
using Message = os::Channel::Message;
using Waits = os::Channel::Waits;

// A socket of the broker's, of which this process has a descriptor as soon as there is one.
class RemoteSocket final : public host::OpenedSocket {
 public:
  RemoteSocket(std::shared_ptr<Client> client, uint32_t number)
      : client_(std::move(client)), number_(number) {}
  ~RemoteSocket() override { client_->tell(request(Request::close_socket)); }

  int fd() const override { return fd_.get(); }
  os::OwnedFd take() override { return std::move(fd_); }
  HostResult<void> bind(const Endpoint& at) override {
    Writer writer = request(Request::bind);
    write(writer, at);
    HOST_TRY(ask(writer));
    return {};
  }
  HostResult<void> listen(int backlog) override {
    HOST_TRY(ask(request(Request::listen).number<int32_t>(backlog)));
    return {};
  }
  HostResult<bool> connect(const Endpoint& to) override {
    Writer writer = request(Request::connect);
    write(writer, to);
    Message answer = HOST_TRY(ask(writer));
    return reader_of(answer).flag();
  }
  HostResult<size_t> send_to(const Endpoint& to, Bytes bytes) override {
    Writer writer = request(Request::send_to);
    write(writer, to);
    Message answer = HOST_TRY(ask(writer.text(as_text(bytes))));
    return std::min<size_t>(reader_of(answer).number<uint32_t>(), bytes.size());
  }
  HostResult<void> set_option(host::SocketOption option, int64_t value) override {
    HOST_TRY(client_->ask(request(Request::set_option).number(option).number(value)));
    return {};
  }

 private:
  Writer request(Request what) const {
    Writer writer;
    writer.number(what).number(number_);
    return writer;
  }
  HostResult<Message> ask(const Writer& writer) {
    Message answer = HOST_TRY(client_->ask(writer, Waits::until_stopped));
    if (!fd_.valid()) fd_ = std::move(answer.fd);
    if (!fd_.valid()) return host::failed(Errno::io);
    return answer;
  }

  std::shared_ptr<Client> client_;
  uint32_t number_;
  os::OwnedFd fd_;
};

class RemoteNetwork final : public host::Network {
 public:
  explicit RemoteNetwork(std::shared_ptr<Client> client) : client_(std::move(client)) {}

  std::unique_ptr<host::Answer<Addresses>> start_look_up(std::string_view name) override {
    auto answer = client_->start(Writer().number(Request::look_up).text(name));
    return host::make_answer<Addresses>(std::move(answer), &addresses_in);
  }
  HostResult<Addresses> look_up(std::string_view name) override {
    return addresses_in(
        client_->ask(Writer().number(Request::look_up).text(name), Waits::until_stopped));
  }
  bool leads_elsewhere(const IpAddress& address) override {
    Writer writer;
    write(writer.number(Request::leads_elsewhere), address);
    auto answer = client_->ask(writer);
    return answer && reader_of(*answer).flag();
  }
  HostResult<std::unique_ptr<host::OpenedSocket>> open(const SocketPlan& plan) override {
    Writer writer;
    write(writer.number(Request::socket), plan);
    Message answer = HOST_TRY(client_->ask(writer));
    return std::make_unique<RemoteSocket>(client_, reader_of(answer).number<uint32_t>());
  }

 private:
  static HostResult<Addresses> addresses_in(HostResult<Message> answer) {
    Message message = HOST_TRY(std::move(answer));
    Reader reader = reader_of(message);
    Addresses addresses;
    while (reader.more()) addresses.push_back(read_address(reader));
    if (!reader.complete()) return host::failed(Errno::io);
    return addresses;
  }

  std::shared_ptr<Client> client_;
};

std::shared_ptr<host::Network> Client::network() {
  return std::make_shared<RemoteNetwork>(shared_from_this());
}

}  // namespace nacre::broker
