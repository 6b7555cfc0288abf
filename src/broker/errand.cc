#include "broker/errand.h"

#include <algorithm>

namespace nacre::broker {

using host::Errno;
using host::HostResult;

Client::Errand::~Errand() { forget(); }

HostResult<Client::Message> Client::Errand::ask(const Writer& request) {
  Bytes bytes = request.bytes();
  bool is_other = answer_ == nullptr || !std::ranges::equal(bytes, request_);
  if (is_other) {
    forget();
    request_.assign(bytes.begin(), bytes.end());
    answer_ = client_.start(request);
  }
  is_waiting_ = !answer_->is_over();
  if (is_waiting_) return host::failed(Errno::again);
  auto answer = answer_->take();
  answer_ = nullptr;
  return answer;
}

// What was opened for nobody is closed.
void Client::Errand::forget() {
  if (!answer_) return;
  if (answer_->is_over()) {
    auto answer = answer_->take();
    if (answer && is_open(request_)) client_.close_opened(*answer);
  }
  answer_ = nullptr;
}

Client::Client(os::Channel channel, std::unique_ptr<CallBatch> calls)
    : channel_(std::move(channel)), calls_(std::move(calls)) {}

// ---- host::Courier

void Client::begin(std::unique_ptr<host::Operation> parked) {
  errand_.reset(static_cast<Errand*>(parked.release()));
  if (errand_) errand_->begin_again();
  is_on_errand_ = true;
}

bool Client::is_waiting() const { return errand_ && errand_->is_waiting(); }

std::unique_ptr<host::Operation> Client::end() {
  is_on_errand_ = false;
  auto errand = std::move(errand_);
  if (errand && !errand->is_waiting()) errand = nullptr;
  return errand;
}

HostResult<Client::Message> Client::ask_for_call(const Writer& request, Waits waits) {
  if (!is_on_errand_) [[likely]]
    return ask(request, waits);
  if (!errand_) errand_ = std::make_unique<Errand>(*this);
  return errand_->ask(request);
}

bool Client::is_open(Bytes request) {
  return !request.empty() && request[0] == static_cast<uint8_t>(Request::open);
}

std::optional<uint32_t> Client::directory_in(const Message& answer) {
  Reader reader = reader_of(answer);
  auto kind = reader.number<host::HandleKind>();
  auto number = reader.number<uint32_t>();
  if (!reader.complete() || kind != host::HandleKind::dir) return std::nullopt;
  return number;
}

void Client::close_opened(const Message& answer) {
  if (auto number = directory_in(answer)) tell(Writer().number(Request::close).number(*number));
}

}  // namespace nacre::broker
