#include "policy/asking.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <mutex>

#include "base/utf8.h"
#include "os/environment.h"

namespace nacre::policy {
namespace {

using host::HostResult;

// The question about one kind, asked once.
class Permission {
 public:
  Permission(grant::Kind kind, std::shared_ptr<grant::Gate> gate)
      : kind_(kind), gate_(std::move(gate)) {}

  HostResult<void> ask() {
    std::call_once(asked_, [&] {
      allowed_ = gate_->may({.kind = kind_, .object = {}}) == grant::Decision::allow;
    });
    if (!allowed_) return host::failed(host::Errno::no_capability);
    return {};
  }

 private:
  grant::Kind kind_;
  std::shared_ptr<grant::Gate> gate_;
  std::once_flag asked_;
  bool allowed_ = false;
};

class AskingClock final : public host::Clock {
 public:
  AskingClock(std::shared_ptr<host::Clock> clock, std::shared_ptr<grant::Gate> gate)
      : clock_(std::move(clock)), permission_(grant::Kind::clock, std::move(gate)) {}
  HostResult<uint64_t> now(host::ClockKind kind) override {
    HOST_TRY(permission_.ask());
    return clock_->now(kind);
  }
  HostResult<uint64_t> resolution(host::ClockKind kind) override {
    HOST_TRY(permission_.ask());
    return clock_->resolution(kind);
  }
  HostResult<size_t> wait(std::span<os::PollItem> items,
                          std::optional<uint64_t> deadline) override {
    // Waiting without a deadline is about the items, not about time.
    if (deadline) HOST_TRY(permission_.ask());
    return clock_->wait(items, deadline);
  }
  bool passes_by_waiting() const override { return clock_->passes_by_waiting(); }

 private:
  std::shared_ptr<host::Clock> clock_;
  Permission permission_;
};

class AskingRandom final : public host::Random {
 public:
  AskingRandom(std::shared_ptr<host::Random> random, std::shared_ptr<grant::Gate> gate)
      : random_(std::move(random)), permission_(grant::Kind::random, std::move(gate)) {}
  HostResult<void> fill(MutableBytes to) override {
    HOST_TRY(permission_.ask());
    return random_->fill(to);
  }

 private:
  std::shared_ptr<host::Random> random_;
  Permission permission_;
};

// Its attributes may be seen without a question; reading and moving in it are asked about.
class AskingInput final : public host::ForwardingStream {
 public:
  AskingInput(std::shared_ptr<host::Stream> stream, std::shared_ptr<grant::Gate> gate)
      : ForwardingStream(std::move(stream), true, false),
        permission_(grant::Kind::stdin, std::move(gate)) {}
  HostResult<void> sync(bool) override { return {}; }
  HostResult<size_t> read(std::span<const MutableBytes> to) override {
    HOST_TRY(permission_.ask());
    return inner()->read(to);
  }
  HostResult<size_t> read_at(std::span<const MutableBytes> to, uint64_t offset) override {
    HOST_TRY(permission_.ask());
    return inner()->read_at(to, offset);
  }
  HostResult<uint64_t> seek(int64_t offset, int whence) override {
    bool only_tells = offset == 0 && whence == SEEK_CUR;
    if (!only_tells) HOST_TRY(permission_.ask());
    return inner()->seek(offset, whence);
  }
  HostResult<void> advise(uint64_t offset, uint64_t length, host::Advice advice) override {
    HOST_TRY(permission_.ask());
    return inner()->advise(offset, length, advice);
  }
  HostResult<size_t> write(std::span<const Bytes>) override { return refused<size_t>(); }
  HostResult<size_t> write_at(std::span<const Bytes>, uint64_t) override {
    return refused<size_t>();
  }
  HostResult<size_t> append(std::span<const Bytes>) override { return refused<size_t>(); }
  HostResult<void> set_size(uint64_t) override { return refused<void>(); }
  HostResult<void> allocate(uint64_t, uint64_t) override { return refused<void>(); }
  HostResult<void> set_times(const host::FileTimes&) override { return refused<void>(); }

 private:
  template <class T>
  static HostResult<T> refused() {
    return host::failed(host::Errno::badf);
  }

  Permission permission_;
};

// As programs name them. Others are not asked about: a list of names is separated by spaces.
bool is_plain_name(std::string_view name) {
  auto is_plain = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  return std::ranges::all_of(name, is_plain);
}

// What may have to fit into a message of the broker.
constexpr size_t kMaxValueBytes = 64 << 10;

class AskingVariables final : public host::UndecidedVariables {
 public:
  explicit AskingVariables(std::shared_ptr<Policy> policy) : policy_(std::move(policy)) {}
  // Threads that call it at once share one question's answer (Policy).
  const host::Variables& decided() override {
    if (is_decided_.load(std::memory_order_acquire)) return allowed_;
    host::Variables allowed = ask();
    std::lock_guard lock(mutex_);
    if (is_decided_.load(std::memory_order_relaxed)) return allowed_;
    allowed_ = std::move(allowed);
    is_decided_.store(true, std::memory_order_release);
    return allowed_;
  }

 private:
  host::Variables ask() {
    host::Variables allowed;
    if (!policy_->take_environment() || !policy_->subject().mentions) return allowed;
    auto names = policy_->subject().mentions(names_of_variables());
    names = policy_->ask_about_variables(names);
    for (const auto& [name, value] : os::environment()) {
      if (std::ranges::find(names, name) != names.end()) allowed.emplace_back(name, value);
    }
    return allowed;
  }

  std::shared_ptr<Policy> policy_;
  std::mutex mutex_;
  std::atomic<bool> is_decided_{false};
  host::Variables allowed_;  // does not change any more then
};

}  // namespace

std::vector<std::string> names_of_variables() {
  std::vector<std::string> names;
  for (const auto& [name, value] : os::environment()) {
    bool askable = is_plain_name(name) && is_utf8(value) && value.size() <= kMaxValueBytes;
    if (askable) names.emplace_back(name);
  }
  return names;
}

std::shared_ptr<host::UndecidedVariables> asking_variables(std::shared_ptr<Policy> policy) {
  return std::make_shared<AskingVariables>(std::move(policy));
}

std::shared_ptr<host::Clock> asking_clock(std::shared_ptr<host::Clock> clock,
                                          std::shared_ptr<grant::Gate> gate) {
  return std::make_shared<AskingClock>(std::move(clock), std::move(gate));
}

std::shared_ptr<host::Random> asking_random(std::shared_ptr<host::Random> random,
                                            std::shared_ptr<grant::Gate> gate) {
  return std::make_shared<AskingRandom>(std::move(random), std::move(gate));
}

std::shared_ptr<host::Stream> asking_input(std::shared_ptr<host::Stream> stream,
                                           std::shared_ptr<grant::Gate> gate) {
  return std::make_shared<AskingInput>(std::move(stream), std::move(gate));
}

}  // namespace nacre::policy
