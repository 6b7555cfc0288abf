// The request to the broker of a guest's call that must not wait, and the answer once it has come.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "broker/client.h"

namespace nacre::broker {

class Client::Errand final : public host::Operation {
 public:
  explicit Errand(Client& client) : client_(client) {}
  ~Errand() override;

  // The answer to the request; `again`: it is not there yet, and the errand waits for it.
  host::HostResult<Message> ask(const Writer& request);
  bool is_waiting() const { return is_waiting_; }
  // The call is made once more.
  void begin_again() { is_waiting_ = false; }

  // ---- host::Operation, while it waits
  host::HostResult<void> start(os::EventLoop& loop, std::function<void()> done) override {
    return answer_->start(loop, std::move(done));
  }
  bool is_over() override { return answer_->is_over(); }
  void cancel() override { answer_->cancel(); }

 private:
  void forget();

  Client& client_;
  std::vector<uint8_t> request_;
  std::unique_ptr<host::Answer<Message>> answer_;  // null: nothing was asked
  bool is_waiting_ = false;
};

}  // namespace nacre::broker
