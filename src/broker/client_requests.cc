// How requests get to the broker, and answers back: several are on their way at once, for threads
// that wait and for operations.
#include <algorithm>
#include <chrono>

#include "broker/client.h"
#include "os/interrupt.h"
#include "os/poll.h"
#include "os/watchdog.h"

namespace nacre::broker {

using host::Errno;
using host::HostResult;

namespace {

// A thread whose guest may be stopped looks so often whether it is, while another one reads.
constexpr std::chrono::milliseconds kLookAgain{1};

}  // namespace

// Reads for the operations of one loop, as long as there are any.
class Client::Pump final : public os::Waiter {
 public:
  Pump(Client& client, os::EventLoop& loop) : client_(client), loop_(loop) { wait(); }
  bool is_of(const os::EventLoop& loop) const { return &loop_ == &loop; }

 private:
  void woken(os::Wake) override {
    std::unique_lock lock(client_.mutex_);
    bool more_comes = client_.is_reading_ || client_.read_what_is_there();
    lock.unlock();
    if (more_comes) wait();
  }
  void wait() {
    if (loop_.wait(*this, {.fd = client_.channel_.fd(), .want_read = true})) return;
    std::lock_guard lock(client_.mutex_);
    client_.end_all(Errno::nomem);
  }

  Client& client_;
  os::EventLoop& loop_;
};

class Client::RemoteAnswer final : public host::Answer<Message> {
 public:
  RemoteAnswer(std::shared_ptr<Client> client, std::shared_ptr<host::AnswerOf<Message>> place,
               RequestNumber number)
      : client_(std::move(client)),
        answer_(std::move(place), [client = client_, number] { client->cancel(number); }) {}

  HostResult<void> start(os::EventLoop& loop, std::function<void()> done) override {
    HOST_TRY(answer_.start(loop, std::move(done)));
    pump_ = client_->pump_in(loop);
    return {};
  }
  bool is_over() override {
    std::lock_guard lock(client_->mutex_);
    if (!client_->is_reading_) static_cast<void>(client_->read_what_is_there());
    return answer_.is_over();
  }
  void cancel() override { answer_.cancel(); }
  HostResult<Message> take() override { return answer_.take(); }

 private:
  std::shared_ptr<Client> client_;
  host::AnswerFromElsewhere<Message> answer_;
  std::shared_ptr<Pump> pump_;
};

HostResult<Client::Message> Client::ask(const Writer& request, Waits waits) {
  auto pending = std::make_shared<Pending>();
  HOST_TRY(send(request, pending));
  return await(*pending, waits);
}

std::unique_ptr<host::Answer<Client::Message>> Client::start(const Writer& request) {
  auto pending = std::make_shared<Pending>();
  auto place = std::make_shared<host::AnswerOf<Message>>();
  pending->place = place;
  auto sent = send(request, pending);
  if (!sent) return host::answered<Message>(host::failed(sent.error()));
  return std::make_unique<RemoteAnswer>(shared_from_this(), std::move(place), pending->number);
}

void Client::tell(const Writer& request) {
  auto sent = put(Writer().number(RequestNumber{0}).append(request).bytes());
  static_cast<void>(sent);  // a broker that is gone has nothing to be told
}

os::Sys<void> Client::put(Bytes message) {
  for (;;) {
    auto sent = channel_.send_now(message);
    if (sent || sent.error() != EAGAIN) return sent;
    // The broker may wait as well, until its answers are read.
    std::unique_lock lock(mutex_);
    bool reads = !is_reading_ && read_what_is_there();
    lock.unlock();
    os::PollItem item{.fd = channel_.fd(), .want_read = reads, .want_write = true};
    static_cast<void>(os::poll_until(std::span(&item, 1), std::nullopt).has_value());
  }
}

void Client::cancel(RequestNumber number) {
  {
    std::lock_guard lock(mutex_);
    if (pending_.erase(number) == 0) return;
  }
  tell(Writer().number(Request::cancel).number(number));
}

HostResult<void> Client::send(const Writer& request, const std::shared_ptr<Pending>& pending) {
  remember(pending);
  std::lock_guard lock(send_mutex_);
  if (Writer calls = calls_ ? calls_->take(true) : Writer(); !calls.empty()) {
    tell(Writer().number(Request::log_calls).append(calls));
  }
  Writer message;
  message.number(pending->number).append(request);
  auto sent = host::from_sys(put(message.bytes()));
  if (!sent) forget(*pending);
  return sent;
}

void Client::remember(const std::shared_ptr<Pending>& pending) {
  std::lock_guard lock(mutex_);
  while (next_number_ == 0 || pending_.contains(next_number_)) ++next_number_;
  pending->number = next_number_++;
  pending_[pending->number] = pending;
}

void Client::forget(const Pending& pending) {
  std::lock_guard lock(mutex_);
  pending_.erase(pending.number);
}

HostResult<Client::Message> Client::await(Pending& pending, Waits waits) {
  bool may_stop = waits == Waits::until_stopped;
  // While a person thinks, the guest's time does not pass.
  std::optional<os::PauseTime> thinking;
  std::unique_lock lock(mutex_);
  while (!pending.answer) {
    if (pending.somebody_is_asked && !thinking) thinking.emplace();
    if (may_stop && os::stop_requested()) {
      lock.unlock();
      cancel(pending.number);
      return host::failed(Errno::intr);
    }
    if (is_reading_) {
      if (may_stop) {
        changed_.wait_for(lock, kLookAgain);
      } else {
        changed_.wait(lock);
      }
      continue;
    }
    is_reading_ = true;
    lock.unlock();
    auto message = channel_.receive(waits);
    lock.lock();
    is_reading_ = false;
    if (message && *message) {
      deliver(std::move(**message));
    } else if (message || message.error() != EINTR) {
      end_all(Errno::io);
    }
    // Of those that wait, one reads on.
    changed_.notify_all();
  }
  return std::move(*pending.answer);
}

void Client::deliver(Message message) {
  if (message.bytes.size() <= kErrorAt) return end_all(Errno::io);
  auto found = pending_.find(load_le<RequestNumber>(message.bytes.data()));
  if (found == pending_.end()) return;  // it was cancelled
  Pending& pending = *found->second;
  uint8_t error = message.bytes[kErrorAt];
  // Once for every question: a name that leads elsewhere by the time of the answer is asked about
  // anew.
  if (error == kSomebodyIsAsked) {
    pending.somebody_is_asked = true;
    return;
  }
  HostResult<Message> answer = std::move(message);
  if (error > static_cast<uint8_t>(Errno::hidden) + 1) {
    answer = host::failed(Errno::io);
  } else if (error != 0) {
    auto why = static_cast<Errno>(error - 1);
    refused_ |= why == Errno::no_capability || why == Errno::hidden;
    answer = host::failed(why);
  }
  if (pending.place) {
    pending.place->put(std::move(answer));
  } else {
    pending.answer.emplace(std::move(answer));
  }
  pending_.erase(found);
}

void Client::end_all(Errno why) {
  for (auto& [number, pending] : std::exchange(pending_, {})) {
    if (pending->place) {
      pending->place->put(host::failed(why));
    } else {
      pending->answer.emplace(host::failed(why));
    }
  }
}

bool Client::read_what_is_there() {
  bool is_open = true;
  bool came = false;
  for (;;) {
    auto message = channel_.receive(Waits::not_at_all);
    if (!message && message.error() == EAGAIN) break;
    came = true;
    if (message && *message) {
      deliver(std::move(**message));
      continue;
    }
    is_open = false;
    end_all(Errno::io);
    break;
  }
  if (came) changed_.notify_all();
  return is_open;
}

std::shared_ptr<Client::Pump> Client::pump_in(os::EventLoop& loop) {
  std::unique_lock lock(mutex_);
  std::shared_ptr<Pump> pump;
  std::erase_if(pumps_, [&](const std::weak_ptr<Pump>& weak) {
    auto alive = weak.lock();
    if (alive && alive->is_of(loop) && alive->is_waiting()) pump = alive;
    return !alive;
  });
  if (pump) return pump;
  lock.unlock();
  pump = std::make_shared<Pump>(*this, loop);
  lock.lock();
  pumps_.push_back(pump);
  return pump;
}

}  // namespace nacre::broker
